/* A table and its copy, as a parallel table, are the same, row for row. */
#include "plan/columns.h"
#include "plan/comparing.h"
#include "plan/step.h"

struct expect_same_rows_args {
	struct relname live, shadow;
	int64_t max_age; /* ms */
	int64_t repairs;
};

static const struct option options[] = {
	{.name = "live",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct expect_same_rows_args, live),
     .help = "the table in use"},
	{.name = "shadow",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct expect_same_rows_args, shadow),
     .help = "its copy: of parallel_table, or one with the same columns and key"},
	{.name = "max_age",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct expect_same_rows_args, max_age),
     .minimum = 1000,
     .maximum = INT64_C(30) * 86400000,
     .default_value = "1 hour",
     .help = "how old the verdict may be at the switch; an older one is repeated"},
	{.name = "repairs",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct expect_same_rows_args, repairs),
     .minimum = 0,
     .maximum = 100,
     .default_value = "0",
     .help = "so many rows that differ are copied anew, and then everything is compared again"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct expect_same_rows_args *)step)->live;
	return true;
}

static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	(void)arena;
	*table = ((const struct expect_same_rows_args *)step)->shadow;
	return n == 0;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_BEST_KEY("NULL::smallint") ", shadow AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace WHERE n.nspname = $3::text AND c.relname = $4::text AND c.relkind IN ('r', 'p'))"
	" SELECT CASE WHEN rel.oid IS NULL OR shadow.oid IS NULL THEN 'missing' WHEN rel.relkind NOT IN ('r', 'p')"
	" THEN 'conflict' ELSE 'absent' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN shadow.oid IS NULL THEN " SQL_NO_TABLE("$3", "$4")
	" ELSE " SQL_IS_A("rel.relkind") " END AS found, 'a table' AS expected,"
	" CASE WHEN rel.oid IS NULL OR rel.relkind NOT IN ('r', 'p') THEN 'live' ELSE 'shadow' END AS option, key.columns AS key_columns"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN shadow ON true LEFT JOIN key ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct expect_same_rows_args *args = step;

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->live.schema, args->live.name, args->shadow.schema, args->shadow.name},
		.count = 4};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct expect_same_rows_args *args = step;
	struct comparing *comparing = arena_alloc(stmts->arena, sizeof(*comparing));
	const char *keys = record_get(facts->now, "key_columns");
	struct stmt *stmt;

	*comparing = (struct comparing){args->live, args->shadow, args->max_age, args->repairs};
	stmt = stmts_add(stmts, STMT_BATCHES, "SELECT * FROM %s FULL JOIN %s %s",
	                 relname_quoted(stmts->arena, &args->live), relname_quoted(stmts->arena, &args->shadow),
	                 keys ? arena_printf(stmts->arena, "USING (%s)", keys) : "ON true");
	stmt_takes(stmts, stmt, &args->live, LOCK_ACCESS_SHARE);
	stmt_takes(stmts, stmt, &args->shadow, LOCK_ACCESS_SHARE);
	stmt->comparing = comparing;
	stmt->slow = true;
	stmt->note = "only reads, while both go on being written to";
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_same_rows_args *args = step;

	buf_add(out, "expect the same rows in ");
	ident_quote_relname(out, &args->shadow);
	buf_add(out, " as in ");
	ident_quote_relname(out, &args->live);
}

const struct step_type step_expect_same_rows = {
	.name = "expect_same_rows",
	.summary = "fails if a table differs from its copy in a single row, and names the keys",
	.example = "expect_same_rows { live = \"app.orders\", shadow = \"app.orders_v2\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric, note text);\n"
			 "CREATE TABLE app.orders_v2 (note text, total numeric, id bigint PRIMARY KEY);\n"
			 "INSERT INTO app.orders SELECT n, n / 7.0 FROM generate_series(1, 100) n;\n"
			 "INSERT INTO app.orders_v2 (id, total) SELECT id, total FROM app.orders",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_same_rows_args),
	.options = options,
	.locks = "ACCESS SHARE on both tables",
	.way_back = "nothing to undo",
	.only_registry_tells = true,
	.subject = subject,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.describe = describe,
};
