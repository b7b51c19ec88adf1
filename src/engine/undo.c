/* Going back to a stop, and putting archived rows back. */
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "check/facts.h"
#include "engine/copy.h"
#include "engine/course.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"
#include "engine/naming.h"
#include "engine/rollout.h"
#include "engine/run.h"
#include "engine/tx.h"
#include "engine/work.h"

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

/* Is there anything to take back from block `from` on: a step, or `rollout`, the last that lets somebody in? */
static bool anything_from(const struct session *s, int from, int rollout)
{
	if (rollout >= from)
		return true;
	for (size_t b = (size_t)from; b < s->plan->block_count; b++)
		if (has_live(s, &s->plan->blocks[b]))
			return true;
	return false;
}

/* May undo stop just before this block: behind a stop, before a switch or rollout, at the start? */
static bool is_stop_before(const struct plan *plan, int block)
{
	const struct block *here = &plan->blocks[block];

	if (block == 0 || plan->blocks[block - 1].kind != BLOCK_PHASE || here->kind == BLOCK_ROLLOUT)
		return true;
	for (size_t i = 0; i < here->step_count; i++)
		if (step_class_of(&here->steps[i]) == CLASS_SWITCH)
			return true;
	return false;
}

bool run_undo_target(struct session *s, const struct run_options *o, int *from, struct err *err)
{
	const struct block *to = o->to ? plan_block_labelled(s->plan, o->to) : NULL;
	int rollout, share;

	if (o->to && !to && strcmp(o->to, "start") != 0)
		return err_set(err, EXIT_USAGE, "plan \"%s\" has no block \"%s\"", s->plan->name, o->to);
	if (!rollout_last(s->control, s->run.id, s->plan, &rollout, &share, err))
		return false;
	*from = to ? to->index + 1 : 0;
	if (!o->to && s->run.undo_from >= 0 && (size_t)s->run.undo_from < s->plan->block_count) {
		*from = s->run.undo_from; /* one that was cut short goes on to where it was going */
		return true;
	}
	if (!o->to)
		for (int b = (int)s->plan->block_count - 1; b > 0 && *from == 0; b--)
			if (is_stop_before(s->plan, b) && anything_from(s, b, rollout))
				*from = b;
	if (anything_from(s, *from, rollout))
		return true;
	*from = -1;
	if (o->looks) {
		run_leave(s);
		return true;
	}
	if (!anything_from(s, 0, rollout) && s->run.next_block == 0)
		return run_set_state(s, "undone", err);
	/* "running" is what an undo has left that was killed behind its last statement. */
	return run_set_state(s, strcmp(s->run.state, "running") == 0 ? "waiting" : s->run.state, err);
}

static void refuse_expired(const struct step *step, struct stmts *stmts)
{
	struct buf time = {0};

	interval_format(step->type->kept_for(step->args), &time);
	stmts_refuse(stmts, "only a backup has it still",
	             "what \"%s\" had kept for undo is gone: its time was over, which was %s",
	             step_text(step, stmts->arena), buf_text(&time));
	buf_release(&time);
	stmts->refusal_stays = true;
}

/* Is a step taken back before it that may have written rows of its table, so that these leave or change again? */
static bool gives_rows_back_before(const struct session *s, const struct step *step)
{
	struct relname table;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return false;
	for (int n = step->number + 1; n <= (int)s->plan->step_count; n++) {
		const struct step *later = plan_step(s->plan, n);
		enum step_class class = step_class_of(later);

		if (s->steps[n - 1].created && class != CLASS_VERIFY && class != CLASS_ADDITIVE &&
		    (!later->type->subject || step_type_changes(later->type, later->args, &table)))
			return true;
	}
	return false;
}

