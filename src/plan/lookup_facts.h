/*
 * What the probe of a backfill asks about a table that is looked into: is it
 * one whose rows can be found, followed and, where that is wanted, created?
 * Fragments of SQL after SQL_REL and SQL_BEST_KEY, read with search_path =
 * pg_catalog, pg_temp: $5 its schema, $6 its name, $7 the columns that are
 * matched (text[]), $8 the one that holds the value, $9 those that are filled
 * where a row is created, $10 what is done where there is none, $11 our column;
 * all NULL where nothing is looked up.
 */
#ifndef INTERLOCK_PLAN_LOOKUP_FACTS_H
#define INTERLOCK_PLAN_LOOKUP_FACTS_H

#include "plan/inserted.h"
#include "plan/row_trigger.h"

/* clang-format off */

/*
 * CTEs: `their`, the table, and `fit`, the columns of a unique index on exactly
 * those that are matched, with the operators by which it tells values apart.
 */
#define SQL_LOOKED_UP \
	"their AS (SELECT c.oid, c.relnamespace, c.relkind, c.relispartition, c.relhassubclass, c.relpersistence," \
	" c.relowner, c.relforcerowsecurity FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE n.nspname = $5::text AND c.relname = $6::text)," \
	" fit AS (SELECT pg_catalog.json_object_agg(f.attname, pg_catalog.json_build_object('as', f.as_type, 'operator', f.operator," \
	" 'family', f.opcfamily::text)) AS columns FROM their JOIN pg_catalog.pg_index i ON i.indrelid = their.oid AND i.indisunique" \
	" AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL CROSS JOIN LATERAL" \
	" (SELECT a.attname, a.attname = ANY ($7::text[]) AND o.opcdefault AND i.indcollation[k.n - 1] = a.attcollation AS fits," \
	" CASE WHEN y.typcategory = 'S' THEN pg_catalog.format_type(coalesce(nullif(y.typbasetype, 0), y.oid), -1) || CASE WHEN" \
	" a.attcollation NOT IN (0, 100) THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END END AS as_type," \
	" (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_amop m JOIN pg_catalog.pg_operator p ON p.oid = m.amopopr" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace WHERE m.amopfamily = o.opcfamily AND m.amopstrategy = 3" \
	" AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype) AS operator, o.opcfamily" \
	" FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid" \
	" AND a.attnum = k.attnum JOIN pg_catalog.pg_type y ON y.oid = a.atttypid JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k.n - 1]" \
	" WHERE k.n <= i.indnkeyatts) f GROUP BY i.indexrelid HAVING pg_catalog.bool_and(f.fits)" \
	" AND pg_catalog.count(*) = pg_catalog.cardinality($7::text[]) ORDER BY i.indexrelid LIMIT 1)"

/* Its key for what is created, as JSON; `rel` is the table here. */
#define SQL_LOOKED_UP_COLUMNS \
	"(WITH rel AS (SELECT * FROM their), " SQL_BEST_KEY("NULL::smallint") " SELECT pg_catalog.json_build_object(" \
	"'columns', " SQL_ROW_COLUMNS "::json, 'key', key.columns, 'definition', key.definition, 'names', key.names," \
	" 'fit', (SELECT fit.columns FROM fit), 'referrers', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(" \
	"'table', k.conrelid::regclass::text, 'match', (SELECT pg_catalog.string_agg('c.' || pg_catalog.quote_ident(ca.attname)" \
	" || ' = t.' || pg_catalog.quote_ident(ta.attname), ' AND ' ORDER BY u.n)" \
	" FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) WITH ORDINALITY u(c, t, n)" \
	" JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.c" \
	" JOIN pg_catalog.pg_attribute ta ON ta.attrelid = k.confrelid AND ta.attnum = u.t)) ORDER BY k.conname, k.oid)" \
	" FROM pg_catalog.pg_constraint k WHERE k.confrelid = rel.oid AND k.contype = 'f'))::text FROM rel LEFT JOIN key ON true)"

/* Triggers on it, for `standing`: the names of ours that fire always. */
#define SQL_LOOKED_UP_TRIGGERS \
	"(SELECT pg_catalog.json_agg(t.tgname)::text FROM their JOIN pg_catalog.pg_trigger t ON t.tgrelid = their.oid" \
	" WHERE pg_catalog.starts_with(t.tgname::text, '~interlock_') AND t.tgenabled = 'A')"

