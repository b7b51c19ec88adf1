/* Finding a run, and going forward from block to block. */
#include "engine/run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "engine/condition.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"
#include "engine/lease.h"
#include "engine/registry.h"
#include "engine/tx.h"

static bool open_sessions(struct session *s, struct err *err)
{
	s->control = s->connector->open(s->connector->arg, err);
	if (!s->control)
		return false;
	s->worker = s->connector->open(s->connector->arg, err);
	return s->worker && session_settle(s->control, NULL, err) && session_settle(s->worker, s->control, err);
}

static bool changed(const struct run_row *run, const struct plan *plan, struct err *err)
{
	bool done = strcmp(run->state, "done") == 0;

	err_set(err, EXIT_CHANGED, "plan \"%s\" is not the one that %s", plan->name,
	        done ? "was run" : "is under way");
	err_detail(err, "the file compiles to %.12s…, the run began with %.12s…", plan->hash, run->hash);
	err_help(err, done ? "give the new plan a new name" : "take the edit back, or undo the run first");
	err_at(err, plan->span);
	return false;
}

static bool unknown(const char *name, struct err *err)
{
	err_set(err, EXIT_OWN, "there is no plan file and no run called \"%s\"", name);
	err_help(err, "a plan's name is looked for as plans/%s.lua; a path has a \"/\" or ends in .lua", name);
	return false;
}

/* The run's own plan; the file is only needed to begin it. */
static bool take_plan(struct session *s, const struct run_options *o, struct err *err)
{
	if (!plan_from_registry(s->run.compiled, s->run.hash, &s->plan, err))
		return false;
	s->lock_timeout = o->lock_timeout ? o->lock_timeout : s->plan->settings.lock_timeout;
	s->lock_attempts = o->lock_attempts ? o->lock_attempts : s->plan->settings.lock_attempts;
	s->lock_hold = s->plan->settings.lock_hold;
	s->steps = arena_array(&s->arena, struct step_row, s->plan->step_count);
	return true;
}

static bool is_state(const struct session *s, const char *state)
{
	return strcmp(s->run.state, state) == 0;
}

/* Finds the run, or begins it.  *begin: it has to be begun. */
static bool find(struct session *s, const struct plan *plan, const char *name, const char *parameters, bool *begin,
                 struct err *err)
{
	char *own = plan && plan->parameters ? json_dumps(plan->parameters, JSON_COMPACT) : NULL;
	bool found, ok;

	ok = registry_find(s->control, plan ? plan->name : name, plan ? (own ? own : "{}") : parameters, &s->arena,
	                   &s->run, &found, err);
	free(own);
	*begin = false;
	if (!ok)
		return false;
	if (!found) {
		*begin = plan != NULL;
		return plan || unknown(name, err);
	}
	if (!plan || strcmp(plan->hash, s->run.hash) == 0)
		return true;
	*begin = is_state(s, "undone");
	return *begin || changed(&s->run, plan, err);
}

/* Members of the roles that may approve can see the run and decide. */
static bool grant_approvers(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	for (size_t b = 0; b < s->plan->block_count; b++) {
		const struct block *block = &s->plan->blocks[b];
		const char *role = block->kind == BLOCK_APPROVAL && block->wait.approval.role
		                       ? ident_quoted(&arena, block->wait.approval.role)
		                       : NULL;

		if (!role)
			continue;
		batch_add(&batch, arena_printf(&arena, "GRANT USAGE ON SCHEMA interlock TO %s", role), 0);
		batch_add(&batch,
		          arena_printf(
					  &arena,
					  "GRANT SELECT ON interlock.meta, interlock.run, interlock.step, interlock.condition TO %s",
					  role),
		          0);
		batch_add(&batch, arena_printf(&arena, "GRANT INSERT, UPDATE ON interlock.condition TO %s", role), 0);
	}
	ok = batch.count == 0 || tx_run(s, &batch, NULL, err);
	if (!ok && err_is(err, "42704"))
		err_help(err, "the plan has an approval by that role: create it, or name another");
	arena_release(&arena);
	return ok;
}

bool run_open(struct session *s, const struct plan *plan, const char *name, const char *parameters, bool start,
              const struct run_options *o, bool *open, struct err *err)
{
	bool begin, exists;

	*open = false;
	if (!open_sessions(s, err))
		return false;
	if (!(start ? registry_prepare(s->control, err) : registry_look(s->control, &exists, err)))
		return false;
	if (!start && !exists)
		return unknown(plan ? plan->name : name, err);
	if (!find(s, plan, name, parameters, &begin, err))
		return false;
	if (begin && !start)
		return unknown(plan->name, err);
	if (begin && !registry_start(s->control, plan, &s->arena, &s->run, err))
		return false;
	if (!take_plan(s, o, err))
		return false;
	if (start && is_state(s, "done"))
		return true;
	*open = true;
	return lease_acquire(s, o->take_over, err) && claims_take(s, err) && grant_approvers(s, err) &&
	       registry_steps(s->control, s->run.id, s->plan->step_count, &s->arena, s->steps, err);
}

/* The first block from `from` on that may make the run wait, or the end. */
static size_t next_stop(const struct plan *plan, size_t from)
{
	while (from < plan->block_count && plan->blocks[from].kind == BLOCK_PHASE)
		from++;
	return from;
}

/*
 * What the catalogue says against the blocks up to the next stop, before the
 * first statement is sent.  An expectation that does not hold is a failed
 * verification, everything else a rejection.
 */
