/* Taking keys out of the log, and refreshing the rows of these keys. */
#include "engine/apply.h"

#include <string.h>

#include "engine/looked_up.h"
#include "engine/tx.h"
#include "plan/copied_lookup.h"

/* Rows that have no image any more, by that key. */
static const char *removal(const struct pair *p, const struct log_keys *keys, struct arena *arena)
{
	const struct copying *c = p->c;

	return arena_printf(
		arena, "DELETE FROM %s AS \"~s\" USING %s WHERE %s AND NOT EXISTS (SELECT FROM ONLY %s WHERE %s AND (%s))",
		c->shadow_quoted, keys->from,
		copying_same(c, copying_key_items(c, COPYING_SHADOW, "\"~s\"", arena), keys->items, arena),
		copying_from(c, arena),
		copying_same(c, copying_key_items(c, COPYING_LIVE, c->alias, arena), keys->items, arena), c->only_rows);
}

/* The current rows of the keys, in the shadow's shape. */
static const char *addition(const struct pair *p, const struct log_keys *keys, struct arena *arena)
{
	const struct copying *c = p->c;

	return arena_printf(
		arena,
		"INSERT INTO %s AS \"~s\" (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s JOIN ONLY %s ON %s WHERE (%s)",
		c->shadow_quoted, copying_names(c, arena), copying_values(c, arena), keys->from, copying_from(c, arena),
		copying_same(c, copying_key_items(c, COPYING_LIVE, c->alias, arena), keys->items, arena),
		copied_lookup_ready(c, arena));
}

