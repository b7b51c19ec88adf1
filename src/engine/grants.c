/* Two questions: database, schemas, owners, registry; and who approves. */
#include "engine/grants.h"

#include "engine/registry.h"

/* $1: the role.  What belongs to a superuser is not given away by GRANT: that would make the role one as well. */
static const char deploys[] =
	"WITH me AS (SELECT $1::text AS name, quote_ident($1) AS role, quote_ident(current_database()) AS db,"
	"  (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1) AS oid),"
	" schemas AS (SELECT DISTINCT n.oid, n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid"
	"  WHERE n.nspname NOT IN ('interlock', 'information_schema') AND n.nspname !~ '^pg_'),"
	" owners AS (SELECT r.oid, r.rolname, r.rolsuper, count(*) || CASE count(*) WHEN 1 THEN ' table belongs' ELSE"
	"  ' tables belong' END AS tables, min(c.oid::regclass::text) AS example FROM pg_class c"
	"  JOIN schemas s ON s.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner"
	"  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY r.oid, r.rolname, r.rolsuper),"
	" keeper AS (SELECT r.oid, r.rolname, r.rolsuper FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner"
	"  WHERE n.nspname = 'interlock')"
	" SELECT statement, why, coalesce(given, false) AS given FROM me CROSS JOIN LATERAL ("
	" SELECT 10 AS place, 'CREATE ROLE ' || me.role || ' LOGIN' AS statement, 'there is no such role yet' AS why,"
	"  false AS given WHERE me.oid IS NULL"
	" UNION ALL SELECT 20, 'GRANT CONNECT, TEMPORARY ON DATABASE ' || me.db || ' TO ' || me.role,"
	"  'definitions are compared in temporary tables', has_database_privilege(me.oid, current_database(), 'CONNECT')"
	"  AND has_database_privilege(me.oid, current_database(), 'TEMPORARY')"
	" UNION ALL SELECT 30, 'GRANT CREATE ON DATABASE ' || me.db || ' TO ' || me.role,"
	"  'the first run makes schema interlock, the registry', has_database_privilege(me.oid, current_database(), 'CREATE')"
	"  WHERE NOT EXISTS (SELECT FROM keeper)"
	" UNION ALL SELECT 40, CASE WHEN NOT k.rolsuper THEN 'GRANT ' || quote_ident(k.rolname) || ' TO ' || me.role END,"
	"  CASE WHEN k.rolsuper THEN 'the registry belongs to superuser ' || k.rolname || ': ALTER ... OWNER TO ' || me.role"
	"   || ' the schema interlock and all that is in it, or run as ' || k.rolname ELSE 'the registry belongs to that role' END,"
	"  pg_has_role(me.oid, k.oid, 'USAGE') FROM keeper k"
	" UNION ALL SELECT 50, 'GRANT USAGE, CREATE ON SCHEMA ' || quote_ident(s.nspname) || ' TO ' || me.role,"
	"  'tables and indexes are made there', has_schema_privilege(me.oid, s.oid, 'USAGE')"
	"  AND has_schema_privilege(me.oid, s.oid, 'CREATE') FROM schemas s"
	" UNION ALL SELECT 60, CASE WHEN NOT o.rolsuper THEN 'GRANT ' || quote_ident(o.rolname) || ' TO ' || me.role END,"
	"  o.tables || CASE WHEN o.rolsuper THEN ' to superuser ' || o.rolname || ', as ' || o.example"
	"   || ': ALTER TABLE ... OWNER TO a role of their own, or run as ' || o.rolname"
	"   ELSE ' to that role, as ' || o.example || ', and only its members may ALTER them' END,"
	"  pg_has_role(me.oid, o.oid, 'USAGE') FROM owners o WHERE o.oid IS DISTINCT FROM me.oid"
	" UNION ALL SELECT 70, 'GRANT pg_read_all_stats TO ' || me.role,"
	"  'messages tell who is in the way of a lock, and since when', pg_has_role(me.oid, 'pg_read_all_stats', 'USAGE')"
	" UNION ALL SELECT 80, NULL, 'only for plans that say triggers = \"skip\", from PostgreSQL 15 on:"
	" GRANT SET ON PARAMETER session_replication_role TO ' || me.role, false"
	") AS list ORDER BY place, statement NULLS LAST, why";

