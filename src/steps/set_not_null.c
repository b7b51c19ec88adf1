/* NOT NULL for a column, without reading its rows under a lock. */
#include "plan/not_null.h"

struct set_not_null_args {
	struct relname table;
	const char *column;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct set_not_null_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct set_not_null_args, column),
     .help = "the column that accepts no NULL from now on"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct set_not_null_args *)step)->table;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_BELOW
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN s.state = 'conflict' THEN " SQL_IS_A("rel.relkind") " WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text")
	" ELSE 'column ' || " SQL_COLUMN("col") " || CASE WHEN f.unvalidated IS NOT NULL THEN ', not validated'"
	" WHEN s.state = 'partial' THEN ', with the check of an earlier attempt' ELSE '' END END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table' END AS expected, " SQL_BLAME("column") ", f.*, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_NOT_NULL_FACTS ") f"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN col.attnum IS NULL THEN 'missing'"
	" WHEN f.helper IS NOT NULL OR f.below_helper IS NOT NULL OR f.unvalidated IS NOT NULL THEN 'partial'"
	" WHEN f.column_not_null THEN 'done' ELSE 'absent' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct set_not_null_args *args = step;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, args->column,
	                                               not_null_helper(args->column, probe->arena)},
	                                    .count = 4};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct set_not_null_args *args = step;
	struct not_null n = {args->table, args->column, facts, stmts};

	if (owner_refused(facts, stmts))
		return;
	if (record_true(facts->now, "column_not_null") && !record_get(facts->now, "unvalidated"))
		not_null_clean(&n);
	else
		not_null_set(&n, NULL);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct set_not_null_args *args = step;
	struct not_null n = {args->table, args->column, facts, stmts};

	if (!owner_refused(facts, stmts))
		not_null_unset(&n);
}

static void describe(const void *step, struct buf *out)
{
	const struct set_not_null_args *args = step;

	buf_add(out, "set column ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
	buf_add(out, " NOT NULL");
}

const struct step_type step_set_not_null = {
	.name = "set_not_null",
	.summary = "sets a column NOT NULL without holding up readers or writers while rows are checked",
	.example = "set_not_null { table = \"app.users\", column = \"email\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct set_not_null_args),
	.options = options,
	.locks =
		"ACCESS EXCLUSIVE on the table, briefly, before and after; between them SHARE UPDATE EXCLUSIVE while the "
		"rows are read",
	.way_back = "drops NOT NULL if this run set it, with ACCESS EXCLUSIVE on the table, briefly",
	.looks_again = true,
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
