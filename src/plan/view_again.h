/*
 * What hangs on a view and goes when it is dropped: its rules, triggers,
 * grants, and what its columns have; as the statements that bring it back.
 *
 * The fragments are read like those of plan/again.h.  `view` is a CTE with the
 * view's row of pg_class, its name (quoted, with the schema) and its kind as
 * ALTER calls it.
 */
#ifndef INTERLOCK_PLAN_VIEW_AGAIN_H
#define INTERLOCK_PLAN_VIEW_AGAIN_H

#include "plan/again.h"
#include "plan/probes.h"

/* clang-format off */

#define SQL_VIEW_KIND "view.kind || ' ' || view.name"
#define SQL_VIEW_COLUMN "pg_catalog.quote_ident(a.attname)"
#define SQL_ALTER_VIEW_COLUMN "'ALTER ' || " SQL_VIEW_KIND " || ' ALTER COLUMN ' || " SQL_VIEW_COLUMN

/* Some servers keep a version of theirs among them. */
#define SQL_VIEW_COLUMN_OPTIONS \
	"(SELECT pg_catalog.string_agg(o, ', ') FROM pg_catalog.unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')"

/* What hangs on its columns, as rows (number, statement). */
#define SQL_VIEW_COLUMN_DETAILS \
	"SELECT a.attnum, v.statement FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid" \
	" CROSS JOIN LATERAL (VALUES (" SQL_ALTER_VIEW_COLUMN " || ' SET DEFAULT ' || " SQL_EXPRESSION("a") ")," \
	" (" SQL_COMMENT_AGAIN("'COLUMN ' || view.name || '.' || " SQL_VIEW_COLUMN, \
	"pg_catalog.col_description(a.attrelid, a.attnum)") ")," \
	" (" SQL_ALTER_VIEW_COLUMN " || ' SET STATISTICS ' || CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END)," \
	" (" SQL_ALTER_VIEW_COLUMN " || ' SET (' || " SQL_VIEW_COLUMN_OPTIONS " || ')')," \
	" (" SQL_ALTER_VIEW_COLUMN " || ' SET STORAGE ' || CASE WHEN view.relkind = 'm' AND a.attstorage <> t.typstorage" \
	" THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END)," \
	" (" SQL_ALTER_VIEW_COLUMN " || ' SET COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END))" \
	" v(statement) WHERE a.attrelid = view.oid AND a.attnum > 0 AND NOT a.attisdropped AND v.statement IS NOT NULL"

#define SQL_VIEW_RULES \
	"SELECT w.rulename, v.statement FROM pg_catalog.pg_rewrite w CROSS JOIN LATERAL" \
	" (VALUES (1, pg_catalog.rtrim(pg_catalog.pg_get_ruledef(w.oid), ';'))," \
	" (2, " SQL_COMMENT_AGAIN("'RULE ' || pg_catalog.quote_ident(w.rulename) || ' ON ' || view.name", \
	"pg_catalog.obj_description(w.oid, 'pg_rewrite')") ")) v(n, statement)" \
	" WHERE w.ev_class = view.oid AND w.rulename <> '_RETURN' ORDER BY w.rulename, v.n"

#define SQL_VIEW_TRIGGERS \
	"SELECT t.tgname, v.statement FROM pg_catalog.pg_trigger t CROSS JOIN LATERAL" \
	" (VALUES (1, pg_catalog.pg_get_triggerdef(t.oid))," \
	" (2, " SQL_COMMENT_AGAIN("'TRIGGER ' || pg_catalog.quote_ident(t.tgname) || ' ON ' || view.name", \
	"pg_catalog.obj_description(t.oid, 'pg_trigger')") ")) v(n, statement)" \
	" WHERE t.tgrelid = view.oid AND NOT t.tgisinternal ORDER BY t.tgname, v.n"

#define SQL_STATEMENTS_OF(rows) "ARRAY(SELECT r.statement FROM (" rows ") r)"

#define SQL_VIEW_COLUMN_GRANTS \
	"SELECT a.attnum, g.n, g.statement FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL (" \
	SQL_GRANTS_AGAIN("a.attacl", "view.name", "' (' || pg_catalog.quote_ident(a.attname) || ')'", "true") ") g" \
	" WHERE a.attrelid = view.oid AND a.attacl IS NOT NULL"

/* Why it can't be made again as it is: WHEN … THEN a sentence. */
#define SQL_VIEW_LOST \
	" WHEN " SQL_FOREIGN_GRANTS("view.relacl", "view.relowner") " OR EXISTS (SELECT FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = view.oid AND " SQL_FOREIGN_GRANTS("a.attacl", "view.relowner") ")" \
	" THEN 'another role than its owner has granted rights on it'" \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.classoid = 'pg_catalog.pg_class'::regclass" \
	" AND l.objoid = view.oid) THEN 'it has a security label'" \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = view.oid AND t.tgenabled <> 'O')" \
	" THEN 'one of its triggers is not enabled as usual'"

/* clang-format on */

#endif
