/* Spreading notes, keeping keys, creating rows. */
#include "engine/looked_up.h"

#include <string.h>

#include "engine/culprits.h"
#include "engine/exec.h"
#include "engine/tx.h"
#include "plan/copied_lookup.h"

enum {
	CREATED = 200,    /* in one transaction */
	BRIEF_MS = 100,   /* somebody may wait for what was created in it */
	PATIENT_MS = 5000 /* nobody does */
};

static const char *const *live_key(const struct pair *p, struct arena *arena)
{
	return copying_key_items(p->c, COPYING_LIVE, p->c->alias, arena);
}

/* "INSERT INTO log (k1) SELECT orders.id FROM" */
static const char *into_log(const struct pair *p, struct arena *arena)
{
	return arena_printf(arena, "INSERT INTO %s (%s) SELECT %s FROM", p->c->log, copying_numbered(p->c, "k", arena),
	                    copying_key(p->c, COPYING_LIVE, p->c->alias, arena));
}

/* One statement, one snapshot; it does not even begin to read live where there are no notes. */
void looked_up_add_spread(const struct pair *p, struct batch *batch)
{
	struct arena *arena = batch->arena;
	const struct copied_lookup *l = p->c->lookup;

	if (!l)
		return;
	batch_add(batch,
	          arena_printf(
				  arena,
				  "WITH \"~g\" AS MATERIALIZED (DELETE FROM %s RETURNING *) %s ONLY %s WHERE (SELECT EXISTS"
				  " (SELECT FROM %s)) AND (%s\n) AND EXISTS (SELECT FROM \"~g\" WHERE %s)",
				  l->looked, into_log(p, arena), copying_from(p->c, arena), l->looked, p->c->only_rows, l->noted),
	          0);
}

bool looked_up_forget(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok = true;

	if (p->c->lookup) {
		batch_add(&batch, arena_printf(&arena, "DELETE FROM %s", p->c->lookup->looked), 0);
		ok = tx_run(p->session, &batch, NULL, err);
	}
	arena_release(&arena);
	return ok;
}

void looked_up_add_stuck_in(const struct pair *p, const struct key_range *range, struct batch *batch)
{
	struct arena *arena = batch->arena;
	const char *stuck = copied_lookup_stuck(p->c, arena);

	if (stuck)
		batch_add(batch,
		          arena_printf(arena, "%s ONLY %s WHERE %s AND %s", into_log(p, arena), copying_from(p->c, arena),
		                       copying_between(p->c, COPYING_LIVE, p->c->alias, range->lo, range->hi, arena),
		                       stuck),
		          0);
}

void looked_up_add_stuck(const struct pair *p, const struct log_keys *keys, struct batch *batch)
{
	struct arena *arena = batch->arena;
	const char *stuck = copied_lookup_stuck(p->c, arena);

	if (stuck)
		batch_add(batch,
		          arena_printf(arena, "%s %s JOIN ONLY %s ON %s WHERE %s", into_log(p, arena), keys->from,
		                       copying_from(p->c, arena),
		                       copying_same(p->c, live_key(p, arena), keys->items, arena), stuck),
		          0);
}

/* "EXISTS (…)": the row of a key of the log can't be copied; NULL: each can. */
static const char *is_stuck(const struct pair *p, const char *log, struct arena *arena)
{
	const char *stuck = copied_lookup_stuck(p->c, arena);
	const char *const *keys = copying_numbered_items(p->c, arena_printf(arena, "%s.k", log), arena);

	return stuck ? arena_printf(arena, "EXISTS (SELECT FROM ONLY %s WHERE %s AND %s)", copying_from(p->c, arena),
	                            copying_same(p->c, live_key(p, arena), keys, arena), stuck)
	             : NULL;
}

size_t looked_up_add_gone(const struct pair *p, struct batch *batch)
{
	const char *stuck = is_stuck(p, "\"~k\"", batch->arena);

	return batch_add(batch,
	                 arena_printf(batch->arena, "DELETE FROM %s AS \"~k\"%s%s", p->c->log,
	                              stuck ? " WHERE NOT " : "", stuck ? stuck : ""),
	                 0);
}

/* ---- Creating ---- */

