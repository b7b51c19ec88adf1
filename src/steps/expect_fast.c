/* A query that must be answered in a given time. */
#include "base/interval.h"
#include "plan/verdict.h"
#include "sql/parse.h"

struct expect_fast_args {
	const char *query, *name;
	int64_t under, runs;
};

static const struct option options[] = {
	{.name = "query",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct expect_fast_args, query),
     .help = "the query as the application sends it, with values that are hard for it in place of parameters"},
	{.name = "under",
     .kind = OPTION_INTERVAL,
     .required = true,
     .offset = offsetof(struct expect_fast_args, under),
     .minimum = 1,
     .maximum = 3600000,
     .help = "the time that the fastest run must stay below"},
	{.name = "runs",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct expect_fast_args, runs),
     .default_value = "5",
     .minimum = 1,
     .maximum = 100,
     .help = "how often it is run; the first run may find nothing in memory"},
	{.name = "name",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct expect_fast_args, name),
     .help = "what the query is for, for people: \"the inbox of one user\""},
	OPTION_END,
};

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct expect_fast_args *args = step;
	struct stmt *stmt = stmts_add(stmts, STMT_ALONE, "%s", sql_normalize(args->query, stmts->arena));

	(void)facts;
	stmt->under = args->under;
	stmt->runs = (int)args->runs;
	stmt->slow = true;
	verdict_reads(stmts, stmt, args->query);
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_fast_args *args = step;
	struct arena arena = {0};

	buf_add(out, "expect under ");
	interval_format(args->under, out);
	buf_addf(out, ": %s", args->name ? args->name : query_shown(args->query, &arena));
	arena_release(&arena);
}

const struct step_type step_expect_fast = {
	.name = "expect_fast",
	.summary = "fails if a query takes too long, and says which indexes served it, or which part took the time",
	.example = "expect_fast {\n"
			   "  query = [[ SELECT id, total FROM app.orders WHERE user_id = 42 ORDER BY id DESC LIMIT 20 ]],\n"
			   "  under = \"100 ms\",\n"
			   "}",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, user_id bigint, total bigint);\n"
			 "INSERT INTO app.orders SELECT n, n % 50, n FROM generate_series(1, 1000) AS n;\n"
			 "CREATE INDEX orders_user_id_id_idx ON app.orders (user_id, id)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_fast_args),
	.options = options,
	.locks = "what the query takes: ACCESS SHARE on the tables that it reads; it is cancelled after ten times the "
			 "wanted time and 5 s",
	.way_back = "nothing to undo",
	.judges_rows = true,
	.stands_on_names = verdict_stands_on_names,
	.apply = apply,
	.describe = describe,
};
