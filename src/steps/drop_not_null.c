/* A column that accepts NULL from now on. */
#include "plan/not_null.h"

struct drop_not_null_args {
	struct relname table;
	const char *column;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_not_null_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct drop_not_null_args, column),
     .help = "the column that accepts NULL from now on"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_not_null_args *)step)->table;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_BELOW
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN s.state = 'conflict' THEN " SQL_IS_A("rel.relkind") " WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text")
	" ELSE 'column ' || " SQL_COLUMN("col") " END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table' END AS expected, " SQL_BLAME("column") ", f.*, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_NOT_NULL_FACTS ") f"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN col.attnum IS NULL THEN 'missing'"
	" WHEN f.column_not_null THEN 'absent' WHEN f.helper IS NOT NULL THEN 'partial' ELSE 'done' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_not_null_args *args = step;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, args->column,
	                                               not_null_helper(args->column, probe->arena)},
	                                    .count = 4};
}

/* true, with the refusal set: the server would say no, or there would be no way back. */
static bool refused(const struct not_null *n)
{
	struct arena *arena = n->stmts->arena;
	const char *column = ident_quoted(arena, n->column), *table = relname_quoted(arena, &n->table);
	const char *needed = record_get(n->facts->now, "needed");
	struct below_table *without;

	if (owner_refused(n->facts, n->stmts))
		return true;
	if (needed)
		stmts_refuse(n->stmts, "change that first, or leave the column NOT NULL",
		             "column %s of %s can't accept NULL: %s", column, table, needed);
	else if (below_tables(record_get(n->facts->now, "below_null"), arena, &without) > 0)
		stmts_refuse(n->stmts, "use sql_step with ALTER TABLE ONLY",
		             "column %s of %s, which is below %s, accepts NULL already: undo could not tell them apart",
		             column, relname_quoted(arena, &without[0].table), table);
	else
		not_null_refused(n);
	return n->stmts->refusal != NULL;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_not_null_args *args = step;
	struct not_null n = {args->table, args->column, facts, stmts};
	struct stmt *stmt;

	if (!facts->now || record_true(facts->now, "column_not_null")) {
		if (refused(&n))
			return;
		stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL",
		                 relname_quoted(stmts->arena, &args->table), ident_quoted(stmts->arena, args->column));
		stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
		stmt->note = "brief; whoever reads it must cope with NULL";
	}
	not_null_clean(&n);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_not_null_args *args = step;
	struct not_null n = {args->table, args->column, facts, stmts};
	const char *constraint = record_get(facts->before, "not_null_constraint");
	bool there = record_get(facts->now, "column_not_null") != NULL;

	if (!there || record_true(facts->now, "column_not_null") || !record_true(facts->before, "column_not_null") ||
	    owner_refused(facts, stmts))
		return;
	if (record_get(facts->before, "unvalidated")) {
		stmt_lock(stmts,
		          stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD %s",
		                    relname_quoted(stmts->arena, &args->table), constraint),
		          &args->table, LOCK_ACCESS_EXCLUSIVE);
		return;
	}
	not_null_verify(&n);
	not_null_set(&n, constraint);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_not_null_args *args = step;

	buf_add(out, "drop NOT NULL of column ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
}

const struct step_type step_drop_not_null = {
	.name = "drop_not_null",
	.summary = "lets a column accept NULL",
	.example = "drop_not_null { table = \"app.users\", column = \"nickname\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, nickname text NOT NULL);\n"
			 "INSERT INTO app.users SELECT n, 'n' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct drop_not_null_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly",
	.way_back =
		"sets NOT NULL again as set_not_null does, after it has made sure that no row has NULL: rows that have "
		"it are listed, and nothing is changed",
	.looks_again = true,
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
