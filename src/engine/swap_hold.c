/* The first half of the switch's transaction: locks, the last round, the last look. */
#include <string.h>

#include "engine/apply.h"
#include "engine/looked_up.h"
#include "engine/reverse.h"
#include "engine/swap_work.h"
#include "engine/tx.h"
#include "plan/copied_lookup.h"
#include "plan/reverse.h"

enum { SHOW_MAX = 10, DDL_LOCK_MS = 50, LAST_ROUNDS_MAX = 5 };

/* ---- What goes over ---- */

struct carry_question swap_question(const struct swap *s, size_t i)
{
	return (struct carry_question){.swapping = s->g,
	                               .pair = &s->g->pairs[i],
	                               .foreign_keys = s->pairs[i].declared,
	                               .run = s->w->session->run.id};
}

static bool tell_refused(const struct swap *s, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->pairs[i].carried.count; k++) {
			const struct carried_item *item = &s->pairs[i].carried.items[k];

			if (item->stage != CARRY_REFUSED)
				continue;
			if (count++ == 0)
				err_set(err, EXIT_STEP, "not everything that belongs to %s can go over", s->pairs[i].live);
			if (count <= SHOW_MAX)
				err_detail(err, "%s: %s", item->name, item->statement);
			if (item->help)
				err_help(err, "%s", item->help);
		}
	return count == 0;
}

/* ---- Locks ---- */

static void add_lock(struct swap *s, const struct relname *table, enum lock_mode mode)
{
	for (size_t i = 0; i < s->lock_count; i++)
		if (relname_equal(&s->locks[i].table, table))
			return;
	s->locks[s->lock_count++] = (struct table_lock){.table = *table, .mode = mode};
}

/* The live tables first, which most others want; then what they are paired with, and what goes over with them. */
static void choose_locks(struct swap *s)
{
	struct arena *arena = &s->w->arena;
	size_t room = 3 * s->count;
	struct relname table;

	for (size_t i = 0; i < s->count; i++)
		room += s->pairs[i].carried.count;
	s->locks = arena_array(arena, struct table_lock, room);
	s->lock_count = 0;
	for (size_t i = 0; i < s->count; i++)
		add_lock(s, &s->g->pairs[i].live, LOCK_ACCESS_EXCLUSIVE);
	for (size_t i = 0; i < s->count; i++)
		add_lock(s, s->back ? &s->g->pairs[i].retired : &s->g->pairs[i].shadow, LOCK_ACCESS_EXCLUSIVE);
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->pairs[i].carried.count; k++)
			if (s->pairs[i].carried.items[k].stage == CARRY_LOCK &&
			    !ident_parse_relname(s->pairs[i].carried.items[k].statement, arena, &table))
				add_lock(s, &table, LOCK_ACCESS_EXCLUSIVE);
	/* What is looked up stays as it is until the tables are switched; readers go on. */
	for (size_t i = 0; !s->back && i < s->count; i++)
		if (s->pairs[i].pair.c->lookup)
			add_lock(s, &s->pairs[i].pair.c->lookup->table, LOCK_SHARE_ROW_EXCLUSIVE);
}

/* The portrait is not looked at here: what was asked once is planned, and takes less time under the locks. */
bool swap_foresee(struct swap *s, struct err *err)
{
	struct batch batch = {.arena = &s->w->arena};
	size_t *asked = arena_array(&s->w->arena, size_t, s->count);
	struct rows **answers;

	carried_plan_once(&batch);
	for (size_t i = 0; i < s->count; i++) {
		struct carry_question question = swap_question(s, i);

		asked[i] = s->back ? 0 : carried_ask(&question, &batch);
		carried_ask_portrait(&question, s->pairs[i].comes, &batch);
	}
	answers = batch_results(&batch);
	if (!tx_begin(s->w->session, &batch, answers, err))
		return false;
	tx_rollback(s->w->session);
	for (size_t i = 0; !s->back && i < s->count; i++)
		carried_take(answers + asked[i], &s->w->arena, &s->pairs[i].carried);
	batch_free_results(&batch, answers);
	choose_locks(s);
	return s->back || tell_refused(s, err);
}

/* ---- The flush ---- */

/* Where the answers about a pair are. */
struct place {
	size_t emptied, guard, stuck, asked, portrait;
};

static void add_settings(const struct swap *s, struct batch *batch)
{
	const char *hold = arena_printf(batch->arena, "%lldms", (long long)s->w->session->lock_hold);

	batch_add_often(
		batch,
		"SELECT pg_catalog.set_config('statement_timeout', $1, true),"
		" pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true),"
		" pg_catalog.set_config('lock_timeout', $2, true), pg_catalog.set_config('search_path', $3, true)",
		3, hold, arena_printf(batch->arena, "%dms", DDL_LOCK_MS), s->w->session->plan->settings.search_path);
	batch_add_often(batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
}

/* The last round, behind the proof that nobody touched what follows the tables. */
static void add_last_round(const struct swap *s, const struct swapped *p, struct place *place, struct batch *batch)
{
	place->guard = pair_add_guard(&p->pair, batch);
	place->emptied = pair_add_truncated(p->pair.c, batch);
	if (s->back) {
		reverse_add_all(&p->pair, batch);
		return;
	}
	looked_up_add_create(&p->pair, batch);
	apply_add_all(&p->pair, s->w->patience->anew, batch);
	place->stuck = looked_up_add_question(&p->pair, batch);
}

/* Who reads a view locks it before its tables: so do we, and wait no longer for it than for a table. */
static void add_view_locks(const struct swap *s, struct batch *batch)
{
	lock_add_wait(lock_timeout_of(s->w->session, s->w->step), batch);
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->pairs[i].carried.count; k++)
			if (s->pairs[i].carried.items[k].stage == CARRY_LOCK_VIEW)
				batch_add(batch, s->pairs[i].carried.items[k].statement, 0);
}

