/*
 * The view that keeps the old name of a table alive after it was renamed: all
 * its columns, one by one, so that what read and wrote the table goes on.
 * Fragments of the SQL that asks about it, and the statements that make it and
 * take it away.
 *
 * The fragments expect the parameters $1 schema, $2 old name and $3 new name,
 * and the CTEs `rel` (what has the old name, plan/probes.h) and `base` (oid: the
 * table, under whichever of the names it has).
 */
#ifndef INTERLOCK_PLAN_KEPT_VIEW_H
#define INTERLOCK_PLAN_KEPT_VIEW_H

#include <stdbool.h>

#include "plan/names.h"
#include "plan/step.h"

/* clang-format off */

#define SQL_VIEW_NAME SQL_NAME("$1", "$2")
#define SQL_GRANT_OPTION(a) "CASE WHEN " a ".is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"

/*
 * Would the view, left alone, give its owner (alias o of rel_owner) other
 * rights than the table does: because they were revoked, or by default
 * privileges?
 */
#define SQL_OWNER_DIFFERS \
	"(EXISTS (SELECT FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', o.relowner)) w WHERE o.relacl IS NOT NULL" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.relacl) a WHERE a.grantee = o.relowner" \
	" AND a.privilege_type = w.privilege_type)) OR EXISTS (SELECT FROM pg_catalog.pg_default_acl d" \
	" WHERE pg_catalog.pg_get_userbyid(d.defaclrole) = current_user AND d.defaclobjtype = 'r'" \
	" AND d.defaclnamespace IN (0, o.relnamespace)))"

/*
 * What the view's rights need so that they are the table's: away with what it
 * has of itself or by default privileges, then the grants on the table and on
 * its columns, as a list of statements.
 */
#define SQL_VIEW_RIGHTS \
	"(SELECT pg_catalog.json_agg(r.sql ORDER BY r.n, r.sql)::text FROM (" \
	"SELECT 1 AS n, 'REVOKE ALL ON ' || " SQL_VIEW_NAME " || ' FROM ' || " SQL_GRANTEE("a") " AS sql" \
	" FROM rel_owner o CROSS JOIN pg_catalog.pg_default_acl d CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a" \
	" WHERE pg_catalog.pg_get_userbyid(d.defaclrole) = current_user AND d.defaclobjtype = 'r'" \
	" AND d.defaclnamespace IN (0, o.relnamespace) AND a.grantee NOT IN (d.defaclrole, o.relowner) GROUP BY a.grantee" \
	" UNION ALL SELECT 1, 'REVOKE ALL ON ' || " SQL_VIEW_NAME " || ' FROM '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o.relowner)) FROM rel_owner o WHERE " SQL_OWNER_DIFFERS \
	" UNION ALL SELECT 2, 'GRANT ' || pg_catalog.string_agg(DISTINCT a.privilege_type, ', ') || ' ON ' || " SQL_VIEW_NAME \
	" || ' TO ' || " SQL_GRANTEE("a") " || " SQL_GRANT_OPTION("a") \
	" FROM rel_owner o CROSS JOIN pg_catalog.aclexplode(coalesce(o.relacl, pg_catalog.acldefault('r', o.relowner))) a" \
	" WHERE a.grantee <> o.relowner OR " SQL_OWNER_DIFFERS " GROUP BY a.grantee, a.is_grantable" \
	" UNION ALL SELECT 3, 'GRANT ' || a.privilege_type || ' (' || pg_catalog.string_agg(DISTINCT" \
	" pg_catalog.quote_ident(t.attname), ', ') || ') ON ' || " SQL_VIEW_NAME " || ' TO ' || " SQL_GRANTEE("a") \
	" || " SQL_GRANT_OPTION("a") " FROM rel_owner o JOIN pg_catalog.pg_attribute t ON t.attrelid = o.oid" \
	" AND t.attnum > 0 AND NOT t.attisdropped CROSS JOIN pg_catalog.aclexplode(t.attacl) a" \
	" GROUP BY a.grantee, a.is_grantable, a.privilege_type) r) AS view_rights"

/* CTE `rel_owner` after `base`; what kept_view_make() reads. */
#define SQL_REL_OWNER "rel_owner AS (SELECT c.* FROM base JOIN pg_catalog.pg_class c ON c.oid = base.oid)"

