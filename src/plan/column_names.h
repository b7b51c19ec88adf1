/*
 * Indexes, unique constraints and CHECKs of a column that gives up its name:
 * each needs one of the same form on the column that gets it, and the two
 * exchange names, the one that is given up being put aside as
 * <name>__old_<run>.
 */
#ifndef INTERLOCK_PLAN_COLUMN_NAMES_H
#define INTERLOCK_PLAN_COLUMN_NAMES_H

#include <stdbool.h>

#include "plan/column_swap.h"

/* clang-format off */

/* The text with a column's name replaced. */
#define SQL_WITHOUT_NAME(text, name, mark) \
	"CASE WHEN pg_catalog.quote_ident(" name ") = " name "::text THEN pg_catalog.regexp_replace(" text ", '\\m' || " name \
	" || '\\M', '" mark "', 'g') ELSE pg_catalog.replace(" text ", pg_catalog.quote_ident(" name "), '" mark "') END"

/* What two definitions have in common when they differ only in the column, and in the casts that its type needs. */
#define SQL_FORM(text, own, other) \
	"pg_catalog.translate(pg_catalog.regexp_replace(" \
	SQL_WITHOUT_NAME(SQL_WITHOUT_NAME(text, own, "<column>"), other, "<other>") \
	", '::[a-z_.]+( [a-z]+)*(\\([0-9,]+\\))?', '', 'g'), '() ', '')"

/* From USING on. */
#define SQL_INDEX_TAIL(oid) \
	"(SELECT pg_catalog.substr(x.def, pg_catalog.strpos(x.def, ' USING ')) FROM pg_catalog.pg_get_indexdef(" oid ") x(def))"

/* What `c` (col or came) has of them; the names in `own` and `other`. */
#define SQL_NAMED_OBJECTS(c, own, other) \
	"SELECT CASE WHEN k.oid IS NULL THEN 'index' ELSE 'unique' END AS kind, i.indexrelid AS oid, x.relname AS name," \
	" x.relnamespace, i.indisvalid AS valid, i.indisclustered AS clustered, i.indisreplident AS identity," \
	" CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || 'index ' || pg_catalog.quote_ident(x.relname)" \
	" || " SQL_INDEX_TAIL("i.indexrelid") " AS what," \
	" pg_catalog.concat_ws(' ', i.indisunique, k.condeferrable, k.condeferred, " \
	SQL_FORM(SQL_INDEX_TAIL("i.indexrelid"), own, other) ") AS form, " \
	SQL_INDEX_TAIL("i.indexrelid") " ~ 'NULLS NOT DISTINCT' AS strict" \
	" FROM " c " JOIN pg_catalog.pg_index i ON i.indrelid = " c ".attrelid" \
	" JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid" \
	" LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')" \
	" AND k.conrelid = i.indrelid WHERE coalesce(k.contype, 'u') = 'u' AND (" c ".attnum = ANY (i.indkey) OR EXISTS (" \
	"SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid" \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = " c ".attnum))" \
	" UNION ALL SELECT 'check', k.oid, k.conname, NULL, k.convalidated, false, false," \
	" 'check ' || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid), " \
	SQL_FORM("pg_catalog.pg_get_constraintdef(k.oid)", own, other) "," \
	" pg_catalog.cardinality(k.conkey) > 1 OR pg_catalog.pg_get_constraintdef(k.oid) ~ '\\mNULL\\M'" \
	" FROM " c " JOIN pg_catalog.pg_constraint k ON k.conrelid = " c ".attrelid AND k.contype = 'c'" \
	" AND " c ".attnum = ANY (k.conkey)"

/*
 * CTEs after `col` and `came`: what each has, numbered within its form, and
 * the pairs that exchange names.
 */
#define SQL_COLUMN_NAMES \
	"leaving AS (SELECT o.*, pg_catalog.row_number() OVER (PARTITION BY o.kind, o.form ORDER BY o.name) AS n" \
	" FROM came CROSS JOIN LATERAL (" SQL_NAMED_OBJECTS("col", "$3", "came.attname") ") o WHERE o.valid OR o.kind = 'check')," \
	" arriving AS (SELECT o.*, pg_catalog.row_number() OVER (PARTITION BY o.kind, o.form ORDER BY o.name) AS n" \
	" FROM col CROSS JOIN LATERAL (" SQL_NAMED_OBJECTS("came", "came.attname", "$3") ") o WHERE o.valid)," \
	" named AS (SELECT l.*, a.name AS successor, a.relnamespace AS successor_home FROM leaving l" \
	" LEFT JOIN arriving a ON a.kind = l.kind AND a.form = l.form AND a.n = l.n)"

/* Why they can't, as rows (number, found, expected, help, option); after the CTE `keepers` of column_keepers.h. */
#define SQL_NAMES_OBSTACLES \
	"(9, (SELECT CASE k.contype WHEN 'p' THEN 'primary key ' ELSE 'constraint ' END || pg_catalog.quote_ident(k.conname) || ' ' ||" \
	" pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k WHERE k.conrelid = col.attrelid" \
	" AND k.contype IN ('p', 'x') AND (col.attnum = ANY (k.conkey) OR EXISTS (SELECT FROM pg_catalog.pg_depend d" \
	" WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid AND d.refobjid = col.attrelid" \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid = col.attnum)) ORDER BY k.contype, k.conname LIMIT 1)," \
	" 'a column in no primary key and no EXCLUDE: neither can move to another column and back without being built anew', NULL, 'column')," \
	" (21, (SELECT m.what FROM named m WHERE m.successor IS NULL ORDER BY m.kind DESC, m.name LIMIT 1)," \
	" 'the like of it on column ' || pg_catalog.quote_ident(came.attname)," \
	" (SELECT 'make that in an earlier step: ' || CASE m.kind WHEN 'unique' THEN 'add_unique' WHEN 'check' THEN 'add_check'" \
	" ELSE 'create_index_if_missing' END || ' { table = ' || pg_catalog.to_json(" SQL_NAME("$1", "$2") ")::text || ', ... }'" \
	" FROM named m WHERE m.successor IS NULL ORDER BY m.kind DESC, m.name LIMIT 1), 'with')," \
	" (22, (SELECT m.what FROM named m WHERE m.strict AND NOT EXISTS (SELECT FROM keepers k WHERE k.alive) ORDER BY m.name LIMIT 1)," \
	" 'nothing that stops those who write the new column when nothing keeps the old one up to date'," \
	" 'keep both alike until later (sync_columns), or drop that in an earlier step', 'column')"

/* The column of the answer that the recipes read. */
#define SQL_NAMES_FACTS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('kind', m.kind, 'name', m.name, 'successor', m.successor," \
	" 'schema', (SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid = m.relnamespace)," \
	" 'clustered', m.clustered) ORDER BY m.kind, m.name)::text FROM named m WHERE m.successor IS NOT NULL) AS names," \
	" (SELECT pg_catalog.json_agg(o.name)::text FROM (SELECT m.name FROM leaving m UNION SELECT a.name FROM arriving a) o)" \
	" AS known_names"

/* clang-format on */

/* Undo: true, with the refusal set, where one of them is gone or has another name. */
bool column_names_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);
/* Exchanges them; undo gives back those that this run exchanged. */
void column_names_exchange(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);

#endif