/* A way back that begins with a question about rows is asked it before anything is taken back. */
static bool asks_first(struct session *s, const struct step *step, const struct stmts *stmts, struct err *err)
{
	const struct stmt *first = stmts->first;
	struct rows *rows;
	bool empty;

	if (!first || !first->must_be_empty || !first->wrong || gives_rows_back_before(s, step))
		return true;
	if (!conn_query(s->worker, QUERY(first->sql), &rows, err))
		return false;
	empty = rows_count(rows) == 0;
	if (!empty)
		group_not_empty(first, rows, err);
	rows_free(rows);
	if (empty)
		return true;
	err_prefix(err, "%s", step_text(step, stmts->arena));
	err_at(err, step->span);
	err_detail(err, "nothing was taken back");
	if (first->help)
		err_help(err, "%s", first->help);
	return false;
}

/*
 * The server did not understand the question: perhaps only for what goes
 * `before` the step, as a column that was renamed.  Then it is asked in its
 * place.
 */
static bool is_asked_later(const struct session *s, bool before, struct err *err)
{
	if (!before || conn_lost(s->worker) || !err->sqlstate[0])
		return false;
	err_release(err);
	return true;
}

/* As far back as what it added to, undo would take it along; NULL: there is no such thing of this run. */
static const char *help_one_way(const struct session *s, const struct step *step, struct arena *arena)
{
	const struct step *base = plan_added_to(s->plan, step);
	int block = base && s->steps[base->number - 1].created ? plan_block_of(s->plan, base)->index : -1;

	if (block < 0)
		return NULL;
	return arena_printf(
		arena, "interlock undo %s --to %s takes it back together with \"%s\"", run_named(&s->run, arena),
		block > 0 ? label_named(s->plan->blocks[block - 1].label, arena) : "start", step_text(base, arena));
}

/*
 * Would this step refuse to go back?  Asked of steps that nothing in the
 * catalogue tells about, of destructive ones, whose way back depends on what
 * was kept, and of those that say that they may; the others depend on what
 * stands on them, which goes first.  What one that may refuses only because of
 * what stands on it counts if nothing goes `before` it.
 */
static bool has_a_way_back(struct session *s, const struct step *step, bool before, struct arena *arena,
                           struct err *err)
{
	struct facts facts = {
		.before = s->steps[step->number - 1].before, .undoing = true, .number = step->number, .run = s->run.id};
	struct stmts stmts = {.arena = arena};
	bool may_refuse = step_class_of(step) == CLASS_DESTRUCTIVE || step->type->may_refuse_undo;

	facts.server_version = conn_server_version(s->worker);
	facts.added = plan_additions(s->plan, step, arena);
	if (!step->type->reverse)
		stmts_refuse(&stmts, help_one_way(s, step, arena), "%s has no way back", step->type->name);
	else if (s->steps[step->number - 1].expired && !step->type->undo_keeps)
		refuse_expired(step, &stmts);
	else if (step->type->probe && !may_refuse)
		return true;
	else if (step->type->probe &&
	         (!facts_of_step(s->worker, s->plan, step, arena, &facts, err) || !exec_count_archive(s, &facts, err)))
		return is_asked_later(s, before, err);
	if (!stmts.refusal)
		step->type->reverse(step->args, &facts, &stmts);
	if (!stmts.refusal || (step->type->may_refuse_undo && before && !stmts.refusal_stays))
		return asks_first(s, step, &stmts, err);
	err_set(err, EXIT_STEP, "%s", stmts.refusal);
	err_at(err, step->span);
	err_detail(err, "nothing was taken back");
	if (stmts.refusal_help)
		err_help(err, "%s", stmts.refusal_help);
	return false;
}

/* Did it only add to what an earlier step of this run made, and which goes as a whole behind it? */
static bool goes_with_another(const struct session *s, const struct step *step, int from)
{
	const struct step *base = plan_added_to(s->plan, step);
	const struct step_row *row = base ? &s->steps[base->number - 1] : NULL;
	const char *was = row ? record_get(row->before, "state") : NULL;

	return row && row->created && plan_block_of(s->plan, base)->index >= from && was &&
	       strcmp(was, step_state_name(STATE_ABSENT)) == 0;
}

