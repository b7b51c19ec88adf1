/* Loading, trying, inserting. */
#include "engine/import.h"

#include <string.h>

#include "base/interrupt.h"
#include "engine/control.h"
#include "engine/import_load.h"
#include "engine/naming.h"
#include "engine/pace.h"
#include "engine/progress.h"
#include "engine/throttle.h"
#include "engine/tx.h"
#include "plan/place.h"

enum {
	TARGET_MS = 100, /* a batch may hold a key that somebody else wants to insert */
	FIRST_LINES = 200,
	LOOK_EVERY_MS = 200,
	SHOWN = 10,
	ENOUGH = 10000 /* rejected lines above what is allowed: the rest is not even tried */
};

static const char *number(struct arena *arena, int64_t value)
{
	return arena_printf(arena, "%lld", (long long)value);
}

bool import_position(struct import *i, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {number(&arena, i->w->session->run.id), number(&arena, i->w->step->number)};
	struct query query = {
		.sql = arena_printf(
			&arena,
			"SELECT coalesce(max(no), 0) AS no, coalesce(max(hi) FILTER (WHERE method = 'load'), 0) AS loaded,"
			" coalesce(bool_or(method = 'loaded'), false) AS complete,"
			" coalesce(max(hi) FILTER (WHERE method = 'try'), 0) AS tried,"
			" coalesce(max(hi) FILTER (WHERE method = 'insert'), 0) AS inserted_to,"
			" coalesce(sum(rows) FILTER (WHERE method = 'load'), 0) AS read,"
			" coalesce(sum(rows) FILTER (WHERE method = 'insert'), 0) AS inserted,"
			" max(guard) FILTER (WHERE method = 'load') AS stamp,"
			" (SELECT count(*) FROM %s) AS rejected"
			" FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer",
			i->in->rejected),
		.count = 2,
		.params = params};
	struct rows *rows;
	bool ok = conn_query(i->w->session->worker, &query, &rows, err);

	if (ok) {
		i->no = rows_integer(rows, 0, "no");
		i->loaded = rows_integer(rows, 0, "loaded");
		i->complete = rows_true(rows, 0, "complete");
		i->tried = rows_integer(rows, 0, "tried");
		i->inserted_to = rows_integer(rows, 0, "inserted_to");
		i->read = rows_integer(rows, 0, "read");
		i->inserted = rows_integer(rows, 0, "inserted");
		i->rejected = rows_integer(rows, 0, "rejected");
		i->stamp = arena_strdup(&i->w->arena, rows_get(rows, 0, "stamp"));
		rows_free(rows);
	}
	arena_release(&arena);
	return ok;
}

void import_add_chunk(struct import *i, const struct import_chunk *chunk, struct batch *batch)
{
	struct arena *arena = batch->arena;

	batch_add_often(
		batch,
		"INSERT INTO interlock.chunk (run, step, no, method, lo, hi, pass, passes, rows, ms, wal_bytes, guard)"
		" VALUES ($1::pg_catalog.int8, $2::pg_catalog.int4, $3::pg_catalog.int8, $4, $5::pg_catalog.int8,"
		" $6::pg_catalog.int8, 0, 0, $7::pg_catalog.int8, $8::pg_catalog.float8, 0, $9)",
		9, number(arena, i->w->session->run.id), number(arena, i->w->step->number), number(arena, i->no + 1),
		chunk->method, number(arena, chunk->lo), number(arena, chunk->hi), number(arena, chunk->rows),
		arena_printf(arena, "%.3f", chunk->ms), chunk->guard);
}

bool import_may_go_on(struct import *i, int64_t done, const char *what, struct err *err)
{
	struct session *s = i->w->session;
	int64_t lines = i->in->file->lines;

	progress_tell(s, i->w->step, done < lines ? done : lines, lines, what);
	if (exec_interrupted(err))
		return false;
	if (loop_now() - i->looked_at >= LOOK_EVERY_MS) {
		i->looked_at = loop_now();
		if (!control_wait(s, i->w->step, err))
			return false;
	}
	return throttle_wait(s, i->w->step, err);
}

/* ---- Trying and inserting ---- */

