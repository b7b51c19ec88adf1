/* Going forward from block to block. */
#include "engine/run.h"

#include <string.h>

#include "engine/control.h"
#include "engine/copy.h"
#include "engine/course.h"
#include "engine/drift.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"
#include "engine/naming.h"
#include "engine/preflight.h"
#include "engine/registry.h"
#include "engine/swap.h"
#include "engine/throttle.h"
#include "engine/tx.h"

static bool untouched(const struct session *s, const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++) {
		const char *state = s->steps[block->steps[i].number - 1].state;

		if (state && strcmp(state, "pending") != 0 && strcmp(state, "undone") != 0)
			return false;
	}
	return true;
}

/*
 * The block is behind us: its end, the fingerprints and the next position in
 * one durable transaction; `begun`: in the one that is open.
 */
static bool end_block(struct session *s, const struct block *block, bool begun, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool last = (size_t)block->index + 1 == s->plan->block_count, ok;

	if (last && !exec_done_steps(s, FINISH, err))
		return false;
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
	ok = begun ? batch_send(&batch, s->worker, 0, NULL, NULL, err) && tx_commit(s, err)
	           : tx_run(s, &batch, NULL, err);
	if (ok)
		s->run.next_block = block->index + 1;
	else if (begun)
		tx_rollback(s);
	arena_release(&arena);
	return ok;
}

static bool run_phase(struct session *s, const struct block *block, size_t *steps, struct err *err)
{
	if (s->listener)
		s->listener->block(s->listener->arg, block, false);
	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];
		const char *state = s->steps[step->number - 1].state;

		if (state && strcmp(state, "done") == 0) {
			session_say(s, step, STEP_ALREADY, 0, NULL);
			continue;
		}
		if (exec_interrupted(err) || !control_wait(s, step, err) || !swap_end_before(s, step, err) ||
		    !exec_step(s, step, FORWARD, err))
			return false;
		++*steps;
	}
	return end_block(s, block, false, err);
}

