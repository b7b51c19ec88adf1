/* The transaction of a batch, in three flushes: it and its work, its row, COMMIT. */
#include "engine/chunk.h"

#include <string.h>

#include "engine/tx.h"
#include "plan/filling_old.h"

/* Read with any search_path: every name says where it comes from. */
#define GUARD(oid, triggers)                                                                                                \
	"(SELECT pg_catalog.concat_ws(' ', pg_catalog.pg_relation_filenode(" oid "),"                                           \
	" (SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, a.atttypid, a.atttypmod,"           \
	" a.attgenerated), ',' ORDER BY a.attnum)) FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) " oid \
	" AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped),"                                                       \
	" (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', t.oid, t.xmin, t.tgenabled), ',' ORDER BY t.oid)"             \
	" FROM pg_catalog.pg_trigger t WHERE t.tgrelid OPERATOR(pg_catalog.=) " oid                                             \
	" AND pg_catalog.starts_with(t.tgname::pg_catalog.text, " triggers "))))"

#define WAL "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')"

static const char *number(struct arena *arena, int64_t value)
{
	return arena_printf(arena, "%lld", (long long)value);
}

static void take(struct arena *arena, const struct rows *rows, struct chunk *chunk)
{
	*chunk = (struct chunk){0};
	if (rows_count(rows) == 0)
		return;
	chunk->no = rows_integer(rows, 0, "no");
	chunk->method = arena_strdup(arena, rows_get(rows, 0, "method"));
	chunk->part = arena_strdup(arena, rows_get(rows, 0, "part"));
	chunk->lo = rows_integer(rows, 0, "lo");
	chunk->hi = rows_integer(rows, 0, "hi");
	chunk->pass = (int)rows_integer(rows, 0, "pass");
	chunk->passes = (int)rows_integer(rows, 0, "passes");
	chunk->guard = arena_strdup(arena, rows_get(rows, 0, "guard"));
	chunk->rows = rows_integer(rows, 0, "rows");
}

bool chunk_last(struct work *w, struct chunk *chunk, struct err *err)
{
	const char *params[] = {number(&w->arena, w->session->run.id), number(&w->arena, w->step->number)};
	struct query query = {.sql = "SELECT no, method, part, lo, hi, pass, passes, guard, (SELECT sum(rows) FROM"
	                             " interlock.chunk WHERE run = $1::bigint AND step = $2::integer) AS rows"
	                             " FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer"
	                             " ORDER BY no DESC LIMIT 1",
	                      .count = 2,
	                      .params = params};
	struct rows *rows;

	if (!conn_query(w->session->worker, &query, &rows, err))
		return false;
	take(&w->arena, rows, chunk);
	rows_free(rows);
	return true;
}

bool chunk_guard(struct work *w, const char *oid, const char *triggers, const char **guard, bool *whole,
                 struct err *err)
{
	const char *params[] = {oid, triggers};
	struct query query = {
		.sql = "SELECT " GUARD(
			"$1::oid", "$2") " AS guard, (SELECT count(*) = 2 FROM pg_trigger"
							 " t WHERE t.tgrelid = $1::oid AND starts_with(t.tgname::text, $2)"
							 " AND right(t.tgname::text, 2) IN ('_i', '_u') AND t.tgenabled = 'A') AS whole",
		.count = 2,
		.params = params};
	struct rows *rows;

	if (!conn_query(w->session->worker, &query, &rows, err))
		return false;
	*guard = arena_strdup(&w->arena, rows_get(rows, 0, "guard"));
	*whole = rows_true(rows, 0, "whole");
	rows_free(rows);
	return true;
}

/* Gives the index of its answer, which tells where the WAL stood. */
static size_t add_settings(struct work *w, const struct chunk_work *what, struct batch *batch)
{
	size_t at = batch_add_often(
		batch,
		"SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true),"
		" pg_catalog.set_config('lock_timeout', $2, true), pg_catalog.set_config('search_path', $3, true),"
		" " WAL " AS wal",
		3, arena_printf(batch->arena, "%lldms", (long long)w->session->lock_hold),
		arena_printf(batch->arena, "%lldms", (long long)what->lock_timeout),
		w->session->plan->settings.search_path);
	if (what->triggers_sleep)
		batch_add(batch, "SET LOCAL session_replication_role = replica", 0);
	if (what->records)
		batch_add_often(batch, "SET LOCAL " FILLING_RECORDS " TO on", 0);
	return at;
}

