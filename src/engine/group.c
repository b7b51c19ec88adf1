/* Running a group of statements: its locks, its limits, its registry row, its verdict. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tx.h"
#include "engine/work.h"

enum { GROUP_MAX = 256, SHOW_ROWS = 10, CANCEL_GRACE_MS = 200, IDLE_MS = 10000 };

size_t group_size(const struct stmt *first, const struct stmt **last)
{
	size_t size = 1;

	*last = first;
	if (first->mode != STMT_TOGETHER)
		return 1;
	while ((*last)->next && (*last)->next->mode == STMT_TOGETHER) {
		*last = (*last)->next;
		size++;
	}
	return size;
}

/* Each table once, with the strongest mode that any statement of the group needs. */
static size_t locks_of(const struct stmt *first, size_t size, struct table_lock *locks)
{
	size_t count = 0;

	for (const struct stmt *stmt = first; size--; stmt = stmt->next)
		for (size_t l = 0; l < stmt->lock_count; l++) {
			size_t at = 0;

			while (at < count && !relname_equal(&locks[at].table, &stmt->locks[l].table))
				at++;
			if (at == count && count < GROUP_MAX)
				locks[count++] = stmt->locks[l];
			else if (at < count && stmt->locks[l].mode > locks[at].mode)
				locks[at].mode = stmt->locks[l].mode;
		}
	return count;
}

