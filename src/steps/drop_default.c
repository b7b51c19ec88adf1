/* No default any more: a row that gives no value gets NULL, or an error where the column is NOT NULL. */
#include "plan/defaults.h"

struct drop_default_args {
	struct relname table;
	const char *column;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_default_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct drop_default_args, column),
     .help = "the column that loses its default"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_default_args *)step)->table;
	return true;
}

/* clang-format off */

/* What a domain says is the default again where the column has none of its own. */
#define DOMAIN_DEFAULT \
	"(SELECT t.typdefault FROM pg_catalog.pg_type t WHERE t.oid = col.atttypid AND t.typtype = 'd')"

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_BELOW
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text") " ELSE 'column ' || " SQL_COLUMN("col") " END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table' END AS expected, " SQL_BLAME("column") ", " SQL_DEFAULT_FACTS ", " SQL_OWNER_FACTS ","
	" " DOMAIN_DEFAULT " AS domain_default, col.attidentity <> '' AS column_is_identity,"
	" col.attgenerated <> '' AS column_is_generated"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN col.attnum IS NULL THEN 'missing'"
	" WHEN " SQL_TAKES_NO_DEFAULT " OR " SQL_EXPRESSION("col") " IS NOT NULL THEN 'absent'"
	" ELSE 'done' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_default_args *args = step;

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->column}, .count = 3};
}

/* true, with the refusal set: its values come from elsewhere. */
static bool refused(const struct drop_default_args *args, const struct facts *facts, struct stmts *stmts)
{
	bool identity = record_true(facts->now, "column_is_identity");
	const char *column = ident_quoted(stmts->arena, args->column);
	const char *table = relname_quoted(stmts->arena, &args->table), *word = identity ? "IDENTITY" : "EXPRESSION";

	if (!identity && !record_true(facts->now, "column_is_generated"))
		return false;
	stmts_refuse(
		stmts,
		arena_printf(
			stmts->arena,
			"if it shall make no values any more, use sql_step with ALTER TABLE %s ALTER COLUMN %s DROP %s", table,
			column, word),
		"column %s of %s has no default: it is %s", column, table,
		identity ? "an identity column" : "a generated column");
	return true;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_default_args *args = step;
	struct column_default d = {.table = args->table, .column = args->column};
	const char *domain = record_get(facts->now, "domain_default");
	struct stmt *stmt;

	if (owner_refused(facts, stmts) || refused(args, facts, stmts))
		return;
	stmt = default_alter(&d, "DROP DEFAULT", stmts);
	stmt->note = default_note(record_get(facts->now, "column_default"), stmts->arena);
	if (domain)
		stmt->note = arena_printf(stmts->arena, "%s; from now on it is its domain's, %s", stmt->note, domain);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_default_args *args = step;
	struct column_default d = {.table = args->table, .column = args->column};

	if (!owner_refused(facts, stmts))
		default_restore(&d, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_default_args *args = step;

	buf_add(out, "drop default of column ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
}

const struct step_type step_drop_default = {
	.name = "drop_default",
	.summary = "takes the default of a column away, for rows to come only",
	.example = "drop_default { table = \"app.orders\", column = \"status\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, status text DEFAULT 'new');\n"
			 "INSERT INTO app.orders SELECT n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.leaves_names = true,
	.size = sizeof(struct drop_default_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly; no row is touched",
	.way_back =
		"the default that was there before, here and in partitions; refused where somebody has set another since",
	.looks_again = true,
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
