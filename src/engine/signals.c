/* The questions, one for each kind of signal, and what their answers mean. */
#include "engine/signals.h"

#include <string.h>

#include "base/interval.h"
#include "base/quantity.h"
#include "engine/dead_rows.h"

/* ---- Words ---- */

static const char *time_text(struct arena *arena, int64_t ms)
{
	struct buf text = {0};
	const char *copy;

	interval_format(ms, &text);
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

static const char *bytes_text(struct arena *arena, int64_t bytes)
{
	struct buf text = {0};
	const char *copy;

	quantity_bytes(bytes, &text);
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

/* What only a member of pg_monitor sees. */
static void hide(const struct signals_request *q, struct signal *signal, const char *what)
{
	const char *role = conn_user(q->session->control);

	signal->unreadable = true;
	signal->why = arena_printf(q->arena, "%s can't be seen by role %s (GRANT pg_monitor TO %s)", what, role, role);
}

static int64_t limit_of(const struct signals_request *q, enum limit_kind kind)
{
	return q->limits->of[kind].value;
}

static bool ask(const struct signals_request *q, const struct query *query, struct rows **rows, struct err *err)
{
	struct query prepared = *query;

	prepared.prepare = true;
	return conn_query(q->session->control, &prepared, rows, err);
}

/* ---- Standbys ---- */

/*
 * Physical ones: what follows by logical decoding confirms when it likes, and
 * is seen by its slot.  The time is that of the last WAL which was replayed, so
 * where all of it was, there is none.
 */
static const char standbys[] =
	"SELECT coalesce(nullif(r.application_name, ''), host(r.client_addr), 'of pid ' || r.pid) AS name,"
	" coalesce((extract(epoch FROM CASE WHEN r.replay_lsn < pg_current_wal_lsn() THEN r.replay_lag END) * 1000)::bigint, 0)"
	" AS ms, greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn), 0)::bigint AS bytes, r.state IS NULL AS hidden"
	" FROM pg_stat_replication r WHERE (r.state IS NULL OR (r.state IN ('streaming', 'catchup') AND r.replay_lsn IS NOT"
	" NULL)) AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')";

static void judge_lag(const struct signals_request *q, const struct rows *rows, size_t r, struct signal *answer)
{
	int64_t ms = rows_integer(rows, r, "ms"), limit = limit_of(q, LIMIT_REPLICA_LAG);

	if (ms <= limit)
		return;
	answer->exceeded = true;
	answer->why = arena_printf(q->arena, "standby %s is %s behind (limit %s)", rows_get(rows, r, "name"),
	                           time_text(q->arena, ms), time_text(q->arena, limit));
}

static void judge_bytes(const struct signals_request *q, const struct rows *rows, size_t r, struct signal *answer)
{
	int64_t bytes = rows_integer(rows, r, "bytes"), limit = limit_of(q, LIMIT_REPLICA_BYTES);

	if (bytes <= limit)
		return;
	answer->exceeded = true;
	answer->why =
		arena_printf(q->arena, "standby %s has %s of WAL to replay (limit %s)", rows_get(rows, r, "name"),
	                 bytes_text(q->arena, bytes), bytes_text(q->arena, limit));
}

static bool read_standbys(const struct signals_request *q, struct signal *answers, struct err *err)
{
	struct rows *rows;

	if (!ask(q, QUERY(standbys), &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows); r++) {
		if (rows_true(rows, r, "hidden")) {
			hide(q, &answers[LIMIT_REPLICA_LAG], "how far standbys are behind");
			answers[LIMIT_REPLICA_BYTES] = answers[LIMIT_REPLICA_LAG];
			break;
		}
		judge_lag(q, rows, r, &answers[LIMIT_REPLICA_LAG]);
		judge_bytes(q, rows, r, &answers[LIMIT_REPLICA_BYTES]);
	}
	rows_free(rows);
	return true;
}

/* ---- Slots ---- */

/*
 * $1: bytes that must be left; $2: that a person said so.  The usual limit is
 * never more than half of what the server lets a slot keep.  What is lost is
 * lost, and waits for nobody.
 */
static const char slots[] =
	"SELECT s.slot_name, s.wal_status, coalesce(s.safe_wal_size, 0) AS bytes, l.least FROM pg_replication_slots s"
	" CROSS JOIN (SELECT CASE WHEN $2::boolean OR c.setting::bigint < 0 THEN $1::bigint ELSE least($1::bigint,"
	"  c.setting::bigint * 1024 * 1024 / 2) END AS least FROM pg_settings c WHERE c.name = 'max_slot_wal_keep_size') AS l"
	" WHERE s.wal_status = 'unreserved' OR (s.wal_status <> 'lost' AND s.safe_wal_size < l.least)"
	" ORDER BY s.safe_wal_size NULLS FIRST LIMIT 1";

static bool read_slots(const struct signals_request *q, struct signal *answers, struct err *err)
{
	const struct limit *limit = &q->limits->of[LIMIT_SLOT_BYTES];
	const char *params[] = {arena_printf(q->arena, "%lld", (long long)limit->value),
	                        limit->named ? "true" : "false"};
	struct signal *answer = &answers[LIMIT_SLOT_BYTES];
	struct rows *rows;

	if (!ask(q, &(struct query){.sql = slots, .count = 2, .params = params}, &rows, err))
		return false;
	answer->exceeded = rows_count(rows) > 0;
	if (answer->exceeded && strcmp(rows_get(rows, 0, "wal_status"), "unreserved") == 0)
		answer->why = arena_printf(q->arena, "replication slot %s is about to be lost (wal_status unreserved)",
		                           rows_get(rows, 0, "slot_name"));
	else if (answer->exceeded)
		answer->why =
			arena_printf(q->arena, "replication slot %s is lost after another %s of WAL (limit %s)",
		                 rows_get(rows, 0, "slot_name"), bytes_text(q->arena, rows_integer(rows, 0, "bytes")),
		                 bytes_text(q->arena, rows_integer(rows, 0, "least")));
	rows_free(rows);
	return true;
}

/* ---- WAL: its archiver, its rate ---- */

static bool count_ready(const struct signals_request *q, struct signal *answer, struct err *err)
{
	int64_t limit = limit_of(q, LIMIT_ARCHIVER), count;
	struct rows *rows;

	if (!ask(q, QUERY("SELECT count(*) AS ready FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"), &rows,
	         err))
		return false;
	count = rows_integer(rows, 0, "ready");
	rows_free(rows);
	answer->exceeded = count > limit;
	if (answer->exceeded)
		answer->why = arena_printf(q->arena, "%lld file%s of WAL still to be archived (limit %lld)",
		                           (long long)count, count == 1 ? "" : "s", (long long)limit);
	return true;
}

/* Between this look and the last one. */
static void judge_rate(const struct signals_request *q, int64_t wal, struct signal *answer)
{
	struct signals_memory *memory = q->memory;
	int64_t time = loop_now(), limit = limit_of(q, LIMIT_WAL_RATE), took = time - memory->wal_at, rate;

	rate = memory->wal_at && took > 0 ? (wal - memory->wal) * 1000 / took : 0;
	memory->wal = wal;
	memory->wal_at = time;
	answer->exceeded = limit >= 0 && rate > limit;
	if (answer->exceeded)
		answer->why = arena_printf(q->arena, "the server writes %s of WAL a second (limit %s)",
		                           bytes_text(q->arena, rate), bytes_text(q->arena, limit));
}

static bool read_wal(const struct signals_request *q, struct signal *answers, struct err *err)
{
	bool archives, may_list;
	struct rows *rows;

	if (!ask(q,
	         QUERY("SELECT current_setting('archive_mode') <> 'off' AS archives,"
	               " has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE') AS may_list,"
	               " pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal"),
	         &rows, err))
		return false;
	archives = rows_true(rows, 0, "archives");
	may_list = rows_true(rows, 0, "may_list");
	judge_rate(q, rows_integer(rows, 0, "wal"), &answers[LIMIT_WAL_RATE]);
	rows_free(rows);
	if (archives && !may_list)
		hide(q, &answers[LIMIT_ARCHIVER], "how many files wait to be archived");
	return !archives || !may_list || count_ready(q, &answers[LIMIT_ARCHIVER], err);
}

/* ---- Sessions ---- */

static const char sessions[] =
	"SELECT count(*) FILTER (WHERE state = 'active' AND backend_type = 'client backend') AS active,"
	" count(*) FILTER (WHERE query = '<insufficient privilege>' AND usesysid IS NOT NULL) AS hidden"
	" FROM pg_stat_activity WHERE pid NOT IN (pg_backend_pid(), $1::integer)";

static bool read_sessions(const struct signals_request *q, struct signal *answers, struct err *err)
{
	int64_t limit = limit_of(q, LIMIT_SESSIONS), active;
	const char *worker = arena_printf(q->arena, "%d", q->session->worker_pid);
	struct signal *answer = &answers[LIMIT_SESSIONS];
	struct rows *rows;
	bool hidden;

	if (limit < 0)
		return true;
	if (!ask(q, &(struct query){.sql = sessions, .count = 1, .params = &worker}, &rows, err))
		return false;
	active = rows_integer(rows, 0, "active");
	hidden = rows_integer(rows, 0, "hidden") > 0;
	rows_free(rows);
	answer->exceeded = active > limit;
	if (answer->exceeded)
		answer->why = arena_printf(q->arena, "%lld other session%s at work (limit %lld)", (long long)active,
		                           active == 1 ? " is" : "s are", (long long)limit);
	else if (hidden)
		hide(q, answer, "how many sessions are at work");
	return true;
}

/* ---- Old transactions ---- */

/* A prepared transaction has no session; a slot has no age in time, so it is not among them. */
static const char transactions[] =
	"SELECT who, (extract(epoch FROM age) * 1000)::bigint AS ms FROM ("
	" SELECT concat_ws('  ', 'pid ' || pid, 'app=' || nullif(application_name, ''), 'role=' || usename) AS who,"
	"  clock_timestamp() - xact_start AS age FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid NOT IN"
	"  (pg_backend_pid(), $1::integer) AND datname = current_database() AND backend_type = 'client backend'"
	" UNION ALL SELECT 'prepared transaction ' || quote_literal(gid), clock_timestamp() - prepared"
	"  FROM pg_prepared_xacts WHERE database = current_database()) AS old"
	" WHERE age > make_interval(secs => $2::float8 / 1000) ORDER BY age DESC LIMIT 1";

/* What it keeps from being cleaned up makes the table grow and later batches slow. */
static bool read_transactions(const struct signals_request *q, struct signal *answers, struct err *err)
{
	const struct limit *limit = &q->limits->of[LIMIT_TRANSACTION];
	const char *params[] = {arena_printf(q->arena, "%d", q->session->worker_pid),
	                        arena_printf(q->arena, "%lld", (long long)limit->value)};
	struct signal *answer = &answers[LIMIT_TRANSACTION];
	struct rows *rows;

	if (!ask(q, &(struct query){.sql = transactions, .count = 2, .params = params}, &rows, err))
		return false;
	answer->exceeded = rows_count(rows) > 0 && limit->named;
	answer->told_only = rows_count(rows) > 0 && !limit->named;
	if (rows_count(rows) > 0)
		answer->why = arena_printf(
			q->arena,
			"%s is in a transaction for %s (limit %s): until it ends old versions of rows can't be cleaned up",
			rows_get(rows, 0, "who"), time_text(q->arena, rows_integer(rows, 0, "ms")),
			time_text(q->arena, limit->value));
	rows_free(rows);
	return true;
}

/* ---- All of them ---- */

bool signals_read(const struct signals_request *q, struct signal *answers, struct err *err)
{
	memset(answers, 0, LIMIT_COUNT * sizeof(*answers));
	return read_standbys(q, answers, err) && read_slots(q, answers, err) && read_wal(q, answers, err) &&
	       read_sessions(q, answers, err) && read_transactions(q, answers, err) &&
	       dead_rows_read(q, &answers[LIMIT_DEAD_ROWS], err);
}
