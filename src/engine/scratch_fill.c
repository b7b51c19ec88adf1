/* What a scratch copy holds beside its schema: rows, the positions of sequences, statistics. */
#include <string.h>

#include "base/interrupt.h"
#include "engine/scratch.h"

#define OF_PEOPLE                                                                                                 \
	"n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock') AND n.nspname NOT LIKE 'pg\\_%'"          \
	" AND c.relpersistence <> 't'"

/* Tables with the columns that can be written; row_security off: a table of which we see a part is refused. */
static const char tables[] =
	"SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind::pg_catalog.text AS kind,"
	" pg_catalog.pg_total_relation_size(c.oid) AS bytes, c.reltuples::pg_catalog.int8 AS rows,"
	" (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)"
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
	" AND a.attgenerated = '') AS columns"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind IN ('r', 'm', 'p', 'v', 'f') AND " OF_PEOPLE
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	" AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.oid";

static const char sequences[] =
	"SELECT pg_catalog.format('SELECT pg_catalog.setval(%L, %s)', pg_catalog.format('%I.%I', s.schemaname,"
	" s.sequencename), s.last_value) AS sql FROM pg_catalog.pg_sequences s"
	" WHERE s.last_value IS NOT NULL AND s.schemaname NOT IN ('interlock')";

static const char statistics[] =
	"SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', pg_catalog.format('%I.%I', n.nspname,"
	" c.relname), 'tuples', c.reltuples, 'pages', c.relpages))::pg_catalog.text AS list FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm', 'i', 'p') AND " OF_PEOPLE;
static const char take_statistics[] =
	"UPDATE pg_catalog.pg_class c SET reltuples = s.tuples, relpages = s.pages FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb)"
	" AS s(name text, tuples real, pages integer) WHERE c.oid = pg_catalog.to_regclass(s.name)";

static bool note_tables(struct scratch *s, const struct rows *rows)
{
	s->tables = arena_array(&s->arena, struct scratch_table, rows_count(rows) + 1);
	for (size_t r = 0; r < rows_count(rows); r++)
		s->tables[s->table_count++] =
			(struct scratch_table){arena_strdup(&s->arena, rows_get(rows, r, "name")),
		                           rows_integer(rows, r, "bytes"), rows_integer(rows, r, "rows")};
	return true;
}

/* Some rows of one table; what can't be read or written is a note. */
static void copy_rows(struct scratch *s, struct conn *original, struct conn *copy, const struct rows *rows,
                      size_t r, int64_t sample)
{
	struct arena arena = {0};
	const char *name = rows_get(rows, r, "name"), *columns = rows_get(rows, r, "columns");
	struct err refused = {0};
	struct buf bytes = {0};
	int64_t count = 0;
	bool ok;

	ok = conn_copy_out(original,
	                   arena_printf(&arena, "COPY (SELECT %s FROM ONLY %s LIMIT %lld) TO STDOUT", columns, name,
	                                (long long)sample),
	                   &bytes, &refused);
	if (ok && bytes.length > 0)
		ok = conn_copy_in(copy, arena_printf(&arena, "COPY %s (%s) FROM STDIN", name, columns), bytes.data,
		                  bytes.length, &count, &refused);
	if (!ok)
		scratch_note(s, "no row of %s: %s", name, refused.diag.summary);
	s->row_count += count;
	s->row_tables += count > 0;
	err_release(&refused);
	buf_release(&bytes);
	arena_release(&arena);
}

static bool copy_all(struct scratch *s, struct conn *original, struct conn *copy, const struct rows *rows,
                     int64_t sample, struct err *err)
{
	for (size_t r = 0; sample > 0 && r < rows_count(rows); r++) {
		if (*rows_get(rows, r, "kind") == 'r' && rows_get(rows, r, "columns"))
			copy_rows(s, original, copy, rows, r, sample);
		if (interrupt_count() > 0)
			return err_set(err, EXIT_INTERRUPTED, "interrupted");
		if (conn_lost(original) || conn_lost(copy))
			return err_set(err, EXIT_CONNECTION, "the connection was lost while rows were copied");
	}
	return true;
}

