/* Chunks of the key, joined in snapshots. */
#include "engine/compare.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/control.h"
#include "engine/copy.h"
#include "engine/looked_up.h"
#include "engine/progress.h"
#include "engine/tx.h"
#include "engine/unpaired.h"
#include "plan/comparing.h"
#include "plan/copied_lookup.h"
#include "plan/copying.h"

enum {
	CHUNK_ROWS = 10000,
	SNAPSHOT_MS = 60000, /* vacuum must get on */
	KEYS_MAX = 100,      /* that are kept, and counted one by one */
	SHOW_KEYS = 10
};

struct compare {
	struct work *w;
	const struct comparing *comparing;
	const struct copying *c;
	const char **lo; /* the key behind which the next chunk begins, in `keys`; NULL: the beginning */
	struct arena keys;
	int64_t rows, bad, expected, repaired;
	json_t *found; /* of rows that differ: key (texts), kind, columns */
	bool ended;
};

/* ---- The question ---- */

static const char *const *join_key(const struct compare *m, const char *row, struct arena *arena)
{
	return copying_key_items(m->c, COPYING_SHADOW, row, arena);
}

/* Is the key of this side in the log?  Then the applier has not been there yet. */
static const char *in_log(const struct compare *m, enum copying_side side, const char *row, struct arena *arena)
{
	if (!m->c->number)
		return "false";
	return arena_printf(arena, "EXISTS (SELECT FROM %s AS \"~log\" WHERE %s)", m->c->log,
	                    copying_same(m->c, copying_numbered_items(m->c, "\"~log\".k", arena),
	                                 copying_key_items(m->c, side, row, arena), arena));
}

