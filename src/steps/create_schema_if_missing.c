/* A schema; undo takes it away only while nothing is in it. */
#include <string.h>

#include "plan/names.h"

struct create_schema_args {
	const char *schema, *owner;
};

static const struct option options[] = {
	{.name = "schema",
     .kind = OPTION_NAME,
     .required = true,
     .offset = offsetof(struct create_schema_args, schema),
     .help = "the schema to create"},
	{.name = "owner",
     .kind = OPTION_NAME,
     .offset = offsetof(struct create_schema_args, owner),
     .help = "the role that owns it; whoever runs the plan where it is left out"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct create_schema_args *args = step;
	struct diag *diag;

	if (strncmp(args->schema, "pg_", 3) != 0)
		return true;
	diag = option_error(place, diags, "bad-option", "schema", "schema \"%s\" can't be created", args->schema);
	diag_detail(&diags->arena, diag, "names that begin with pg_ are PostgreSQL's own");
	diag_help(&diags->arena, diag, "give it another name");
	return false;
}

/* clang-format off */

/* Whether the role could become the owner: before PostgreSQL 16 a member always can. */
#define MAY_GIVE \
	"pg_catalog.pg_has_role(owner.oid, CASE WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000" \
	" THEN 'SET' ELSE 'MEMBER' END)"

static const char query[] =
	"WITH " SQL_HOME ", own(classid, objid) AS (SELECT 'pg_catalog.pg_namespace'::regclass::oid, home.oid FROM home),"
	" owner AS (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = $2::text)"
	" SELECT CASE WHEN $2::text IS NOT NULL AND owner.oid IS NULL THEN 'missing' WHEN home.oid IS NULL THEN 'absent'"
	" WHEN n.nspowner <> owner.oid THEN 'conflict' ELSE 'done' END AS state,"
	" CASE WHEN $2::text IS NOT NULL AND owner.oid IS NULL THEN 'no role ' || pg_catalog.quote_ident($2::text)"
	" WHEN n.nspowner <> owner.oid THEN 'schema ' || pg_catalog.quote_ident($1::text) || ', owned by '"
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(n.nspowner)) END AS found,"
	" 'schema ' || pg_catalog.quote_ident($1::text) || coalesce(', owned by ' || pg_catalog.quote_ident($2::text), '')"
	" AS expected, 'owner' AS option, CASE WHEN owner.oid IS NULL"
	" THEN 'correct the name; or create the role by hand, which is of the whole server' END AS help,"
	" pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create,"
	" " MAY_GIVE " AS may_give, pg_catalog.current_database() AS database, current_user::text AS role,"
	" " SQL_USED_BY " AS used_by"
	" FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN pg_catalog.pg_namespace n ON n.oid = home.oid"
	" LEFT JOIN owner ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct create_schema_args *args = step;

	probe->query = (struct probe_query){.sql = query, .params = {args->schema, args->owner}, .count = 2};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_schema_args *args = step;
	struct arena *arena = stmts->arena;
	const char *role = record_get(facts->now, "role"), *may_give = record_get(facts->now, "may_give");

	if (role && !record_true(facts->now, "may_create"))
		stmts_refuse(stmts,
		             arena_printf(arena, "have its owner GRANT CREATE ON DATABASE %s TO %s",
		                          ident_quoted(arena, record_get(facts->now, "database")),
		                          ident_quoted(arena, role)),
		             "role \"%s\" may not create schemas in this database", role);
	else if (may_give && !record_true(facts->now, "may_give"))
		stmts_refuse(stmts,
		             arena_printf(arena, "GRANT %s TO %s, or leave owner out", ident_quoted(arena, args->owner),
		                          ident_quoted(arena, role)),
		             "role \"%s\" can't make \"%s\" the owner of a schema", role, args->owner);
	else
		stmts_add(stmts, STMT_TOGETHER, "CREATE SCHEMA %s%s%s", ident_quoted(arena, args->schema),
		          args->owner ? " AUTHORIZATION " : "", args->owner ? ident_quoted(arena, args->owner) : "");
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_schema_args *args = step;
	const char *schema = ident_quoted(stmts->arena, args->schema);

	if (drop_allowed(arena_printf(stmts->arena, "schema %s", schema), facts, stmts))
		stmts_add(stmts, STMT_TOGETHER, "DROP SCHEMA %s", schema);
}

static void describe(const void *step, struct buf *out)
{
	const struct create_schema_args *args = step;

	buf_add(out, "create schema ");
	ident_quote(out, args->schema);
	if (args->owner) {
		buf_add(out, ", owned by ");
		ident_quote(out, args->owner);
	}
}

const struct step_type step_create_schema_if_missing = {
	.name = "create_schema_if_missing",
	.summary = "creates a schema; one that belongs to another owner than the plan says is a conflict",
	.example = "create_schema_if_missing { schema = \"app\" }",
	.setup = "CREATE TABLE public.users (id bigint PRIMARY KEY);\n"
			 "INSERT INTO public.users SELECT n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_schema_args),
	.options = options,
	.locks = "none",
	.way_back = "drops the schema if this run created it and nothing is in it",
	.may_refuse_undo = true,
	.makes_names = true,
	.made_ahead = true,
	.check = check,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