/* "id, part", as the shadow calls them. */
static const char *key_names(const struct pair *p, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < p->c->key_count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", p->c->keys[i].shadow);
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* What becomes of a row that is there: it gets what has changed.  The key's own index is named, no other counts.
 */
static const char *on_conflict(const struct pair *p, struct arena *arena)
{
	struct buf out = {0};
	const char *text;
	bool any = false;

	buf_addf(&out, " ON CONFLICT (%s) DO UPDATE SET ", key_names(p, arena));
	for (size_t i = 0; i < p->c->column_count; i++)
		if (!p->c->columns[i].is_always_identity) {
			buf_addf(&out, "%s%s = excluded.%s", any ? ", " : "", p->c->columns[i].name, p->c->columns[i].name);
			any = true;
		}
	if (!any) {
		buf_release(&out);
		return arena_printf(arena, " ON CONFLICT (%s) DO NOTHING", key_names(p, arena));
	}
	buf_addf(&out, " WHERE %s", copying_changed(p->c, "\"~s\"", "excluded", arena));
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* Has it an identity column that is not its key's, so that a row that is there can't get another value of it? */
static bool only_anew(const struct copying *c)
{
	for (size_t i = 0; i < c->column_count; i++) {
		bool is_key = false;

		for (size_t k = 0; k < c->key_count; k++)
			is_key |= strcmp(c->keys[k].shadow, c->columns[i].name) == 0;
		if (c->columns[i].is_always_identity && !is_key)
			return true;
	}
	return false;
}

/* Rows are removed first, since values moved between rows that another index wants unique at each moment. */
static void add_anew(const struct pair *p, const struct log_keys *keys, struct batch *batch)
{
	struct arena *arena = batch->arena;

	batch_add(batch,
	          arena_printf(arena, "DELETE FROM %s AS \"~s\" USING %s WHERE %s", p->c->shadow_quoted, keys->from,
	                       copying_same(p->c, copying_key_items(p->c, COPYING_SHADOW, "\"~s\"", arena),
	                                    keys->items, arena)),
	          0);
	batch_add(batch, addition(p, keys, arena), 0);
}

static void add_refresh(const struct pair *p, const struct log_keys *keys, struct batch *batch)
{
	struct arena *arena = batch->arena;

	if (only_anew(p->c)) {
		add_anew(p, keys, batch);
		return;
	}
	batch_add(batch, removal(p, keys, arena), 0);
	batch_add(batch, arena_printf(arena, "%s%s", addition(p, keys, arena), on_conflict(p, arena)), 0);
}

/* ---- A round over a part of the log ---- */

static const char *key_text(const struct pair *p, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < p->c->key_count; i++)
		buf_addf(&out, ", pg_catalog.array_agg(k%zu::pg_catalog.text)::pg_catalog.text AS k%zu", i + 1, i + 1);
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* A key in (lo, hi], where NULL is no bound. */
static const char *in_range(const struct pair *p, struct arena *arena)
{
	const struct copying *c = p->c;
	const char *const *key = copying_numbered_items(c, "l.k", arena);

	return arena_printf(arena, "(p.lo1 IS NULL OR %s) AND (p.hi1 IS NULL OR NOT (%s))",
	                    copying_after(c, key, copying_numbered_items(c, "p.lo", arena), arena),
	                    copying_after(c, key, copying_numbered_items(c, "p.hi", arena), arena));
}

/* Never "all up to a number": a lower one may still be uncommitted.  Keys that are to do are forgotten. */
static const char *pop(const struct pair *p, int64_t limit, struct arena *arena)
{
	const char *numbered = copying_numbered(p->c, "k", arena), *of_log = copying_numbered(p->c, "l.k", arena);

	return arena_printf(
		arena,
		"WITH pick AS MATERIALIZED (SELECT l.seq, p.state FROM %1$s l JOIN %2$s p ON %3$s WHERE p.state <> 'flight'"
		" AND l.k1 IS NOT NULL ORDER BY l.seq LIMIT %4$lld), gone AS (DELETE FROM %1$s l USING pick WHERE l.seq ="
		" pick.seq RETURNING %5$s, pick.state), keys AS (SELECT DISTINCT %6$s FROM gone WHERE state = 'done')"
		" SELECT (SELECT pg_catalog.count(*) FROM gone) AS taken, pg_catalog.count(*) AS keys%7$s FROM keys",
		p->c->log, p->c->ranges, in_range(p, arena), (long long)limit, of_log, numbered, key_text(p, arena));
}

/* Keys that came to us, as texts, and go back as arrays. */
static struct log_keys keys_of(const struct pair *p, const struct rows *popped, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, p->c->key_count);
	struct buf arrays = {0}, names = {0};
	struct log_keys keys = {.items = items};

	for (size_t i = 0; i < p->c->key_count; i++) {
		const char *list = rows_get(popped, 0, arena_printf(arena, "k%zu", i + 1));

		buf_addf(&arrays, "%spg_catalog.unnest(%s::pg_catalog.text[])", i ? ", " : "",
		         literal_quoted(arena, list));
		buf_addf(&names, "%s\"~%zu\"", i ? ", " : "", i + 1);
		items[i] = arena_printf(arena, "(\"~k\".\"~%zu\"::%s)", i + 1, p->c->keys[i].type);
	}
	keys.from = arena_printf(arena, "ROWS FROM (%s) AS \"~k\"(%s)", buf_text(&arrays), buf_text(&names));
	buf_release(&arrays);
	buf_release(&names);
	return keys;
}

/* Guards, the refresh of these keys, COMMIT; false where there is an error and nothing is open any more. */
static bool finish_round(const struct pair *p, const struct rows *popped, struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};
	struct rows **answers;
	size_t guard = pair_add_guard(p, &batch);
	bool ok;

	if (rows_integer(popped, 0, "keys") > 0) {
		struct log_keys keys = keys_of(p, popped, arena);

		looked_up_add_stuck(p, &keys, &batch);
		add_refresh(p, &keys, &batch);
	}
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	ok = pair_guarded(answers[guard], p, err);
	batch_free_results(&batch, answers);
	if (ok)
		return tx_commit(p->session, err);
	tx_rollback(p->session);
	return false;
}

bool apply_round(const struct pair *p, int64_t limit, struct applied *applied, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	int64_t begin = loop_now();
	struct rows **answers;
	size_t looked, popped;
	bool ok;

	*applied = (struct applied){0};
	pair_begin(p, true, &batch);
	looked = pair_add_truncated(p->c, &batch);
	popped = batch_add(&batch, pop(p, limit, &arena), 0);
	answers = batch_results(&batch);
	ok = pair_send(p, &batch, answers, err);
	if (ok) {
		applied->truncated = rows_true(answers[looked], 0, "truncated");
		applied->taken = rows_integer(answers[popped], 0, "taken");
		if (applied->truncated || applied->taken == 0)
			tx_rollback(p->session);
		else
			ok = finish_round(p, answers[popped], &arena, err);
		batch_free_results(&batch, answers);
	}
	applied->ms = (double)(loop_now() - begin);
	arena_release(&arena);
	return ok;
}