/* Is there something that others may do with the table, and its owner may not? */
#define SQL_OWNER_MAY_LESS \
	"EXISTS (SELECT FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) u(privilege)" \
	" WHERE o.relacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.relacl) a" \
	" WHERE a.grantee = o.relowner AND a.privilege_type = u.privilege)" \
	" AND (EXISTS (SELECT FROM pg_catalog.aclexplode(o.relacl) a WHERE a.privilege_type = u.privilege)" \
	" OR EXISTS (SELECT FROM pg_catalog.pg_attribute t CROSS JOIN pg_catalog.aclexplode(t.attacl) a" \
	" WHERE t.attrelid = o.oid AND a.privilege_type = u.privilege)))"

/* Why a view with its owner's rights, as all were before PostgreSQL 15, would not do; NULL: it does. */
#define SQL_INVOKER_FOR \
	"(SELECT CASE WHEN o.relrowsecurity THEN 'row security, which a view passes by'" \
	" WHEN " SQL_OWNER_MAY_LESS " THEN 'an owner who may do less with it than others, and a view has the rights of its owner' END" \
	" FROM rel_owner o)"

/* Who may read some columns of the table, and not all: a view that asks with their own rights lets them read none. */
#define SQL_COLUMN_READERS \
	"(SELECT pg_catalog.string_agg(DISTINCT " SQL_GRANTEE("a") ", ', ') FROM rel_owner o JOIN pg_catalog.pg_attribute t" \
	" ON t.attrelid = o.oid AND t.attnum > 0 AND NOT t.attisdropped CROSS JOIN pg_catalog.aclexplode(t.attacl) a" \
	" WHERE a.privilege_type = 'SELECT' AND a.grantee <> o.relowner AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.relacl) w" \
	" WHERE w.grantee IN (0, a.grantee) AND w.privilege_type = 'SELECT'))"

#define SQL_VIEW_FACTS \
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM base" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = base.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns," \
	" " SQL_INVOKER_FOR " AS invoker_for, " SQL_COLUMN_READERS " AS column_readers," \
	" (SELECT NULLIF(pg_catalog.pg_get_userbyid(o.relowner), current_user) FROM rel_owner o) AS view_owner," \
	" " SQL_VIEW_RIGHTS

/* CTE `own` after `rel`, for SQL_USED_BY: the view with its rule and its row type. */
#define SQL_OWN_VIEW \
	"own AS (SELECT 'pg_catalog.pg_class'::regclass AS classid, rel.oid AS objid FROM rel WHERE rel.relkind = 'v'" \
	" UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid FROM rel JOIN pg_catalog.pg_rewrite w" \
	" ON w.ev_class = rel.oid AND w.rulename = '_RETURN' WHERE rel.relkind = 'v'" \
	" UNION ALL SELECT 'pg_catalog.pg_type'::regclass, u.oid FROM rel JOIN pg_catalog.pg_type t ON t.typrelid = rel.oid" \
	" CROSS JOIN LATERAL (VALUES (t.oid), (t.typarray)) u(oid) WHERE rel.relkind = 'v')"

/*
 * Is the view `rel` what was made here?  Compared with the twin of
 * kept_view_twin().  Columns that the table got later are not in it, and those
 * that were renamed later have in it the name that they had.
 */
#define SQL_VIEW_IS_OURS \
	"coalesce(pg_catalog.pg_get_viewdef(rel.oid) = pg_catalog.pg_get_viewdef(pg_catalog.to_regclass(" \
	"'pg_temp.__il_view')), false)"

/* clang-format on */

/* The scratch statement that makes the twin: temporary view __il_view, of as many columns as the view has. */
const char *kept_view_twin(const struct relname *view, const char *table, struct arena *arena);

/* The view under the old name of the table `to`, with the table's owner and rights. */
void kept_view_make(const struct relname *view, const struct relname *to, const struct facts *facts,
                    struct stmts *stmts);
/* true, with the refusal set, where there can be no such view. */
bool kept_view_refused(const struct relname *to, const struct facts *facts, struct stmts *stmts);

void kept_view_drop(const struct relname *view, const struct relname *to, struct stmts *stmts);

#endif
