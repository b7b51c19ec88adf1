/* Rows that refer to others must find them, as a foreign key would want it. */
#include "plan/verdict.h"

#include <string.h>

#include "plan/referring.h"

enum { SHOW_KEYS = 10 };

struct expect_no_orphans_args {
	struct relname table;
	const char *column;
	struct column_list columns;
	const char *references;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct expect_no_orphans_args, table),
     .help = "the table that refers to the other one"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .offset = offsetof(struct expect_no_orphans_args, column),
     .help = "the referring column; several are given as columns"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct expect_no_orphans_args, columns),
     .help = "the referring columns, in the order of those that they refer to; a row with a NULL in one of them "
             "refers to nothing"},
	{.name = "references",
     .kind = OPTION_REFERENCES,
     .required = true,
     .offset = offsetof(struct expect_no_orphans_args, references),
     .help = "the table referred to, by its primary key, or table(column, …)"},
	OPTION_END,
};

static struct foreign_key_plan plan_of(const struct expect_no_orphans_args *args, struct arena *arena)
{
	size_t count = args->column ? 1 : args->columns.count;
	const char **columns = arena_array(arena, const char *, count);
	struct foreign_key_plan key = {.table = args->table, .columns = columns, .column_count = count};

	for (size_t i = 0; i < count; i++)
		columns[i] = args->column ? args->column : args->columns.items[i].column;
	foreign_key_refer(&key, args->references, arena);
	return key;
}

/* false, after an error with its way out. */
static bool wrong(const struct option_place *place, struct diags *diags, const char *option, const char *what)
{
	struct diag *diag = option_error(place, diags, option ? "bad-option" : "missing-option", option, "%s", what);

	diag_help(&diags->arena, diag,
	          "give column = \"a\", or columns = { \"a\", \"b\" } and as many behind the table");
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct expect_no_orphans_args *args = step;
	struct foreign_key_plan key;

	if (!args->column && args->columns.count == 0)
		return wrong(place, diags, NULL, "expect_no_orphans needs the referring column");
	if (args->column && args->columns.count)
		return wrong(place, diags, "columns", "column and columns say the same thing twice");
	for (size_t i = 0; i < args->columns.count; i++)
		if (!args->columns.items[i].column)
			return wrong(place, diags, "columns", "a reference is made of columns, not of expressions");
	key = plan_of(args, &diags->arena);
	if (key.referenced_count && key.referenced_count != key.column_count)
		return wrong(place, diags, "references",
		             arena_printf(&diags->arena, "%zu column%s can't refer to %zu", key.column_count,
		                          key.column_count == 1 ? "" : "s", key.referenced_count));
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct expect_no_orphans_args *)step)->table;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", parent AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $4::text AND c.relname = $5::text),"
	" aim AS (SELECT coalesce($6::text[], (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.n)"
	" FROM parent JOIN pg_catalog.pg_index i ON i.indrelid = parent.oid AND i.indisprimary"
	" CROSS JOIN pg_catalog.unnest(i.indkey) WITH ORDINALITY k(attnum, n)"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = parent.oid AND a.attnum = k.attnum)) AS columns), "
	SQL_WRONG_PAIRS("$3::text[]")
	" SELECT CASE WHEN rel.oid IS NULL OR parent.oid IS NULL OR aim.columns IS NULL THEN 'missing'"
	" WHEN pg_catalog.cardinality(aim.columns) <> pg_catalog.cardinality($3::text[]) THEN 'conflict'"
	" WHEN wrong.child_lacks IS NOT NULL OR wrong.parent_lacks IS NOT NULL THEN 'missing'"
	" WHEN wrong.unlike IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN parent.oid IS NULL THEN " SQL_NO_TABLE("$4", "$5")
	" WHEN aim.columns IS NULL THEN " SQL_NAME("$4", "$5") " || ' has no primary key'"
	" WHEN pg_catalog.cardinality(aim.columns) <> pg_catalog.cardinality($3::text[])"
	" THEN 'the primary key of ' || " SQL_NAME("$4", "$5") " || ', ' || pg_catalog.array_to_string(aim.columns, ', ')"
	" WHEN wrong.child_lacks IS NOT NULL THEN " SQL_CHILD_LACKS
	" WHEN wrong.parent_lacks IS NOT NULL THEN " SQL_PARENT_LACKS " ELSE wrong.unlike END AS found,"
	" CASE WHEN pg_catalog.cardinality(aim.columns) <> pg_catalog.cardinality($3::text[])"
	" THEN 'as many columns as ' || pg_catalog.array_to_string($3::text[], ', ')"
	" WHEN wrong.unlike IS NOT NULL THEN 'columns that can be compared' END AS expected,"
	" CASE WHEN rel.oid IS NULL THEN 'table' WHEN parent.oid IS NULL OR wrong.child_lacks IS NULL THEN 'references'"
	" WHEN pg_catalog.cardinality($3::text[]) = 1 THEN 'column' ELSE 'columns' END AS option,"
	" CASE WHEN aim.columns IS NULL AND parent.oid IS NOT NULL THEN 'say which column it is: table(column)'"
	" WHEN pg_catalog.cardinality(aim.columns) <> pg_catalog.cardinality($3::text[])"
	" THEN 'say which columns are meant: table(column, …)'"
	" WHEN wrong.unlike IS NOT NULL AND wrong.child_lacks IS NULL AND wrong.parent_lacks IS NULL"
	" THEN 'if they mean the same, write the comparison with a cast as expect_no_rows' END AS help,"
	" wrong.match, rel.relkind, parent.relkind AS parent_relkind"
	" FROM aim CROSS JOIN wrong LEFT JOIN rel ON true LEFT JOIN parent ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	struct arena *arena = probe->arena;
	struct foreign_key_plan key = plan_of(step, arena);

	probe->query = (struct probe_query){
		.sql = query,
		.params = {key.table.schema, key.table.name, array_literal(key.columns, key.column_count, arena),
	               key.parent.schema, key.parent.name, array_literal(key.referenced, key.referenced_count, arena)},
		.count = 6};
}