/* The roles that approvals of plans name; `run` gives them the same by itself. */
static const char approvers[] =
	"WITH named AS (SELECT DISTINCT b.value -> 'options' ->> 'role' AS name FROM interlock.run n"
	"  CROSS JOIN jsonb_array_elements(n.compiled -> 'blocks') AS b(value) WHERE b.value ->> 'kind' = 'approval'),"
	" a AS (SELECT n.name, quote_ident(n.name) AS role, r.oid FROM named n LEFT JOIN pg_roles r ON r.rolname = n.name"
	"  WHERE n.name IS NOT NULL)"
	" SELECT l.statement, 'members of ' || a.role || ' approve' AS why, coalesce(l.given, false) AS given"
	" FROM a CROSS JOIN LATERAL (VALUES"
	" (1, 'CREATE ROLE ' || a.role, a.oid IS NOT NULL),"
	" (2, 'GRANT CONNECT ON DATABASE ' || quote_ident(current_database()) || ' TO ' || a.role,"
	"  has_database_privilege(a.oid, current_database(), 'CONNECT')),"
	" (3, 'GRANT USAGE ON SCHEMA interlock TO ' || a.role, has_schema_privilege(a.oid, 'interlock', 'USAGE')),"
	" (4, 'GRANT SELECT ON interlock.meta, interlock.run, interlock.step, interlock.condition TO ' || a.role,"
	"  has_table_privilege(a.oid, 'interlock.meta', 'SELECT') AND has_table_privilege(a.oid, 'interlock.run', 'SELECT')"
	"  AND has_table_privilege(a.oid, 'interlock.step', 'SELECT')"
	"  AND has_table_privilege(a.oid, 'interlock.condition', 'SELECT')),"
	" (5, 'GRANT INSERT, UPDATE ON interlock.condition TO ' || a.role,"
	"  has_table_privilege(a.oid, 'interlock.condition', 'INSERT')"
	"  AND has_table_privilege(a.oid, 'interlock.condition', 'UPDATE'))) AS l(place, statement, given)"
	" WHERE l.place > 1 OR a.oid IS NULL ORDER BY a.role, l.place";

/* The answer's rows, behind those that are there. */
static bool take(struct conn *conn, const struct query *query, struct arena *arena, struct grant **grants,
                 size_t *count, struct err *err)
{
	struct grant *all;
	struct rows *rows;

	if (!conn_query(conn, query, &rows, err))
		return false;
	all = arena_array(arena, struct grant, *count + rows_count(rows));
	for (size_t i = 0; i < *count; i++)
		all[i] = (*grants)[i];
	for (size_t r = 0; r < rows_count(rows); r++)
		all[(*count)++] =
			(struct grant){arena_strdup(arena, rows_get(rows, r, "statement")),
		                   arena_strdup(arena, rows_get(rows, r, "why")), rows_true(rows, r, "given")};
	*grants = all;
	rows_free(rows);
	return true;
}

bool grants_list(struct conn *conn, const char *role, struct arena *arena, struct grant **grants, size_t *count,
                 struct err *err)
{
	bool registry;

	*grants = NULL;
	*count = 0;
	return conn_query(conn, QUERY("SET search_path = pg_catalog, pg_temp"), NULL, err) &&
	       registry_look(conn, &registry, err) &&
	       take(conn, &(struct query){.sql = deploys, .count = 1, .params = &role}, arena, grants, count, err) &&
	       (!registry || take(conn, QUERY(approvers), arena, grants, count, err));
}