/* Views that pg_dump left empty; one may read another, and comes behind it. */
static void refresh(struct conn *copy, const struct rows *rows)
{
	struct arena arena = {0};
	struct err ignored = {0};

	for (size_t r = 0; r < rows_count(rows); r++)
		if (*rows_get(rows, r, "kind") == 'm') {
			conn_query(copy,
			           QUERY(arena_printf(&arena, "REFRESH MATERIALIZED VIEW %s", rows_get(rows, r, "name"))),
			           NULL, &ignored);
			err_release(&ignored);
		}
	arena_release(&arena);
}

static bool set_sequences(struct conn *original, struct conn *copy, struct err *err)
{
	struct rows *rows;

	if (!conn_query(original, QUERY(sequences), &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows); r++) {
		struct err ignored = {0};

		conn_query(copy, QUERY(rows_get(rows, r, "sql")), NULL, &ignored);
		err_release(&ignored);
	}
	rows_free(rows);
	return true;
}

/* As numbers: there are no rows behind them. */
static bool set_statistics(struct scratch *s, struct conn *original, struct conn *copy, struct err *err)
{
	struct err refused = {0};
	struct rows *rows;
	const char *list;

	if (!s->superuser)
		return true;
	if (!conn_query(original, QUERY(statistics), &rows, err))
		return false;
	list = rows_count(rows) ? rows_get(rows, 0, "list") : NULL;
	if (list &&
	    !conn_query(copy, &(struct query){.sql = take_statistics, .count = 1, .params = &list}, NULL, &refused))
		scratch_note(s, "statistics: %s", refused.diag.summary);
	err_release(&refused);
	rows_free(rows);
	return true;
}

/* Triggers and keys sleep while rows come: a sample need not satisfy them. */
static bool settle(struct scratch *s, struct conn *original, struct conn *copy, struct err *err)
{
	const char *settings = s->superuser ? "SELECT pg_catalog.set_config('client_encoding', 'UTF8', false),"
	                                      " pg_catalog.set_config('session_replication_role', 'replica', false)"
	                                    : "SELECT pg_catalog.set_config('client_encoding', 'UTF8', false)";

	return conn_query(original,
	                  QUERY("SELECT pg_catalog.set_config('client_encoding', 'UTF8', false),"
	                        " pg_catalog.set_config('row_security', 'off', false)"),
	                  NULL, err) &&
	       conn_query(copy, QUERY(settings), NULL, err);
}

bool scratch_fill(struct scratch *s, struct conn *original, int64_t sample, struct err *err)
{
	struct conn *copy = scratch_open_as_owner(s, err);
	struct rows *rows = NULL;
	bool ok;

	ok = copy && settle(s, original, copy, err) && conn_query(original, QUERY(tables), &rows, err) &&
	     note_tables(s, rows) && copy_all(s, original, copy, rows, sample, err);
	if (ok)
		refresh(copy, rows);
	ok = ok && set_sequences(original, copy, err) && set_statistics(s, original, copy, err);
	rows_free(rows);
	conn_close(copy);
	return ok;
}

/* All at once, so that no key is in the way. */
bool scratch_empty(struct scratch *s, struct err *err)
{
	struct conn *copy = scratch_open_as_owner(s, err);
	struct rows *rows = NULL;
	struct buf list = {0};
	bool ok = copy && settle(s, copy, copy, err) && conn_query(copy, QUERY(tables), &rows, err);

	for (size_t r = 0; ok && r < rows_count(rows); r++)
		if (*rows_get(rows, r, "kind") == 'r')
			buf_addf(&list, "%s%s", list.length ? ", ONLY " : "TRUNCATE ONLY ", rows_get(rows, r, "name"));
	ok = ok && (list.length == 0 || conn_query(copy, QUERY(buf_text(&list)), NULL, err));
	if (ok)
		s->row_count = s->row_tables = 0;
	buf_release(&list);
	rows_free(rows);
	conn_close(copy);
	return ok;
}
