/* Sizes from the server, rows by counting. */
#include "engine/logs.h"

#include <string.h>

#include "engine/reverse.h"

/* Behind a switch the other table follows, with a log of its own; where it has ended there is nothing to tell. */
static const char question[] =
	"SELECT p.number, quote_ident(p.live_schema) || '.' || quote_ident(p.live_name) AS live, quote_ident(f.schema) || '.'"
	" || quote_ident(f.name) AS shadow, p.log_limit, p.state, l.log, coalesce(pg_relation_size(to_regclass(l.log)), 0) AS"
	" bytes, pg_size_pretty(coalesce(pg_relation_size(to_regclass(l.log)), 0)) AS size,"
	" p.lookup ->> 'looked' AS looked, quote_ident(p.lookup ->> 'schema') || '.' || quote_ident(p.lookup ->> 'name') AS looked_up"
	" FROM interlock.pair p CROSS JOIN"
	" LATERAL (SELECT p.state = 'switched') w(switched) CROSS JOIN LATERAL (SELECT CASE WHEN w.switched THEN p.retired_schema ELSE"
	" p.shadow_schema END, CASE WHEN w.switched THEN p.retired_name ELSE p.shadow_name END) f(schema, name) CROSS JOIN LATERAL"
	" (SELECT 'interlock.' || CASE WHEN w.switched THEN 'r' ELSE '' END || 'log_' || p.run || '_' || p.number) l(log)"
	" WHERE p.run = $1::bigint AND p.state <> 'ended' ORDER BY p.number";

static bool count(struct conn *conn, const char *log, struct arena *arena, int64_t *rows, struct err *err)
{
	struct rows *answer;

	if (!conn_query(conn, QUERY(arena_printf(arena, "SELECT count(*) AS n FROM %s", log)), &answer, err))
		return false;
	*rows = rows_integer(answer, 0, "n");
	rows_free(answer);
	return true;
}

/* Older registries have no such table, and not everybody may read it: then there is nothing to tell. */
static bool nothing_to_tell(struct err *err)
{
	if (!err_is(err, "42P01") && !err_is(err, "42501"))
		return false;
	err_release(err);
	return true;
}

static bool take(struct conn *conn, int64_t run, const struct rows *rows, size_t r, struct arena *arena,
                 struct capture_log *log, struct err *err)
{
	log->live = arena_strdup(arena, rows_get(rows, r, "live"));
	log->shadow = arena_strdup(arena, rows_get(rows, r, "shadow"));
	log->state = arena_strdup(arena, rows_get(rows, r, "state"));
	log->size = arena_strdup(arena, rows_get(rows, r, "size"));
	log->bytes = rows_integer(rows, r, "bytes");
	log->limit = rows_integer(rows, r, "log_limit");
	log->is_long = log->bytes > log->limit;
	log->looked_up = arena_strdup(arena, rows_get(rows, r, "looked_up"));
	if (!count(conn, rows_get(rows, r, "log"), arena, &log->rows, err) ||
	    (log->looked_up && !count(conn, rows_get(rows, r, "looked"), arena, &log->notes, err)))
		return nothing_to_tell(err);
	return strcmp(log->state, "switched") != 0 ||
	       reverse_sentence(conn, run, (int)rows_integer(rows, r, "number"), arena, &log->conflicts, err) ||
	       nothing_to_tell(err);
}

bool logs_find(struct conn *conn, int64_t run, struct arena *arena, struct capture_log **logs, size_t *count,
               struct err *err)
{
	const char *params[] = {arena_printf(arena, "%lld", (long long)run)};
	struct rows *rows;
	bool ok = true;

	*count = 0;
	if (!conn_query(conn, &(struct query){.sql = question, .count = 1, .params = params}, &rows, err))
		return nothing_to_tell(err);
	*logs = arena_array(arena, struct capture_log, rows_count(rows));
	for (size_t r = 0; ok && r < rows_count(rows); r++)
		ok = take(conn, run, rows, r, arena, &(*logs)[r], err);
	if (ok)
		*count = rows_count(rows);
	rows_free(rows);
	return ok;
}

const char *log_sentence(const struct capture_log *log, struct arena *arena)
{
	bool switched = strcmp(log->state, "switched") == 0;
	const char *notes = log->notes ? arena_printf(arena, ", %lld changes of %s %s", (long long)log->notes,
	                                              log->looked_up, switched ? "kept for undo" : "to follow")
	                               : "";

	return arena_printf(arena, "%s follows %s%s: %lld keys in the log, %s%s%s", log->shadow, log->live,
	                    strcmp(log->state, "synced") == 0 || switched ? ""
	                    : strcmp(log->state, "new") == 0              ? ", not copied yet"
	                                                                  : ", not copied in full",
	                    (long long)log->rows, log->size, log->is_long ? ", more than log_limit" : "", notes);
}