static void compose(struct swap *s, struct place *places, struct batch *batch)
{
	tx_add_opening_alone(s->w->session, batch);
	add_view_locks(s, batch);
	lock_add(s->w, s->locks, s->lock_count, batch);
	batch_add_often(batch, "SET CONSTRAINTS ALL IMMEDIATE", 0);
	add_settings(s, batch);
	for (size_t i = 0; i < s->count; i++)
		add_last_round(s, &s->pairs[i], &places[i], batch);
	batch_add_often(batch, "SET LOCAL search_path TO pg_catalog, pg_temp", 0);
	carried_plan_once(batch);
	for (size_t i = 0; i < s->count; i++) {
		struct carry_question question = swap_question(s, i);

		if (!s->back)
			places[i].asked = carried_ask(&question, batch);
		places[i].portrait = carried_ask_portrait(&question, s->pairs[i].comes, batch);
	}
}

/* Does what goes over now need a lock that was not foreseen? */
static bool needs_more_locks(const struct swap *s, const struct carried *carried)
{
	struct arena *arena = &s->w->arena;

	for (size_t k = 0; k < carried->count; k++) {
		bool locked = carried->items[k].stage != CARRY_LOCK;

		for (size_t i = 0; !locked && i < s->lock_count; i++)
			locked = s->locks[i].mode == LOCK_ACCESS_EXCLUSIVE &&
			         strcmp(relname_quoted(arena, &s->locks[i].table), carried->items[k].statement) == 0;
		if (!locked)
			return true;
	}
	return false;
}

static enum outcome take(struct swap *s, struct rows **answers, const struct place *places, struct err *err)
{
	bool again = false;

	for (size_t i = 0; i < s->count; i++) {
		struct swapped *p = &s->pairs[i];

		if (!pair_guarded(answers[places[i].guard], &p->pair, err))
			return OUTCOME_FAILED;
		again |= rows_true(answers[places[i].emptied], 0, "truncated");
		s->stuck |= !s->back && rows_true(answers[places[i].stuck], 0, "stuck");
		if (!s->back)
			carried_take(answers + places[i].asked, &s->w->arena, &p->carried);
		p->portrait = arena_strdup(&s->w->arena, rows_value(answers[places[i].portrait], 0, 0));
		again |= !s->back && needs_more_locks(s, &p->carried);
	}
	if (again || s->stuck)
		return OUTCOME_AGAIN;
	return s->back || tell_refused(s, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

/*
 * Values moved between rows: once more in the other way.  Back, a value that
 * the retired table can't hold: the next round outside finds out which, and
 * tells.
 */
static bool is_worth_a_look(struct swap *s, const struct err *err)
{
	if (!s->back && err_is(err, "23505") && !s->w->patience->anew) {
		s->w->patience->anew = true;
		return true;
	}
	return s->back && (err_is(err, "22") || err_is(err, "23")) && ++s->w->patience->holds < LAST_ROUNDS_MAX;
}

/* Rows that find nothing, and for which too much was to be created, or could not be: that is done, or told,
 * outside.
 */
static enum outcome look_at_stuck(struct swap *s, struct err *err)
{
	if (++s->w->patience->holds < LAST_ROUNDS_MAX)
		return OUTCOME_AGAIN;
	for (size_t i = 0; i < s->count; i++)
		if (!looked_up_nothing_left(&s->pairs[i].pair, err))
			return OUTCOME_FAILED;
	return OUTCOME_AGAIN;
}

enum outcome swap_hold(struct swap *s, struct err *err)
{
	struct batch batch = {.arena = &s->w->arena};
	struct place *places = arena_array(&s->w->arena, struct place, s->count);
	struct rows **answers;
	enum outcome outcome;
	size_t failed;

	compose(s, places, &batch);
	answers = batch_results(&batch);
	s->held_since = loop_now();
	if (!batch_send(&batch, s->w->session->worker, group_deadline(s->w, s->lock_count), answers, &failed, err)) {
		batch_free_results(&batch, answers);
		outcome = group_turned_away(s->w, s->locks, s->lock_count, failed, err);
		return outcome == OUTCOME_FAILED && is_worth_a_look(s, err) ? OUTCOME_AGAIN : outcome;
	}
	outcome = take(s, answers, places, err);
	batch_free_results(&batch, answers);
	if (outcome != OUTCOME_DONE)
		tx_rollback(s->w->session);
	return outcome == OUTCOME_AGAIN && s->stuck ? look_at_stuck(s, err) : outcome;
}
