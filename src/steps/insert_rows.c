/* Rows of a reference kind, from a query: inserted once, counted, and known to undo. */
#include <string.h>

#include "plan/columns.h"
#include "plan/inserted.h"
#include "plan/verdict.h"

struct insert_rows_args {
	struct relname into;
	const char *select;
	struct column_list columns;
	const char *on_conflict;
	int64_t at_most; /* 0: any number */
	int64_t archive; /* ms */
};

static const char *const conflicts[] = {"skip", "error", NULL};

static const struct option options[] = {
	{.name = "into",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct insert_rows_args, into),
     .help = "the table that gets the rows; it must have a key"},
	{.name = "select",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct insert_rows_args, select),
     .help = "the query that gives them, VALUES included; it runs once, so now() and random() are welcome"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct insert_rows_args, columns),
     .help = "the columns that it fills; the table's first ones where it is left out"},
	{.name = "on_conflict",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct insert_rows_args, on_conflict),
     .choices = conflicts,
     .default_value = "skip",
     .help = "a row whose key is there already is left out, or an error"},
	{.name = "at_most",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct insert_rows_args, at_most),
     .minimum = 1,
     .maximum = INT64_C(1000000000),
     .help = "if more rows than these would be inserted, none is"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct insert_rows_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .default_value = "90 days",
     .help = "how long it is known which rows they were, and with that the way back"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct insert_rows_args *args = step;
	struct diag *diag;

	for (size_t i = 0; i < args->columns.count; i++) {
		if (args->columns.items[i].column)
			continue;
		diag = option_error(place, diags, "bad-option", "columns",
		                    "rows are inserted into columns, not into \"%s\"", args->columns.items[i].text);
		diag_help(&diags->arena, diag, "write the expression into select, and the name of its column here");
		return false;
	}
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct insert_rows_args *)step)->into;
	return true;
}

static bool skips(const struct insert_rows_args *args)
{
	return !args->on_conflict || strcmp(args->on_conflict, "skip") == 0;
}

/* clang-format off */

#define COMPUTED SQL_INSERTED_COMPUTED("$3::text[]")
#define DEFERRABLE SQL_INSERTED_DEFERRABLE("$4")

#define OBSTACLE \
	"CASE WHEN rel.oid IS NULL THEN NULL WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") \
	" WHEN " COMPUTED " IS NOT NULL THEN 'column ' || pg_catalog.quote_ident(" COMPUTED ") || ' of ' || " SQL_NAME("$1", "$2") \
	" || ' is computed by the server'" \
	" WHEN key.columns IS NULL THEN " SQL_NAME("$1", "$2") " || ' has no primary key, and no unique key of columns that are" \
	" NOT NULL' WHEN " DEFERRABLE " IS NOT NULL THEN 'constraint ' || " DEFERRABLE " || ' of ' || " SQL_NAME("$1", "$2") \
	" || ' is deferrable' END"

#define EXPECTED \
	"CASE WHEN rel.relkind NOT IN ('r', 'p') THEN 'a table' WHEN " COMPUTED " IS NOT NULL THEN 'a column that takes values'" \
	" WHEN key.columns IS NULL THEN 'a key, by which undo finds the rows' ELSE 'on_conflict = \"skip\" needs constraints" \
	" that are checked at once' END"

#define HELP \
	"CASE WHEN o.obstacle IS NULL OR rel.relkind NOT IN ('r', 'p') THEN NULL WHEN " COMPUTED " IS NOT NULL THEN 'leave the column out'" \
	" WHEN key.columns IS NULL THEN 'give the table a primary key first' ELSE 'say on_conflict = \"error\"' END"

static const char query[] =
	"WITH " SQL_REL ", " SQL_BEST_KEY("NULL::smallint")
	" SELECT CASE WHEN rel.oid IS NULL OR l.lacking IS NOT NULL THEN 'missing' WHEN o.obstacle IS NOT NULL THEN 'conflict'"
	" ELSE 'absent' END AS state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN l.lacking IS NOT NULL THEN " SQL_NO_COLUMN("l.lacking") " ELSE o.obstacle END AS found, " EXPECTED " AS expected,"
	" CASE WHEN rel.relkind IN ('r', 'p') AND (l.lacking IS NOT NULL OR " COMPUTED " IS NOT NULL) THEN 'columns' ELSE 'into' END"
	" AS option,"
	" " HELP " AS help, pg_catalog.has_any_column_privilege(rel.oid, 'INSERT') AS may_insert, current_user::text AS role,"
	" " SQL_INSERTED_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN key ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.relkind IN ('r', 'p') THEN " SQL_LACKING("$3::text[]") " END) l(lacking)"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

