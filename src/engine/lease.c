/* Advisory lock, end of older sessions, fence, epoch, heartbeat. */
#include "engine/lease.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/interval.h"

enum { HEARTBEAT_MS = 5000, DEAD_AFTER_MS = 30000, END_PATIENCE_MS = 10000, FENCE_PATIENCE_MS = 30000 };
/* How long the advisory lock is waited for: one who only looks gives it back in a moment, and so does one who
 * leaves. */
enum { PATIENCE_MS = 100, LOOKS_PATIENCE_MS = 10000, LOOKING_PATIENCE_MS = 1000 };

/* A query on the control session with the run's number (and epoch) as parameters. */
static bool ask(struct session *s, const char *sql, int count, struct rows **rows, struct err *err)
{
	char run[24], epoch[24];
	const char *params[] = {run, epoch};

	snprintf(run, sizeof(run), "%lld", (long long)s->run.id);
	snprintf(epoch, sizeof(epoch), "%lld", (long long)s->run.epoch);
	return conn_query(s->control, &(struct query){.sql = sql, .count = count, .params = params}, rows, err);
}

static bool try_lock(struct session *s, bool *held, struct err *err)
{
	struct rows *rows;

	if (!ask(s, "SELECT pg_catalog.pg_try_advisory_lock(4803659, $1::bigint::integer) AS got", 1, &rows, err))
		return false;
	*held = strcmp(rows_get(rows, 0, "got"), "t") == 0;
	rows_free(rows);
	return true;
}

/* Names who has it; do they seem dead, or only look at a stop? */
static bool holder(struct session *s, bool *dead, bool *looks, struct err *err)
{
	struct buf age = {0};
	struct rows *rows;

	if (!ask(s,
	         "SELECT coalesce(holder, 'somebody') AS holder, looking,"
	         " coalesce(extract(epoch FROM clock_timestamp() - seen) * 1000, 0)::bigint AS age"
	         " FROM interlock.run WHERE id = $1::bigint",
	         1, &rows, err))
		return false;
	*dead = rows_count(rows) == 1 && rows_integer(rows, 0, "age") > DEAD_AFTER_MS;
	*looks = rows_count(rows) == 1 && rows_true(rows, 0, "looking");
	if (rows_count(rows) == 1)
		interval_format(rows_integer(rows, 0, "age"), &age);
	err_set(err, EXIT_HELD, "plan \"%s\" is being run by %s", s->run.plan,
	        rows_count(rows) ? rows_get(rows, 0, "holder") : "somebody");
	err_detail(err, "it was last seen %s ago", buf_text(&age));
	err_help(err, "wait for it, or take its place with --take-over");
	buf_release(&age);
	rows_free(rows);
	return true;
}

/* Ends sessions of older epochs; how many are left, and whether one is not ours to end. */
static bool end_older(struct session *s, int64_t *left, struct err *err)
{
	struct rows *rows;
	bool ok;

	if (!ask(
			s,
			"SELECT count(*) AS there, count(*) FILTER (WHERE NOT mine) AS foreign_ones,"
			" count(*) FILTER (WHERE mine AND pg_catalog.pg_terminate_backend(pid)) AS ended,"
			" min(usename) FILTER (WHERE NOT mine) AS whose"
			" FROM (SELECT pid, usename::text, pg_catalog.pg_has_role(usename, 'USAGE') AS mine"
			"  FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
			"  AND (application_name LIKE 'interlock:' || $1::text || ':%' OR pid IN (SELECT l.pid FROM pg_catalog.pg_locks l"
			"   WHERE l.locktype = 'advisory' AND l.classid = 4803659 AND l.objid = $1::bigint::oid AND l.objsubid = 2"
			"   AND l.granted))) AS older",
			1, &rows, err))
		return false;
	*left = rows_integer(rows, 0, "there");
	ok = rows_integer(rows, 0, "foreign_ones") == 0 ||
	     err_set(err, EXIT_HELD, "a session of role %s still works on this run, and ending it is not allowed",
	             rows_get(rows, 0, "whose"));
	rows_free(rows);
	return ok;
}

static bool end_all_older(struct session *s, struct err *err)
{
	int64_t deadline = loop_now() + END_PATIENCE_MS, left;

	for (;;) {
		if (!end_older(s, &left, err))
			return false;
		if (left == 0)
			return true;
		if (loop_now() > deadline)
			return err_set(err, EXIT_HELD, "the sessions of the earlier interlock do not end");
		if (!loop_sleep(s->connector->loop, 50))
			return err_set(err, EXIT_INTERRUPTED, "interrupted; nothing was changed");
	}
}

