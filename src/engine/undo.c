/* Going back to a stop, and putting archived rows back. */
#include <stdlib.h>
#include <string.h>

#include "check/facts.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"
#include "engine/run.h"
#include "engine/tx.h"

static bool is_live(const struct step_row *row)
{
	return row->state && strcmp(row->state, "pending") != 0 && strcmp(row->state, "undone") != 0;
}

static bool has_live(const struct session *s, const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++)
		if (is_live(&s->steps[block->steps[i].number - 1]))
			return true;
	return false;
}

/* Is there anything to take back in the blocks from `from` on? */
static bool anything_from(const struct session *s, int from)
{
	for (size_t b = (size_t)from; b < s->plan->block_count; b++)
		if (has_live(s, &s->plan->blocks[b]))
			return true;
	return false;
}

/* May undo stop just before this block: behind a stop, before a switch, at the start? */
static bool is_stop_before(const struct plan *plan, int block)
{
	const struct block *here = &plan->blocks[block];

	if (block == 0 || plan->blocks[block - 1].kind != BLOCK_PHASE)
		return true;
	for (size_t i = 0; i < here->step_count; i++)
		if (step_class_of(&here->steps[i]) == CLASS_SWITCH)
			return true;
	return false;
}

bool run_undo_target(struct session *s, const struct run_options *o, int *from, struct err *err)
{
	const struct block *to = o->to ? plan_block_labelled(s->plan, o->to) : NULL;

	if (o->to && !to && strcmp(o->to, "start") != 0)
		return err_set(err, EXIT_USAGE, "plan \"%s\" has no block \"%s\"", s->plan->name, o->to);
	*from = to ? to->index + 1 : 0;
	if (!o->to)
		for (int b = (int)s->plan->block_count - 1; b > 0 && *from == 0; b--)
			if (is_stop_before(s->plan, b) && anything_from(s, b))
				*from = b;
	if (anything_from(s, *from))
		return true;
	*from = -1;
	return run_set_state(s, anything_from(s, 0) || s->run.next_block > 0 ? s->run.state : "undone", err);
}

/*
 * Would this step refuse to go back?  Asked of steps that nothing in the
 * catalogue tells about, and of destructive ones, whose way back depends on
 * what was kept; the others depend on what stands on them, which goes first.
 */
static bool has_a_way_back(struct session *s, const struct step *step, struct arena *arena, struct err *err)
{
	struct facts facts = {.before = s->steps[step->number - 1].before, .number = step->number, .run = s->run.id};
	struct stmts stmts = {.arena = arena};

	facts.server_version = conn_server_version(s->worker);
	if (!step->type->reverse)
		stmts_refuse(&stmts, NULL, "%s has no way back", step->type->name);
	else if (step->type->probe && step_class_of(step) != CLASS_DESTRUCTIVE)
		return true;
	else if (step->type->probe &&
	         (!facts_of_step(s->worker, s->plan, step, arena, &facts, err) || !exec_count_archive(s, &facts, err)))
		return false;
	if (!stmts.refusal)
		step->type->reverse(step->args, &facts, &stmts);
	if (!stmts.refusal)
		return true;
	err_set(err, EXIT_STEP, "%s", stmts.refusal);
	err_at(err, step->span);
	err_detail(err, "nothing was taken back");
	if (stmts.refusal_help)
		err_help(err, "%s", stmts.refusal_help);
	return false;
}

/* Refuses before anything is taken back when a step on the way has no way back. */
static bool all_have_a_way_back(struct session *s, int from, struct err *err)
{
	struct arena arena = {0};
	bool ok = tx_begin(s, NULL, NULL, err);

	if (!ok)
		return false;
	for (size_t b = s->plan->block_count; ok && b-- > (size_t)from;)
		for (size_t i = s->plan->blocks[b].step_count; ok && i-- > 0;) {
			const struct step *step = &s->plan->blocks[b].steps[i];

			if (s->steps[step->number - 1].created && step->type->class != CLASS_VERIFY)
				ok = has_a_way_back(s, step, &arena, err);
		}
	tx_rollback(s);
	arena_release(&arena);
	return ok;
}

/* The block is as if it had never run: position, conditions behind it, fingerprints, in one durable transaction.
 */
