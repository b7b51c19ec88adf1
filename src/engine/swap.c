/* The order of it: ready, switch, validate. */
#include "engine/swap.h"

#include <string.h>

#include "engine/copy.h"
#include "engine/progress.h"
#include "engine/reverse.h"
#include "engine/swap_ready.h"
#include "engine/swap_work.h"
#include "engine/tx.h"

enum { SHOW_MAX = 10, VALIDATE_ATTEMPTS = 20, VALIDATE_PAUSE_MS = 500 };

/* ---- What the registry says ---- */

static bool not_this_pair(const struct swapped *p, struct err *err)
{
	err_set(err, EXIT_STEP, "%s is a shadow of %s, not of %s", p->pair.c->shadow_quoted, p->pair.c->live_quoted,
	        p->live);
	err_help(err, "correct live or shadow of rename_swap");
	return false;
}

static bool load_row(struct swap *s, struct swapped *p, struct err *err)
{
	struct arena *arena = &s->w->arena;
	const char *params[] = {pair_run(&p->pair, arena), pair_number(&p->pair, arena)};
	struct query query = {.sql =
	                          "SELECT foreign_keys::text AS declared, carried::text AS carried FROM interlock.pair"
	                          " WHERE run = $1::bigint AND number = $2::integer",
	                      .count = 2,
	                      .params = params};
	struct rows *rows;

	if (!conn_query(s->w->session->worker, &query, &rows, err))
		return false;
	p->declared = arena_strdup(arena, rows_get(rows, 0, "declared"));
	carried_from_json(rows_get(rows, 0, "carried"), arena, &p->carried);
	rows_free(rows);
	return true;
}

static bool load(struct swap *s, struct err *err)
{
	struct arena *arena = &s->w->arena;

	s->count = s->g->count;
	s->pairs = arena_array(arena, struct swapped, s->count);
	for (size_t i = 0; i < s->count; i++) {
		const struct swap_pair *names = &s->g->pairs[i];
		const char *shadow = relname_quoted(arena, &names->shadow);
		const char *retired = relname_quoted(arena, &names->retired);
		struct swapped *p = &s->pairs[i];

		*p = (struct swapped){.pair = {.session = s->w->session, .arena = arena},
		                      .live = relname_quoted(arena, &names->live),
		                      .comes = s->back ? retired : shadow,
		                      .goes = s->back ? shadow : retired};
		if (!pair_of_shadow(s->w->session, &names->shadow, arena, &p->pair.c, err))
			return false;
		if (!relname_equal(&p->pair.c->live, &names->live))
			return not_this_pair(p, err);
		if (!load_row(s, p, err))
			return false;
	}
	return true;
}

/* All pairs of a switch change their state in one transaction. */
static bool is_switched(const struct swap *s)
{
	const char *state = s->pairs[0].pair.c->state;

	return strcmp(state, "switched") == 0 || strcmp(state, "ended") == 0;
}

/* ---- Undo ---- */

static bool tell_conflicts(const struct swapped *p, const struct undo_conflict *conflicts, size_t count,
                           int64_t total, struct err *err)
{
	err_set(err, EXIT_STEP, "%s can't hold %lld %s written since the switch, and undo would lose %s", p->comes,
	        (long long)total, total == 1 ? "row that was" : "rows that were", total == 1 ? "it" : "them");
	for (size_t i = 0; i < count; i++)
		err_detail(err, "%s: %s", conflicts[i].key, conflicts[i].message);
	if (total > (int64_t)count)
		err_detail(err, "… interlock.undo_conflict has all of them");
	err_help(err, "mend these rows in %s, then undo again", p->live);
	return false;
}

/* What was written since is in the retired tables, but for a moment's. */
static bool ready_to_go_back(struct swap *s, struct err *err)
{
	struct undo_conflict *conflicts;
	size_t count;
	int64_t total;

	for (size_t i = 0; i < s->count; i++) {
		struct swapped *p = &s->pairs[i];

		if (!reverse_drain(&p->pair, err) ||
		    !reverse_conflicts(s->w->session, p->pair.c, SHOW_MAX, &s->w->arena, &conflicts, &count, &total, err))
			return false;
		if (total > 0)
			return tell_conflicts(p, conflicts, count, total, err);
	}
	return true;
}

/* ---- The switch ---- */

static bool ready(struct swap *s, struct err *err)
{
	struct pair *pairs;

	if (s->back)
		return ready_to_go_back(s, err);
	pairs = arena_array(&s->w->arena, struct pair, s->count);
	for (size_t i = 0; i < s->count; i++)
		pairs[i] = s->pairs[i].pair;
	return swap_ready(s->w, pairs, s->count, err);
}

/* How long others could at most have waited. */
static void tell_held(struct swap *s)
{
	struct step_row *row = &s->w->session->steps[s->w->step->number - 1];

	s->w->result = arena_printf(&s->w->arena, "locks held for %lld ms", (long long)(loop_now() - s->held_since));
	if (!s->back)
		row->result = arena_strdup(&s->w->session->arena, s->w->result);
}