/* Lines (lo, hi], for good or for a moment. */
struct range {
	bool keep;
	int64_t lo, hi;
};

/* What the function of the registry said of them. */
struct answer {
	int64_t inserted, rejected;
	const char *stray;
	double ms;
};

static void add_settings(const struct import *i, struct batch *batch)
{
	struct session *s = i->w->session;

	batch_add_often(
		batch,
		"SELECT pg_catalog.set_config('statement_timeout', $1, true),"
		" pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', true),"
		" pg_catalog.set_config('lock_timeout', $2, true), pg_catalog.set_config('search_path', $3, true)",
		3, arena_printf(batch->arena, "%lldms", (long long)i->w->step->common.timeout),
		arena_printf(batch->arena, "%lldms", (long long)lock_timeout_of(s, i->w->step)),
		s->plan->settings.search_path);
	batch_add_often(batch, "SET CONSTRAINTS ALL IMMEDIATE", 0);
}

/* The transaction is open when it returns true. */
static bool call(struct import *i, const struct range *range, struct arena *arena, struct answer *answer,
                 struct err *err)
{
	struct batch batch = {.arena = arena};
	int64_t begin = loop_now();
	struct rows **answers;
	size_t at, failed;
	bool ok;

	tx_add_opening(i->w->session, &batch);
	add_settings(i, &batch);
	at = batch_add(&batch,
	               arena_printf(arena,
	                            "SELECT f.inserted, f.rejected, f.stray FROM %s($1::pg_catalog.int8,"
	                            " $2::pg_catalog.int8, $3::pg_catalog.bool) f",
	                            i->in->lines),
	               3, number(arena, range->lo), number(arena, range->hi), range->keep ? "t" : "f");
	answers = batch_results(&batch);
	ok = batch_send(&batch, i->w->session->worker, 0, answers, &failed, err);
	if (ok)
		*answer = (struct answer){.inserted = rows_integer(answers[at], 0, "inserted"),
		                          .rejected = rows_integer(answers[at], 0, "rejected"),
		                          .stray = arena_strdup(arena, rows_get(answers[at], 0, "stray")),
		                          .ms = (double)(loop_now() - begin)};
	else
		tx_lease_failed(i->w->session, failed, err);
	batch_free_results(&batch, answers);
	return ok;
}

static bool stray(const struct import *i, const char *fields, struct err *err)
{
	err_set(err, EXIT_STEP, "the file has fields that are for no column: %s", fields);
	err_help(err,
	         "name the columns that they are for in columns, or list them in ignore; to run the plan with that,"
	         " first take the step back: interlock undo %s",
	         run_named(&i->w->session->run, &err->arena));
	err_at(err, place_of_option(i->w->step, "columns"));
	return false;
}

/* One batch as it is. */
static bool try_batch(struct import *i, const struct range *range, struct answer *answer, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct import_chunk chunk = {.method = range->keep ? "insert" : "try", .lo = range->lo, .hi = range->hi};
	bool ok = call(i, range, &arena, answer, err) && (!answer->stray || stray(i, answer->stray, err));

	if (ok) {
		chunk.rows = range->keep ? answer->inserted : answer->rejected;
		chunk.ms = answer->ms;
		import_add_chunk(i, &chunk, &batch);
		ok = batch_send(&batch, i->w->session->worker, 0, NULL, NULL, err) && tx_commit(i->w->session, err);
	}
	if (ok)
		i->no++;
	else
		tx_rollback(i->w->session);
	arena_release(&arena);
	return ok;
}

/* All lines behind *from, batch for batch. */
static bool go_over(struct import *i, bool keep, int64_t *from, const char *what, struct err *err)
{
	int attempts = 0;

	while (*from < i->last && i->rejected <= i->in->rejects + (keep ? 0 : ENOUGH)) {
		struct range range = {.keep = keep, .lo = *from, .hi = *from + i->pace.rows};
		struct answer answer;

		if (range.hi > i->last)
			range.hi = i->last;
		if (!import_may_go_on(i, *from, what, err))
			return false;
		i->pace.target = throttle_target(i->w->session, TARGET_MS);
		if (!try_batch(i, &range, &answer, err)) {
			if (!exec_try_again(i->w->session, &attempts, err))
				return false;
			pace_halve(&i->pace);
			continue;
		}
		attempts = 0;
		pace_note(&i->pace, range.hi - range.lo, answer.ms);
		i->rejected += answer.rejected;
		i->inserted += keep ? answer.inserted : 0;
		*from = range.hi;
	}
	return true;
}

