/* A new name for a column. */
#include <string.h>

#include "plan/by_name.h"
#include "plan/columns.h"
#include "plan/family.h"

struct rename_column_args {
	struct relname table;
	const char *column, *to;
	struct text_list leaves;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct rename_column_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rename_column_args, column),
     .help = "the name that it has now, which the release that is live uses"},
	{.name = "to",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rename_column_args, to),
     .help =
         "its new name; indexes, constraints, policies and grants follow, and a view goes on to show it under the "
         "name that the view gives it"},
	{.name = "leaves",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct rename_column_args, leaves),
     .help = by_name_leaves_help},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct rename_column_args *args = step;

	if (is_system_column(args->to))
		diag_help(
			&diags->arena,
			option_error(place, diags, "bad-option", "to", "every table has a column %s of its own", args->to),
			"choose another name");
	else if (strcmp(args->column, args->to) == 0)
		diag_help(&diags->arena,
		          option_error(place, diags, "bad-option", "to", "\"%s\" is the name that the column has already",
		                       args->to),
		          "say what it shall be called; capitals count only inside double quotes, as in '\"Email\"'");
	else
		return true;
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct rename_column_args *)step)->table;
	return true;
}

/* clang-format off */

#define AIM(relation) \
	"SELECT a.attrelid, a.attnum FROM " relation " f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid" \
	" AND a.attname = $4::text AND a.attnum > 0 AND NOT a.attisdropped"

/* An heir may have a column of the new name already; another server knows columns by name. */
#define HEIR_OBSTACLE \
	"coalesce((SELECT 'column ' || pg_catalog.quote_ident($4::text) || ' of ' || h.attrelid::regclass::text" \
	" || ', which inherits from ' || " SQL_NAME("$1", "$2") " FROM (" AIM("family") ") h WHERE h.attrelid <> rel.oid" \
	" ORDER BY 1 LIMIT 1), (SELECT c.oid::regclass::text || ' is a foreign table, and its server knows the column by name'" \
	" FROM family JOIN pg_catalog.pg_class c ON c.oid = family.oid AND c.relkind = 'f' ORDER BY 1 LIMIT 1))"

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", aim AS (" AIM("rel") "), " SQL_FAMILY ", " SQL_MEMBER ", going AS ("
	SQL_FUNCTIONS_GOING(SQL_MENTIONS("p.prosrc", "$3") " AND " SQL_KNOWS_TABLE)
	" UNION " SQL_TRIGGERS_GOING("$3") " UNION " SQL_PUBLICATIONS_GOING ")"
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN o.obstacle IS NOT NULL THEN 'conflict'"
	" WHEN col.attnum IS NOT NULL THEN 'absent' WHEN aim.attnum IS NOT NULL THEN 'done' ELSE 'missing' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN o.obstacle IS NOT NULL THEN o.obstacle"
	" WHEN col.attnum IS NULL AND aim.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text")
	" || ', and no ' || pg_catalog.quote_ident($4::text) END AS found,"
	" CASE WHEN o.obstacle IS NOT NULL THEN 'a table with a column ' || pg_catalog.quote_ident($3::text)"
	" || ' of its own, and with no ' || pg_catalog.quote_ident($4::text) END AS expected,"
	" CASE WHEN rel.oid IS NULL OR rel.relkind NOT IN ('r', 'p') THEN 'table'"
	" WHEN col.attnum IS NOT NULL AND aim.attnum IS NOT NULL THEN 'to' ELSE 'column' END AS option,"
	" " SQL_COLUMN_HELP " AS help, col.attnum IS NOT NULL AS has_column, aim.attnum IS NOT NULL AS has_to, " SQL_OWNER_FACTS ", g.*"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true LEFT JOIN aim ON true"
	" CROSS JOIN " SQL_GOING("$5::text[]")
	" CROSS JOIN LATERAL (SELECT coalesce(" SQL_COLUMN_OBSTACLE ", CASE WHEN col.attnum IS NOT NULL THEN"
	" CASE WHEN aim.attnum IS NOT NULL THEN 'both column ' || pg_catalog.quote_ident($3::text) || ' and column '"
	" || pg_catalog.quote_ident($4::text) || ' in ' || " SQL_NAME("$1", "$2") " ELSE " HEIR_OBSTACLE " END END)) o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct rename_column_args *args = step;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, args->column, args->to,
	                                               by_name_leaves(&args->leaves, probe->arena)},
	                                    .count = 5};
}

static void rename_to(const struct rename_column_args *args, const char *from, const char *to, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME COLUMN %s TO %s",
	              relname_quoted(arena, &args->table), ident_quoted(arena, from), ident_quoted(arena, to));

	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: only the catalogue; from here on the old name is unknown";
}

static const char *what(const struct rename_column_args *args, struct arena *arena)
{
	return arena_printf(arena, "column %s of %s", ident_quoted(arena, args->column),
	                    relname_quoted(arena, &args->table));
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_column_args *args = step;

	if (!owner_refused(facts, stmts) && !by_name_refused(what(args, stmts->arena), facts, stmts))
		rename_to(args, args->column, args->to, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_column_args *args = step;
	const char *table = relname_quoted(stmts->arena, &args->table);
	const char *old = ident_quoted(stmts->arena, args->column), *new = ident_quoted(stmts->arena, args->to);
	bool has_old = record_true(facts->now, "has_column"), has_new = record_true(facts->now, "has_to");

	if (has_old && !has_new)
		return;
	if (has_old)
		stmts_refuse(stmts, "drop or rename the one that came meanwhile, then undo again",
		             "%s has a column %s again, besides %s", table, old, new);
	else if (!has_new)
		stmts_refuse(stmts, "bring it back under that name, then undo again", "column %s is gone: %s", new,
		             record_get(facts->now, "found"));
	else if (!owner_refused(facts, stmts))
		rename_to(args, args->to, args->column, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct rename_column_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "rename %s to ", what(args, &arena));
	ident_quote(out, args->to);
	arena_release(&arena);
}

const struct step_type step_rename_column = {
	.name = "rename_column",
	.summary = "renames a column, for releases that know it under the new name only",
	.example = "rename_column { table = \"app.users\", column = \"mail\", to = \"email\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, mail text NOT NULL CHECK (mail <> ''));\n"
			 "CREATE INDEX ON app.users (lower(mail));\n"
			 "CREATE VIEW app.addresses AS SELECT mail FROM app.users;\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_SWITCH,
	.size = sizeof(struct rename_column_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, its partitions and what inherits from it, briefly",
	.way_back = "renames it back, if this run renamed it",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