static bool leave_block(struct session *s, int block, int from, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);
	const char *number = arena_printf(&arena, "%d", block);
	bool start = block == 0 && from == 0, ok;

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(&batch,
	          "UPDATE interlock.step SET state = 'pending', finished_at = NULL WHERE run = $1::bigint AND block ="
	          " $2::integer AND NOT created AND state <> 'undone'",
	          2, run, number);
	batch_add(&batch, "DELETE FROM interlock.condition WHERE run = $1::bigint AND block >= $2::integer", 2, run,
	          number);
	fingerprint_store(s, &batch);
	if (start)
		claims_drop(s, &batch);
	batch_add(
		&batch,
		"UPDATE interlock.run SET next_block = least(next_block, $2::integer), state = $3, finished_at = CASE WHEN $3 = 'undone' THEN"
		" clock_timestamp() END WHERE id = $1::bigint",
		3, run, number,
		start           ? "undone"
		: block == from ? "waiting"
						: "running");
	ok = tx_run(s, &batch, NULL, err);
	if (ok)
		s->run.next_block = block < s->run.next_block ? block : s->run.next_block;
	arena_release(&arena);
	return ok;
}

/*
 * From here on the block counts as not done: a run that follows an undo that
 * was cut short does its steps again, and takes no half-way state for drift.
 */
static bool reopen_block(struct session *s, int block, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);
	bool ok;

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(&batch,
	          "UPDATE interlock.run SET next_block = least(next_block, $2::integer), finished_at = NULL WHERE id ="
	          " $1::bigint",
	          2, run, arena_printf(&arena, "%d", block));
	batch_add(&batch, "UPDATE interlock.claim SET fingerprint = NULL WHERE run = $1::bigint", 1, run);
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

/* Is there more to tell than that verifications are forgotten? */
static bool shows(const struct session *s, const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++)
		if (block->steps[i].type->class != CLASS_VERIFY && is_live(&s->steps[block->steps[i].number - 1]))
			return true;
	return false;
}

static bool back_block(struct session *s, const struct block *block, size_t *steps, struct err *err)
{
	if (!has_live(s, block))
		return true;
	if (!reopen_block(s, block->index, err))
		return false;
	if (s->listener && shows(s, block))
		s->listener->block(s->listener->arg, block, true);
	for (size_t i = block->step_count; i-- > 0;) {
		const struct step *step = &block->steps[i];
		const struct step_row *row = &s->steps[step->number - 1];

		if (!is_live(row))
			continue;
		if (!row->created) {
			if (step->type->class != CLASS_VERIFY)
				session_say(s, step, STEP_KEPT, 0, NULL);
			continue;
		}
		if (exec_interrupted(err) || !exec_step(s, step, BACK, err))
			return false;
		++*steps;
	}
	return true;
}

bool run_back(struct session *s, int from, struct run_end *end, struct err *err)
{
	const int reached = s->run.next_block;

	*end = (struct run_end){.code = EXIT_DONE};
	if (!all_have_a_way_back(s, from, err)) {
		run_leave(s);
		return false;
	}
	for (int b = (int)s->plan->block_count - 1; b >= from; b--)
		if (b > reached && !has_live(s, &s->plan->blocks[b]))
			continue; /* the run never came there */
		else if (!back_block(s, &s->plan->blocks[b], &end->steps, err) || !leave_block(s, b, from, err))
			return false;
	return true;
}

/* How many rows the step's archive holds; none where there is no archive. */
static bool count_left(struct session *s, const struct step *step, int64_t *left, struct err *err)
{
	struct facts facts = {.run = s->run.id, .number = step->number};

	if (!exec_count_archive(s, &facts, err))
		return false;
	*left += facts.archive_rows > 0 ? facts.archive_rows : 0;
	return true;
}

bool run_restore(struct session *s, int number, int64_t *left, struct run_end *end, struct err *err)
{
	*end = (struct run_end){.code = EXIT_DONE};
	*left = 0;
	for (size_t n = 1; n <= s->plan->step_count; n++) {
		const struct step *step = plan_step(s->plan, (int)n);
		int64_t before = 0, after = 0;

		if (!step->type->restore || (number && (int)n != number))
			continue;
		if (!count_left(s, step, &before, err))
			return false;
		if (before == 0)
			continue;
		if (exec_interrupted(err) || !exec_step(s, step, RESTORE, err) || !count_left(s, step, &after, err))
			return false;
		*left += after;
		end->steps += (size_t)(before - after);
	}
	return true;
}