bool lease_end_worker(struct session *s, struct err *err)
{
	int64_t deadline = loop_now() + END_PATIENCE_MS;
	char pid[24];
	const char *params[3] = {NULL, NULL, pid};
	struct arena arena = {0};
	bool ok = true, gone = false, ours = true;

	snprintf(pid, sizeof(pid), "%d", s->worker_pid);
	params[0] = arena_printf(&arena, "%lld", (long long)s->run.id);
	params[1] = arena_printf(&arena, "%lld", (long long)s->run.epoch);
	while (ok && ours && !gone) {
		struct rows *rows;

		ok = conn_query(
			s->control,
			&(struct query){
				.sql = "SELECT (SELECT count(*) FILTER (WHERE pg_catalog.pg_terminate_backend(a.pid))"
					   " + count(*) FROM pg_catalog.pg_stat_activity a WHERE a.pid = $3::integer"
					   " AND a.application_name LIKE 'interlock:' || $1 || ':' || $2 || ':%') = 0 AS gone,"
					   " EXISTS (SELECT FROM interlock.run WHERE id = $1::bigint AND epoch = $2::bigint)"
					   " AS ours",
				.count = 3,
				.params = params},
			&rows, err);
		if (!ok)
			break;
		gone = rows_true(rows, 0, "gone");
		ours = rows_true(rows, 0, "ours");
		rows_free(rows);
		if (!gone && loop_now() > deadline)
			ok = err_set(err, EXIT_CONNECTION, "the lost session does not end");
		if (!gone && ok)
			loop_sleep(s->connector->loop, 50);
	}
	arena_release(&arena);
	if (ok && !ours) {
		s->lease_lost = true;
		ok = err_set(err, EXIT_HELD, "another interlock has taken over this run");
	}
	return ok;
}

static const char *whoami(struct arena *arena)
{
	char host[128] = "?";

	gethostname(host, sizeof(host) - 1);
	return arena_printf(arena, "pid %d on %s", (int)getpid(), host);
}

/* The fence exclusively, then the epoch; the queue behind workers is fair and short. */
static bool raise_epoch(struct session *s, struct err *err)
{
	struct arena arena = {0};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);
	const char *epoch = arena_printf(&arena, "%lld", (long long)s->run.epoch);
	const char *params[] = {run,
	                        epoch,
	                        whoami(&arena),
	                        conn_user(s->control),
	                        s->looking ? "true" : "false",
	                        s->looking || s->reads_only ? "true" : "false"};
	struct err ignored = {0};
	struct rows *rows;
	bool ok;

	ok =
		conn_query(s->control, QUERY("BEGIN"), NULL, err) &&
		conn_query(s->control, QUERY("SET LOCAL lock_timeout = '2s'"), NULL, err) &&
		conn_query(s->control, QUERY(arena_printf(&arena, "LOCK TABLE interlock.fence_%s IN EXCLUSIVE MODE", run)),
	               NULL, err) &&
		conn_query(s->control,
	               &(struct query){.sql = "UPDATE interlock.run SET epoch = epoch + 1, looking = $5::boolean,"
	                                      " state = CASE WHEN $6::boolean THEN state ELSE 'running' END,"
	                                      " seen = CASE WHEN $5::boolean THEN seen ELSE clock_timestamp() END,"
	                                      " outside_since = CASE WHEN $6::boolean THEN outside_since END,"
	                                      " holder = $3 || ' as ' || $4"
	                                      " WHERE id = $1::bigint AND epoch = $2::bigint"
	                                      " RETURNING epoch, next_block, coalesce(undo_from, -1) AS undo_from,"
	                                      " interrupted_at IS NOT NULL AS interrupted",
	                               .count = 6,
	                               .params = params},
	               &rows, err);
	if (ok) {
		ok = rows_count(rows) == 1 ||
		     err_set(err, EXIT_HELD, "another interlock was faster in taking over plan \"%s\"", s->run.plan);
		if (ok) {
			s->run.epoch = rows_integer(rows, 0, "epoch");
			s->run.next_block = (int)rows_integer(rows, 0, "next_block");
			s->run.undo_from = (int)rows_integer(rows, 0, "undo_from");
			s->run.interrupted = rows_true(rows, 0, "interrupted");
		}
		rows_free(rows);
	}
	ok = ok && conn_query(s->control, QUERY("COMMIT"), NULL, err);
	if (!ok && !conn_lost(s->control))
		conn_query(s->control, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	arena_release(&arena);
	return ok;
}

/* The only autocommit statement of the tool. */
static void beat(void *arg)
{
	struct session *s = arg;
	struct err err = {0};
	struct rows *rows;

	if (s->lease_lost || s->looking || conn_busy(s->control) || conn_in_transaction(s->control))
		return;
	fault_suspend(true);
	if (!ask(s,
	         "UPDATE interlock.run SET seen = clock_timestamp() WHERE id = $1::bigint AND epoch = $2::bigint"
	         " RETURNING id",
	         2, &rows, &err)) {
		s->lease_lost = conn_lost(s->control);
	} else {
		s->lease_lost = rows_count(rows) == 0;
		rows_free(rows);
	}
	fault_suspend(false);
	err_release(&err);
}