/* Before COMMIT: the numbers of pg_stat_user_tables come a second later. */
static void add_look(const struct chunk_work *what, struct batch *batch)
{
	batch_add_often(batch,
	                "SELECT s.n_tup_upd, s.n_tup_hot_upd, " WAL
	                " AS wal FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_xact_user_tables s"
	                " ON s.relid OPERATOR(pg_catalog.=) $1::pg_catalog.oid",
	                1, what->guarded);
}

/* The row of the batch; none where the guard has changed. */
static bool write_row(struct work *w, const struct chunk_work *what, const struct chunk *chunk,
                      struct chunk_seen *seen, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows **answers;
	bool ok;

	batch_add_often(
		&batch,
		"INSERT INTO interlock.chunk (run, step, no, method, part, lo, hi, pass, passes, rows, ms, wal_bytes, guard)"
		" SELECT $1::pg_catalog.int8, $2::pg_catalog.int4, $3::pg_catalog.int8, $4, $5, $6::pg_catalog.int8,"
		" $7::pg_catalog.int8, $8::pg_catalog.int4, $9::pg_catalog.int4, $10::pg_catalog.int8, $11::pg_catalog.float8,"
		" $12::pg_catalog.int8, $13 WHERE $13 OPERATOR(pg_catalog.=) " GUARD("$14::pg_catalog.oid", "$15"),
		15, number(&arena, w->session->run.id), number(&arena, w->step->number), number(&arena, chunk->no),
		chunk->method, chunk->part, number(&arena, chunk->lo), number(&arena, chunk->hi),
		number(&arena, chunk->pass), number(&arena, chunk->passes), number(&arena, chunk->rows),
		arena_printf(&arena, "%.3f", seen->ms), number(&arena, seen->wal_bytes), chunk->guard, what->guarded,
		what->triggers);
	answers = batch_results(&batch);
	ok = batch_send(&batch, w->session->worker, 0, answers, NULL, err);
	seen->guard_held = ok && rows_affected(answers[0]) == 1;
	batch_free_results(&batch, answers);
	arena_release(&arena);
	return ok;
}

/* HOT updates among those of the transaction, and of what the server has not yet counted before it. */
static int64_t hot_of(const struct rows *look, int64_t rows)
{
	int64_t updated = rows_integer(look, 0, "n_tup_upd"), hot = rows_integer(look, 0, "n_tup_hot_upd");

	return updated > 0 ? rows * hot / updated : -1;
}

/* Opens the transaction and does the work. */
static bool do_work(struct work *w, const struct chunk_work *what, struct chunk *chunk, struct chunk_seen *seen,
                    struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	size_t settings, work, failed;
	int64_t begin = loop_now();
	struct rows **answers;
	bool ok;

	tx_add_opening(w->session, &batch);
	settings = add_settings(w, what, &batch);
	work = batch_add(&batch, what->sql, 0);
	add_look(what, &batch);
	answers = batch_results(&batch);
	ok = batch_send(&batch, w->session->worker, 0, answers, &failed, err);
	if (ok) {
		chunk->rows = rows_affected(answers[work]);
		seen->ms = (double)(loop_now() - begin);
		seen->hot = hot_of(answers[work + 1], chunk->rows);
		seen->wal_bytes = rows_integer(answers[work + 1], 0, "wal") - rows_integer(answers[settings], 0, "wal");
	} else {
		tx_lease_failed(w->session, failed, err);
	}
	batch_free_results(&batch, answers);
	arena_release(&arena);
	return ok;
}

bool chunk_run(struct work *w, const struct chunk_work *what, struct chunk *chunk, struct chunk_seen *seen,
               struct err *err)
{
	bool ok;

	*seen = (struct chunk_seen){.hot = -1};
	ok = do_work(w, what, chunk, seen, err) && write_row(w, what, chunk, seen, err);
	if (!ok || !seen->guard_held)
		tx_rollback(w->session);
	return ok && (!seen->guard_held || tx_commit(w->session, err));
}
