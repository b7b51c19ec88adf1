/* A query that must find nothing. */
#include "plan/verdict.h"
#include "sql/parse.h"

struct expect_no_rows_args {
	const char *query, *message;
};

static const struct option options[] = {
	{.name = "query",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct expect_no_rows_args, query),
     .help = "finds the rows that must not be"},
	{.name = "message",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct expect_no_rows_args, message),
     .help = "what it means if there are some"},
	OPTION_END,
};

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct expect_no_rows_args *args = step;
	struct stmt *stmt;

	(void)facts;
	stmt = stmts_add(stmts, STMT_ALONE, "SELECT * FROM (%s) AS unexpected LIMIT %d",
	                 sql_normalize(args->query, stmts->arena), VERIFY_ROWS);
	stmt->must_be_empty = true;
	stmt->slow = true;
	verdict_reads(stmts, stmt, args->query);
	stmt->note = args->message;
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_no_rows_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "expect no rows: %s", args->message ? args->message : query_shown(args->query, &arena));
	arena_release(&arena);
}

const struct step_type step_expect_no_rows = {
	.name = "expect_no_rows",
	.summary = "fails if a query finds a row, and shows the first twenty",
	.example = "expect_no_rows { query = [[ SELECT id FROM app.orders WHERE total < 0 ]],\n"
			   "                 message = \"an order has a negative total\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total bigint);\n"
			 "INSERT INTO app.orders VALUES (1, 100)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_no_rows_args),
	.options = options,
	.locks = "what the query takes: ACCESS SHARE on the tables that it reads",
	.way_back = "nothing to undo",
	.judges_rows = true,
	.stands_on_names = verdict_stands_on_names,
	.apply = apply,
	.describe = describe,
};
