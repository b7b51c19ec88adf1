/* Granted locks that conflict, and the sessions and prepared transactions behind them. */
#include "engine/blame.h"

#include <string.h>

#include "base/interval.h"
#include "plan/probes.h"

/*
 * $1: our pid; $2, $3, $4: arrays of schema, table and the conflicting modes
 * (comma separated) of each lock.
 */
static const char question[] =
	"WITH wanted AS (SELECT c.oid, w.modes FROM unnest($2::text[], $3::text[], $4::text[]) AS w(schema, name, modes)"
	"  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
	"  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name),"
	" held AS (SELECT DISTINCT l.pid, l.virtualtransaction FROM pg_catalog.pg_locks l JOIN wanted w ON l.relation = w.oid"
	"  WHERE l.granted AND l.locktype = 'relation' AND l.mode = ANY (string_to_array(w.modes, ','))"
	"  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())"
	"  AND l.pid IS DISTINCT FROM $1::integer)"
	" SELECT h.pid::text AS pid, a.application_name AS app, a.usename::text AS role, a.state,"
	"  left(regexp_replace(a.query, '\\s+', ' ', 'g'), 100) AS query, p.gid,"
	"  (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint AS age"
	" FROM held h LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid"
	" LEFT JOIN pg_catalog.pg_locks x ON h.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'"
	"  AND x.virtualtransaction = h.virtualtransaction"
	" LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid"
	" ORDER BY age DESC NULLS LAST LIMIT 5";

/* From the manual, "Table-Level Lock Modes". */
const char *blame_conflicting(enum lock_mode mode)
{
	static const char *const modes[] = {
		[LOCK_ACCESS_SHARE] = "AccessExclusiveLock",
		[LOCK_ROW_SHARE] = "ExclusiveLock,AccessExclusiveLock",
		[LOCK_ROW_EXCLUSIVE] = "ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
		[LOCK_SHARE_UPDATE_EXCLUSIVE] = "ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,"
										"AccessExclusiveLock",
		[LOCK_SHARE] = "RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,"
					   "AccessExclusiveLock",
		[LOCK_SHARE_ROW_EXCLUSIVE] = "RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,"
									 "ExclusiveLock,AccessExclusiveLock",
		[LOCK_EXCLUSIVE] = "RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,"
						   "ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
		[LOCK_ACCESS_EXCLUSIVE] =
			"AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,"
			"ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
	};

	return modes[mode];
}

static const char *sentence(const struct rows *rows, size_t r, struct arena *arena)
{
	const char *query = rows_get(rows, r, "query"), *app = rows_get(rows, r, "app");
	const char *role = rows_get(rows, r, "role"), *state = rows_get(rows, r, "state");
	struct buf age = {0};
	const char *text;

	if (rows_get(rows, r, "age"))
		interval_format(rows_integer(rows, r, "age"), &age);
	else
		buf_add(&age, "an unknown time"); /* without pg_read_all_stats others' transactions show no age */
	if (rows_get(rows, r, "gid"))
		text = arena_printf(arena, "prepared transaction \"%s\", prepared %s ago", rows_get(rows, r, "gid"),
		                    buf_text(&age));
	else
		text = arena_printf(arena, "pid %s  app=%s  role=%s  transaction open for %s%s%s%s",
		                    rows_get(rows, r, "pid") ? rows_get(rows, r, "pid") : "?", app && *app ? app : "-",
		                    role ? role : "-", buf_text(&age),
		                    state && strncmp(state, "idle", 4) == 0 ? ", idle, last:  " : ":  ",
		                    query ? query : "-", "");
	buf_release(&age);
	return text;
}

bool blame(struct session *s, const struct table_lock *locks, size_t count, struct arena *arena,
           struct blamed *out, struct err *err)
{
	const char **schemas = arena_array(arena, const char *, count),
			   **names = arena_array(arena, const char *, count);
	const char **modes = arena_array(arena, const char *, count), *params[4];
	struct rows *rows;

	*out = (struct blamed){0};
	if (count == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		schemas[i] = locks[i].table.schema;
		names[i] = locks[i].table.name;
		modes[i] = blame_conflicting(locks[i].mode);
	}
	params[0] = arena_printf(arena, "%d", s->worker_pid);
	params[1] = array_literal(schemas, count, arena);
	params[2] = array_literal(names, count, arena);
	params[3] = array_literal(modes, count, arena);
	if (!conn_query(s->control, &(struct query){.sql = question, .count = 4, .params = params, .prepare = true},
	                &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows); r++)
		out->sentences[out->count++] = sentence(rows, r, arena);
	out->oldest_ms = rows_count(rows) ? rows_integer(rows, 0, "age") + 1 : 0;
	rows_free(rows);
	return true;
}
