/* The end of a type that nothing depends on; undo makes an enum, a domain or a composite type again. */
#include <string.h>

#include "plan/again.h"
#include "plan/dependents.h"
#include "plan/names.h"

struct drop_type_args {
	struct relname type;
};

static const struct option options[] = {
	{.name = "type",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct drop_type_args, type),
     .help = "the enum, domain, composite or range type that goes"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *type)
{
	*type = ((const struct drop_type_args *)step)->type;
	return true;
}

/* clang-format off */

/* A base type is left to whoever wrote its functions, a multirange goes with its range, a row type with its table. */
#define DROPPABLE \
	"(named.typtype IN ('e', 'd', 'r') OR named.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c" \
	" WHERE c.oid = named.typrelid AND c.relkind = 'c'))"

#define THING "CASE type.typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || type.name"
#define WHAT "CASE type.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || type.name"

#define COLLATION(collation) \
	"CASE WHEN " collation " NOT IN (0, 100) THEN ' COLLATE ' || " collation "::regcollation::text ELSE '' END"

#define ENUM \
	"'CREATE TYPE ' || type.name || ' AS ENUM (' || (SELECT coalesce(pg_catalog.string_agg(" \
	"pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), '') FROM pg_catalog.pg_enum e" \
	" WHERE e.enumtypid = type.oid) || ')'"

#define COMPOSITE \
	"'CREATE TYPE ' || type.name || ' AS (' || (SELECT coalesce(pg_catalog.string_agg(" \
	"pg_catalog.quote_ident(a.attname) || ' ' || " SQL_TYPE("a") ", ', ' ORDER BY a.attnum), '')" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = type.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')'"

#define DOMAIN \
	"'CREATE DOMAIN ' || type.name || ' AS ' || pg_catalog.format_type(type.typbasetype, type.typtypmod)" \
	" || " COLLATION("type.typcollation") " || coalesce(' DEFAULT ' || type.typdefault, '')" \
	" || coalesce((SELECT ' CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' NOT NULL' FROM pg_catalog.pg_constraint k" \
	" WHERE k.contypid = type.oid AND k.contype = 'n'), CASE WHEN type.typnotnull THEN ' NOT NULL' ELSE '' END)"

/* Checks of a domain, and its NOT NULL where that has a name (PostgreSQL 17), with their comments. */
#define CONSTRAINTS \
	"ARRAY(SELECT v.statement FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL (VALUES" \
	" (1, CASE WHEN k.contype <> 'n' THEN 'ALTER DOMAIN ' || type.name || ' ADD CONSTRAINT ' || pg_catalog.quote_ident(k.conname)" \
	" || ' ' || pg_catalog.pg_get_constraintdef(k.oid) END), (2, " \
	SQL_COMMENT_AGAIN("'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ON DOMAIN ' || type.name", \
	"pg_catalog.obj_description(k.oid, 'pg_constraint')") ")) v(n, statement)" \
	" WHERE k.contypid = type.oid ORDER BY k.conname, v.n)"

#define COLUMN_COMMENTS \
	"ARRAY(SELECT " SQL_COMMENT_AGAIN("'COLUMN ' || type.name || '.' || pg_catalog.quote_ident(a.attname)", \
	"pg_catalog.col_description(a.attrelid, a.attnum)") " FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = nullif(type.typrelid, 0) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)"

#define AGAIN \
	SQL_STATEMENTS("ARRAY[CASE type.typtype WHEN 'e' THEN " ENUM " WHEN 'c' THEN " COMPOSITE " WHEN 'd' THEN " DOMAIN " END," \
	" 'ALTER ' || " THING " || ' OWNER TO ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(type.typowner)), " \
	SQL_COMMENT_AGAIN(THING, "pg_catalog.obj_description(type.oid, 'pg_type')") "] || " CONSTRAINTS " || " COLUMN_COMMENTS)

