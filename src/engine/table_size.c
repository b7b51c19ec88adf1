/* reltuples, and pg_table_size where the lock that it takes is free. */
#include "engine/table_size.h"

#include "base/quantity.h"
#include "engine/brief.h"
#include "plan/probes.h"

/*
 * $3: ask for the bytes too.  An empty table that nobody analysed has no rows;
 * pg_relation_size() of what was dropped a moment ago is NULL.
 */
static const char question[] =
	"WITH RECURSIVE family AS (SELECT u.n, c.oid FROM ROWS FROM (unnest($1::text[]), unnest($2::text[]))"
	"  WITH ORDINALITY AS u(schema, name, n) JOIN pg_catalog.pg_namespace s ON s.nspname = u.schema"
	"  JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = u.name AND c.relkind IN ('r', 'p', 'm')"
	"  UNION SELECT f.n, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid),"
	" member AS (SELECT f.n, c.reltuples, CASE WHEN $3::boolean THEN pg_catalog.pg_table_size(c.oid) END AS bytes,"
	"  c.reltuples < 0 AND CASE WHEN $3::boolean THEN pg_catalog.pg_relation_size(c.oid) > 0 ELSE true END AS unknown"
	"  FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid AND c.relkind IN ('r', 'm'))"
	" SELECT n, sum(reltuples) FILTER (WHERE reltuples >= 0)::bigint AS estimate, bool_or(unknown) AS unknown,"
	" sum(bytes)::bigint AS bytes FROM member GROUP BY n";

static void take(const struct rows *rows, struct table_size *sizes)
{
	for (size_t r = 0; r < rows_count(rows); r++) {
		struct table_size *size = &sizes[rows_integer(rows, r, "n") - 1];
		bool unknown = rows_true(rows, r, "unknown"), any = rows_get(rows, r, "estimate") != NULL;

		size->known = true;
		size->rows = any ? rows_integer(rows, r, "estimate") : unknown ? -1 : 0;
		size->or_more = any && unknown;
		size->bytes = rows_get(rows, r, "bytes") ? rows_integer(rows, r, "bytes") : -1;
	}
}

static bool ask(struct conn *conn, const char *const names[2], bool bytes, struct rows **rows, struct err *err)
{
	const char *params[] = {names[0], names[1], bytes ? "true" : "false"};
	bool ok = brief_begin(conn, err) && conn_query(conn, QUERY("SET LOCAL lock_timeout = '100ms'"), NULL, err) &&
	          conn_query(conn, QUERY("SET LOCAL search_path = pg_catalog, pg_temp"), NULL, err) &&
	          conn_query(conn, &(struct query){.sql = question, .count = 3, .params = params}, rows, err);

	return brief_end(conn, ok, err);
}

bool table_sizes_read(struct conn *conn, struct table_size *sizes, size_t count, struct err *err)
{
	struct arena arena = {0};
	const char **schemas = arena_array(&arena, const char *, count);
	const char **tables = arena_array(&arena, const char *, count);
	const char *names[2];
	struct rows *rows = NULL;
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		schemas[i] = sizes[i].table.schema;
		tables[i] = sizes[i].table.name;
	}
	names[0] = array_literal(schemas, count, &arena);
	names[1] = array_literal(tables, count, &arena);
	if (count > 0)
		ok = ask(conn, names, true, &rows, err);
	if (!ok && err_is(err, "55P03")) {
		err_release(err);
		ok = ask(conn, names, false, &rows, err);
	}
	if (ok && count > 0)
		take(rows, sizes);
	rows_free(rows);
	arena_release(&arena);
	return ok;
}

const char *table_size_text(const struct table_size *size, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	if (size->rows < 0) {
		buf_add(&out, "never analysed");
	} else {
		quantity_rows(size->rows, &out);
		buf_addf(&out, " row%s%s", size->rows == 1 ? "" : "s", size->or_more ? " or more" : "");
	}
	if (size->bytes >= 0) {
		buf_add(&out, ", ");
		quantity_bytes(size->bytes, &out);
	}
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}