/* What live rows become, under the names that they get. */
static const char *wanted(const struct compare *m, const char *const *hi, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	buf_add(&out, "SELECT true AS \"~here\"");
	for (size_t i = 0; i < m->c->column_count; i++)
		buf_addf(&out, ", (%s)::%s AS %s", m->c->columns[i].value, m->c->columns[i].type, m->c->columns[i].name);
	if (m->c->lookup) /* what it depends on has changed, and nobody has been there yet */
		buf_addf(&out, ", EXISTS (SELECT FROM %s AS \"~g\" WHERE %s) AS \"~open\"", m->c->lookup->looked,
		         m->c->lookup->noted);
	buf_addf(&out, " FROM %s WHERE %s AND (%s) AND NOT %s", copying_from(m->c, arena),
	         copying_between(m->c, COPYING_LIVE, m->c->alias, m->lo, hi, arena), m->c->only_rows,
	         in_log(m, COPYING_LIVE, m->c->alias, arena));
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static const char *there(const struct compare *m, const char *const *hi, struct arena *arena)
{
	return arena_printf(arena, "SELECT true AS \"~here\", %s FROM %s AS \"~d\" WHERE %s AND NOT %s",
	                    copying_names(m->c, arena), m->c->shadow_quoted,
	                    copying_between(m->c, COPYING_SHADOW, "\"~d\"", m->lo, hi, arena),
	                    in_log(m, COPYING_SHADOW, "\"~d\"", arena));
}

/* "jsonb_build_array(coalesce(s.id::text, d.id::text), …)" */
static void add_key(const struct compare *m, struct buf *out)
{
	buf_add(out, "pg_catalog.jsonb_build_array(");
	for (size_t i = 0; i < m->c->key_count; i++)
		buf_addf(out, "%scoalesce(s.%s::pg_catalog.text, d.%s::pg_catalog.text)", i ? ", " : "",
		         m->c->keys[i].shadow, m->c->keys[i].shadow);
	buf_add(out, ")");
}

/* "concat_ws(', ', CASE WHEN s.a IS DISTINCT FROM d.a THEN 'a' END, …)" */
static void add_columns(const struct compare *m, struct arena *arena, struct buf *out)
{
	buf_add(out, "pg_catalog.concat_ws(', '");
	for (size_t i = 0; i < m->c->column_count; i++) {
		const char *name = m->c->columns[i].name;

		buf_addf(out,
		         ", CASE WHEN s.%s::pg_catalog.text OPERATOR(pg_catalog.=) d.%s::pg_catalog.text OR s.%s IS NULL"
		         " AND d.%s IS NULL THEN NULL ELSE %s END",
		         name, name, name, name, literal_quoted(arena, name));
	}
	buf_add(out, ")");
}

static const char *question(const struct compare *m, const char *const *hi, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	buf_add(
		&out,
		"SELECT pg_catalog.count(*) AS rows, pg_catalog.count(j.kind) AS bad,"
		" pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('key', j.key, 'kind', j.kind, 'columns', j.columns))"
		" FILTER (WHERE j.kind IS NOT NULL)::pg_catalog.text AS found FROM (SELECT ");
	add_key(m, &out);
	buf_add(&out, " AS key, ");
	add_columns(m, arena, &out);
	buf_addf(&out,
	         " AS columns, CASE %sWHEN s.\"~here\" IS NULL THEN 'phantom' WHEN d.\"~here\" IS NULL THEN 'missing'"
	         " WHEN %s THEN 'different' END AS kind FROM (%s) AS s FULL JOIN (%s) AS d ON %s) AS j",
	         m->c->lookup ? "WHEN s.\"~open\" THEN NULL " : "", copying_different(m->c, "s", "d", arena),
	         wanted(m, hi, arena), there(m, hi, arena),
	         copying_same(m->c, join_key(m, "s", arena), join_key(m, "d", arena), arena));
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* ---- A chunk ---- */

/* The last key of the chunk, in `arena`; *hi NULL: it is the last chunk, open at its end. */
static bool find_end(const struct compare *m, struct arena *arena, const char ***hi, struct err *err)
{
	struct buf list = {0};
	struct rows *rows;
	bool ok;

	for (size_t i = 0; i < m->c->key_count; i++)
		buf_addf(&list, "%s%s.%s::pg_catalog.text", i ? ", " : "", m->c->alias, m->c->keys[i].live);
	ok = conn_query(m->w->session->worker,
	                QUERY(arena_printf(arena, "SELECT %s FROM %s WHERE %s ORDER BY %s OFFSET %d LIMIT 1",
	                                   buf_text(&list), copying_from(m->c, arena),
	                                   copying_between(m->c, COPYING_LIVE, m->c->alias, m->lo, NULL, arena),
	                                   copying_order(m->c, m->c->alias, arena), CHUNK_ROWS - 1)),
	                &rows, err);
	buf_release(&list);
	if (!ok)
		return false;
	*hi = rows_count(rows) ? arena_array(arena, const char *, m->c->key_count) : NULL;
	for (size_t i = 0; *hi && i < m->c->key_count; i++)
		(*hi)[i] = arena_strdup(arena, rows_value(rows, 0, i));
	rows_free(rows);
	return true;
}

/* The key is remembered in an arena of its own, so that memory does not grow with the table. */
static void move_on(struct compare *m, const char *const *hi)
{
	struct arena fresh = {0};
	const char **lo = hi ? arena_array(&fresh, const char *, m->c->key_count) : NULL;

	for (size_t i = 0; hi && i < m->c->key_count; i++)
		lo[i] = arena_strdup(&fresh, hi[i]);
	arena_release(&m->keys);
	m->keys = fresh;
	m->lo = lo;
	m->ended = !hi;
}

static void take_found(struct compare *m, const char *text)
{
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(list, i, entry) if (json_array_size(m->found) < KEYS_MAX)
		json_array_append(m->found, entry);
	json_decref(list);
}

static bool compare_chunk(struct compare *m, struct err *err)
{
	struct arena arena = {0};
	const char **hi;
	struct rows *rows;
	bool ok = find_end(m, &arena, &hi, err) &&
	          conn_query(m->w->session->worker, QUERY(question(m, hi, &arena)), &rows, err);

	if (ok) {
		m->rows += rows_integer(rows, 0, "rows");
		m->bad += rows_integer(rows, 0, "bad");
		take_found(m, rows_get(rows, 0, "found"));
		rows_free(rows);
		move_on(m, hi);
	}
	arena_release(&arena);
	return ok;
}

/* ---- A snapshot ---- */

static bool truncated(struct err *err)
{
	err_set(err, EXIT_STEP, "the live table was emptied (TRUNCATE), and its copy begins anew");
	err_help(err, "run again: the copy comes first");
	return false;
}

/* Opens the snapshot, with the plan's search_path. */
static bool open_snapshot(struct compare *m, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct session *s = m->w->session;
	struct rows **answers;
	size_t failed;
	bool ok, emptied;

	tx_add_snapshot(s, &batch);
	batch_add_often(&batch, "SELECT pg_catalog.set_config('search_path', $1, true)", 1,
	                s->plan->settings.search_path);
	if (m->c->number)
		pair_add_truncated(m->c, &batch);
	answers = batch_results(&batch);
	ok = batch_send(&batch, s->worker, 0, answers, &failed, err);
	emptied = ok && m->c->number && rows_true(answers[batch.count - 1], 0, "truncated");
	batch_free_results(&batch, answers);
	arena_release(&arena);
	if (!ok)
		tx_lease_failed(s, failed, err);
	return ok && (!emptied || truncated(err));
}

/* Chunks of one snapshot, until it is old or all is compared. */
static bool compare_snapshot(struct compare *m, struct err *err)
{
	int64_t begin = loop_now();
	bool ok = open_snapshot(m, err);

	while (ok && !m->ended && m->bad < KEYS_MAX && loop_now() - begin < SNAPSHOT_MS) {
		ok = !exec_interrupted(err) && compare_chunk(m, err);
		progress_tell(m->w->session, m->w->step, m->rows, m->expected, "comparing rows");
	}
	tx_rollback(m->w->session); /* it only read */
	return ok;
}

static void begin_pass(struct compare *m)
{
	json_decref(m->found);
	m->found = json_array();
	m->rows = m->bad = 0;
	m->ended = false;
	arena_release(&m->keys);
	m->lo = NULL;
}

/* Over all of both tables; stops where it is bad beyond doubt. */
static bool pass(struct compare *m, struct err *err)
{
	begin_pass(m);
	while (!m->ended && m->bad < KEYS_MAX)
		if (!control_wait(m->w->session, m->w->step, err) || !compare_snapshot(m, err))
			return false;
	return true;
}

/* ---- Repairs ---- */

/* "('7'::bigint, 'a'::text)" */
static void add_values(const struct compare *m, json_t *key, struct arena *arena, struct buf *out)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < m->c->key_count; i++)
		buf_addf(out, "%s%s::%s", i ? ", " : "", literal_quoted(arena, json_string_value(json_array_get(key, i))),
		         m->c->keys[i].type);
	buf_add_char(out, ')');
}

