/* Asking, measuring, judging, and keeping the result. */
#include "engine/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/interval.h"
#include "check/queries.h"
#include "engine/explain.h"
#include "engine/synced.h"
#include "engine/tx.h"
#include "plan/place.h"

enum { IDLE_MS = 10000, OPENING = 3, LIMIT_TIMES = 10, LIMIT_MORE_MS = 5000 };

static const char HOLDS[] = "holds"; /* in the journal, where there is nothing more to tell */

/* ms after which the server cancels the query; 0: never. */
static int64_t limit_of(const struct work *w, const struct stmt *stmt)
{
	int64_t fast = stmt->under ? stmt->under * LIMIT_TIMES + LIMIT_MORE_MS : 0, own = w->step->common.timeout;

	return fast && (!own || fast < own) ? fast : own;
}

/* From here on the transaction only reads, with the plan's search_path, until close_reading(). */
static void open_reading(struct work *w, const struct stmt *stmt, struct batch *batch)
{
	batch_add_often(batch, "SAVEPOINT interlock_verify", 0);
	batch_add_often(batch, "SET TRANSACTION READ ONLY", 0);
	batch_add_often(batch,
	                "SELECT pg_catalog.set_config('statement_timeout', $1, true),"
	                " pg_catalog.set_config('idle_in_transaction_session_timeout', $2, true),"
	                " pg_catalog.set_config('lock_timeout', $3, true),"
	                " pg_catalog.set_config('search_path', $4, true)",
	                4, arena_printf(&w->arena, "%lldms", (long long)limit_of(w, stmt)),
	                arena_printf(&w->arena, "%dms", IDLE_MS),
	                arena_printf(&w->arena, "%lldms", (long long)lock_timeout_of(w->session, w->step)),
	                w->session->plan->settings.search_path);
	if (stmt->under) /* measured as an application would have it */
		batch_add(batch, "SET LOCAL jit TO DEFAULT", 0);
}

/* As it was before the query, whatever that did to the session's settings. */
static void close_reading(struct batch *batch)
{
	batch_add_often(batch, "ROLLBACK TO SAVEPOINT interlock_verify", 0);
	batch_add_often(batch, "RELEASE SAVEPOINT interlock_verify", 0);
}

/* ---- What the server refused ---- */

static bool still_running(const struct work *w, const struct stmt *stmt, int64_t since, struct err *err)
{
	int64_t limit = limit_of(w, stmt);
	struct buf passed = {0};

	/* Not ours: a person cancelled it. */
	if (limit == 0 || loop_now() - since < limit * 9 / 10 || interrupt_count() >= 2)
		return false;
	interval_format(limit, &passed);
	err_set(err, EXIT_STEP, "still running after %s, then it was cancelled", buf_text(&passed));
	if (limit == w->step->common.timeout)
		err_help(err, "nothing was changed: make the query faster, or give it more time (timeout), and run again");
	buf_release(&passed);
	return true;
}

static void writes(struct err *err)
{
	const char *words = arena_strdup(&err->arena, err->diag.summary);

	words = arena_printf(&err->arena, "server: 25006 %s", words);
	err->sqlstate[0] = '\0';
	err->diag.summary = "the query writes, and a verification only reads";
	err_detail(err, "%s", words);
	err_help(err, "let it call no function that changes something; writing is the work of other steps");
}

/* The answer of the server was an error: is it worth another attempt? */
static enum outcome refused(struct work *w, const struct stmt *stmt, int64_t since, struct err *err)
{
	tx_rollback(w->session);
	w->open = false;
	if (err_is(err, "55P03") || err_is(err, "40P01") || err_is(err, "40001"))
		return lock_pause(w, stmt->locks, stmt->lock_count, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	if (err_is(err, "57014"))
		still_running(w, stmt, since, err);
	else if (err_is(err, "25006"))
		writes(err);
	else
		queries_explain_refusal(stmt, err);
	return OUTCOME_FAILED;
}

/* ---- Verdicts ---- */

static enum outcome judge(struct work *w, const struct rows *rows, struct err *err)
{
	const char *result = rows_get(rows, 0, "result");