bool run_set_state(struct session *s, const char *state, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	if (strcmp(state, "done") == 0 || strcmp(state, "undone") == 0 || strcmp(state, "adopted") == 0)
		claims_drop(s, &batch);
	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(
		&batch,
		"UPDATE interlock.run SET state = $2, finished_at = CASE WHEN $2 IN ('done', 'undone', 'adopted') THEN"
		" coalesce(finished_at, clock_timestamp()) END WHERE id = $1::bigint",
		2, arena_printf(&arena, "%lld", (long long)s->run.id), state);
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

void run_leave(struct session *s)
{
	bool at_end = (size_t)s->run.next_block >= s->plan->block_count;
	struct err ignored = {0};

	if (s->heartbeat && !conn_lost(s->worker))
		run_set_state(s,
		              strcmp(s->run.state, "running") != 0 ? s->run.state
		              : at_end                             ? "done"
		                                                   : "waiting",
		              &ignored);
	err_release(&ignored);
}

/*
 * May the phase begin: are the tables as the last phase left them, and does
 * the catalogue agree?  A run that is turned away before it did anything is as
 * if it had been taken back, so that an edited plan may begin anew.
 */
static bool may_begin(struct session *s, const struct block *block, struct diags *findings, struct err *err)
{
	bool all_untouched = s->run.next_block == 0;

	if (block->index > 0 && untouched(s, block) && !drift_check(s, block->steps, err))
		return false;
	if ((size_t)block->index < s->checked_to || preflight(s, s->plan, (size_t)block->index, findings, err))
		return true;
	for (size_t b = 0; b < s->plan->block_count; b++)
		all_untouched &= untouched(s, &s->plan->blocks[b]);
	if (all_untouched)
		s->run.state = "undone"; /* where run_leave() goes back to */
	return false;
}

/* The last block is a rollout: in the transaction that is open it comes behind us, and then the plan is done. */
static bool end_rollout(struct session *s, const struct block *block, struct err *err)
{
	struct batch batch = {.arena = &s->arena};

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(&batch, "UPDATE interlock.run SET next_block = $2::integer WHERE id = $1::bigint", 2,
	          arena_printf(&s->arena, "%lld", (long long)s->run.id),
	          arena_printf(&s->arena, "%d", block->index + 1));
	if (!batch_send(&batch, s->worker, 0, NULL, NULL, err) || !tx_commit(s, err)) {
		tx_rollback(s);
		return false;
	}
	s->run.next_block = block->index + 1;
	return exec_done_steps(s, FINISH, err) && run_set_state(s, "done", err);
}

/*
 * An open stop is behind us; *passed stays false where an approval was
 * withdrawn, or a rollout moved back, at this very moment.
 */
static bool pass(struct session *s, const struct block *block, bool *passed, struct err *err)
{
	bool last = (size_t)block->index + 1 == s->plan->block_count; /* then there is nothing to keep it from */
	bool held = block->kind == BLOCK_ROLLOUT || (block->kind == BLOCK_APPROVAL && !last), given = true;

	if (held && !condition_hold(s, block, &given, err))
		return false;
	if (!given) {
		tx_rollback(s);
		return true;
	}
	*passed = last && held ? end_rollout(s, block, err) : end_block(s, block, held, err);
	return *passed;
}

/* How it stands.  A stop that can't be asked is waited at all the same. */
static bool look_at(struct session *s, const struct block *block, struct stop *stop, struct err *err)
{
	struct err ignored = {0};

	if (condition_look(s, block, stop, err))
		return true;
	if (!conn_lost(s->worker) && !s->lease_lost)
		run_set_state(s, "waiting", &ignored);
	err_release(&ignored);
	return false;
}

/* A stop: open, or the end of this command. */
static bool run_stop(struct session *s, const struct block *block, struct run_end *end, struct err *err)
{
	bool passed = false;

	do {
		if (!look_at(s, block, &end->stop, err) || (end->stop.open && !pass(s, block, &passed, err)))
			return false;
	} while (end->stop.open && !passed);
	if (passed)
		return true;
	end->code = EXIT_WAITING;
	end->block = block;
	end->why = end->stop.why;
	end->command = end->stop.command;
	return run_set_state(s, "waiting", err);
}

bool run_stops(struct session *s, struct run_end *end, struct err *err)
{
	size_t from = (size_t)s->run.next_block, b = from;

	*end = (struct run_end){.code = EXIT_DONE};
	if (s->run.undo_from >= 0)
		return true; /* it is on its way back */
	for (; b < s->plan->block_count && s->plan->blocks[b].kind != BLOCK_PHASE && end->code == EXIT_DONE; b++)
		if (!run_stop(s, &s->plan->blocks[b], end, err))
			return false;
	if (end->code == EXIT_WAITING || b == from || b == s->plan->block_count)
		return true;
	return run_set_state(s, "waiting", err);
}

/* Somebody paused it before we came. */
static bool is_paused(struct session *s, struct run_end *end, struct err *err)
{
	struct control control;

	if (!control_read(s->control, s->run.id, &s->arena, &control, err))
		return false;
	if (!control.paused)
		return true;
	end->code = EXIT_WAITING;
	end->why = control_sentence(&control, &s->arena);
	end->command = arena_printf(&s->arena, "interlock resume %s", run_named(&s->run, &s->arena));
	run_leave(s);
	return true;
}

/* From where it stands to behind `to`; NULL: to the end. */
static bool go_on(struct session *s, const struct block *to, bool once, struct diags *findings,
                  struct run_end *end, struct err *err)
{
	s->heeds_pause = true;
	for (size_t b = (size_t)s->run.next_block; b < s->plan->block_count; b++) {
		const struct block *block = &s->plan->blocks[b];

		if (to && block->index > to->index)
			break;
		if (block->kind == BLOCK_PHASE && !may_begin(s, block, findings, err))
			return false;
		if (!course_forward(s, err) || !copy_drain_all(s, err) || !exec_done_steps(s, FOLLOW, err) ||
		    !(block->kind == BLOCK_PHASE ? run_phase(s, block, &end->steps, err) : run_stop(s, block, end, err)))
			return false;
		if (end->code == EXIT_WAITING || (once && block->kind == BLOCK_PHASE))
			break;
	}
	return end->code == EXIT_WAITING || (size_t)s->run.next_block >= s->plan->block_count ||
	       run_set_state(s, "waiting", err);
}

bool run_forward(struct session *s, const struct run_options *o, struct diags *findings, struct run_end *end,
                 struct err *err)
{
	const struct block *to = o->to ? plan_block_labelled(s->plan, o->to) : NULL;
	bool ok;

	*end = (struct run_end){.code = EXIT_DONE};
	if (o->to && !to)
		return err_set(err, EXIT_USAGE, "plan \"%s\" has no block \"%s\"", s->plan->name, o->to);
	if ((size_t)s->run.next_block >= s->plan->block_count)
		return course_forward(s, err) && exec_done_steps(s, FINISH, err) && run_set_state(s, "done", err);
	if (!is_paused(s, end, err) || end->code == EXIT_WAITING)
		return end->code == EXIT_WAITING;
	ok = go_on(s, to, o->once, findings, end, err);
	if (!ok && err->code == EXIT_INTERRUPTED)
		course_interrupted(s);
	return ok || (err->code == EXIT_WAITING && throttle_rest(s, end, err));
}
