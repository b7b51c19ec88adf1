/* Says what a column is believed to be, so that a plan never runs on a database where it is something else. */
#include <string.h>

#include "plan/columns.h"

struct expect_column_args {
	struct relname table;
	const char *column, *type, *default_value;
	json_t *nullable; /* true, false, or not asked */
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct expect_column_args, table),
     .help = "the table or view that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct expect_column_args, column),
     .help = "the column that must be there"},
	{.name = "type",
     .kind = OPTION_TYPE,
     .offset = offsetof(struct expect_column_args, type),
     .help = "the type that it must have, length and precision included"},
	{.name = "nullable",
     .kind = OPTION_ANY,
     .offset = offsetof(struct expect_column_args, nullable),
     .help = "true if it must accept NULL, false if it must be NOT NULL"},
	{.name = "default",
     .kind = OPTION_EXPRESSION,
     .offset = offsetof(struct expect_column_args, default_value),
     .help = "the default that it must have; NULL for none"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct expect_column_args *args = step;

	if (!args->nullable || json_is_boolean(args->nullable))
		return true;
	diag_help(&diags->arena,
	          option_error(place, diags, "bad-option", "nullable",
	                       "\"nullable\" of expect_column must be true or false"),
	          "leave it out where it doesn't matter");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct expect_column_args *)step)->table;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL " SELECT CASE WHEN col.attnum IS NULL THEN 'conflict'"
	" WHEN $4::boolean THEN 'compare' ELSE 'done' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text")
	" ELSE " SQL_COLUMN("col") " END AS found, 'column ' || $5::text AS expected,"
	" CASE WHEN rel.oid IS NULL THEN 'table' ELSE 'column' END AS option"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true";

/* What is not asked about is taken from the column itself, so that it agrees. */
static const char compare[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_TWIN ", new AS (SELECT a.* FROM twin JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = twin.oid AND a.attname = $3::text)"
	" SELECT CASE WHEN found = expected THEN 'done' ELSE 'conflict' END AS state, found, expected, option"
	" FROM (SELECT " SQL_COLUMN("col") " AS found,"
	" pg_catalog.quote_ident($3::text) || ' ' || CASE WHEN $4::boolean THEN pg_catalog.format_type(new.atttypid,"
	" new.atttypmod) || pg_catalog.substr(" SQL_TYPE("col") ", 1 + pg_catalog.length(pg_catalog.format_type("
	"col.atttypid, col.atttypmod))) ELSE " SQL_TYPE("col") " END"
	" || CASE WHEN $5::boolean THEN coalesce(' DEFAULT ' || " SQL_DEFAULT("new") ", '')"
	" ELSE " SQL_DEFAULT_CLAUSE("col") " END"
	" || CASE WHEN coalesce(NOT $6::boolean, col.attnotnull) THEN ' NOT NULL' ELSE '' END AS expected,"
	" CASE WHEN $4::boolean AND (col.atttypid, col.atttypmod) <> (new.atttypid, new.atttypmod) THEN 'type'"
	" WHEN $5::boolean AND " SQL_DEFAULT_CLAUSE("col") " <> " SQL_DEFAULT_CLAUSE("new") " THEN 'default'"
	" ELSE 'nullable' END AS option"
	" FROM col, new) pair";

/* clang-format on */

/* "total bigint NOT NULL DEFAULT 0", as far as the plan says. */
static const char *expected(const struct expect_column_args *args, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	ident_quote(&text, args->column);
	buf_addf(&text, "%s%s", args->type ? " " : "", args->type ? args->type : "");
	if (args->default_value)
		buf_addf(&text, " DEFAULT %s", args->default_value);
	buf_add(&text, json_is_false(args->nullable) ? " NOT NULL" : json_is_true(args->nullable) ? " NULL" : "");
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

static void add_scratch(const struct expect_column_args *args, struct probe *probe)
{
	struct arena *arena = probe->arena;
	const char *twin = ident_quoted(arena, args->table.name), *column = ident_quoted(arena, args->column);
	const char *value = args->default_value ? sql_normalize(args->default_value, arena) : "null";

	if (args->type)
		probe->scratch[probe->scratch_count++] = arena_printf(arena, "CREATE TEMPORARY TABLE %s (%s %s)", twin,
		                                                      column, sql_normalize(args->type, arena));
	else
		probe->scratch[probe->scratch_count++] =
			arena_printf(arena, "CREATE TEMPORARY TABLE %s AS SELECT %s FROM %s WITH NO DATA", twin, column,
		                 relname_quoted(arena, &args->table));
	if (strcmp(value, "null") != 0)
		probe->scratch[probe->scratch_count++] =
			arena_printf(arena, "ALTER TABLE pg_temp.%s ALTER COLUMN %s SET DEFAULT %s", twin, column, value);
}

static void probe(const void *step, struct probe *probe)
{
	const struct expect_column_args *args = step;
	bool compares = args->type || args->default_value || args->nullable;
	const char *nullable = args->nullable ? json_is_true(args->nullable) ? "t" : "f" : NULL;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, args->column,
	                                               compares ? "t" : "f", expected(args, probe->arena)},
	                                    .count = 5};
	if (!compares)
		return;
	add_scratch(args, probe);
	probe->compare =
		(struct probe_query){.sql = compare,
	                         .params = {args->table.schema, args->table.name, args->column, args->type ? "t" : "f",
	                                    args->default_value ? "t" : "f", nullable},
	                         .count = 6};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	(void)facts;
	(void)stmts;
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_column_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "expect %s to have column %s", relname_quoted(&arena, &args->table), expected(args, &arena));
	arena_release(&arena);
}

const struct step_type step_expect_column = {
	.name = "expect_column",
	.summary = "fails if a column is not there or is not what the plan was written for",
	.example =
		"expect_column { table = \"app.users\", column = \"id\", type = \"varchar(255)\", nullable = false }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id varchar(255) PRIMARY KEY)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_column_args),
	.options = options,
	.locks = "none",
	.way_back = "nothing to undo",
	.scans_first = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.describe = describe,
};
