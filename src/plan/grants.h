/*
 * Who holds which privileges on a thing, compared with who shall: fragments of
 * the SQL that asks the catalogue.  The rights that an owner has without a word,
 * and those that everybody has by default, count as granted.
 *
 * They are read with search_path = pg_catalog, pg_temp after SQL_OBJECT of
 * plan/objects.h, with its parameters and $9 privileges (NULL: all), $10 roles
 * ('': PUBLIC), $11 columns (NULL: the whole), $12 with grant option.
 */
#ifndef INTERLOCK_PLAN_GRANTS_H
#define INTERLOCK_PLAN_GRANTS_H

#include "plan/step.h"

/* clang-format off */

#define SQL_ACL_LETTER \
	"CASE $4::text WHEN 'sequence' THEN 's' WHEN 'schema' THEN 'n' WHEN 'function' THEN 'f' WHEN 'procedure' THEN 'f'" \
	" WHEN 'type' THEN 'T' WHEN 'domain' THEN 'T' ELSE 'r' END::\"char\""

#define SQL_ACL \
	"CASE " SQL_ACL_LETTER " WHEN 'n' THEN (SELECT x.nspacl FROM pg_catalog.pg_namespace x WHERE x.oid = obj.oid)" \
	" WHEN 'f' THEN (SELECT x.proacl FROM pg_catalog.pg_proc x WHERE x.oid = obj.oid)" \
	" WHEN 'T' THEN (SELECT x.typacl FROM pg_catalog.pg_type x WHERE x.oid = obj.oid)" \
	" ELSE (SELECT x.relacl FROM pg_catalog.pg_class x WHERE x.oid = obj.oid) END"

/*
 * `own`: the thing with its privileges as they are, those that nobody changed
 * written out.  `known`: all privileges of its kind on this server.  `unit`:
 * the whole of it, or each of the columns.  `held`: who holds what, on the
 * whole (attnum 0) and on columns.  `pair`: each thing that the plan wants.
 */