/* "child.a IS NOT NULL AND child.b IS NOT NULL", "child.a, child.b", "'a = ' || child.a || …": of all columns. */
struct texts {
	struct buf given, list, shown;
};

static void add_column(struct texts *texts, const char *column, struct arena *arena)
{
	const char *name = ident_quoted(arena, column),
			   *label = literal_quoted(arena, arena_printf(arena, "%s = ", name));
	bool first = texts->list.length == 0;

	buf_addf(&texts->given, "child.%s IS NOT NULL AND ", name);
	buf_addf(&texts->list, "%schild.%s", first ? "" : ", ", name);
	buf_addf(&texts->shown, "%s%s || child.%s::pg_catalog.text", first ? "" : " || ', ' || ", label, name);
}

/* A foreign key looks at a table without those that inherit from it; a partitioned one is its partitions. */
static const char *only(const struct facts *facts, const char *kind)
{
	const char *relkind = record_get(facts->now, kind);

	return relkind && *relkind == 'r' ? "ONLY " : "";
}

static const char form[] =
	"SELECT orphans.total IS NULL AS holds, NULL AS result,"
	" orphans.total || CASE orphans.total WHEN 1 THEN ' row' ELSE ' rows' END || %s || CASE orphans.keys"
	" WHEN 1 THEN ' (1 key)' ELSE ' (' || orphans.keys || ' keys)' END AS problem,"
	" orphans.key || CASE orphans.n WHEN 1 THEN '' ELSE '  (' || orphans.n || ' rows)' END AS detail"
	" FROM (SELECT) AS one LEFT JOIN (SELECT found.key, found.n, pg_catalog.sum(found.n) OVER () AS total,"
	" pg_catalog.count(*) OVER () AS keys FROM (SELECT %s AS key, pg_catalog.count(*) AS n FROM %s%s AS child"
	" WHERE %sNOT EXISTS (SELECT FROM %s%s AS parent WHERE %s) GROUP BY %s) AS found"
	" ORDER BY found.n DESC, found.key LIMIT %d) AS orphans ON true";

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct foreign_key_plan key = plan_of(step, stmts->arena);
	const char *child = relname_quoted(stmts->arena, &key.table), *match = record_get(facts->now, "match"),
			   *parent = relname_quoted(stmts->arena, &key.parent);
	struct texts texts = {0};
	struct stmt *stmt;

	if (!match) /* a preview of what is not there yet */
		return;
	for (size_t i = 0; i < key.column_count; i++)
		add_column(&texts, key.columns[i], stmts->arena);
	stmt = verdict_add(
		stmts, form,
		literal_quoted(stmts->arena, arena_printf(stmts->arena, " of %s without a row in %s", child, parent)),
		buf_text(&texts.shown), only(facts, "relkind"), child, buf_text(&texts.given),
		only(facts, "parent_relkind"), parent, match, buf_text(&texts.list), SHOW_KEYS);
	stmt->help =
		"both columns must be of types that = can compare; with others, write the comparison as expect_no_rows";
	stmt_takes(stmts, stmt, &key.table, LOCK_ACCESS_SHARE);
	if (!relname_equal(&key.table, &key.parent))
		stmt_takes(stmts, stmt, &key.parent, LOCK_ACCESS_SHARE);
	buf_release(&texts.given);
	buf_release(&texts.list);
	buf_release(&texts.shown);
}

static void describe(const void *step, struct buf *out)
{
	struct arena arena = {0};
	struct foreign_key_plan key = plan_of(step, &arena);

	buf_addf(out, "expect no orphans: %s ", relname_quoted(&arena, &key.table));
	foreign_key_columns(out, key.columns, key.column_count);
	buf_addf(out, " in %s", relname_quoted(&arena, &key.parent));
	if (key.referenced_count) {
		buf_add_char(out, ' ');
		foreign_key_columns(out, key.referenced, key.referenced_count);
	}
	arena_release(&arena);
}

const struct step_type step_expect_no_orphans = {
	.name = "expect_no_orphans",
	.summary = "fails if a row refers to one that is not there, and shows the keys",
	.example =
		"expect_no_orphans { table = \"app.orders\", column = \"user_id\", references = \"app.users(id)\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY);\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, user_id bigint);\n"
			 "INSERT INTO app.users VALUES (1);\n"
			 "INSERT INTO app.orders VALUES (1, 1), (2, NULL)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_no_orphans_args),
	.options = options,
	.locks = "ACCESS SHARE on both tables",
	.way_back = "nothing to undo",
	.judges_rows = true,
	.only_registry_tells = true,
	.stands_on_names = verdict_stands_on_names,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.describe = describe,
};