static const char *gather_in(const struct pair *p, const struct key_range *range, struct arena *arena)
{
	const struct copied_lookup *l = p->c->lookup;

	return arena_printf(arena, "%sONLY %s%s AND %s%s", l->before, copying_from(p->c, arena), l->behind,
	                    copying_between(p->c, COPYING_LIVE, p->c->alias, range->lo, range->hi, arena), l->order);
}

static const char *gather_logged(const struct pair *p, struct arena *arena)
{
	const struct copied_lookup *l = p->c->lookup;
	const char **items = arena_array(arena, const char *, p->c->key_count), *names = "";

	for (size_t i = 0; i < p->c->key_count; i++) {
		items[i] = arena_printf(arena, "\"~k\".\"~%zu\"", i + 1);
		names = arena_printf(arena, "%s%s\"~%zu\"", names, i ? ", " : "", i + 1);
	}
	return arena_printf(arena, "%s(SELECT DISTINCT %s FROM %s) AS \"~k\"(%s) JOIN ONLY %s ON %s%s%s", l->before,
	                    copying_numbered(p->c, "k", arena), p->c->log, names, copying_from(p->c, arena),
	                    copying_same(p->c, live_key(p, arena), items, arena), l->behind, l->order);
}

/* A transaction of its own; *rows: how many its last statement was about. */
static bool send(const struct pair *p, struct batch *batch, int64_t *rows, struct err *err)
{
	struct rows **answers = batch_results(batch);

	if (!pair_send(p, batch, answers, err))
		return false;
	*rows = rows_affected(answers[batch->count - 1]);
	batch_free_results(batch, answers);
	return tx_commit(p->session, err);
}

/*
 * Whoever inserts the same as we do waits for our transaction, and we for
 * theirs: only where we hold one row do we wait for long.
 */
static bool create_some(const struct pair *p, int limit, int64_t *rows, struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};

	pair_begin(p, true, &batch);
	batch_add_often(&batch, "SELECT pg_catalog.set_config('lock_timeout', $1, true)", 1,
	                arena_printf(arena, "%dms", limit > 1 ? BRIEF_MS : PATIENT_MS));
	batch_add(&batch, p->c->lookup->create, 1, arena_printf(arena, "%d", limit));
	return send(p, &batch, rows, err);
}

/* The server refused a row, or somebody is in the way. */
static bool tell_uncreated(const struct pair *p, struct err *err)
{
	if (err_is(err, "22") || err_is(err, "23") || err_is(err, "P0001")) {
		err_prefix(err, "a row that is missing in %s can't be created", p->c->lookup->quoted);
		err_help(err,
		         "mend create in the plan, or the rows of %s that want it, or let only_rows leave them behind",
		         p->c->live_quoted);
	}
	return false;
}

/* What is written down is created a little at a time. */
static bool create_all(const struct pair *p, struct arena *arena, struct err *err)
{
	int limit = CREATED;
	int64_t rows = 1;
	int attempts = 0;

	while (rows > 0) {
		if (create_some(p, limit, &rows, arena, err)) {
			limit = limit * 2 < CREATED ? limit * 2 : CREATED;
			attempts = 0;
			continue;
		}
		if (!exec_try_again(p->session, &attempts, err))
			return tell_uncreated(p, err);
		limit = limit / 4 + 1;
		rows = 1;
	}
	return true;
}

/* range NULL: of the log. */
static bool create(const struct pair *p, const struct key_range *range, bool spread, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	int64_t rows;
	bool ok;

	if (!p->c->lookup || !p->c->lookup->create)
		return true;
	pair_begin(p, true, &batch);
	if (spread)
		looked_up_add_spread(p, &batch);
	batch_add(&batch, range ? gather_in(p, range, &arena) : gather_logged(p, &arena), 0);
	ok = send(p, &batch, &rows, err) && (rows == 0 || create_all(p, &arena, err));
	arena_release(&arena);
	return ok;
}

bool looked_up_create_in(const struct pair *p, const struct key_range *range, struct err *err)
{
	return create(p, range, false, err);
}

bool looked_up_create_logged(const struct pair *p, struct err *err)
{
	return create(p, NULL, false, err);
}

bool looked_up_create_all(const struct pair *p, struct err *err)
{
	return create(p, NULL, true, err);
}