static bool preflight(struct session *s, size_t from, struct diags *findings, struct err *err)
{
	size_t before = findings->errors;
	struct catalogue_check check;
	bool ok;

	s->fresh = arena_array(&s->arena, struct facts, s->plan->step_count);
	check = (struct catalogue_check){s->worker, s->plan,   from,     next_stop(s->plan, from),
	                                 false,     &s->arena, s->fresh, findings};
	ok = check_catalogue(&check, err);
	if (!ok)
		return false;
	if (findings->errors == before)
		return !s->listener || !s->listener->confirm ||
		       s->listener->confirm(s->listener->arg, s->plan, from, next_stop(s->plan, from), err);
	for (struct diag *diag = findings->first; diag; diag = diag->next)
		if (diag->severity == SEVERITY_ERROR && strcmp(diag->rule, "expectation") != 0)
			return err_set(err, EXIT_REJECTED, "plan \"%s\" was not run; nothing was changed", s->plan->name);
	return err_set(err, EXIT_STEP, "plan \"%s\" was not run; nothing was changed", s->plan->name);
}

static bool untouched(const struct session *s, const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++) {
		const char *state = s->steps[block->steps[i].number - 1].state;

		if (state && strcmp(state, "pending") != 0 && strcmp(state, "undone") != 0)
			return false;
	}
	return true;
}

/* The block is behind us: its end, the fingerprints and the next position in one durable transaction. */
static bool end_block(struct session *s, const struct block *block, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool last = (size_t)block->index + 1 == s->plan->block_count, ok;

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	if (block->kind == BLOCK_PHASE)
		fingerprint_store(s, &batch);
	if (last)
		claims_drop(s, &batch);
	batch_add(
		&batch,
		"UPDATE interlock.run SET next_block = $2::integer, state = CASE WHEN $3::boolean THEN 'done' ELSE 'running'"
		" END, finished_at = CASE WHEN $3::boolean THEN clock_timestamp() END WHERE id = $1::bigint",
		3, arena_printf(&arena, "%lld", (long long)s->run.id), arena_printf(&arena, "%d", block->index + 1),
		last ? "true" : "false");
	ok = tx_run(s, &batch, NULL, err);
	if (ok)
		s->run.next_block = block->index + 1;
	arena_release(&arena);
	return ok;
}

static bool run_phase(struct session *s, const struct block *block, size_t *steps, struct err *err)
{
	if (s->listener)
		s->listener->block(s->listener->arg, block, false);
	if (untouched(s, block) && block->index > 0 && !fingerprint_compare(s, err))
		return false;
	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];
		const char *state = s->steps[step->number - 1].state;

		if (state && strcmp(state, "done") == 0) {
			session_say(s, step, STEP_ALREADY, 0, NULL);
			continue;
		}
		if (exec_interrupted(err) || !exec_step(s, step, FORWARD, err))
			return false;
		++*steps;
	}
	return end_block(s, block, err);
}

bool run_set_state(struct session *s, const char *state, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	if (strcmp(state, "done") == 0 || strcmp(state, "undone") == 0)
		claims_drop(s, &batch);
	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(&batch,
	          "UPDATE interlock.run SET state = $2, finished_at = CASE WHEN $2 IN ('done', 'undone') THEN"
	          " coalesce(finished_at, clock_timestamp()) END WHERE id = $1::bigint",
	          2, arena_printf(&arena, "%lld", (long long)s->run.id), state);
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

/* A run that was turned away before it did anything is as if it had been taken back: an edited plan may begin
 * anew. */
static bool turned_away(struct session *s)
{
	struct err ignored = {0};

	for (size_t i = 0; i < s->plan->step_count; i++)
		if (s->steps[i].state && strcmp(s->steps[i].state, "pending") != 0)
			return false;
	if (s->run.next_block == 0 && !conn_lost(s->worker))
		run_set_state(s, "undone", &ignored);
	err_release(&ignored);
	return false;
}

/* A stop: open, or the end of this command. */
static bool run_stop(struct session *s, const struct block *block, struct run_end *end, struct err *err)
{
	bool satisfied;

	if (!condition_check(s, block, &satisfied, &s->arena, &end->why, &end->command, err))
		return false;
	if (satisfied)
		return end_block(s, block, err);
	end->code = EXIT_WAITING;
	end->block = block;
	return run_set_state(s, "waiting", err);
}

bool run_forward(struct session *s, const struct run_options *o, struct diags *findings, struct run_end *end,
                 struct err *err)
{
	const struct block *to = o->to ? plan_block_labelled(s->plan, o->to) : NULL;
	bool checked = false;

	*end = (struct run_end){.code = EXIT_DONE};
	if (o->to && !to)
		return err_set(err, EXIT_USAGE, "plan \"%s\" has no block \"%s\"", s->plan->name, o->to);
	if ((size_t)s->run.next_block >= s->plan->block_count)
		return run_set_state(s, "done", err);
	for (size_t b = (size_t)s->run.next_block; b < s->plan->block_count; b++) {
		const struct block *block = &s->plan->blocks[b];

		if (to && block->index > to->index)
			break;
		if (block->kind == BLOCK_PHASE && !checked && !preflight(s, b, findings, err))
			return turned_away(s);
		checked = block->kind == BLOCK_PHASE;
		if (!(block->kind == BLOCK_PHASE ? run_phase(s, block, &end->steps, err) : run_stop(s, block, end, err)))
			return false;
		if (end->code == EXIT_WAITING || o->once)
			break;
	}
	return true;
}