/* ---- Judging ---- */

static bool list_rejected(const struct import *i, struct err *err)
{
	struct arena arena = {0};
	struct err failure = {0};
	struct rows *rows;
	struct query query = {
		.sql = arena_printf(&arena,
	                        "SELECT line, left(regexp_replace(reason, '\\s+', ' ', 'g'), 200) AS reason"
	                        " FROM %s ORDER BY line LIMIT %d",
	                        i->in->rejected, SHOWN)};

	if (conn_query(i->w->session->worker, &query, &rows, &failure)) {
		for (size_t r = 0; r < rows_count(rows); r++)
			err_detail(err, "line %s: %s", rows_get(rows, r, "line"), rows_get(rows, r, "reason"));
		if (i->rejected > SHOWN)
			err_detail(err, "… and %lld more", (long long)i->rejected - SHOWN);
		rows_free(rows);
	}
	err_release(&failure);
	arena_release(&arena);
	return false;
}

/* Too many lines are of no use: false. */
static bool judge(const struct import *i, struct err *err)
{
	if (i->rejected <= i->in->rejects)
		return true;
	if (i->inserted_to == 0)
		err_set(err, EXIT_STEP, "%lld %s of no use (%s), %lld allowed; no row was inserted",
		        (long long)i->rejected, i->rejected == 1 ? "line of the file is" : "lines of the file are",
		        i->in->rejected, (long long)i->in->rejects);
	else
		err_set(
			err, EXIT_STEP,
			"%lld %s could not be inserted (%s), %lld allowed; some of them only became so after they were tried,"
			" and %lld rows are inserted",
			(long long)i->rejected, i->rejected == 1 ? "line" : "lines", i->in->rejected,
			(long long)i->in->rejects, (long long)i->inserted);
	err_help(
		err,
		"SELECT * FROM %s ORDER BY line shows them all; take the step back (interlock undo %s), mend the file or"
		" raise rejects, and run again",
		i->in->rejected, run_named(&i->w->session->run, &err->arena));
	err_at(err, place_of_option(i->w->step, "file"));
	return list_rejected(i, err);
}

/* ---- The whole ---- */

static const char *told(const struct import *i, struct arena *arena)
{
	int64_t there = i->read - i->inserted - i->rejected;
	const char *where = i->rejected > 0 ? arena_printf(arena, " (SELECT * FROM %s)", i->in->rejected) : "";

	return arena_printf(arena, "%lld read: %lld inserted, %lld already there, %lld rejected%s", (long long)i->read,
	                    (long long)i->inserted, (long long)there, (long long)i->rejected, where);
}

static bool bring_in(struct import *i, struct err *err)
{
	if (!import_position(i, err) || (!i->complete && !import_load(i, err)))
		return false;
	i->last = i->loaded;
	if (i->inserted_to == 0 && (!go_over(i, false, &i->tried, "trying lines", err) || !judge(i, err)))
		return false;
	return go_over(i, true, &i->inserted_to, "inserting rows", err) && judge(i, err);
}

enum outcome import_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct import i = {.w = w, .in = stmt->importing};
	int64_t begin = loop_now();
	bool ok;

	pace_init(&i.pace, throttle_target(w->session, TARGET_MS));
	i.pace.rows = FIRST_LINES;
	if (!group_mark_before(w, err))
		return OUTCOME_FAILED;
	ok = bring_in(&i, err);
	progress_end(w->session, w->step);
	if (!ok)
		return OUTCOME_FAILED;
	w->result = told(&i, &w->arena);
	w->session->steps[w->step->number - 1].result = arena_strdup(&w->session->arena, w->result);
	return group_end_batches(w, stmt, loop_now() - begin, ends, err);
}
