/* A timer, and one question. */
#include "engine/waiters.h"

#include <stdio.h>

#include "base/fault.h"

enum { PATIENCE_MS = 200, LOOK_EVERY_MS = 200 };

/* $1: the worker's pid, $2: ms. */
static const char question[] =
	"SELECT w.ms, concat_ws('  ', 'pid ' || w.pid, 'app=' || nullif(a.application_name, ''), 'role=' || a.usename) AS who"
	" FROM (SELECT l.pid, (extract(epoch FROM max(clock_timestamp() - l.waitstart)) * 1000)::bigint AS ms"
	"  FROM pg_locks l WHERE NOT l.granted AND l.waitstart < clock_timestamp() - make_interval(secs => $2::float8 / 1000)"
	"  GROUP BY l.pid) AS w LEFT JOIN pg_stat_activity a ON a.pid = w.pid"
	" WHERE $1::integer = ANY (pg_blocking_pids(w.pid)) ORDER BY w.ms DESC LIMIT 1";

/* Best effort: what can't be asked is asked again in a moment. */
static void ask(struct waiters *w)
{
	char pid[16], patience[16];
	const char *params[] = {pid, patience};
	struct query query = {.sql = question, .count = 2, .params = params, .prepare = true};
	struct err ignored = {0};
	struct rows *rows;

	snprintf(pid, sizeof(pid), "%d", w->session->worker_pid);
	snprintf(patience, sizeof(patience), "%d", PATIENCE_MS);
	fault_suspend(true);
	if (conn_query(w->session->control, &query, &rows, &ignored)) {
		if (rows_count(rows) > 0 && rows_integer(rows, 0, "ms") > w->waited) {
			w->waited = rows_integer(rows, 0, "ms");
			snprintf(w->who, sizeof(w->who), "%s", rows_get(rows, 0, "who"));
		}
		rows_free(rows);
	}
	fault_suspend(false);
	err_release(&ignored);
}

static void look(void *arg)
{
	struct waiters *w = arg;
	const struct session *s = w->session;

	if (!w->batch_begun || loop_now() - w->batch_begun < PATIENCE_MS || !conn_busy(s->worker) || s->lease_lost ||
	    conn_lost(s->control) || conn_busy(s->control) || conn_in_transaction(s->control))
		return;
	ask(w);
}

void waiters_watch(struct waiters *w, struct session *session)
{
	if (w->timer)
		return;
	w->session = session;
	w->timer = loop_add_timer(session->connector->loop, LOOK_EVERY_MS, look, w);
}

void waiters_batch(struct waiters *w, bool begins)
{
	w->batch_begun = begins ? loop_now() : 0;
}

void waiters_release(struct waiters *w)
{
	if (w->timer)
		timer_remove(w->timer);
	w->timer = NULL;
}
