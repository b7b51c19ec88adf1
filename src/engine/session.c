/* Opening, naming, checking and closing the sessions of a run. */
#include "engine/session.h"

#include <stdlib.h>
#include <string.h>

#include "engine/throttle.h"

enum { OLDEST_SERVER = 140000, POOLER_PATIENCE_MS = 2000 };

static bool refuse_standby(struct conn *conn, struct err *err)
{
	struct rows *rows;
	bool standby;

	if (!conn_query(conn, QUERY("SELECT pg_catalog.pg_is_in_recovery() AS standby"), &rows, err))
		return false;
	standby = strcmp(rows_get(rows, 0, "standby"), "t") == 0;
	rows_free(rows);
	if (!standby)
		return true;
	err_set(err, EXIT_CONNECTION, "the server is a read-only standby");
	err_help(err, "connect to the primary; with several hosts, target_session_attrs=read-write finds it");
	return false;
}

static bool refuse_old(const struct conn *conn, struct err *err)
{
	if (conn_server_version(conn) >= OLDEST_SERVER)
		return true;
	err_set(err, EXIT_CONNECTION, "the server is PostgreSQL %s", conn_server_version_text(conn));
	err_help(err, "interlock needs PostgreSQL 14 or newer");
	return false;
}

static bool say_pooler(struct err *err)
{
	err_set(err, EXIT_CONNECTION, "a pooler in transaction mode stands between interlock and the server");
	err_detail(err, "a SET did not survive three transactions while a second connection was busy");
	err_help(err, "connect to the server itself, or to a pool in session mode");
	return false;
}

/* Does the setting that was made before still hold in a transaction?  A hang is the pooler's queue. */
static bool still_set(struct conn *conn, bool *same, struct err *err)
{
	struct query queries[] = {*QUERY("BEGIN"),
	                          *QUERY("SELECT pg_catalog.current_setting('interlock.here', true) AS here"),
	                          *QUERY("COMMIT")};
	struct rows *rows[3] = {0};
	bool ok = conn_pipeline(conn, queries, 3, loop_now() + POOLER_PATIENCE_MS, rows, NULL, err);
	const char *here = ok ? rows_get(rows[1], 0, "here") : NULL;

	*same = here && strcmp(here, "yes") == 0;
	for (int r = 0; r < 3; r++)
		rows_free(rows[r]);
	return ok;
}

static bool setting_survives(struct conn *conn, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		bool same;

		if (!still_set(conn, &same, err))
			return err_is(err, "57014") ? say_pooler(err) : false;
		if (!same)
			return say_pooler(err);
	}
	return true;
}

/* Keeps the other session busy; a pooler in statement mode closes it. */
static bool begin_other(struct conn *other, struct err *err)
{
	if (conn_query(other, QUERY("BEGIN"), NULL, err))
		return true;
	if (conn_lost(other)) {
		err_prefix(err, "no transaction can be begun");
		err_help(
			err,
			"a pooler in statement mode allows none: connect to the server itself, or to a pool in session mode");
	}
	return false;
}

static bool refuse_pooler(struct conn *conn, struct conn *other, struct err *err)
{
	struct err ignored = {0};
	bool ok;

	if (!conn_query(conn, QUERY("SET interlock.here = 'yes'"), NULL, err))
		return false;
	if (!other)
		return setting_survives(conn, err);
	if (!begin_other(other, err))
		return false;
	ok = setting_survives(conn, err);
	conn_query(other, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok;
}

/*
 * Our catalogue queries are sent often and look up single rows: planning them
 * anew costs more than it saves, and on a large catalogue compiling them takes
 * seconds.
 */
#define SETTINGS                                                                                                  \
	"SELECT pg_catalog.set_config('client_connection_check_interval', '500ms', false),"                           \
	" pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),"                                        \
	" pg_catalog.set_config('default_transaction_isolation', 'read committed', false),"                           \
	" pg_catalog.set_config('statement_timeout', '0', false),"                                                    \
	" pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', false),"                                \
	" pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', false),"                                     \
	" pg_catalog.set_config('jit', 'off', false)"

static const char settings[] = SETTINGS;
static const char settings_17[] = SETTINGS ", pg_catalog.set_config('transaction_timeout', '0', false)";

bool session_settle(struct conn *conn, struct conn *other, struct err *err)
{
	return refuse_old(conn, err) && refuse_standby(conn, err) && refuse_pooler(conn, other, err) &&
	       conn_query(conn, QUERY(conn_server_version(conn) < 170000 ? settings : settings_17), NULL, err);
}

struct conn *session_open(struct connector *connector, struct err *err)
{
	struct conn *conn = connector->open(connector->arg, err);

	if (conn && !session_settle(conn, NULL, err)) {
		conn_close(conn);
		return NULL;
	}
	return conn;
}

/* Numbers first: the server cuts the name at 63 bytes. */
static bool name_one(struct session *s, struct conn *conn, int worker, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "interlock:%lld:%lld:%d:%s", (long long)s->run.id,
	                                     (long long)s->run.epoch, worker, s->run.plan)};
	bool ok = conn_query(conn,
	                     &(struct query){.sql = "SELECT pg_catalog.set_config('application_name', $1, false)",
	                                     .count = 1,
	                                     .params = params},
	                     NULL, err);

	arena_release(&arena);
	return ok;
}

static bool note_pid(struct session *s, struct err *err)
{
	struct rows *rows;

	if (!conn_query(s->worker, QUERY("SELECT pg_catalog.pg_backend_pid() AS pid"), &rows, err))
		return false;
	s->worker_pid = (int)rows_integer(rows, 0, "pid");
	rows_free(rows);
	return true;
}

bool session_name(struct session *s, struct err *err)
{
	return name_one(s, s->control, 0, err) && name_one(s, s->worker, 1, err) && note_pid(s, err);
}

bool session_reopen_worker(struct session *s, struct err *err)
{
	struct conn *fresh = session_open(s->connector, err);

	if (!fresh)
		return false;
	conn_close(s->worker);
	s->worker = fresh;
	return name_one(s, s->worker, 1, err) && note_pid(s, err);
}

void session_release(struct session *s)
{
	throttle_release(s);
	if (s->heartbeat)
		timer_remove(s->heartbeat);
	conn_close(s->worker);
	conn_close(s->control);
	plan_free(s->plan);
	arena_release(&s->arena);
	*s = (struct session){0};
}

void session_say(struct session *s, const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	if (s->listener)
		s->listener->step(s->listener->arg, step, event, ms, text);
}