/* Other triggers that fire when a row is created. */
#define SQL_LOOKED_UP_FIRED \
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(t.tgname), ', ' ORDER BY t.tgname) FROM their" \
	" JOIN pg_catalog.pg_trigger t ON t.tgrelid = their.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')" \
	" AND t.tgtype & 4 <> 0 AND NOT pg_catalog.starts_with(t.tgname::text, '~interlock_'))"

#define SQL_LOOKED_UP_LACKING \
	"(SELECT w.name FROM pg_catalog.unnest($7::text[] || $8::text || $9::text[]) WITH ORDINALITY w(name, n)" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = their.oid AND a.attname = w.name" \
	" AND a.attnum > 0 AND NOT a.attisdropped) ORDER BY w.n LIMIT 1)"

#define SQL_THEIR_NAME SQL_NAME("$5", "$6")

/* Columns that a row can't be created without, and that it would not get. */
#define SQL_LOOKED_UP_BARE \
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = their.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef" \
	" AND a.attidentity = '' AND a.attname <> ALL ($7::text[] || $9::text[]))"

/* Columns that take no value, or whose values are stored nowhere. */
#define SQL_LOOKED_UP_COMPUTED \
	"(SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = their.oid AND NOT a.attisdropped" \
	" AND (a.attgenerated = 'v' AND a.attname = ANY ($7::text[] || $8::text) OR $10::text = 'create'" \
	" AND (a.attgenerated <> '' OR a.attidentity = 'a') AND a.attname = ANY ($7::text[] || $9::text[])) ORDER BY a.attnum LIMIT 1)"

/* "bigint, not integer": the types of the value and of our column, where one does not become the other by itself. */
#define SQL_LOOKED_UP_MISFIT \
	"(SELECT pg_catalog.format_type(v.atttypid, -1) || ', and ' || pg_catalog.quote_ident($11::text) || ' is '" \
	" || pg_catalog.format_type(o.atttypid, -1) FROM pg_catalog.pg_attribute v JOIN pg_catalog.pg_type vt ON vt.oid = v.atttypid," \
	" pg_catalog.pg_attribute o JOIN pg_catalog.pg_type ot ON ot.oid = o.atttypid" \
	" WHERE v.attrelid = their.oid AND v.attname = $8::text AND o.attrelid = rel.oid AND o.attname = $11::text AND" \
	" coalesce(nullif(vt.typbasetype, 0), vt.oid) <> coalesce(nullif(ot.typbasetype, 0), ot.oid) AND NOT EXISTS (SELECT FROM" \
	" pg_catalog.pg_cast c WHERE c.castsource = coalesce(nullif(vt.typbasetype, 0), vt.oid)" \
	" AND c.casttarget = coalesce(nullif(ot.typbasetype, 0), ot.oid) AND c.castcontext = 'i'))"