	w->result = arena_strdup(&w->arena, result);
	if (rows_true(rows, 0, "holds"))
		return OUTCOME_DONE;
	err_set(err, EXIT_STEP, "%s", rows_get(rows, 0, "problem"));
	for (size_t r = 0; r < rows_count(rows); r++)
		if (rows_get(rows, r, "detail"))
			err_detail(err, "%s", rows_get(rows, r, "detail"));
	return OUTCOME_FAILED;
}

static enum outcome ask(struct work *w, const struct stmt *stmt, struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	enum outcome outcome = OUTCOME_DONE;
	int64_t begin = loop_now();
	struct rows **answers;
	size_t failed;

	open_reading(w, stmt, &batch);
	batch_add(&batch, stmt->sql, 0);
	answers = batch_results(&batch);
	if (!batch_send(&batch, w->session->worker, 0, answers, &failed, err)) {
		if (failed == OPENING)
			err_at(err, place_of_sql(w->step, stmt->sql, err->position));
		outcome = refused(w, stmt, begin, err);
	} else if (stmt->verdict)
		outcome = judge(w, answers[OPENING], err);
	else if (rows_count(answers[OPENING]) > 0)
		outcome = group_not_empty(stmt, answers[OPENING], err);
	batch_free_results(&batch, answers);
	return outcome;
}

/* ---- Time ---- */

/* "0.82 ms", "4.1 ms", "12 ms", "1 min 5 s" */
static const char *time_text(double ms, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	if (ms < 10)
		return arena_printf(arena, ms < 1 ? "%.2f ms" : "%.1f ms", ms);
	interval_format((int64_t)(ms + 0.5), &text);
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

/* The one answer of a query that is the last of the batch, in the arena; NULL: *err. */
static const char *only_value(struct work *w, struct batch *batch, struct err *err)
{
	struct rows **answers = batch_results(batch);
	const char *value = NULL;

	if (batch_send(batch, w->session->worker, 0, answers, NULL, err))
		value = arena_strdup(&w->arena, rows_value(answers[batch->count - 1], 0, 0));
	batch_free_results(batch, answers);
	return value;
}

/* How the server means to answer it; begins the reading. */
static const char *plan_of(struct work *w, const struct stmt *stmt, struct err *err)
{
	struct batch batch = {.arena = &w->arena};

	open_reading(w, stmt, &batch);
	batch_add(&batch, arena_printf(&w->arena, "EXPLAIN (VERBOSE, FORMAT JSON) %s", stmt->sql), 0);
	return only_value(w, &batch, err);
}

/*
 * Runs it as an application would, by the server's clock: the three go out in
 * one flush, so that the way to us does not count.
 */
static bool measure(struct work *w, const struct stmt *stmt, double *ms, struct err *err)
{
	static const char clock[] = "SELECT extract(epoch FROM pg_catalog.clock_timestamp()) AS now";
	struct batch batch = {.arena = &w->arena};
	struct rows **answers;
	bool ok;

	batch_add_often(&batch, clock, 0);
	batch_add(&batch, stmt->sql, 0);
	batch_add_often(&batch, clock, 0);
	answers = batch_results(&batch);
	ok = batch_send(&batch, w->session->worker, 0, answers, NULL, err);
	if (ok)
		*ms = (strtod(rows_get(answers[2], 0, "now"), NULL) - strtod(rows_get(answers[0], 0, "now"), NULL)) * 1000;
	batch_free_results(&batch, answers);
	return ok;
}

/* `plan` as EXPLAIN gave it: measured, else by what the planner thinks. */
static void tell_slowest(const char *plan, bool measured, struct err *err)
{
	bool scans;
	const char *slowest = explain_slowest(plan, &err->arena, &scans);

	if (slowest)
		err_detail(err, "%s: %s", measured ? "the slowest part" : "the most expensive part of its plan", slowest);
	err_help(err, scans ? "give the table an index on what the query looks for (create_index_if_missing)"
	                    : "EXPLAIN (ANALYZE, BUFFERS) shows where the time goes");
}

/* It took too long: what took the time?  One run more, measured part by part, where that is to be had. */
static enum outcome too_slow(struct work *w, const struct stmt *stmt, double ms, const char *plan, struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	struct err failure = {0};
	struct buf under = {0};
	const char *measured;

	batch_add(&batch, arena_printf(&w->arena, "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) %s", stmt->sql), 0);
	measured = only_value(w, &batch, &failure);
	err_release(&failure);
	interval_format(stmt->under, &under);
	err_set(err, EXIT_STEP, "it took %s, and must take less than %s", time_text(ms, &w->arena), buf_text(&under));
	if (stmt->runs > 1)
		err_detail(err, "that was the fastest of %d runs", stmt->runs);
	tell_slowest(measured ? measured : plan, measured != NULL, err);
	buf_release(&under);
	return OUTCOME_FAILED;
}

static enum outcome measure_all(struct work *w, const struct stmt *stmt, struct err *err)
{
	double fastest = 0, ms = 0;
	int64_t begin = loop_now();
	const char *served, *plan = plan_of(w, stmt, err);

	if (!plan)
		return refused(w, stmt, begin, err);
	for (int i = 0; i < stmt->runs; i++) {
		if (exec_interrupted(err))
			return OUTCOME_FAILED;
		begin = loop_now();
		if (!measure(w, stmt, &ms, err)) {
			enum outcome outcome = refused(w, stmt, begin, err);

			if (outcome == OUTCOME_FAILED && err->code == EXIT_STEP && !err->sqlstate[0] && !err->diag.help)
				tell_slowest(plan, false, err);
			return outcome;
		}
		fastest = i == 0 || ms < fastest ? ms : fastest;
	}
	if (fastest >= (double)stmt->under)
		return too_slow(w, stmt, fastest, plan, err);
	served = explain_served_by(plan, &w->arena);
	w->result = arena_printf(&w->arena, "%s%s%s", served ? "served by " : "",
	                         served ? arena_printf(&w->arena, "%s, ", served) : "", time_text(fastest, &w->arena));
	return OUTCOME_DONE;
}

/* ---- The step's row ---- */

static enum outcome keep(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	struct session *s = w->session;

	close_reading(&batch);
	group_mark(w, &batch, ends);
	s->steps[w->step->number - 1].result = arena_strdup(&s->arena, w->result);
	if (w->direction == VERIFY && !w->result)
		w->result = HOLDS;
	group_journal(w, &batch, stmt, 1, NULL);
	w->open = false;
	if (!batch_send(&batch, s->worker, 0, NULL, NULL, err) || !tx_commit(s, err)) {
		tx_rollback(s);
		return OUTCOME_FAILED;
	}
	return OUTCOME_DONE;
}

enum outcome verify_ask(struct work *w, const struct stmt *stmt, struct err *err)
{
	w->result = NULL;
	return stmt->under ? measure_all(w, stmt, err) : ask(w, stmt, err);
}

enum outcome verify_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	enum outcome outcome;
	bool begun = false;

	if (!stmt->under && !synced_begin(w->session, stmt, w->open, &begun, err))
		return OUTCOME_FAILED;
	if (!w->open && !begun && !tx_begin(w->session, NULL, NULL, err))
		return OUTCOME_FAILED;
	w->open = true;
	outcome = verify_ask(w, stmt, err);
	return outcome == OUTCOME_DONE ? keep(w, stmt, ends, err) : outcome;
}

static void add_event(struct batch *batch, const struct session *s, const struct step *step, const char *result)
{
	batch_add(
		batch,
		"INSERT INTO interlock.event (run, step, kind, result) VALUES ($1::bigint, $2::integer, 'verify', $3)", 3,
		arena_printf(batch->arena, "%lld", (long long)s->run.id), arena_printf(batch->arena, "%d", step->number),
		result);
}

void verify_journal(struct work *w, struct batch *batch)
{
	add_event(batch, w->session, w->step, HOLDS);
}

void verify_record_failure(struct session *s, const struct step *step, const struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};

	batch_add(
		&batch,
		"UPDATE interlock.step SET sqlstate = nullif($3, ''), message = $4, result = NULL WHERE run = $1::bigint"
		" AND number = $2::integer",
		4, arena_printf(&arena, "%lld", (long long)s->run.id), arena_printf(&arena, "%d", step->number),
		err->sqlstate, err->diag.summary);
	add_event(&batch, s, step, err->diag.summary);
	if (err->code == EXIT_STEP && !conn_lost(s->worker) && !s->lease_lost)
		tx_run(s, &batch, NULL, &ignored);
	err_release(&ignored);
	arena_release(&arena);
}
