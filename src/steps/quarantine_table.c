/* A table for rows of another one that are set aside: its columns, and why, when and by which plan they were. */
#include <string.h>

#include "plan/quarantine.h"

struct quarantine_table_args {
	struct relname like, into;
};

static const struct option options[] = {
	{.name = "like",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct quarantine_table_args, like),
     .help = "the table whose rows it shall hold"},
	{.name = "into",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct quarantine_table_args, into),
     .help =
         "the table to create: the columns of that one, without its constraints, and columns quarantine_… that say "
         "which plan moved a row, why and when"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct quarantine_table_args *args = step;
	struct diag *diag;

	if (relname_equal(&args->like, &args->into)) {
		diag = option_error(place, diags, "bad-option", "into", "a table can't be its own quarantine");
		diag_help(&diags->arena, diag, "give the quarantine a name of its own, as %s_quarantine", args->like.name);
		return false;
	}
	if (strcmp(args->into.schema, "interlock") != 0)
		return true;
	diag = option_error(place, diags, "bad-option", "into", "schema interlock is the registry's own");
	diag_help(
		&diags->arena, diag,
		"name another schema; or leave the step out: quarantine without into keeps the rows in the registry");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct quarantine_table_args *)step)->into;
	return true;
}

static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	(void)arena;
	*table = ((const struct quarantine_table_args *)step)->like;
	return n == 0;
}

static bool creates(const void *step, const struct relname *table)
{
	return relname_equal(&((const struct quarantine_table_args *)step)->into, table);
}

/* clang-format off */

/* $1, $2: the quarantine; $3, $4: the table whose rows it shall hold. */
static const char query[] =
	"WITH " SQL_REL ", source AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace WHERE n.nspname = $3::text AND c.relname = $4::text),"
	" home AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1::text)"
	" SELECT coalesce(o.state, CASE WHEN rel.oid IS NULL THEN 'absent' ELSE 'done' END) AS state, o.found, o.expected, o.option, o.help,"
	" (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || " SQL_TYPE("a") ", ', ' ORDER BY a.attnum)"
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = source.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN source ON true LEFT JOIN home ON true LEFT JOIN LATERAL (SELECT v.*"
	" FROM (VALUES (1, 'missing', CASE WHEN source.oid IS NULL THEN " SQL_NO_TABLE("$3", "$4") " END, NULL, 'like', NULL),"
	" (2, 'conflict', CASE WHEN source.relkind NOT IN ('r', 'p') THEN " SQL_NAME("$3", "$4") " || CASE source.relkind WHEN 'v' THEN ' is a view' ELSE ' is no table' END END, 'a table', 'like', NULL),"
	" (3, 'conflict', " SQL_QUARANTINE_CLASH("source.oid") ", 'no column of a name that a quarantine needs itself', 'like', 'rename that column first'),"
	" (4, 'missing', CASE WHEN home.oid IS NULL THEN 'no schema ' || pg_catalog.quote_ident($1::text) END, NULL, 'into', NULL),"
	" (5, 'conflict', CASE WHEN rel.relkind <> 'r' THEN " SQL_IS_A("rel.relkind") " END, 'a table', 'into', NULL),"
	" (6, 'conflict', CASE WHEN rel.oid IS NOT NULL THEN " SQL_NAME("$1", "$2") " || ' has no column ' || " SQL_QUARANTINE_LACKS("rel.oid") " END,"
	" 'a quarantine, as quarantine_table makes it', 'into', 'choose another name'),"
	" (7, 'conflict', (SELECT d.found FROM (" SQL_QUARANTINE_DIFFERENCE("rel.oid", "source.oid") ") d),"
	" (SELECT d.expected FROM (" SQL_QUARANTINE_DIFFERENCE("rel.oid", "source.oid") ") d), 'into',"
	" 'give it that type, or make another quarantine')) v(n, state, found, expected, option, help)"
	" WHERE v.found IS NOT NULL ORDER BY v.n LIMIT 1) o ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct quarantine_table_args *args = step;

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->into.schema, args->into.name, args->like.schema, args->like.name},
		.count = 4,
	};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct quarantine_table_args *args = step;
	const char *columns = record_get(facts->now, "columns");

	stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s%s%s)", relname_quoted(stmts->arena, &args->into),
	          SQL_QUARANTINE_COLUMNS, columns ? ", " : "", columns ? columns : "");
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct quarantine_table_args *args = step;
	const char *table = relname_quoted(stmts->arena, &args->into);
	struct stmt *stmt;

	if (facts->state == STATE_ABSENT || facts->state == STATE_MISSING)
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "SELECT quarantine_plan, quarantine_reason FROM %s LIMIT 1", table);
	stmt_lock(stmts, stmt, &args->into, LOCK_ACCESS_EXCLUSIVE);
	stmt->must_be_empty = true;
	stmt->note = "a quarantine that holds rows stays";
	stmt->wrong = "it holds rows that another step has set aside";
	stmt->help = "undo loses nothing: put them back first, or leave the table where it is and undo only as far as "
				 "--to BLOCK";
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", table);
	stmt_lock(stmts, stmt, &args->into, LOCK_ACCESS_EXCLUSIVE);
}

static void describe(const void *step, struct buf *out)
{
	const struct quarantine_table_args *args = step;

	buf_add(out, "create quarantine ");
	ident_quote_relname(out, &args->into);
	buf_add(out, " for rows of ");
	ident_quote_relname(out, &args->like);
}

const struct step_type step_quarantine_table = {
	.name = "quarantine_table",
	.summary = "creates a table for rows of another one that are set aside",
	.example = "quarantine_table { like = \"app.orders\", into = \"app.orders_quarantine\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TYPE app.status AS ENUM ('open', 'paid');\n"
		"CREATE TABLE app.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status app.status NOT NULL,\n"
		"                         tags text[], total numeric(10, 2) DEFAULT 0);\n"
		"INSERT INTO app.orders (status) SELECT 'open' FROM generate_series(1, 10)",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct quarantine_table_args),
	.options = options,
	.locks = "none on tables that are there",
	.way_back = "drops the table if this run created it and it is empty",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.creates = creates,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