/* The keys that differ go into the log, as if their rows had been written. */
static bool log_found(const struct compare *m, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct buf values = {0};
	json_t *entry;
	size_t i;
	bool ok;

	json_array_foreach(m->found, i, entry)
	{
		buf_add(&values, i ? ", " : "");
		add_values(m, json_object_get(entry, "key"), &arena, &values);
	}
	batch_add_often(&batch, "SELECT pg_catalog.set_config('search_path', $1, true)", 1,
	                m->w->session->plan->settings.search_path);
	batch_add(&batch,
	          arena_printf(&arena, "INSERT INTO %s (%s) VALUES %s", m->c->log, copying_numbered(m->c, "k", &arena),
	                       buf_text(&values)),
	          0);
	ok = tx_run(m->w->session, &batch, NULL, err);
	buf_release(&values);
	arena_release(&arena);
	return ok;
}

/* Rows that find nothing are no copies, though their keys are in the log; with missing = "error" that is told. */
static bool finds_all(const struct compare *m, struct err *err)
{
	const struct pair pair = {.session = m->w->session, .c = m->c, .arena = &m->w->arena};

	return looked_up_nothing_stuck(&pair, false, err);
}

/* A full pass; where few enough rows differ they are copied anew, and all is compared once more. */
static bool compare_all(struct compare *m, struct err *err)
{
	if (!copy_drain_all(m->w->session, err) || !finds_all(m, err) || !pass(m, err))
		return false;
	if (m->bad == 0 || m->bad > m->comparing->repairs || !m->c->number)
		return true;
	m->repaired = m->bad;
	return log_found(m, err) && copy_drain_all(m->w->session, err) && pass(m, err);
}

/* ---- The verdict ---- */

/* "id = 7: not in app.orders_v2" */
static const char *sentence(const struct compare *m, json_t *entry, struct arena *arena)
{
	json_t *key = json_object_get(entry, "key");
	const char *kind = json_string_value(json_object_get(entry, "kind")), *result;
	struct buf out = {0};

	for (size_t i = 0; i < m->c->key_count; i++)
		buf_addf(&out, "%s%s = %s", i ? ", " : "", m->c->keys[i].shadow,
		         json_string_value(json_array_get(key, i)));
	if (strcmp(kind, "missing") == 0)
		buf_addf(&out, ": not in %s", m->c->shadow_quoted);
	else if (strcmp(kind, "phantom") == 0)
		buf_addf(&out, ": only in %s", m->c->shadow_quoted);
	else
		buf_addf(&out, ": other values in %s", json_string_value(json_object_get(entry, "columns")));
	result = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return result;
}

static enum outcome differs(const struct compare *m, struct err *err)
{
	size_t count = json_array_size(m->found);

	err_set(err, EXIT_STEP, "%lld %s of %s %s not what %s says", (long long)m->bad,
	        !m->ended     ? "rows or more"
	        : m->bad == 1 ? "row"
	                      : "rows",
	        m->c->shadow_quoted, m->bad == 1 ? "is" : "are", m->c->live_quoted);
	for (size_t i = 0; i < count && i < SHOW_KEYS; i++)
		err_detail(err, "%s", sentence(m, json_array_get(m->found, i), &err->arena));
	if (count > SHOW_KEYS)
		err_detail(err, "… interlock.verdict has %zu of them", count);
	if (m->c->number && m->bad <= KEYS_MAX)
		err_help(
			err,
			"find out who writes to %s; with repairs = %lld these rows are copied anew, and all compared again",
			m->c->shadow_quoted, (long long)m->bad);
	else
		err_help(err, "find out who writes to %s, and how it was filled", m->c->shadow_quoted);
	return OUTCOME_FAILED;
}

