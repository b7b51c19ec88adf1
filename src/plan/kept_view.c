/* A view of all columns of a table, under the name that the table had. */
#include "plan/kept_view.h"

#include <jansson.h>

enum { INVOKER_SINCE = 150000 };

/* clang-format off */

/* Its text is read with the plan's search_path, so it sets its own first. */
#define TWIN \
	"DECLARE list text; BEGIN PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);" \
	" SELECT string_agg(quote_ident(t.attname) || ' AS ' || quote_ident(v.attname), ', ' ORDER BY v.n) INTO list" \
	" FROM (SELECT a.attname, row_number() OVER (ORDER BY a.attnum) AS n FROM pg_attribute a" \
	"  WHERE a.attrelid = to_regclass(%1$s) AND a.attnum > 0) v" \
	" LEFT JOIN (SELECT a.attname, row_number() OVER (ORDER BY a.attnum) AS n FROM pg_attribute a" \
	"  WHERE a.attrelid = to_regclass(%2$s) AND a.attnum > 0 AND NOT a.attisdropped) t USING (n)" \
	" HAVING bool_and(t.attname IS NOT NULL);" \
	" IF list IS NOT NULL THEN EXECUTE 'CREATE TEMPORARY VIEW __il_view AS SELECT ' || list || ' FROM ' || %2$s; END IF;" \
	" END"

/* clang-format on */

const char *kept_view_twin(const struct relname *view, const char *table, struct arena *arena)
{
	const struct relname to = {view->schema, table};
	const char *names[] = {relname_quoted(arena, view), relname_quoted(arena, &to)};

	return arena_printf(arena, "DO %s",
	                    literal_quoted(arena, arena_printf(arena, TWIN, literal_quoted(arena, names[0]),
	                                                       literal_quoted(arena, names[1]))));
}

bool kept_view_refused(const struct relname *to, const struct facts *facts, struct stmts *stmts)
{
	const char *table = relname_quoted(stmts->arena, to), *invoker = record_get(facts->now, "invoker_for");
	const char *readers = record_get(facts->now, "column_readers");

	if (invoker && readers)
		stmts_refuse(
			stmts,
			"leave keep_view out, and rename the table when no release reads the old name any more; or grant"
			" them SELECT on all of it",
			"%s has %s; a view with the rights of whoever asks is closed to those who may read only some"
			" columns: %s",
			table, invoker, readers);
	else if (invoker && facts->server_version < INVOKER_SINCE)
		stmts_refuse(stmts,
		             "leave keep_view out, and rename the table when no release reads the old name any more",
		             "%s has %s before PostgreSQL 15", table, invoker);
	else if (facts->now && !record_get(facts->now, "columns"))
		stmts_refuse(stmts, "leave keep_view out", "%s has no columns, and a view needs one", table);
	return stmts->refusal != NULL;
}

static void add_rights(const struct facts *facts, struct stmts *stmts)
{
	const char *text = record_get(facts->now, "view_rights");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		if (json_is_string(entry))
			stmts_add(stmts, STMT_TOGETHER, "%s", json_string_value(entry));
	}
	json_decref(list);
}

void kept_view_make(const struct relname *view, const struct relname *to, const struct facts *facts,
                    struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = relname_quoted(arena, view), *owner = record_get(facts->now, "view_owner");
	const char *columns = record_get(facts->now, "columns");
	struct stmt *stmt;

	stmt = stmts_add(stmts, STMT_TOGETHER, "CREATE VIEW %s%s AS SELECT %s FROM %s", name,
	                 record_get(facts->now, "invoker_for") ? " WITH (security_invoker = true)" : "",
	                 columns ? columns : "*", relname_quoted(arena, to));
	stmt->note = "the old name stays for SELECT, INSERT, UPDATE and DELETE";
	if (owner)
		stmts_add(stmts, STMT_TOGETHER, "ALTER VIEW %s OWNER TO %s", name, ident_quoted(arena, owner));
	add_rights(facts, stmts);
}

/*
 * The one view that LOCK TABLE is used on: it takes the view, then the table
 * below it, which is needed too, in the order of whoever reads through the
 * view.  The other way round they would wait for each other.
 */
void kept_view_drop(const struct relname *view, const struct relname *to, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "DROP VIEW %s", relname_quoted(stmts->arena, view));

	stmt_lock(stmts, stmt, view, LOCK_ACCESS_EXCLUSIVE);
	stmt_lock(stmts, stmt, to, LOCK_ACCESS_EXCLUSIVE);
}