/* Refuses before anything is taken back when a step on the way has no way back. */
static bool all_have_a_way_back(struct session *s, int from, struct err *err)
{
	struct arena arena = {0};
	bool ok = tx_begin(s, NULL, NULL, err), before = false;

	if (!ok)
		return false;
	for (size_t b = s->plan->block_count; ok && b-- > (size_t)from;)
		for (size_t i = s->plan->blocks[b].step_count; ok && i-- > 0;) {
			const struct step *step = &s->plan->blocks[b].steps[i];

			if (!s->steps[step->number - 1].created || step->type->class == CLASS_VERIFY)
				continue;
			if (goes_with_another(s, step, from))
				continue;
			ok = has_a_way_back(s, step, before, &arena, err);
			before = true;
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

	if (!condition_leave(s, block, err)) {
		arena_release(&arena);
		return false;
	}
	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(
		&batch,
		"UPDATE interlock.step SET state = 'pending', finished_at = NULL, sqlstate = NULL, message = NULL,"
		" result = NULL WHERE run = $1::bigint AND block = $2::integer AND NOT created AND state <> 'undone'",
		2, run, number);
	condition_journal(s, block, &batch);
	batch_add(&batch, "DELETE FROM interlock.condition WHERE run = $1::bigint AND block >= $2::integer", 2, run,
	          number);
	rollout_forget(s, block, &batch);
	fingerprint_store(s, &batch);
	course_back(s, block == from ? -1 : from, &batch);
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
 * From here on the block counts as not done, and the undo as under way: a run
 * that follows an undo that was cut short does its steps again, and takes no
 * half-way state for drift.
 */
static bool reopen_block(struct session *s, int block, int from, struct err *err)
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
	course_back(s, from, &batch);
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

static bool back_block(struct session *s, const struct block *block, int from, size_t *steps, struct err *err)
{
	if (!has_live(s, block))
		return true;
	if (!reopen_block(s, block->index, from, err))
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

static bool back_blocks(struct session *s, int from, size_t *steps, struct err *err)
{
	const int reached = s->run.next_block;

	for (int b = (int)s->plan->block_count - 1; b >= from; b--)
		if (b > reached && !has_live(s, &s->plan->blocks[b]))
			continue; /* the run never came there */
		else if (!back_block(s, &s->plan->blocks[b], from, steps, err) || !leave_block(s, b, from, err))
			return false;
	return true;
}

/* Then what can't be brought back is to be known before anything is taken back. */
static bool takes_back_a_switch(const struct session *s, int from)
{
	for (size_t b = (size_t)from; b < s->plan->block_count; b++)
		for (size_t i = 0; i < s->plan->blocks[b].step_count; i++) {
			const struct step *step = &s->plan->blocks[b].steps[i];

			if (step->type->swaps && s->steps[step->number - 1].created)
				return true;
		}
	return false;
}

bool run_back(struct session *s, int from, struct run_end *end, struct err *err)
{
	*end = (struct run_end){.code = EXIT_DONE};
	if ((takes_back_a_switch(s, from) && !copy_drain_switched(s, err)) || !all_have_a_way_back(s, from, err)) {
		run_leave(s);
		return false;
	}
	if (back_blocks(s, from, &end->steps, err))
		return true;
	if (err->code == EXIT_INTERRUPTED)
		course_interrupted(s);
	return false;
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

struct turn {
	size_t steps, restored; /* steps that kept rows, and rows that came back */
	int64_t left;
};

/* One turn of each step that keeps rows. */
static bool restore_once(struct session *s, int number, struct turn *turn, struct err *err)
{
	*turn = (struct turn){0};
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
		turn->steps++;
		turn->left += after;
		turn->restored += (size_t)(before - after);
	}
	return true;
}

/* A row may refer to one that a later step keeps: as long as some come back, there is another turn. */
bool run_restore(struct session *s, int number, int64_t *left, struct run_end *end, struct err *err)
{
	struct turn turn;

	*end = (struct run_end){.code = EXIT_DONE};
	do {
		if (!restore_once(s, number, &turn, err))
			return false;
		end->steps += turn.restored;
		*left = turn.left;
	} while (turn.restored > 0 && turn.left > 0 && turn.steps > 1);
	return true;
}