/* The verdict and, where it passed, the end of the step, in one transaction. */
static bool write_verdict(struct compare *m, bool ends, int64_t ms, const struct stmt *stmt, struct err *err)
{
	struct work *w = m->w;
	struct batch batch = {.arena = &w->arena};
	char *keys = json_dumps(m->found, JSON_COMPACT);
	bool ok;

	batch_add(
		&batch,
		"INSERT INTO interlock.verdict (run, step, pair, passed, rows, bad, keys, max_age) VALUES ($1::bigint,"
		" $2::integer, $3::integer, $4::boolean, $5::bigint, $6::bigint, $7::jsonb, $8::interval) ON CONFLICT (run, step)"
		" DO UPDATE SET pair = excluded.pair, passed = excluded.passed, rows = excluded.rows, bad = excluded.bad,"
		" keys = excluded.keys, max_age = excluded.max_age, at = clock_timestamp()",
		8, arena_printf(&w->arena, "%lld", (long long)w->session->run.id),
		arena_printf(&w->arena, "%d", w->step->number), arena_printf(&w->arena, "%d", m->c->number),
		m->bad == 0 ? "true" : "false", arena_printf(&w->arena, "%lld", (long long)m->rows),
		arena_printf(&w->arena, "%lld", (long long)m->bad), keys,
		arena_printf(&w->arena, "%lldms", (long long)m->comparing->max_age));
	if (m->bad == 0) {
		group_mark(w, &batch, ends);
		group_journal(w, &batch, stmt, 1, arena_printf(&w->arena, "%lld", (long long)ms));
	}
	free(keys);
	ok = tx_run(w->session, &batch, NULL, err);
	return ok;
}

/* ---- The pair ---- */

static bool not_filled(const struct comparing *comparing, struct arena *arena, struct err *err)
{
	err_set(err, EXIT_STEP, "%s is not a filled copy of %s", relname_quoted(arena, &comparing->shadow),
	        relname_quoted(arena, &comparing->live));
	err_help(err, "parallel_table makes it and backfill { shadow = … } fills it, in phases before this one");
	return false;
}

static bool load(struct compare *m, struct err *err)
{
	struct arena *arena = &m->w->arena;
	const struct comparing *g = m->comparing;
	const char *params[] = {arena_printf(arena, "%lld", (long long)m->w->session->run.id), g->live.schema,
	                        g->live.name, g->shadow.schema, g->shadow.name};
	struct query query = {
		.sql = "SELECT " SQL_COPYING ", (SELECT greatest(c.reltuples, 0)::bigint FROM pg_class c WHERE"
			   " c.oid = to_regclass(quote_ident(shadow_schema) || '.' || quote_ident(shadow_name)))"
			   " AS expected FROM interlock.pair WHERE run = $1::bigint AND live_schema = $2"
			   " AND live_name = $3 AND shadow_schema = $4 AND shadow_name = $5"
			   " ORDER BY number DESC LIMIT 1",
		.count = 5,
		.params = params};
	struct rows *rows;
	bool ok;

	if (!conn_query(m->w->session->worker, &query, &rows, err))
		return false;
	ok = rows_count(rows) == 0;
	if (!ok) {
		m->c = copying_of(rows_record(rows, 0, arena), arena);
		m->expected = rows_integer(rows, 0, "expected");
		ok = strcmp(m->c->state, "synced") == 0 || not_filled(g, arena, err);
	} else {
		m->expected = PROGRESS_UNKNOWN;
		ok = unpaired(m->w->session, g, arena, &m->c, err);
	}
	rows_free(rows);
	return ok;
}

/* The transaction in which the step was looked at is over; a run's row says that it is at work. */
static bool close_look(struct work *w, struct err *err)
{
	if (w->direction == FORWARD)
		return group_mark_before(w, err);
	w->open = false;
	return tx_commit(w->session, err);
}

enum outcome compare_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct compare m = {.w = w, .comparing = stmt->comparing};
	int64_t begin = loop_now();
	enum outcome outcome = OUTCOME_FAILED;

	if (close_look(w, err) && load(&m, err) && compare_all(&m, err)) {
		w->result = m.repaired ? arena_printf(&w->arena, "%lld rows, %lld of them repaired", (long long)m.rows,
		                                      (long long)m.repaired)
		                       : arena_printf(&w->arena, "%lld rows", (long long)m.rows);
		w->session->steps[w->step->number - 1].result = arena_strdup(&w->session->arena, w->result);
		progress_end(w->session, w->step);
		if (write_verdict(&m, ends, loop_now() - begin, stmt, err))
			outcome = m.bad == 0 ? OUTCOME_DONE : differs(&m, err);
	}
	json_decref(m.found);
	arena_release(&m.keys);
	return outcome;
}