/* "INSERT INTO app.kinds (a, b) (SELECT …) ON CONFLICT DO NOTHING" */
static const char *insertion(const struct insert_rows_args *args, struct arena *arena)
{
	const char *columns = args->columns.count ? arena_printf(arena, " (%s)", args->columns.text) : "";

	return arena_printf(arena, "INSERT INTO %s%s (%s)%s", relname_quoted(arena, &args->into), columns,
	                    sql_normalize(args->select, arena), skips(args) ? " ON CONFLICT DO NOTHING" : "");
}

static void probe(const void *step, struct probe *probe)
{
	const struct insert_rows_args *args = step;
	const char **names = arena_array(probe->arena, const char *, args->columns.count + 1);

	for (size_t i = 0; i < args->columns.count; i++)
		names[i] = args->columns.items[i].column;
	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->into.schema, args->into.name,
	                                               array_literal(names, args->columns.count, probe->arena),
	                                               skips(args) ? "t" : "f"},
	                                    .count = 4};
	/* Nothing is built: the server reads the statement, and says what it would refuse. */
	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "EXPLAIN %s", insertion(args, probe->arena));
}

static bool stands_on_names(const void *step)
{
	(void)step;
	return true;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct insert_rows_args *args = step;
	const char *store = inserted_table(facts, stmts->arena);
	struct stmt *stmt;

	if (inserted_already(facts, stmts->arena) || inserted_refused(&args->into, facts, stmts))
		return;
	inserted_make(&args->into, facts, stmts);
	stmts->last->slow = true;
	stmt = stmts_add(stmts, STMT_TOGETHER, "WITH put AS (%s RETURNING *) INSERT INTO %s SELECT * FROM put",
	                 insertion(args, stmts->arena), store);
	stmt->note = "a copy of each new row is kept, for undo";
	if (!args->at_most)
		return;
	stmt =
		stmts_add(stmts, STMT_TOGETHER, "SELECT count(*) AS rows, %lld AS at_most FROM %s HAVING count(*) > %lld",
	              (long long)args->at_most, store, (long long)args->at_most);
	stmt->must_be_empty = true;
	stmt->wrong = "it would insert more rows than at_most allows";
	stmt->help = "no row was inserted: raise at_most, or let the query give fewer rows, then run again";
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	inserted_take_back(&((const struct insert_rows_args *)step)->into, facts, stmts);
}

static int64_t kept_for(const void *step)
{
	return ((const struct insert_rows_args *)step)->archive;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	inserted_expire(facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct insert_rows_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "insert into %s: %s", relname_quoted(&arena, &args->into), query_shown(args->select, &arena));
	arena_release(&arena);
}

const struct step_type step_insert_rows = {
	.name = "insert_rows",
	.summary = "inserts the rows that a query gives, once, and undo deletes exactly these",
	.example = "insert_rows { into = \"app.countries\", columns = \"code, name\", at_most = 300,\n"
			   "              select = [[ SELECT DISTINCT country, initcap(country) FROM app.orders ]] }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.countries (code text PRIMARY KEY, name text NOT NULL, zone integer DEFAULT 1);\n"
		"CREATE TABLE app.orders (id bigint PRIMARY KEY, country text NOT NULL);\n"
		"CREATE TABLE app.cities (id bigint PRIMARY KEY, country text REFERENCES app.countries ON DELETE CASCADE);\n"
		"INSERT INTO app.countries (code, name) VALUES ('fr', 'France');\n"
		"INSERT INTO app.orders SELECT n, (ARRAY['fr', 'it', 'at'])[1 + n % 3] FROM generate_series(1, 100) n",
	.class = CLASS_DATA,
	.leaves_names = true,
	.size = sizeof(struct insert_rows_args),
	.options = options,
	.locks = "what INSERT takes: writers and readers go on",
	.way_back =
		"deletes exactly the rows that it inserted; refused while one of them was changed since, or is referred "
		"to by a row that it did not insert, and when archive (90 days) is over: sync then forgets which they were",
	.only_registry_tells = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.stands_on_names = stands_on_names,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.kept_for = kept_for,
	.expire = expire,
	.describe = describe,
};