void looked_up_add_create(const struct pair *p, struct batch *batch)
{
	if (!p->c->lookup || !p->c->lookup->create)
		return;
	looked_up_add_spread(p, batch);
	batch_add(batch, gather_logged(p, batch->arena), 0);
	batch_add(batch, p->c->lookup->create, 1, arena_printf(batch->arena, "%d", CREATED));
}

/* ---- Rows that find nothing ---- */

enum { SHOWN = 10 };

static const char *stuck_rows(const struct pair *p, bool everywhere, struct arena *arena)
{
	const char *from = everywhere ? "" : arena_printf(arena, "%s AS \"~k\" JOIN ", p->c->log);
	const char *on = everywhere
	                     ? ""
	                     : arena_printf(arena, " ON %s",
	                                    copying_same(p->c, live_key(p, arena),
	                                                 copying_numbered_items(p->c, "\"~k\".k", arena), arena));

	return arena_printf(arena, "SELECT DISTINCT %s, %s FROM %sONLY %s%s WHERE %s ORDER BY 1 LIMIT %d",
	                    copying_key(p->c, COPYING_LIVE, p->c->alias, arena), p->c->lookup->shown, from,
	                    copying_from(p->c, arena), on, copied_lookup_stuck(p->c, arena), SHOWN + 1);
}

/* In the arena's time; the caller frees them.  NULL: nothing is asked. */
static bool ask(const struct pair *p, bool everywhere, struct rows **rows, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows **answers;
	size_t asked;
	bool ok;

	pair_begin(p, false, &batch);
	asked = batch_add(&batch, stuck_rows(p, everywhere, &arena), 0);
	answers = batch_results(&batch);
	ok = pair_send(p, &batch, answers, err);
	if (ok) {
		*rows = answers[asked];
		answers[asked] = NULL;
		batch_free_results(&batch, answers);
		tx_rollback(p->session);
	}
	arena_release(&arena);
	return ok;
}

static bool tell(const struct pair *p, const struct rows *rows, struct err *err)
{
	err_set(err, EXIT_STEP, "rows of %s have no match in %s", p->c->live_quoted, p->c->lookup->quoted);
	for (size_t r = 0; r < rows_count(rows) && r < SHOWN; r++) {
		struct buf line = {0};

		culprits_line(rows, r, &line);
		err_detail(err, "%s", buf_text(&line));
		buf_release(&line);
	}
	if (rows_count(rows) > SHOWN)
		err_detail(err, "… and more");
	err_help(err, "insert what they refer to, or mend them, or let only_rows leave them behind, then run again");
	return false;
}

static bool is_nothing(const struct pair *p, bool everywhere, struct err *err)
{
	struct rows *rows;
	bool ok;

	if (!ask(p, everywhere, &rows, err))
		return false;
	ok = rows_count(rows) == 0 || tell(p, rows, err);
	rows_free(rows);
	return ok;
}

bool looked_up_nothing_stuck(const struct pair *p, bool everywhere, struct err *err)
{
	const struct copied_lookup *l = p->c->lookup;

	return !l || !l->unmatched || l->create || is_nothing(p, everywhere, err);
}

bool looked_up_nothing_left(const struct pair *p, struct err *err)
{
	return !p->c->lookup || !p->c->lookup->unmatched || is_nothing(p, false, err);
}

bool looked_up_sentence(const struct pair *p, struct arena *arena, const char **sentence, struct err *err)
{
	struct buf line = {0};
	struct rows *rows;

	*sentence = NULL;
	if (!p->c->lookup || !p->c->lookup->unmatched || p->c->lookup->create)
		return true;
	if (!ask(p, false, &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows) && r < 3; r++) {
		buf_add(&line, r ? "; " : "");
		culprits_line(rows, r, &line);
	}
	if (rows_count(rows))
		*sentence =
			arena_printf(arena, "rows of %s have no match in %s, and are not copied: %s%s", p->c->live_quoted,
		                 p->c->lookup->quoted, buf_text(&line), rows_count(rows) > 3 ? "; …" : "");
	buf_release(&line);
	rows_free(rows);
	return true;
}

size_t looked_up_add_question(const struct pair *p, struct batch *batch)
{
	if (!p->c->lookup || !p->c->lookup->unmatched)
		return batch_add_often(batch, "SELECT false AS stuck", 0);
	return batch_add(batch, arena_printf(batch->arena, "SELECT EXISTS (SELECT FROM %s) AS stuck", p->c->log), 0);
}