/* x(missing, problem, expected, help): why nothing can be looked up there; NULL: it can. */
#define SQL_LOOKED_UP_OBSTACLE \
	"LATERAL (SELECT CASE WHEN $6::text IS NULL THEN NULL WHEN their.oid IS NULL THEN " SQL_NO_TABLE("$5", "$6") \
	" WHEN " SQL_LOOKED_UP_LACKING " IS NOT NULL THEN " SQL_NO_COLUMN_OF("their", "$5", "$6", SQL_LOOKED_UP_LACKING) " END AS missing," \
	" p.obstacle[1] AS problem, p.obstacle[2] AS expected, p.obstacle[3] AS help" \
	" FROM (SELECT) o LEFT JOIN their ON true CROSS JOIN LATERAL (SELECT CASE WHEN their.oid IS NULL OR rel.oid IS NULL THEN NULL" \
	" WHEN their.relkind <> 'r' THEN ARRAY[" SQL_THEIR_NAME " || CASE their.relkind WHEN 'p' THEN ' is partitioned' WHEN 'v' THEN ' is a view'" \
	" WHEN 'm' THEN ' is a materialized view' WHEN 'f' THEN ' is a foreign table' ELSE ' is no table' END," \
	" 'a plain table to look into, whose changes a trigger can note', 'copy what is looked up into a table of its own, and keep that right']" \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = their.oid) THEN ARRAY['other tables inherit from '" \
	" || " SQL_THEIR_NAME ", 'a table that has its rows alone', 'look into the one that has the rows']" \
	" WHEN NOT pg_catalog.pg_has_role(their.relowner, 'USAGE') THEN ARRAY[" SQL_THEIR_NAME " || ' belongs to '" \
	" || pg_catalog.pg_get_userbyid(their.relowner), 'a table of its own, as it gets a trigger that notes changes'," \
	" 'run the plan as a role that has the rights of ' || pg_catalog.pg_get_userbyid(their.relowner)]" \
	" WHEN their.relforcerowsecurity THEN ARRAY[" SQL_THEIR_NAME " || ' forces row security on its owner'," \
	" 'a table whose rows the trigger sees whoever writes', 'ALTER TABLE ' || " SQL_THEIR_NAME " || ' NO FORCE ROW LEVEL SECURITY']" \
	" WHEN their.oid = rel.oid AND $11::text = ANY ($7::text[] || $8::text || $9::text[]) THEN ARRAY[" \
	"'the lookup reads ' || pg_catalog.quote_ident($11::text) || ' itself, the column that it fills'," \
	" 'a value that does not depend on what is filled', 'look into another column, or fill level by level with where']" \
	" WHEN key.columns IS NULL THEN ARRAY[" SQL_NAME("$1", "$2") " || ' has no primary key, and no unique key of columns that are NOT NULL'," \
	" 'a key, by which rows are filled again when what they were looked up in changes', 'give the table a primary key first']" \
	" WHEN " SQL_LOOKED_UP_COMPUTED " IS NOT NULL THEN ARRAY['column ' || " SQL_LOOKED_UP_COMPUTED " || ' of ' || " SQL_THEIR_NAME \
	" || ' is computed by the server', 'a column that is stored, and takes a value where a row is created', 'name another column']" \
	" WHEN NOT EXISTS (SELECT FROM fit WHERE fit.columns IS NOT NULL) THEN ARRAY[" SQL_THEIR_NAME " || ' has no unique index on exactly ('" \
	" || pg_catalog.array_to_string($7::text[], ', ') || ') that is valid, not partial, and checked at once'," \
	" 'one, so that no two rows match', 'make it in an earlier phase: create_index_if_missing { unique = true, … }']" \
	" WHEN " SQL_LOOKED_UP_MISFIT " IS NOT NULL THEN ARRAY['the value is ' || " SQL_LOOKED_UP_MISFIT "," \
	" 'a type that holds each value of the other', 'give the column the type of the value that is looked up']" \
	" WHEN $10::text = 'create' AND " SQL_LOOKED_UP_BARE " IS NOT NULL THEN ARRAY['a row of ' || " SQL_THEIR_NAME " || ' can not be created without '" \
	" || " SQL_LOOKED_UP_BARE ", 'a value for each column that is NOT NULL', 'say in create what it gets, or give it a default']" \
	" WHEN $10::text = 'create' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = their.oid AND i.indisunique AND i.indisvalid" \
	" AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey) u(n)" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.n WHERE NOT a.attnotnull))" \
	" THEN ARRAY[" SQL_THEIR_NAME " || ' has no key', 'a key, by which undo finds the rows that were created', 'give it a primary key first']" \
	" END) p(obstacle)) x"

/*
 * The first column that is matched with a type of which no index of its own
 * knows an equality; what is matched are columns "~m_1" … of a temporary view,
 * a CTE that has its oid.
 */
#define SQL_LOOKED_UP_INCOMPARABLE(view, schema, name, columns) \
	"(SELECT pg_catalog.quote_ident(u.attname) || ' is ' || pg_catalog.format_type(u.atttypid, -1) || ', and is matched with '" \
	" || pg_catalog.format_type(e.atttypid, -1) FROM " view ", pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace JOIN pg_catalog.unnest(" columns "::text[]) WITH ORDINALITY m(name, n) ON true" \
	" JOIN pg_catalog.pg_attribute u ON u.attrelid = c.oid AND u.attname = m.name JOIN pg_catalog.pg_type ut ON ut.oid = u.atttypid" \
	" JOIN pg_catalog.pg_attribute e ON e.attname = '~m_' || m.n JOIN pg_catalog.pg_type et ON et.oid = e.atttypid" \
	" CROSS JOIN LATERAL (SELECT coalesce(nullif(ut.typbasetype, 0), ut.oid), coalesce(nullif(et.typbasetype, 0), et.oid)) b(u, e)" \
	" WHERE n.nspname = " schema "::text AND c.relname = " name "::text AND e.attrelid = " view ".oid AND ut.typcategory <> 'S' AND b.u <> b.e" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod AND am.amname = 'btree'" \
	" JOIN pg_catalog.pg_amop p ON p.amopfamily = o.opcfamily AND p.amopstrategy = 3 AND p.amoplefttype = b.u AND p.amoprighttype = b.e" \
	" WHERE o.opcdefault AND o.opcintype = b.u) ORDER BY m.n LIMIT 1)"

/* clang-format on */

#endif