#define SQL_PAIRS \
	"own AS (SELECT obj.oid, obj.owner, " SQL_ACL_LETTER " AS letter, coalesce(" SQL_ACL ", pg_catalog.acldefault(" SQL_ACL_LETTER "," \
	" obj.owner)) AS acl FROM obj WHERE (SELECT pg_catalog.count(*) FROM obj) = 1)," \
	" known AS (SELECT x.privilege_type AS name, x.n FROM own CROSS JOIN LATERAL" \
	" pg_catalog.aclexplode(pg_catalog.acldefault(own.letter, own.owner)) WITH ORDINALITY" \
	" x(grantor, grantee, privilege_type, is_grantable, n) WHERE x.grantee = own.owner AND ($11::text[] IS NULL" \
	" OR x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')))," \
	" wanted AS (SELECT known.* FROM known WHERE $9::text[] IS NULL OR known.name = ANY ($9::text[]))," \
	" who AS (SELECT u.name, pg_catalog.min(u.n) AS n, CASE WHEN u.name = '' THEN 0::oid ELSE r.oid END AS oid" \
	" FROM pg_catalog.unnest($10::text[]) WITH ORDINALITY u(name, n) LEFT JOIN pg_catalog.pg_roles r" \
	" ON r.rolname = u.name GROUP BY u.name, r.oid)," \
	" unit AS (SELECT NULL::text AS name, 0 AS attnum WHERE $11::text[] IS NULL UNION ALL" \
	" SELECT DISTINCT u.name, a.attnum FROM pg_catalog.unnest($11::text[]) u(name) LEFT JOIN rel ON true" \
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attname = u.name AND NOT a.attisdropped)," \
	" held AS (SELECT 0 AS attnum, NULL::name AS attname, x.* FROM own" \
	" CROSS JOIN LATERAL pg_catalog.aclexplode(own.acl) x" \
	" UNION ALL SELECT a.attnum, a.attname, x.* FROM own JOIN rel ON rel.oid = own.oid AND own.letter = 'r'" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND NOT a.attisdropped" \
	" CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x)," \
	" pair AS (SELECT who.name AS role, who.oid, who.n, wanted.name AS privilege, wanted.n AS p, unit.name AS column," \
	" unit.attnum, h.has, h.has AND $12::boolean AND NOT h.may AS option," \
	" NOT h.has OR ($12::boolean AND NOT h.may) AS lacks" \
	" FROM own CROSS JOIN who CROSS JOIN wanted CROSS JOIN unit CROSS JOIN LATERAL" \
	" (SELECT pg_catalog.count(*) > 0 AS has, coalesce(pg_catalog.bool_or(x.is_grantable), false)" \
	" OR who.oid = own.owner AS may FROM held x WHERE x.grantee = who.oid AND x.privilege_type = wanted.name" \
	" AND x.attnum IN (0, unit.attnum)) h WHERE who.oid IS NOT NULL AND unit.attnum IS NOT NULL)"

/*
 * As whom the server will let us grant: the owner, whoever acts for the owner,
 * or a role that may itself grant on all of it.
 */
#define SQL_ACTING \
	"acting AS (SELECT own.owner, CASE WHEN me.rolsuper OR me.oid = own.owner THEN own.owner" \
	" WHEN NOT EXISTS (SELECT FROM pair p WHERE (p.lacks OR NOT EXISTS (SELECT FROM pair l WHERE l.lacks))" \
	" AND NOT EXISTS (SELECT FROM held h WHERE h.grantee = me.oid AND h.is_grantable" \
	" AND h.privilege_type = p.privilege AND h.attnum IN (0, p.attnum))) THEN me.oid" \
	" WHEN pg_catalog.pg_has_role(own.owner, 'USAGE') THEN own.owner END AS oid" \
	" FROM own JOIN pg_catalog.pg_roles me ON me.rolname = current_user)"

#define SQL_ROLE(name) "CASE " name " WHEN '' THEN 'PUBLIC' ELSE pg_catalog.quote_ident(" name ") END"

/*
 * Rows (role, n, option, privilege, p, name) as the texts of GRANT, in as few
 * statements as it takes: [{roles, privileges, option}].
 */
#define SQL_AS_GRANTS(rows) \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('roles', s.roles, 'privileges', s.privileges, 'option'," \
	" s.option) ORDER BY s.n)::text FROM (SELECT g.privileges, g.option, pg_catalog.min(g.n) AS n," \
	" pg_catalog.string_agg(" SQL_ROLE("g.role") ", ', ' ORDER BY g.n) AS roles FROM (" \
	"SELECT c.role, c.option, pg_catalog.min(c.n) AS n," \
	" pg_catalog.string_agg(c.privilege || coalesce(' (' || c.columns || ')', ''), ', ' ORDER BY c.p) AS privileges" \
	" FROM (SELECT r.role, r.option, r.privilege, pg_catalog.min(r.n) AS n, pg_catalog.min(r.p) AS p," \
	" pg_catalog.string_agg(pg_catalog.quote_ident(r.name), ', ' ORDER BY r.name) AS columns FROM (" rows ") r" \
	" GROUP BY r.role, r.option, r.privilege) c GROUP BY c.role, c.option) g GROUP BY g.privileges, g.option) s)"

/* Where only the option is lacking, and what is there was granted as we would grant, only that is to be taken back. */
#define SQL_LACKING_ROWS \
	"SELECT p.role, p.n, p.p, p.option AND EXISTS (SELECT FROM acting JOIN held h ON h.grantor = acting.oid" \
	" WHERE h.grantee = p.oid AND h.privilege_type = p.privilege AND h.attnum = p.attnum) AS option," \
	" p.privilege, p.column AS name FROM pair p WHERE p.lacks"

/* What is granted on single columns: REVOKE on the whole table takes it away as well, so that it is given again. */
#define SQL_COLUMNS_TOO \
	SQL_AS_GRANTS("SELECT p.role, p.n, p.p, h.is_grantable AS option, p.privilege, h.attname AS name FROM pair p" \
	" JOIN acting ON true JOIN held h ON h.grantee = p.oid AND h.grantor = acting.oid AND h.attnum > 0" \
	" AND h.privilege_type = p.privilege WHERE p.attnum = 0")

/* What the roles have granted on, each with the key of what they hold: "reporting has granted select to other". */
#define SQL_ONWARD \
	"(SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_object('key', " SQL_KEY("p") ", 'text'," \
	" pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(h.grantor)) || ' has granted '" \
	" || pg_catalog.lower(h.privilege_type) || ' to ' || CASE h.grantee WHEN 0 THEN 'public'" \
	" ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(h.grantee)) END))::text FROM pair p JOIN own ON p.oid <> own.owner" \
	" JOIN held h ON h.grantor = p.oid AND h.privilege_type = p.privilege AND (p.attnum = 0 OR h.attnum IN (0, p.attnum)))"

/* What the roles hold now, and from whom, as far as the plan speaks of it: one text for each. */
#define SQL_HOLDINGS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('key', p.key, 'grantor', pg_catalog.pg_get_userbyid(h.grantor)," \
	" 'ours', h.grantor = acting.oid))::text FROM (SELECT pair.*, " SQL_KEY("pair") " AS key FROM pair) p JOIN acting ON true" \
	" JOIN held h ON h.grantee = p.oid AND h.privilege_type = p.privilege AND h.attnum = p.attnum)"
#define SQL_KEY(p) \
	"pg_catalog.concat_ws(' ', pg_catalog.lower(" p ".privilege), '(' || pg_catalog.quote_ident(" p ".column) || ')', 'to'," \
	" CASE " p ".role WHEN '' THEN 'public' ELSE pg_catalog.quote_ident(" p ".role) END)"
#define SQL_LACKING_KEYS \
	"(SELECT pg_catalog.json_agg(" SQL_KEY("l") " ORDER BY l.n, l.p, l.attnum)::text FROM pair l WHERE l.lacks)"

/* A role that is spelt much like it. */
#define SQL_ROLE_NEAR(name) \
	"(SELECT pg_catalog.quote_ident(r.rolname) FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'" \
	" AND " SQL_IS_ALIKE(name, "r.rolname") " ORDER BY " SQL_PAIRS_SHARED(name, "r.rolname") " DESC, r.rolname LIMIT 1)"

/* clang-format on */

/*
 * Undo: who has granted on what this run gave (`lacking` before), by the
 * columns `onward` of SQL_ONWARD; NULL: nobody.  *before: some of it was so
 * before the run.
 */
const char *grants_onward(const struct facts *facts, bool *before, struct arena *arena);

#endif
