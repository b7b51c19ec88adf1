/* An extension of the server in this database; undo takes it away only while nothing of the application uses it.
 */
#include <jansson.h>
#include <string.h>

#include "plan/names.h"

enum { TABLES_MAX = 60 }; /* a transaction locks no more than these */

struct create_extension_args {
	const char *extension, *schema, *version;
};

static const struct option options[] = {
	{.name = "extension",
     .kind = OPTION_NAME,
     .required = true,
     .offset = offsetof(struct create_extension_args, extension),
     .help = "the extension to create; a name with a hyphen has quotes of its own, '\"uuid-ossp\"'"},
	{.name = "schema",
     .kind = OPTION_NAME,
     .offset = offsetof(struct create_extension_args, schema),
     .help = "the schema for what is in it; its own, else public, where it is left out"},
	{.name = "version",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct create_extension_args, version),
     .help = "its version; the server's default where it is left out"},
	OPTION_END,
};

/* clang-format off */

/* ---- What is in it, and what uses that ---- */

/* CTE `own`: its members and what belongs to them, such as the array type of a type and the primary key of a table. */
#define OWN \
	"own(classid, objid) AS (SELECT 'pg_catalog.pg_extension'::regclass::oid, ext.oid FROM ext" \
	" UNION SELECT d.classid, d.objid FROM own JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = own.classid AND d.refobjid = own.objid WHERE d.deptype IN ('e', 'i') OR d.deptype = 'a'" \
	" AND (d.classid IN ('pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_attrdef'::regclass," \
	" 'pg_catalog.pg_amop'::regclass, 'pg_catalog.pg_amproc'::regclass)" \
	" OR d.classid = 'pg_catalog.pg_class'::regclass" \
	" AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = d.objid) = 'i'))"

/*
 * Its tables as JSON.  Those that pg_dump saves the rows of (with a condition,
 * where some rows are the extension's own) may hold what nobody else has.
 */
#define TABLES \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname," \
	" 'rows', (SELECT coalesce(k.condition, '') FROM ROWS FROM (pg_catalog.unnest(ext.extconfig)," \
	" pg_catalog.unnest(ext.extcondition)) k(oid, condition) WHERE k.oid = c.oid)) ORDER BY n.nspname, c.relname)::text" \
	" FROM own JOIN pg_catalog.pg_class c ON own.classid = 'pg_catalog.pg_class'::regclass AND c.oid = own.objid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p'))"

/* ---- What the server has, and who may create it ---- */

/* CTEs after `ext`: `offered`, the extension as the server's files have it; `version`, the one that is wanted. */
#define OFFERED \
	"offered AS (SELECT a.name, a.default_version FROM pg_catalog.pg_available_extensions a" \
	" WHERE a.name = $1::name AND NOT EXISTS (SELECT FROM ext))," \
	" version AS (SELECT v.* FROM offered JOIN pg_catalog.pg_available_extension_versions v ON v.name = offered.name" \
	" AND v.version = coalesce($3::text, offered.default_version))"

#define LACKING_EXTENSION \
	"(SELECT pg_catalog.quote_ident(q.name) FROM pg_catalog.unnest(version.requires) q(name)" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension x WHERE x.extname = q.name) LIMIT 1)"

/* Hosted servers, and modules that lend rights to others, decide by themselves who may create what. */
#define OTHER_RIGHTS \
	"(EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname IN ('rds_superuser', 'cloudsqlsuperuser'," \
	" 'alloydbsuperuser', 'azure_pg_admin', 'neon_superuser'))" \
	" OR pg_catalog.current_setting('extwlist.extensions', true) IS NOT NULL" \
	" OR pg_catalog.current_setting('supautils.privileged_extensions', true) IS NOT NULL)"

#define MAY_CREATE \
	"(NOT version.superuser OR pg_catalog.current_setting('is_superuser') = 'on' OR " OTHER_RIGHTS \
	" OR version.trusted AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))"

