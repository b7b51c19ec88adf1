/* A default for rows to come; those that are there keep what they have. */
#include <ctype.h>
#include <string.h>

#include "plan/defaults.h"

struct set_default_args {
	struct relname table;
	const char *column, *default_value;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct set_default_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct set_default_args, column),
     .help = "the column that gets the default"},
	{.name = "default",
     .kind = OPTION_EXPRESSION,
     .required = true,
     .offset = offsetof(struct set_default_args, default_value),
     .help = "its value for rows that give none"},
	OPTION_END,
};

/* NULL, NULL::text, (NULL): to the server that is no default at all. */
static bool is_null(const char *expression, struct arena *arena)
{
	const char *text = sql_normalize(expression, arena);

	while (*text == '(')
		text++;
	if (strncmp(text, "cast(", 5) == 0)
		text += 5;
	return strncmp(text, "null", 4) == 0 && !isalnum((unsigned char)text[4]) && text[4] != '_' && text[4] != '(';
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct set_default_args *args = step;
	struct diag *diag;

	if (!is_null(args->default_value, &diags->arena))
		return default_is_free(args->default_value, place, diags);
	diag = option_error(place, diags, "bad-option", "default", "a default of NULL is no default");
	diag_help(&diags->arena, diag,
	          "take the default away with drop_default { table = \"%s.%s\", column = \"%s\" }", args->table.schema,
	          args->table.name, args->column);
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct set_default_args *)step)->table;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_BELOW
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text") " ELSE 'column ' || " SQL_COLUMN("col") " END AS found,"
	" CASE WHEN s.state = 'conflict' THEN CASE WHEN rel.relkind IN ('r', 'p') THEN 'a column that takes a default'"
	" ELSE 'a table' END END AS expected, " SQL_BLAME("column") ", " SQL_DEFAULT_FACTS ", " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN col.attnum IS NULL THEN 'missing'"
	" WHEN " SQL_TAKES_NO_DEFAULT " THEN 'conflict' WHEN " SQL_EXPRESSION("col") " IS NULL THEN 'absent'"
	" ELSE 'compare' END) s(state)";

static const char compare[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_TWIN ", new AS (SELECT a.* FROM twin JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = twin.oid AND a.attname = $3::text)"
	" SELECT CASE WHEN " SQL_EXPRESSION("col") " = " SQL_EXPRESSION("new") " THEN 'done' ELSE 'absent' END AS state,"
	" " SQL_EXPRESSION("new") " AS wanted FROM col, new";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct set_default_args *args = step;
	struct arena *arena = probe->arena;
	const char *twin = ident_quoted(arena, args->table.name), *column = ident_quoted(arena, args->column);

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->column}, .count = 3};
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE %s AS SELECT %s FROM %s WITH NO DATA", twin, column,
	                 relname_quoted(arena, &args->table));
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "ALTER TABLE pg_temp.%s ALTER COLUMN %s SET DEFAULT %s", twin, column,
	                 sql_normalize(args->default_value, arena));
	probe->compare = probe->query;
	probe->compare.sql = compare;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct set_default_args *args = step;
	struct column_default d = {.table = args->table, .column = args->column};
	const char *change =
		arena_printf(stmts->arena, "SET DEFAULT %s", sql_normalize(args->default_value, stmts->arena));
	const char *before = record_get(facts->now, "column_default");

	if (owner_refused(facts, stmts))
		return;
	default_alter(&d, change, stmts)->note = default_note(before, stmts->arena);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct set_default_args *args = step;
	const char *wanted = record_get(facts->now, "wanted");
	struct column_default d = {args->table, args->column, wanted, wanted == NULL};

	if (!owner_refused(facts, stmts))
		default_restore(&d, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct set_default_args *args = step;

	buf_add(out, "set default of column ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
	buf_addf(out, " to %s", args->default_value);
}

const struct step_type step_set_default = {
	.name = "set_default",
	.summary = "sets the default of a column, for rows to come only",
	.example = "set_default { table = \"app.orders\", column = \"status\", default = \"'open'\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, status text DEFAULT 'new');\n"
			 "INSERT INTO app.orders SELECT n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.leaves_names = true,
	.size = sizeof(struct set_default_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly; no row is touched",
	.way_back =
		"the default that was there before, here and in partitions; refused where somebody has changed it since",
	.looks_again = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
