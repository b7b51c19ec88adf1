/* Going back to a stop, and putting archived rows back. */
#include <stdlib.h>
#include <string.h>

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

/* Refuses before anything is taken back when a step on the way has no way back. */
static bool all_have_a_way_back(struct session *s, int from, struct err *err)
{
	struct arena arena = {0};
	bool ok = true;

	for (size_t b = s->plan->block_count; ok && b-- > (size_t)from;)
		for (size_t i = s->plan->blocks[b].step_count; ok && i-- > 0;) {
			const struct step *step = &s->plan->blocks[b].steps[i];
			const struct step_row *row = &s->steps[step->number - 1];
			struct facts facts = {
				.before = row->before, .number = step->number, .run = s->run.id, .archive_rows = -1};
			struct stmts stmts = {.arena = &arena};

			if (!row->created || step->type->class == CLASS_VERIFY)
				continue;
			if (!step->type->reverse)
				stmts_refuse(&stmts, NULL, "%s has no way back", step->type->name);
			else if (!step->type->probe)
				step->type->reverse(step->args, &facts, &stmts);
			if (!stmts.refusal)
				continue;
			ok = err_set(err, EXIT_STEP, "%s", stmts.refusal);
			err_at(err, step->span);
			err_detail(err, "nothing was taken back");
			if (stmts.refusal_help)
				err_help(err, "%s", stmts.refusal_help);
		}
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
		"UPDATE interlock.run SET next_block = $2::integer, state = $3, finished_at = CASE WHEN $3 = 'undone' THEN"
		" clock_timestamp() END WHERE id = $1::bigint",
		3, run, number,
		start           ? "undone"
		: block == from ? "waiting"
						: "running");
	ok = tx_run(s, &batch, NULL, err);
	if (ok)
		s->run.next_block = block;
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
	*end = (struct run_end){.code = EXIT_DONE};
	if (!all_have_a_way_back(s, from, err))
		return false;
	for (int b = (int)s->plan->block_count - 1; b >= from; b--)
		if (!back_block(s, &s->plan->blocks[b], &end->steps, err) || !leave_block(s, b, from, err))
			return false;
	return true;
}

static bool count_left(struct session *s, const struct step *step, int64_t *left, struct err *err)
{
	struct arena arena = {0};
	const char *name = arena_printf(&arena, "interlock.archive_%lld_%d", (long long)s->run.id, step->number);
	struct query there = {
		.sql = "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there", .count = 1, .params = &name};
	struct rows *rows = NULL;
	bool ok = conn_query(s->worker, &there, &rows, err),
		 exists = ok && strcmp(rows_get(rows, 0, "there"), "t") == 0;

	rows_free(rows);
	rows = NULL;
	if (exists) {
		ok = conn_query(s->worker, QUERY(arena_printf(&arena, "SELECT count(*) AS n FROM %s", name)), &rows, err);
		*left += ok ? rows_integer(rows, 0, "n") : 0;
		rows_free(rows);
	}
	arena_release(&arena);
	return ok;
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
	return run_set_state(s, s->run.state, err);
}
