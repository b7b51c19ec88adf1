/* Two queries of one row each that must give the same. */
#include "plan/verdict.h"

#include "sql/parse.h"

struct expect_equal_args {
	const char *name, *left, *right;
};

static const struct option options[] = {
	{.name = "name",
     .kind = OPTION_TEXT,
     .required = true,
     .offset = offsetof(struct expect_equal_args, name),
     .help = "what is expected, behind the word \"expect\": open revenue is the same in both"},
	{.name = "left",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct expect_equal_args, left),
     .help = "a query of one row"},
	{.name = "right",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct expect_equal_args, right),
     .help = "another, of one row with as many columns, whose values must be the same; NULL is the same as NULL"},
	OPTION_END,
};

/* clang-format off */

/* The first two rows of a query, numbered by a column of ours. */
#define NUMBERED \
	"(SELECT pg_catalog.row_number() OVER () AS \"~no\", \"~query\".* FROM (%s) AS \"~query\" LIMIT 2)"

/* "4711.00", or "orders = 3, sum = 4711.00" where there are several columns. */
#define VALUES_OF(side) \
	"CASE WHEN " side ".\"~no\" IS NULL THEN 'no row' WHEN " side ".\"~no\" > 1 THEN 'more than one row'" \
	" ELSE (SELECT pg_catalog.left(CASE WHEN pg_catalog.count(*) = 1 THEN coalesce(pg_catalog.min(v.value), 'NULL')" \
	" ELSE pg_catalog.string_agg(v.key || ' = ' || coalesce(v.value, 'NULL'), ', ' ORDER BY v.no) END, 400)" \
	" FROM pg_catalog.json_each_text(pg_catalog.row_to_json(" side ")) WITH ORDINALITY v(key, value, no)" \
	" WHERE v.no > 1) END"

/*
 * Names with a ~ are ours: a column of the author's must not stand in the way.
 * The rows are joined, each with each; the last pair tells how many there are.
 * One statement sees one snapshot.
 */
static const char form[] =
	"SELECT holds, left_values AS result, CASE WHEN one_row_each THEN 'they differ'"
	" ELSE 'each side must give exactly one row' END AS problem,"
	" pg_catalog.unnest(ARRAY['left:  ' || left_values, 'right: ' || right_values]) AS detail"
	" FROM (SELECT coalesce(\"~left\".\"~no\" = 1 AND \"~right\".\"~no\" = 1, false) AS one_row_each,"
	" coalesce(\"~left\".\"~no\" = 1, false) AND ROW(\"~left\".*) IS NOT DISTINCT FROM ROW(\"~right\".*) AS holds,"
	" " VALUES_OF("\"~left\"") " AS left_values, " VALUES_OF("\"~right\"") " AS right_values"
	" FROM (SELECT) AS one LEFT JOIN " NUMBERED " AS \"~left\" ON true LEFT JOIN " NUMBERED " AS \"~right\" ON true"
	" ORDER BY \"~left\".\"~no\" DESC, \"~right\".\"~no\" DESC LIMIT 1) AS pair";

/* clang-format on */

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct expect_equal_args *args = step;
	struct stmt *stmt;

	(void)facts;
	stmt = verdict_add(stmts, form, sql_normalize(args->left, stmts->arena),
	                   sql_normalize(args->right, stmts->arena));
	stmt->help =
		"both queries must give as many columns, and types that = can compare; cast one side, json to jsonb";
	verdict_reads(stmts, stmt, args->left);
	verdict_reads(stmts, stmt, args->right);
}

static void describe(const void *step, struct buf *out)
{
	buf_addf(out, "expect %s", ((const struct expect_equal_args *)step)->name);
}

const struct step_type step_expect_equal = {
	.name = "expect_equal",
	.summary = "fails if two queries of one row do not give the same values, and shows both",
	.example = "expect_equal {\n"
			   "  name  = \"each order is counted in its day\",\n"
			   "  left  = [[ SELECT count(*), coalesce(sum(total), 0) FROM app.orders ]],\n"
			   "  right = [[ SELECT sum(orders), sum(total) FROM app.days ]],\n"
			   "}",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total bigint);\n"
			 "CREATE TABLE app.days (id bigint PRIMARY KEY, orders bigint, total numeric);\n"
			 "INSERT INTO app.orders VALUES (1, 100), (2, 250);\n"
			 "INSERT INTO app.days VALUES (1, 2, 350.00)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_equal_args),
	.options = options,
	.locks = "what the queries take: ACCESS SHARE on the tables that they read",
	.way_back = "nothing to undo",
	.judges_rows = true,
	.stands_on_names = verdict_stands_on_names,
	.apply = apply,
	.describe = describe,
};
