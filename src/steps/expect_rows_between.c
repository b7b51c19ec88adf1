/* A query that must find so many rows, no fewer and no more. */
#include "plan/verdict.h"

#include "sql/parse.h"

enum { ROWS_MAX = 1000000000 };

struct expect_rows_between_args {
	const char *query, *name;
	int64_t min, max; /* 0: no bound */
};

static const struct option options[] = {
	{.name = "query",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct expect_rows_between_args, query),
     .help = "finds the rows that are counted"},
	{.name = "min",
     .kind = OPTION_INTEGER,
     .maximum = ROWS_MAX,
     .offset = offsetof(struct expect_rows_between_args, min),
     .help = "the fewest rows that are right"},
	{.name = "max",
     .kind = OPTION_INTEGER,
     .minimum = 1,
     .maximum = ROWS_MAX,
     .offset = offsetof(struct expect_rows_between_args, max),
     .help = "the most rows that are right; where none at all is right there is expect_no_rows"},
	{.name = "name",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct expect_rows_between_args, name),
     .help = "what the rows are, for people: \"jobs in the queue\""},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct expect_rows_between_args *args = step;
	struct diag *diag;

	if (!args->min && !args->max) {
		diag = option_error(place, diags, "missing-option", NULL, "expect_rows_between needs min, max, or both");
		diag_help(&diags->arena, diag, "any number of rows is right without them");
		return false;
	}
	if (!args->max || args->min <= args->max)
		return true;
	diag = option_error(place, diags, "bad-option", "min", "no number of rows is at least %lld and at most %lld",
	                    (long long)args->min, (long long)args->max);
	diag_help(&diags->arena, diag, "min is the smaller one");
	return false;
}

/* "at least 5", "at most 10", "5 to 10", "exactly 5", "any number of" */
static const char *bounds(const struct expect_rows_between_args *args, struct arena *arena)
{
	long long min = args->min, max = args->max;

	return !max         ? arena_printf(arena, "at least %lld", min)
	       : !min       ? max == ROWS_MAX ? "any number of" : arena_printf(arena, "at most %lld", max)
	             : min == max ? arena_printf(arena, "exactly %lld", min)
	                    : arena_printf(arena, "%lld to %lld", min, max);
}

/* Counting ends where the answer is known. */
static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct expect_rows_between_args *args = step;
	long long enough = args->max ? args->max + 1 : args->min;
	struct stmt *stmt;

	(void)facts;
	stmt = verdict_add(
		stmts,
		"SELECT n >= %lld%s AS holds, %s AS result,"
		" CASE WHEN n = %lld THEN 'more than ' || n - 1 ELSE n::pg_catalog.text END || CASE n WHEN 1 THEN"
		" ' row' ELSE ' rows' END || ', expected %s' AS problem, NULL AS detail"
		" FROM (SELECT pg_catalog.count(*) AS n FROM (SELECT FROM (%s) AS query LIMIT %lld) AS rows) AS counted",
		(long long)args->min, args->max ? arena_printf(stmts->arena, " AND n < %lld", enough) : "",
		args->max ? "n || CASE n WHEN 1 THEN ' row' ELSE ' rows' END"
				  : "'at least ' || n || CASE n WHEN 1 THEN ' row' ELSE ' rows' END",
		enough, bounds(args, stmts->arena), sql_normalize(args->query, stmts->arena), enough);
	verdict_reads(stmts, stmt, args->query);
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_rows_between_args *args = step;
	struct arena arena = {0};

	if (args->name)
		buf_addf(out, "expect %s %s", bounds(args, &arena), args->name);
	else
		buf_addf(out, "expect %s rows: %s", bounds(args, &arena), query_shown(args->query, &arena));
	arena_release(&arena);
}

const struct step_type step_expect_rows_between = {
	.name = "expect_rows_between",
	.summary = "fails if a query finds too few or too many rows; it counts no further than it has to",
	.example = "expect_rows_between {\n"
			   "  query = [[ SELECT FROM app.plans ]], min = 1, max = 20, name = \"price plans\",\n"
			   "}",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.plans (id bigint PRIMARY KEY);\n"
			 "INSERT INTO app.plans VALUES (1), (2), (3)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_rows_between_args),
	.options = options,
	.locks = "what the query takes: ACCESS SHARE on the tables that it reads",
	.way_back = "nothing to undo",
	.judges_rows = true,
	.check = check,
	.stands_on_names = verdict_stands_on_names,
	.apply = apply,
	.describe = describe,
};
