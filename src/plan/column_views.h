/*
 * Views that show a column by its name: they are dropped with all views that
 * stand on them, and made again from their own texts once another column has
 * that name.  What can't be made again so, a materialized view, or a view
 * that shows both columns, stays behind with the column that it shows, if the
 * plan says so.
 */
#ifndef INTERLOCK_PLAN_COLUMN_VIEWS_H
#define INTERLOCK_PLAN_COLUMN_VIEWS_H

#include <stdbool.h>

#include "plan/column_swap.h"
#include "plan/view_again.h"

/* clang-format off */

/* "app.v" of relation `c` in namespace `n` */
#define SQL_VIEW_OF(c) \
	"(SELECT " SQL_NAME("n.nspname", c ".relname") " FROM pg_catalog.pg_namespace n WHERE n.oid = " c ".relnamespace)"

/*
 * CTEs, WITH RECURSIVE: `tree`, how far each view stands from the column;
 * `view`, their rows of pg_class.
 */
#define SQL_COLUMN_VIEWS \
	"tree(oid, depth) AS (SELECT DISTINCT c.oid, 1 FROM " SQL_USERS_OF_COL \
	" JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid" \
	" AND w.rulename = '_RETURN' JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v'" \
	" WHERE NOT " SQL_USES_BOTH("d") " AND NOT " SQL_IS_LEFT(SQL_VIEW_OF("c")) \
	" UNION SELECT w.ev_class, tree.depth + 1 FROM tree JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = tree.oid" \
	" JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid" \
	" AND w.rulename = '_RETURN' AND w.ev_class <> tree.oid" \
	" JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v')," \
	" view AS (SELECT c.*, t.depth, n.nspname, 'VIEW'::text AS kind, " SQL_NAME("n.nspname", "c.relname") " AS name" \
	" FROM (SELECT oid, pg_catalog.max(depth) AS depth FROM tree GROUP BY oid) t" \
	" JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)"

#define SQL_VIEW_CREATION \
	"'CREATE VIEW ' || view.name || coalesce((SELECT ' WITH (' || pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name)" \
	" || '=' || pg_catalog.quote_literal(o.option_value), ', ') || ')' FROM pg_catalog.pg_options_to_table(view.reloptions) o), '')" \
	" || ' AS ' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(view.oid), ';')"

#define SQL_VIEW_MADE_AGAIN \
	SQL_STATEMENTS("ARRAY[" SQL_VIEW_CREATION ", 'ALTER VIEW ' || view.name || ' OWNER TO '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(view.relowner)), " \
	SQL_COMMENT_AGAIN(SQL_VIEW_KIND, "pg_catalog.obj_description(view.oid, 'pg_class')") "]" \
	" || ARRAY(SELECT r.statement FROM (" SQL_VIEW_COLUMN_DETAILS ") r ORDER BY r.attnum, r.statement)" \
	" || " SQL_STATEMENTS_OF(SQL_VIEW_RULES) " || " SQL_STATEMENTS_OF(SQL_VIEW_TRIGGERS))

/* Why one of them can't be made again: a sentence, or NULL. */
#define SQL_VIEW_BLOCKED \
	"(SELECT pg_catalog.min('view ' || view.name || ' shows it and can''t be made again: ' || b.reason) FROM view" \
	" CROSS JOIN LATERAL (SELECT CASE" SQL_VIEW_LOST \
	" WHEN NOT pg_catalog.pg_has_role(view.relowner, 'USAGE') THEN 'it belongs to role '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(view.relowner))" \
	" WHEN EXISTS (SELECT FROM came JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = came.attrelid AND d.refobjsubid = came.attnum JOIN pg_catalog.pg_rewrite w" \
	" ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid AND w.ev_class = view.oid)" \
	" THEN 'it shows the other column, too'" \
	" ELSE (SELECT pg_catalog.min(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) || ' stands on it'" \
	" FROM pg_catalog.pg_depend d WHERE d.deptype = 'n' AND (d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = view.oid OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (SELECT u.oid" \
	" FROM pg_catalog.pg_type y CROSS JOIN LATERAL (VALUES (y.oid), (y.typarray)) u(oid) WHERE y.typrelid = view.oid))" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w JOIN tree ON tree.oid = w.ev_class" \
	" WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid)) END) b(reason) WHERE b.reason IS NOT NULL)"

/* What the recipes read: a column of the answer. */
#define SQL_VIEWS_FACTS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', view.nspname, 'view', view.relname," \
	" 'again', " SQL_VIEW_MADE_AGAIN ", 'has_grants', view.relacl IS NOT NULL OR EXISTS (SELECT FROM" \
	" pg_catalog.pg_default_acl a WHERE a.defaclobjtype = 'r'), 'grants', " \
	SQL_GRANTS_IN_FULL("r", "view.relacl", "view.relowner", "view.name") ", 'column_grants', " \
	SQL_STATEMENTS("ARRAY(SELECT g.statement FROM (" SQL_VIEW_COLUMN_GRANTS ") g ORDER BY g.attnum, g.n)") \
	") ORDER BY view.depth, view.name)::text FROM view) AS views"

/* clang-format on */

/* Before the columns get other names, and after. */
void column_views_drop(const struct facts *facts, struct stmts *stmts);
void column_views_make(const struct facts *facts, struct stmts *stmts);

#endif