/* Why it can't be made again as it is. */
#define LOST \
	"CASE WHEN type.typtype = 'r' THEN 'a range type is made by hand'" \
	" WHEN " SQL_FOREIGN_GRANTS("type.typacl", "type.typowner") " THEN 'another role than its owner has granted rights on it'" \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.classoid = 'pg_catalog.pg_type'::regclass" \
	" AND l.objoid = type.oid) THEN 'it has a security label' END"

static const char query[] =
	"WITH RECURSIVE " SQL_HOME ", " SQL_NAMED_TYPE ", type AS (SELECT t.*, " SQL_NAME("$1", "$2") " AS name FROM named"
	" JOIN pg_catalog.pg_type t ON t.oid = named.oid WHERE " DROPPABLE "), " SQL_OBJ("pg_type", "type.oid", "type") ", "
	SQL_DEPENDENTS
	" SELECT CASE WHEN named.oid IS NULL THEN 'done' WHEN o.obstacle IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" coalesce(o.obstacle, " WHAT " || coalesce('; its name stands in the body of ' || d.mentioned_by, '')) AS found,"
	" CASE WHEN type.oid IS NULL THEN 'an enum, domain, composite or range type' ELSE 'a type that nothing depends on' END"
	" AS expected, 'type' AS option, CASE type.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS kind, " AGAIN " AS again,"
	" type.typacl IS NOT NULL AS has_grants, "
	SQL_GRANTS_IN_FULL("T", "type.typacl", "type.typowner", THING) " AS grants, " LOST " AS lost,"
	" " SQL_DEFAULT_PRIVILEGES("T") " AS default_privileges, d.*, " SQL_CLEARABLE(WHAT)
	" FROM (SELECT) one LEFT JOIN named ON true LEFT JOIN type ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_DROP_FACTS("$2", "type.typowner", "type.typnamespace") ") d"
	" CROSS JOIN LATERAL (SELECT CASE WHEN named.oid IS NOT NULL AND type.oid IS NULL THEN " SQL_NAMED_IS_A
	SQL_OBSTACLES(WHAT) " END) o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_type_args *args = step;

	probe->query = (struct probe_query){.sql = query, .params = {args->type.schema, args->type.name}, .count = 2};
}

/* "DOMAIN app.email" */
static const char *thing(const struct drop_type_args *args, const struct record *record, struct arena *arena)
{
	const char *kind = record_get(record, "kind");

	return arena_printf(arena, "%s %s", kind ? kind : "TYPE", relname_quoted(arena, &args->type));
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_type_args *args = step;
	const char *lost = record_get(facts->now, "lost"), *type = relname_quoted(stmts->arena, &args->type);
	struct stmt *stmt;

	if (drop_refused(arena_printf(stmts->arena, "type %s", type), false, facts, stmts))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP %s", thing(args, facts->now, stmts->arena));
	stmt->note = drop_note(lost ? arena_printf(stmts->arena, "no way back: %s", lost) : NULL, facts, stmts->arena);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_type_args *args = step;
	const char *type = relname_quoted(stmts->arena, &args->type);
	struct made_again it = {.what = arena_printf(stmts->arena, "type %s", type), .kind = "T"};

	it.thing = thing(args, facts->before, stmts->arena);
	it.source = arena_printf(stmts->arena,
	                         "(SELECT t.typacl AS acl, t.typowner AS owner FROM pg_catalog.pg_type t"
	                         " WHERE t.oid = %s::pg_catalog.regtype)",
	                         literal_quoted(stmts->arena, type));
	make_again(&it, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "drop type ");
	ident_quote_relname(out, &((const struct drop_type_args *)step)->type);
}

const struct step_type step_drop_type_if_exists = {
	.name = "drop_type_if_exists",
	.summary = "drops an enum, domain, composite or range type that nothing depends on",
	.example = "drop_type_if_exists { type = \"app.mood\", loses = \"its last column went in 4.0\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'so\\so');\n"
			 "COMMENT ON TYPE app.mood IS 'how people are'",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_type_args),
	.options = options,
	.locks = "none on a table",
	.way_back =
		"makes an enum, domain or composite type again with its owner, grants, constraints and comments; a "
		"range type stays gone, and so does one with a security label or with rights that another role "
		"than its owner has granted",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