/* ---- A sync point ---- */

/* All that the snapshot sees. */
static struct log_keys keys_of_log(const struct pair *p, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, p->c->key_count);
	struct log_keys keys = {.items = items};
	struct buf names = {0};

	for (size_t i = 0; i < p->c->key_count; i++) {
		items[i] = arena_printf(arena, "\"~k\".\"~%zu\"", i + 1);
		buf_addf(&names, "%s\"~%zu\"", i ? ", " : "", i + 1);
	}
	keys.from = arena_printf(arena, "(SELECT DISTINCT %s FROM %s) AS \"~k\"(%s)",
	                         copying_numbered(p->c, "k", arena), p->c->log, buf_text(&names));
	buf_release(&names);
	return keys;
}

/* The log's rows are the keys, and go when their rows are refreshed. */
size_t apply_add_all(const struct pair *p, bool anew, struct batch *batch)
{
	struct log_keys keys = keys_of_log(p, batch->arena);

	looked_up_add_spread(p, batch);
	if (anew)
		add_anew(p, &keys, batch);
	else
		add_refresh(p, &keys, batch);
	return looked_up_add_gone(p, batch);
}

/* Nothing of the log leaves the server. */
void apply_add_sync(const struct pair *p, bool anew, struct batch *batch, size_t *guard, size_t *gone)
{
	struct arena *arena = batch->arena;

	*guard = pair_add_guard(p, batch);
	*gone = apply_add_all(p, anew, batch);
	batch_add_often(
		batch,
		"UPDATE interlock.pair SET synced_at = pg_catalog.clock_timestamp() WHERE run OPERATOR(pg_catalog.=)"
		" $1::pg_catalog.int8 AND number OPERATOR(pg_catalog.=) $2::pg_catalog.int4",
		2, pair_run(p, arena), pair_number(p, arena));
}

static bool sync_once(const struct pair *p, bool anew, struct applied *applied, struct arena *arena,
                      struct err *err)
{
	struct batch opening = {.arena = arena}, batch = {.arena = arena};
	struct rows **answers;
	size_t looked, guard, gone;
	bool ok;

	pair_begin_snapshot(p, &opening);
	looked = pair_add_truncated(p->c, &opening);
	answers = batch_results(&opening);
	if (!pair_send(p, &opening, answers, err))
		return false;
	applied->truncated = rows_true(answers[looked], 0, "truncated");
	batch_free_results(&opening, answers);
	if (applied->truncated) {
		tx_rollback(p->session);
		return true;
	}
	apply_add_sync(p, anew, &batch, &guard, &gone);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	ok = pair_guarded(answers[guard], p, err);
	applied->taken = rows_affected(answers[gone]);
	batch_free_results(&batch, answers);
	if (ok)
		return tx_commit(p->session, err);
	tx_rollback(p->session);
	return false;
}

bool apply_sync_point(const struct pair *p, struct applied *applied, struct err *err)
{
	struct arena arena = {0};
	int64_t begin = loop_now();
	bool ok;

	*applied = (struct applied){0};
	ok = sync_once(p, false, applied, &arena, err);
	if (!ok && err_is(err, "23505")) {
		err_release(err);
		ok = sync_once(p, true, applied, &arena, err);
	}
	applied->ms = (double)(loop_now() - begin);
	arena_release(&arena);
	return ok;
}

bool apply_restart(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows **answers;
	bool ok;

	pair_begin(p, true, &batch);
	batch_add(&batch, arena_printf(&arena, "DELETE FROM %s WHERE k1 IS NULL", p->c->log), 0);
	batch_add(&batch, arena_printf(&arena, "TRUNCATE %s", p->c->shadow_quoted), 0);
	ranges_restart(p, &batch);
	batch_add(&batch,
	          "UPDATE interlock.pair SET state = 'copying', synced_at = NULL WHERE run OPERATOR(pg_catalog.=)"
	          " $1::pg_catalog.int8 AND number OPERATOR(pg_catalog.=) $2::pg_catalog.int4",
	          2, pair_run(p, &arena), pair_number(p, &arena));
	pair_add_unverified(p, &batch);
	answers = batch_results(&batch);
	ok = pair_send(p, &batch, answers, err);
	if (ok)
		batch_free_results(&batch, answers);
	ok = ok && tx_commit(p->session, err);
	arena_release(&arena);
	return ok;
}
