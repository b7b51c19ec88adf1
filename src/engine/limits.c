/* Three sources of a limit, one behind the other. */
#include "engine/limits.h"

#include <jansson.h>

enum { MB = 1024 * 1024 };

/* Columns of interlock.control, in the unit of the limit. */
static const char question[] =
	"SELECT (extract(epoch FROM batch_target) * 1000)::bigint AS batch_target, array_to_json(windows) AS windows,"
	" (extract(epoch FROM max_replica_lag) * 1000)::bigint AS max_replica_lag,"
	" max_replica_mb::bigint * 1048576 AS max_replica_mb, min_slot_mb::bigint * 1048576 AS min_slot_mb,"
	" max_archive_files, max_wal_rate::bigint * 1048576 AS max_wal_rate, max_active_sessions, max_dead_percent,"
	" (extract(epoch FROM max_transaction_age) * 1000)::bigint AS max_transaction_age"
	" FROM interlock.control WHERE run = $1::bigint";

static const struct {
	const char *column;
	int64_t usual;
} sources[] = {
	[LIMIT_REPLICA_LAG] = {"max_replica_lag", 5000},
	[LIMIT_REPLICA_BYTES] = {"max_replica_mb", INT64_C(256) * MB},
	[LIMIT_SLOT_BYTES] = {"min_slot_mb", INT64_C(2048) * MB},
	[LIMIT_ARCHIVER] = {"max_archive_files", 42},
	[LIMIT_WAL_RATE] = {"max_wal_rate", -1},
	[LIMIT_SESSIONS] = {"max_active_sessions", -1},
	[LIMIT_DEAD_ROWS] = {"max_dead_percent", 20},
	[LIMIT_TRANSACTION] = {"max_transaction_age", 1800000},
};

static void say(struct limits *limits, enum limit_kind kind, int64_t value)
{
	limits->of[kind] = (struct limit){value, true};
}

static void take_plan(const struct plan_settings *settings, struct limits *out)
{
	out->windows = settings->windows;
	out->batch_target = settings->batch_target;
	if (settings->max_replica_lag > 0)
		say(out, LIMIT_REPLICA_LAG, settings->max_replica_lag);
	if (settings->max_wal_rate > 0)
		say(out, LIMIT_WAL_RATE, settings->max_wal_rate * MB);
	if (settings->max_active_sessions > 0)
		say(out, LIMIT_SESSIONS, settings->max_active_sessions);
}

/* An empty array is an answer, too: at any time. */
static void take_windows(const char *json, struct arena *arena, struct limits *out)
{
	json_t *array = json_loads(json, 0, NULL), *text;
	const char **items = arena_array(arena, const char *, json_array_size(array));
	size_t i;

	json_array_foreach(array, i, text) items[i] =
		arena_strdup(arena, json_is_string(text) ? json_string_value(text) : "");
	out->windows = (struct text_list){items, json_array_size(array)};
	json_decref(array);
}

static void take_control(const struct rows *rows, struct arena *arena, struct limits *out)
{
	for (int kind = 0; kind < LIMIT_COUNT; kind++)
		if (rows_get(rows, 0, sources[kind].column))
			say(out, kind, rows_integer(rows, 0, sources[kind].column));
	if (rows_get(rows, 0, "batch_target"))
		out->batch_target = rows_integer(rows, 0, "batch_target");
	if (rows_get(rows, 0, "windows"))
		take_windows(rows_get(rows, 0, "windows"), arena, out);
}

bool limits_read(struct conn *conn, int64_t run, const struct plan_settings *settings, struct arena *arena,
                 struct limits *out, struct err *err)
{
	const char *number = arena_printf(arena, "%lld", (long long)run);
	struct rows *rows;

	for (int kind = 0; kind < LIMIT_COUNT; kind++)
		out->of[kind] = (struct limit){sources[kind].usual, false};
	take_plan(settings, out);
	if (!conn_query(conn, &(struct query){.sql = question, .count = 1, .params = &number, .prepare = true}, &rows,
	                err))
		return false;
	if (rows_count(rows) > 0)
		take_control(rows, arena, out);
	rows_free(rows);
	return true;
}