/* What no earlier step can mend, with the way out. */
#define OBSTACLE \
	"SELECT CASE WHEN ext.oid IS NOT NULL THEN NULL" \
	" WHEN offered.name IS NULL THEN ARRAY['this server does not have extension ' || pg_catalog.quote_ident($1::text)," \
	" 'install the package that has it on the server (citext and its like: postgresql-contrib), or correct the name']" \
	" WHEN version.version IS NULL THEN ARRAY['this server does not have extension ' || pg_catalog.quote_ident($1::text)" \
	" || ' in version ' || coalesce($3::text, offered.default_version), 'it has ' || coalesce(" \
	"(SELECT pg_catalog.string_agg(v.version, ', ' ORDER BY v.version) FROM pg_catalog.pg_available_extension_versions v" \
	" WHERE v.name = offered.name), 'none') || '; correct the version, or install the newer package on the server']" \
	" WHEN version.schema <> $2::text THEN ARRAY['extension ' || pg_catalog.quote_ident($1::text)" \
	" || ' can only be in schema ' || pg_catalog.quote_ident(version.schema), 'leave schema out']" \
	" WHEN NOT " MAY_CREATE " THEN ARRAY['role \"' || current_user || '\" may not create extension '" \
	" || pg_catalog.quote_ident($1::text), CASE WHEN version.trusted THEN 'GRANT CREATE ON DATABASE '" \
	" || pg_catalog.quote_ident(pg_catalog.current_database()) || ' TO ' || pg_catalog.quote_ident(current_user)" \
	" || ', or have' ELSE 'only a superuser may: have' END || ' somebody else create it; this step will find it there']" \
	" END"

static const char query[] =
	"WITH RECURSIVE ext AS (SELECT e.oid, e.extversion, n.nspname, e.extconfig, e.extcondition"
	" FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
	" WHERE e.extname = $1::text), " OWN ", " OFFERED
	" SELECT CASE WHEN ext.oid IS NOT NULL THEN CASE WHEN ext.nspname <> $2::text OR ext.extversion <> $3::text"
	" THEN 'conflict' ELSE 'done' END WHEN o.obstacle IS NULL AND l.lacking IS NOT NULL THEN 'missing'"
	" ELSE 'absent' END AS state,"
	" CASE WHEN ext.oid IS NOT NULL THEN 'extension ' || pg_catalog.quote_ident($1::text) || ' in schema '"
	" || pg_catalog.quote_ident(ext.nspname) || ', version ' || ext.extversion ELSE l.lacking END AS found,"
	" 'extension ' || pg_catalog.quote_ident($1::text) || coalesce(' in schema ' || pg_catalog.quote_ident($2::text), '')"
	" || coalesce(', version ' || $3::text, '') AS expected, o.obstacle[1] AS obstacle, o.obstacle[2] AS way_out,"
	" CASE WHEN offered.name IS NOT NULL AND version.version IS NULL THEN 'version' ELSE 'extension' END AS blamed,"
	" CASE WHEN ext.nspname <> $2::text OR ext.oid IS NULL THEN 'schema' ELSE 'version' END AS option,"
	" s.schema, " SQL_USED_BY " AS used_by, " TABLES " AS tables"
	" FROM (SELECT) one LEFT JOIN ext ON true LEFT JOIN offered ON true LEFT JOIN version ON true"
	" CROSS JOIN LATERAL (" OBSTACLE ") o(obstacle)"
	" CROSS JOIN LATERAL (SELECT coalesce($2::text, version.schema::text, 'public')) s(schema)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n"
	" WHERE n.nspname = s.schema) THEN " SQL_NO_SCHEMA("s.schema")
	" ELSE 'it needs extension ' || " LACKING_EXTENSION " || ', which is not in this database' END) l(lacking)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct create_extension_args *args = step;

	probe->query =
		(struct probe_query){.sql = query, .params = {args->extension, args->schema, args->version}, .count = 3};
}