/* The advisory lock, or *held is false and we may take over by force. */
static bool wait_for_lock(struct session *s, bool take_over, bool *held, struct err *err)
{
	int64_t since = loop_now();

	for (;;) {
		bool dead, looks, wait;

		if (!try_lock(s, held, err))
			return false;
		if (*held)
			return true;
		if (!holder(s, &dead, &looks, err))
			return false;
		wait = loop_now() - since < (s->looking ? LOOKING_PATIENCE_MS : looks ? LOOKS_PATIENCE_MS : PATIENCE_MS);
		if ((dead || take_over) && !s->looking && !(looks && wait)) {
			err_release(err);
			return true;
		}
		if (!wait || !loop_sleep(s->connector->loop, 50))
			return false;
		err_release(err);
	}
}

/* Sessions of the run that are still at work (an index that is being built) are left alone by one who only looks.
 */
static bool nobody_works(struct session *s, struct err *err)
{
	int64_t deadline = loop_now() + LOOKING_PATIENCE_MS;

	for (;;) {
		struct rows *rows;
		bool nobody;

		if (!ask(s,
		         "SELECT count(*) AS there FROM pg_catalog.pg_stat_activity WHERE datname = current_database()"
		         " AND pid <> pg_backend_pid() AND application_name LIKE 'interlock:' || $1::text || ':%'",
		         1, &rows, err))
			return false;
		nobody = rows_integer(rows, 0, "there") == 0;
		rows_free(rows);
		if (nobody)
			return true;
		if (loop_now() > deadline || !loop_sleep(s->connector->loop, 50))
			break;
	}
	lease_release(s);
	return err_set(err, EXIT_HELD, "a session of an earlier interlock still works on plan \"%s\"", s->run.plan);
}

static bool get_lock(struct session *s, bool take_over, struct err *err)
{
	bool held;

	if (!wait_for_lock(s, take_over, &held, err))
		return false;
	if (s->looking)
		return nobody_works(s, err);
	if (!end_all_older(s, err))
		return false;
	if (held)
		return true;
	if (!try_lock(s, &held, err))
		return false;
	return held || err_set(err, EXIT_HELD, "the lease of plan \"%s\" can't be taken over", s->run.plan);
}

void lease_release(struct session *s)
{
	struct err ignored = {0};

	timer_remove(s->heartbeat);
	s->heartbeat = NULL;
	if (!conn_lost(s->control))
		conn_query(s->control, QUERY("SELECT pg_catalog.pg_advisory_unlock_all()"), NULL, &ignored);
	err_release(&ignored);
}

/* Somebody raised the epoch since we read it, but only to look at a stop of this very plan: then it is ours to
 * raise. */
static bool only_looked(struct session *s, const struct err *why)
{
	char run[24];
	const char *params[] = {run, s->run.hash};
	struct query query = {.sql = "SELECT epoch FROM interlock.run WHERE id = $1::bigint AND hash = $2 AND looking",
	                      .count = 2,
	                      .params = params};
	struct err ignored = {0};
	struct rows *rows = NULL;
	bool raised = false;

	snprintf(run, sizeof(run), "%lld", (long long)s->run.id);
	if (why->code == EXIT_HELD && conn_query(s->control, &query, &rows, &ignored) && rows_count(rows) == 1) {
		raised = rows_integer(rows, 0, "epoch") > s->run.epoch;
		s->run.epoch = rows_integer(rows, 0, "epoch");
	}
	rows_free(rows);
	err_release(&ignored);
	return raised;
}

bool lease_acquire(struct session *s, bool take_over, struct err *err)
{
	int64_t deadline = loop_now() + FENCE_PATIENCE_MS;

	if (!get_lock(s, take_over, err))
		return false;
	while (!raise_epoch(s, err)) {
		if (only_looked(s, err)) {
			err_release(err);
			continue;
		}
		if (!err_is(err, "55P03") || loop_now() > deadline)
			return false;
		err_release(err);
		if (!end_all_older(s, err))
			return false;
	}
	/* Once more: one that reconnected before the epoch was raised could still send what no fence holds back. */
	if (!end_all_older(s, err) || !session_name(s, err))
		return false;
	/* A heartbeat never waits for our own worker's row, nor for a standby. */
	if (!conn_query(s->control, QUERY("SET lock_timeout = '100ms'"), NULL, err) ||
	    !conn_query(s->control, QUERY("SET synchronous_commit = off"), NULL, err))
		return false;
	s->heartbeat = loop_add_timer(s->connector->loop, HEARTBEAT_MS, beat, s);
	return true;
}