static enum outcome switch_over(struct swap *s, struct err *err)
{
	enum outcome outcome;

	if (!swap_foresee(s, err) || !ready(s, err))
		return OUTCOME_FAILED;
	outcome = swap_hold(s, err);
	if (outcome == OUTCOME_DONE)
		outcome = swap_rename(s, err);
	if (outcome == OUTCOME_DONE)
		tell_held(s);
	return outcome;
}

/* ---- Behind it ---- */

static bool validate_once(struct swap *s, const struct carried_item *item, struct err *err)
{
	struct stmts stmts = {.arena = &s->w->arena};
	struct batch batch = {.arena = &s->w->arena};

	stmts_add(&stmts, STMT_ALONE, "%s", item->statement);
	batch_add(&batch, item->statement, 0);
	group_journal(s->w, &batch, stmts.first, 1, NULL);
	return tx_run(s->w->session, &batch, NULL, err);
}

static bool not_valid(const struct swap *s, const struct carried_item *item, struct err *err)
{
	if (!err_is(err, "23"))
		return false;
	err_detail(err, "the tables are switched; only %s is not validated yet", item->name);
	if (s->back)
		err_help(err, "mend the rows that refer to nothing, then undo again");
	else
		err_help(err, "mend the rows that refer to nothing, then run again; or interlock undo %s",
		         s->w->session->run.plan);
	return false;
}

/* Others may go on reading and writing meanwhile. */
static bool validate(struct swap *s, const struct carried_item *item, struct err *err)
{
	int attempts = 0;

	progress_tell(s->w->session, s->w->step, 0, PROGRESS_UNKNOWN,
	              arena_printf(&s->w->arena, "validating %s", item->name));
	while (!validate_once(s, item, err)) {
		if (conn_lost(s->w->session->worker) || s->w->session->lease_lost || ++attempts > VALIDATE_ATTEMPTS ||
		    (!err_is(err, "55P03") && !err_is(err, "40P01")))
			return not_valid(s, item, err);
		err_release(err);
		if (!loop_sleep(s->w->session->connector->loop, VALIDATE_PAUSE_MS) && exec_interrupted(err))
			return false;
	}
	return !exec_interrupted(err);
}

static bool validate_all(struct swap *s, struct err *err)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->pairs[i].carried.count; k++)
			if (s->pairs[i].carried.items[k].stage == CARRY_VALIDATE &&
			    !validate(s, &s->pairs[i].carried.items[k], err))
				return false;
	progress_end(s->w->session, s->w->step);
	return true;
}

/* What undo needed is not needed any more. */
static bool forget(struct swap *s, struct err *err)
{
	struct batch batch = {.arena = &s->w->arena};

	for (size_t i = 0; i < s->count; i++)
		batch_add(&batch,
		          "UPDATE interlock.pair SET carried = NULL WHERE run = $1::bigint AND number = $2::integer", 2,
		          pair_run(&s->pairs[i].pair, batch.arena), pair_number(&s->pairs[i].pair, batch.arena));
	return tx_run(s->w->session, &batch, NULL, err);
}

enum outcome swap_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct swap s = {.w = w, .g = stmt->swapping, .back = w->direction == BACK};
	int64_t begin = loop_now();

	if (!group_mark_before(w, err) || !load(&s, err))
		return OUTCOME_FAILED;
	if (is_switched(&s) == s.back) { /* else an earlier attempt did it, or an undo finds nothing that was done */
		enum outcome outcome = switch_over(&s, err);

		if (outcome != OUTCOME_DONE)
			return outcome;
		if (!load(&s, err))
			return OUTCOME_FAILED;
	}
	if (!validate_all(&s, err) || (s.back && (!forget(&s, err) || !copy_drain_all(w->session, err))))
		return OUTCOME_FAILED;
	return group_end_batches(w, stmt, loop_now() - begin, ends, err);
}

/* ---- The end of the way back ---- */

static bool retires(const struct step *step, const struct relname *table)
{
	struct arena arena = {0};
	const struct swapping *g = step->type->swaps ? step->type->swaps(step->args, &arena) : NULL;
	bool found = false;

	for (size_t i = 0; g && i < g->count; i++)
		found |= relname_equal(&g->pairs[i].retired, table);
	arena_release(&arena);
	return found;
}

bool swap_end_before(struct session *s, const struct step *step, struct err *err)
{
	struct relname table;

	if (step_class_of(step) != CLASS_DESTRUCTIVE || !step->type->subject ||
	    !step->type->subject(step->args, &table))
		return true;
	for (int n = 1; n < step->number; n++)
		if (s->steps[n - 1].created && retires(plan_step(s->plan, n), &table) &&
		    !exec_step(s, plan_step(s->plan, n), FINISH, err))
			return false;
	return true;
}