/* Without SCHEMA PostgreSQL would take the first of the search_path, which is pg_catalog. */
static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_extension_args *args = step;
	struct arena *arena = stmts->arena;
	const char *obstacle = record_get(facts->now, "obstacle"), *schema = record_get(facts->now, "schema");

	if (obstacle) {
		stmts_refuse(stmts, record_get(facts->now, "way_out"), "%s", obstacle);
		stmts->refusal_option = record_get(facts->now, "blamed");
		return;
	}
	if (!schema)
		schema = args->schema ? args->schema : "public";
	stmts_add(stmts, STMT_TOGETHER, "CREATE EXTENSION %s SCHEMA %s%s%s", ident_quoted(arena, args->extension),
	          ident_quoted(arena, schema), args->version ? " VERSION " : "",
	          args->version ? literal_quoted(arena, args->version) : "");
}

/* ---- The way back ---- */

/* A table that is a member. */
struct member {
	struct relname table;
	const char *rows; /* "" or "WHERE …": which rows are not the extension's own; NULL: all are */
};

/* Gives their number. */
static size_t members_of(const struct facts *facts, struct arena *arena, struct member **members)
{
	const char *text = record_get(facts->now, "tables");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t count = json_array_size(list), i;

	*members = arena_array(arena, struct member, count);
	json_array_foreach(list, i, entry)
	{
		const char *rows = json_string_value(json_object_get(entry, "rows"));

		(*members)[i] =
			(struct member){.table = {arena_strdup(arena, json_string_value(json_object_get(entry, "schema"))),
		                              arena_strdup(arena, json_string_value(json_object_get(entry, "table")))},
		                    .rows = arena_strdup(arena, rows)};
	}
	json_decref(list);
	return count;
}

/* Rows that the extension can't bring along again keep it here. */
static void spare_rows(const struct member *member, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "SELECT * FROM %s %s LIMIT 1",
	                              relname_quoted(stmts->arena, &member->table), member->rows);

	stmt_lock(stmts, stmt, &member->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->must_be_empty = true;
	stmt->note = "an extension that holds rows of its users stays";
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_extension_args *args = step;
	const char *extension = ident_quoted(stmts->arena, args->extension);
	struct member *members;
	size_t count = members_of(facts, stmts->arena, &members);
	struct stmt *drop;

	if (!drop_allowed(arena_printf(stmts->arena, "extension %s", extension), facts, stmts))
		return;
	if (count > TABLES_MAX) {
		stmts_refuse(stmts, "drop it by hand, then undo again",
		             "extension %s has %zu tables of its own, too many to be locked at once", extension, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (members[i].rows)
			spare_rows(&members[i], stmts);
	drop = stmts_add(stmts, STMT_TOGETHER, "DROP EXTENSION %s", extension);
	for (size_t i = 0; i < count; i++)
		stmt_lock(stmts, drop, &members[i].table, LOCK_ACCESS_EXCLUSIVE);
}

static void describe(const void *step, struct buf *out)
{
	const struct create_extension_args *args = step;

	buf_add(out, "create extension ");
	ident_quote(out, args->extension);
	if (args->schema) {
		buf_add(out, " in schema ");
		ident_quote(out, args->schema);
	}
	if (args->version)
		buf_addf(out, ", version %s", args->version);
}

const struct step_type step_create_extension_if_missing = {
	.name = "create_extension_if_missing",
	.summary = "creates an extension; one in another schema or version than the plan says is a conflict",
	.example = "create_extension_if_missing { extension = \"citext\", schema = \"app\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_extension_args),
	.options = options,
	.locks = "none",
	.way_back =
		"drops the extension if this run created it, nothing uses what is in it, and its tables hold no rows "
		"of their users; takes ACCESS EXCLUSIVE on its own tables, briefly",
	.may_refuse_undo = true,
	.makes_names = true,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