static char *record_json(const struct record *record)
{
	json_t *object = json_object();
	char *text;

	for (size_t i = 0; record && i < record->count; i++)
		json_object_set_new(object, record->names[i],
		                    record->values[i] ? json_string(record->values[i]) : json_null());
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static const char *mark_forward =
	"UPDATE interlock.step SET state = $3, created = created OR $4::boolean, before = coalesce(before, $5::jsonb),"
	" attempts = attempts + 1, epoch = $6::bigint, started_at = coalesce(started_at, clock_timestamp()),"
	" finished_at = CASE WHEN $3 = 'done' THEN clock_timestamp() END, sqlstate = NULL, message = NULL"
	" WHERE run = $1::bigint AND number = $2::integer";
static const char *mark_back =
	"UPDATE interlock.step SET state = $3, created = created AND $3 <> 'undone',"
	" before = CASE WHEN $3 <> 'undone' THEN before END, attempts = attempts + 1, epoch = $4::bigint,"
	" finished_at = CASE WHEN $3 = 'undone' THEN clock_timestamp() END, sqlstate = NULL, message = NULL"
	" WHERE run = $1::bigint AND number = $2::integer";

void group_mark(struct work *w, struct batch *batch, bool ends)
{
	const char *run = arena_printf(&w->arena, "%lld", (long long)w->session->run.id);
	const char *number = arena_printf(&w->arena, "%d", w->step->number);
	const char *epoch = arena_printf(&w->arena, "%lld", (long long)w->session->run.epoch);

	if (w->direction == FORWARD) {
		bool makes = w->stmts.count > 0 && w->step->type->class != CLASS_VERIFY;
		char *before = makes && w->facts.now ? record_json(w->facts.now) : NULL;

		batch_add_often(batch, mark_forward, 6, run, number, ends ? "done" : "running", makes ? "true" : "false",
		                before, epoch);
		free(before);
	} else if (w->direction == BACK) {
		batch_add_often(batch, mark_back, 4, run, number, ends ? "undone" : "undoing", epoch);
	}
}

/* Limits of the work itself, and the plan's search_path for its SQL. */
static void add_settings(struct work *w, struct batch *batch, bool slow, bool locked)
{
	struct session *s = w->session;
	int64_t limit = slow ? w->step->common.timeout : locked ? s->lock_hold : w->step->common.timeout;
	const char *statement = arena_printf(&w->arena, "%lldms", (long long)limit);
	const char *idle = arena_printf(&w->arena, "%lldms", (long long)(locked && !slow ? s->lock_hold : IDLE_MS));
	const char *wait = arena_printf(&w->arena, "%lldms", (long long)lock_timeout_of(s, w->step));

	batch_add_often(batch,
	                "SELECT pg_catalog.set_config('statement_timeout', $1, true),"
	                " pg_catalog.set_config('idle_in_transaction_session_timeout', $2, true),"
	                " pg_catalog.set_config('lock_timeout', $3, true),"
	                " pg_catalog.set_config('search_path', $4, true)",
	                4, statement, idle, wait, s->plan->settings.search_path);
}

static void add_event(struct work *w, struct batch *batch, const struct stmt *first, size_t size)
{
	static const char *const kinds[] = {"run", "undo", "restore"};
	json_t *texts = json_array();
	char *list;

	for (const struct stmt *stmt = first; size--; stmt = stmt->next)
		json_array_append_new(texts, json_string(stmt->sql));
	list = json_dumps(texts, JSON_COMPACT);
	json_decref(texts);
	batch_add_often(
		batch,
		"INSERT INTO interlock.event (run, step, kind, statement, ms, lock_attempts) SELECT $1::bigint, $2::integer,"
		" $3, t, extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)"
		" pg_catalog.transaction_timestamp()) OPERATOR(pg_catalog.*) 1000, $4::integer"
		" FROM pg_catalog.jsonb_array_elements_text($5::jsonb) AS t",
		5, arena_printf(&w->arena, "%lld", (long long)w->session->run.id),
		arena_printf(&w->arena, "%d", w->step->number), kinds[w->direction],
		arena_printf(&w->arena, "%lld", (long long)w->patience->attempts + 1), list);
	free(list);
}

/* A verification's rows, each a line of the message. */
static enum outcome not_empty(struct work *w, const struct rows *rows, struct err *err)
{
	err_set(err, EXIT_STEP, "%zu %s that should not be there", rows_count(rows),
	        rows_count(rows) == VERIFY_ROWS ? "rows or more"
	        : rows_count(rows) == 1         ? "row"
	                                        : "rows");
	for (size_t r = 0; r < rows_count(rows) && r < SHOW_ROWS; r++) {
		struct buf line = {0};

		for (size_t c = 0; c < rows_columns(rows); c++)
			buf_addf(&line, "%s%s = %.60s", c ? ", " : "", rows_name(rows, c),
			         rows_value(rows, r, c) ? rows_value(rows, r, c) : "NULL");
		err_detail(err, "%s", buf_text(&line));
		buf_release(&line);
	}
	if (rows_count(rows) > SHOW_ROWS)
		err_detail(err, "… and more");
	(void)w;
	return OUTCOME_FAILED;
}

/* The server said no: is it worth another attempt? */
static enum outcome refused(struct work *w, const struct table_lock *locks, size_t count, bool at_second_lock,
                            struct err *err)
{
	struct patience *patience = w->patience;

	tx_rollback(w->session);
	w->open = false;
	if (at_second_lock && err_is(err, "42501") && !patience->first_only) {
		patience->first_only = true;
		return OUTCOME_AGAIN;
	}
	if (err_is(err, "55P03") || err_is(err, "40P01") || err_is(err, "40001"))
		return lock_pause(w->session, w->step, patience, locks, count, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	return OUTCOME_FAILED;
}

/* The answers of the group's own statements: are verifications satisfied?  Gives the rows touched by the last. */
static enum outcome judge(struct work *w, const struct stmt *first, size_t size, struct rows **answers,
                          int64_t *touched, struct err *err)
{
	enum outcome outcome = OUTCOME_DONE;

	for (const struct stmt *stmt = first; size--; stmt = stmt->next, answers++) {
		*touched = rows_affected(*answers);
		if (outcome == OUTCOME_DONE && stmt->must_be_empty && rows_count(*answers) > 0)
			outcome = not_empty(w, *answers, err);
	}
	return outcome;
}

/* One transaction of the group. */
static enum outcome run_once(struct work *w, const struct stmt *first, size_t size, bool ends, int64_t *touched,
                             struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	struct table_lock locks[GROUP_MAX];
	size_t count = locks_of(first, size, locks), own, failed = 0, second_lock;
	struct rows **answers;
	enum outcome outcome;
	bool slow = first->slow;

	if (!w->open && !tx_begin(w->session, NULL, NULL, err))
		return OUTCOME_FAILED;
	w->open = true;
	lock_add(w->session, w->step, w->patience, locks, count, &batch);
	second_lock = w->patience->attempts > 0 ? 2 : 1;
	if (count > 0)
		batch_add_often(&batch, "SET CONSTRAINTS ALL IMMEDIATE", 0);
	group_mark(w, &batch, ends);
	add_event(w, &batch, first, size);
	add_settings(w, &batch, slow, count > 0);
	own = batch.count;
	for (const struct stmt *stmt = first; stmt && batch.count < own + size; stmt = stmt->next)
		batch_add(&batch, stmt->sql, 0);
	answers = batch_results(&batch);
	if (!batch_send(&batch, w->session->worker,
	                count && !slow ? loop_now() + w->session->lock_hold + CANCEL_GRACE_MS +
	                                     (int64_t)count * lock_timeout_of(w->session, w->step)
	                               : 0,
	                answers, &failed, err)) {
		batch_free_results(&batch, answers);
		return refused(w, locks, count, failed >= second_lock && failed < count + second_lock - 1, err);
	}
	outcome = judge(w, first, size, answers + own, touched, err);
	batch_free_results(&batch, answers);
	w->open = false;
	if (outcome != OUTCOME_DONE) {
		tx_rollback(w->session);
		return outcome;
	}
	return tx_commit(w->session, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* Again and again, each time a transaction, until it touches no row. */
static enum outcome repeat(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	int64_t touched = 1;

	while (touched > 0) {
		enum outcome outcome;

		if (exec_interrupted(err))
			return OUTCOME_FAILED;
		outcome = run_once(w, stmt, 1, false, &touched, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (ends) {
		struct batch batch = {.arena = &w->arena};

		group_mark(w, &batch, true);
		if (batch.count && !tx_run(w->session, &batch, NULL, err))
			return OUTCOME_FAILED;
	}
	return OUTCOME_DONE;
}

/* Marks the row first, so that a crash finds out whose half-built thing it is; then runs it in no transaction. */
static enum outcome outside(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct session *s = w->session;
	struct batch batch = {.arena = &w->arena};
	enum outcome outcome = OUTCOME_FAILED;
	bool ok;

	group_mark(w, &batch, false);
	add_event(w, &batch, stmt, 1);
	if (!w->open && !tx_begin(s, NULL, NULL, err))
		return OUTCOME_FAILED;
	w->open = false;
	ok = batch_send(&batch, s->worker, 0, NULL, NULL, err) && tx_commit(s, err);
	if (!ok) {
		tx_rollback(s);
		return OUTCOME_FAILED;
	}
	ok = conn_query(s->worker, QUERY("SET lock_timeout = 0"), NULL, err) &&
	     conn_query(s->worker,
	                QUERY(arena_printf(&w->arena, "SET search_path = %s", s->plan->settings.search_path)), NULL,
	                err) &&
	     conn_query(s->worker, QUERY(stmt->sql), NULL, err) &&
	     conn_query(s->worker, QUERY("SET search_path = pg_catalog, pg_temp"), NULL, err);
	if (ok)
		outcome = OUTCOME_DONE;
	else if (err_is(err, "40P01"))
		outcome = lock_pause(s, w->step, w->patience, NULL, 0, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	if (!ok || !ends)
		return outcome;
	batch = (struct batch){.arena = &w->arena};
	group_mark(w, &batch, true);
	return !batch.count || tx_run(s, &batch, NULL, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

enum outcome group_run(struct work *w, const struct stmt *first, bool ends, struct err *err)
{
	const struct stmt *last;
	size_t size = group_size(first, &last);
	int64_t touched;

	if (first->mode == STMT_OUTSIDE)
		return outside(w, first, ends, err);
	if (first->mode == STMT_REPEAT)
		return repeat(w, first, ends, err);
	return run_once(w, first, size, ends, &touched, err);
}
