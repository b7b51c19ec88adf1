/*
 * What else uses a column whose name goes to another one.  Triggers that fire
 * on it are made again for the column that has the name then.  What can't
 * follow the name (functions that have it in their text, policies, generated
 * columns, statistics, publications and the like) is named, and stays with
 * the old column only if the plan says so.
 */
#ifndef INTERLOCK_PLAN_COLUMN_USERS_H
#define INTERLOCK_PLAN_COLUMN_USERS_H

#include "plan/by_name.h"
#include "plan/column_keys.h"
#include "plan/column_views.h"

/* clang-format off */

/* A trigger of the user's that is made again from its text; a constraint trigger can't be replaced. */
#define SQL_TRIGGER_FOLLOWS(t, d) \
	"NOT " t ".tgisinternal AND NOT " SQL_IS_OURS(t) " AND " t ".tgconstraint = 0 AND NOT " SQL_USES_BOTH(d)

/* The statements for them, as a column of the answer. */
#define SQL_TRIGGERS_FACTS \
	SQL_STATEMENTS("ARRAY(SELECT v.statement FROM (SELECT DISTINCT t.oid, t.tgname, t.tgenabled FROM " SQL_USERS_OF_COL \
	" JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid WHERE " \
	SQL_TRIGGER_FOLLOWS("t", "d") " AND NOT " SQL_IS_LEFT("pg_catalog.quote_ident(t.tgname)") ") t CROSS JOIN LATERAL (VALUES" \
	" (1, pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(t.oid), '^CREATE ', 'CREATE OR REPLACE '))," \
	" (2, 'ALTER TABLE ' || " SQL_NAME("$1", "$2") " || CASE t.tgenabled WHEN 'D' THEN ' DISABLE' WHEN 'R' THEN ' ENABLE REPLICA'" \
	" WHEN 'A' THEN ' ENABLE ALWAYS' END || ' TRIGGER ' || pg_catalog.quote_ident(t.tgname))) v(n, statement)" \
	" ORDER BY t.tgname, v.n)") " AS triggers"

/* Row d of pg_depend with what it speaks of, and the column of the same table that it generates. */
#define SQL_USER_PARTS \
	" LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_class v ON v.oid = w.ev_class" \
	" LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_proc f ON d.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_statistic_ext s ON d.classid = 'pg_catalog.pg_statistic_ext'::regclass AND s.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_attrdef g ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND g.oid = d.objid" \
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attgenerated <> '' AND (a.attnum = g.adnum" \
	" OR d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = d.refobjid AND a.attnum = d.objsubid)"

/* Rows (kind, name) of what stays with the column because it goes by its number. */
#define SQL_USERS_STAYING \
	"SELECT u.kind, u.name FROM " SQL_USERS_OF_COL SQL_USER_PARTS " CROSS JOIN LATERAL (VALUES" \
	" ('view', CASE WHEN v.relkind = 'v' AND w.rulename = '_RETURN' AND v.oid NOT IN (SELECT tree.oid FROM tree) THEN " SQL_VIEW_OF("v") " END)," \
	" ('materialized view', CASE WHEN v.relkind = 'm' THEN " SQL_VIEW_OF("v") " END)," \
	" ('rule', CASE WHEN w.rulename <> '_RETURN' AND v.oid NOT IN (SELECT tree.oid FROM tree) THEN pg_catalog.quote_ident(w.rulename) END)," \
	" ('trigger', CASE WHEN NOT t.tgisinternal AND NOT " SQL_IS_OURS("t") " AND NOT (" SQL_TRIGGER_FOLLOWS("t", "d") ")" \
	" THEN pg_catalog.quote_ident(t.tgname) END)," \
	" ('policy', pg_catalog.quote_ident(p.polname)), ('statistics', (SELECT " SQL_NAME("n.nspname", "s.stxname") \
	" FROM pg_catalog.pg_namespace n WHERE n.oid = s.stxnamespace))," \
	" ('function', (SELECT " SQL_NAME("n.nspname", "f.proname") " FROM pg_catalog.pg_namespace n WHERE n.oid = f.pronamespace))," \
	" ('generated column', CASE WHEN a.attnum <> col.attnum THEN pg_catalog.quote_ident(a.attname) END)) u(kind, name)" \
	" WHERE u.name IS NOT NULL"

#define SQL_CAME_NAME "(SELECT came.attname::text FROM came)"
#define SQL_NOT_OURS " AND NOT " SQL_IS_OURS("t")

/* CTE `going` after `family` and the CTEs of column_views.h; for SQL_GOING("$6::text[]"). */
#define SQL_COLUMN_GOING \
	"going AS (" SQL_FUNCTIONS_GOING("(" SQL_MENTIONS("p.prosrc", "$3") " OR " SQL_MENTIONS("p.prosrc", SQL_CAME_NAME) ") AND " SQL_KNOWS_TABLE) \
	" UNION " SQL_TRIGGERS_GOING("$3") SQL_NOT_OURS " UNION " SQL_TRIGGERS_GOING(SQL_CAME_NAME) SQL_NOT_OURS \
	" UNION " SQL_PUBLICATIONS_GOING " UNION " SQL_USERS_STAYING ")"

/*
 * What uses `came` now, under its own name: it follows that column, and on the
 * way back it must be left with it.  A column of the answer, an array.
 */
#define SQL_FOLLOWERS_FACTS \
	"ARRAY(SELECT DISTINCT u.name FROM came JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = came.attrelid AND d.refobjsubid = came.attnum" SQL_USER_PARTS \
	" LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'f'" \
	" CROSS JOIN LATERAL (VALUES (" SQL_VIEW_OF("v") "), (pg_catalog.quote_ident(w.rulename)), (pg_catalog.quote_ident(t.tgname))," \
	" (pg_catalog.quote_ident(p.polname)), (pg_catalog.quote_ident(a.attname))," \
	" ((SELECT " SQL_NAME("n.nspname", "s.stxname") " FROM pg_catalog.pg_namespace n WHERE n.oid = s.stxnamespace))," \
	" ((SELECT " SQL_NAME("n.nspname", "f.proname") " FROM pg_catalog.pg_namespace n WHERE n.oid = f.pronamespace))," \
	" (CASE WHEN k.oid NOT IN (SELECT y.twin_oid FROM keys y WHERE y.twin_oid IS NOT NULL) THEN " SQL_KEY_NAME("k") " END)) u(name)" \
	" WHERE u.name IS NOT NULL AND u.name <> '_RETURN')::text AS followers"

/* clang-format on */

#endif
