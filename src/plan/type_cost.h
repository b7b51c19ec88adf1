/*
 * What a change of a column's type would cost on this server, and why it is
 * then refused: what the server itself forbids, then the verdict of the trial
 * (plan/type_trial.h), then the checks that would be made again.
 */
#ifndef INTERLOCK_PLAN_TYPE_COST_H
#define INTERLOCK_PLAN_TYPE_COST_H

#include <stdbool.h>

#include "plan/step.h"

/* clang-format off */

/* "app.users (5,000 rows, 1232 kB)", of tables whose oid fulfils the condition on c (pg_class), all together. */
#define SQL_SIZE(condition) \
	"(SELECT CASE WHEN pg_catalog.min(c.reltuples) < 0 THEN '' ELSE pg_catalog.to_char(pg_catalog.sum(c.reltuples)," \
	" 'FM999,999,999,999,990') || ' rows, ' END || pg_catalog.pg_size_pretty(pg_catalog.sum(" \
	"pg_catalog.pg_total_relation_size(c.oid))) FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND " condition ")"

/*
 * Views, rules, policies, triggers, generated columns, functions, lists of
 * publications: the server changes no column that they use.  Nor one of a
 * table whose rows are a column of another.
 */
#define SQL_TYPE_DEPENDENTS \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.regexp_replace(pg_catalog.pg_describe_object(" \
	"d.classid, d.objid, d.objsubid), '^(rule .* on|default value for) ', ''), ', ') FROM (" \
	"SELECT d.classid, d.objid, d.objsubid FROM member m JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = m.attrelid AND d.refobjsubid = m.attnum" \
	" LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid" \
	" WHERE d.classid IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass," \
	" 'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_publication_rel'::regclass)" \
	" OR (f.adrelid, f.adnum) IS DISTINCT FROM (m.attrelid, m.attnum) AND f.oid IS NOT NULL" \
	" OR d.classid = d.refclassid AND d.objid = d.refobjid AND d.objsubid > 0" \
	" UNION ALL SELECT d.classid, d.objid, d.objsubid FROM family JOIN pg_catalog.pg_type t ON t.typrelid = family.oid" \
	" JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)" \
	" AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0 JOIN pg_catalog.pg_class c ON c.oid = d.objid" \
	" AND c.relkind IN ('r', 'p', 'm')) d)"

#define SQL_IN_PARTITION_KEY \
	"(SELECT pg_catalog.min(p.partrelid::regclass::text) FROM member m JOIN pg_catalog.pg_partitioned_table p" \
	" ON p.partrelid = m.attrelid WHERE m.attnum = ANY (p.partattrs) OR EXISTS (SELECT FROM pg_catalog.pg_depend d" \
	" WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid = m.attnum" \
	" AND d.refclassid = d.classid AND d.refobjid = p.partrelid AND d.refobjsubid = 0 AND d.deptype = 'i'))"

#define SQL_CHECKS_AGAIN \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(k.conname), ', ') FROM member m" \
	" JOIN pg_catalog.pg_constraint k ON k.conrelid = m.attrelid AND k.contype = 'c' AND k.convalidated" \
	" AND m.attnum = ANY (k.conkey))"

/* The foreign keys that the column takes part in, on either side. */
#define SQL_KEYS_FROM \
	" FROM member m JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.conparentid = 0" \
	" AND (k.conrelid = m.attrelid AND m.attnum = ANY (k.conkey) OR k.confrelid = m.attrelid" \
	" AND m.attnum = ANY (k.confkey))"

#define SQL_KEY_NAMES \
	"(SELECT pg_catalog.string_agg(u.name, ', ' ORDER BY u.name) FROM (SELECT DISTINCT pg_catalog.quote_ident(k.conname)" \
	" || ' of ' || k.conrelid::regclass::text || ' (' || " SQL_SIZE("c.oid = k.conrelid") " || ')' AS name" SQL_KEYS_FROM ") u)"

#define SQL_KEY_TABLES \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_array(n.nspname, c.relname) ORDER BY n.nspname, c.relname)::text" \
	" FROM (SELECT DISTINCT u.oid" SQL_KEYS_FROM " CROSS JOIN LATERAL (VALUES (k.conrelid), (k.confrelid)) u(oid)) t" \
	" JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.oid NOT IN (SELECT family.oid FROM family))"

#define SQL_REBUILT_INDEXES \
	"(SELECT pg_catalog.string_agg(i.name || coalesce(' (' || pg_catalog.pg_size_pretty(coalesce((SELECT" \
	" pg_catalog.sum(pg_catalog.pg_relation_size(p.relid)) FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(i.name)) p)," \
	" pg_catalog.pg_relation_size(pg_catalog.to_regclass(i.name)))) || ')', ''), ', ') FROM pg_catalog.json_array_elements_text(trial.t->'rebuilds') i(name))"

/* What the types alone tell of the reason. */
#define SQL_REWRITE_REASON \
	"CASE WHEN col.atttypid IN (1114, 1184) AND wanted.atttypid IN (1114, 1184) AND wanted.atttypid <> col.atttypid" \
	" AND z.zone NOT IN ('UTC', 'Etc/UTC', 'GMT') THEN 'the two are stored alike only where the time zone is UTC,'" \
	" || ' and that of this session is ' || z.zone" \
	" WHEN col.atttypid = wanted.atttypid OR wanted.atttypmod >= 0 AND EXISTS (SELECT FROM pg_catalog.pg_cast k" \
	" WHERE k.castsource = col.atttypid AND k.casttarget = wanted.atttypid AND k.castmethod = 'b')" \
	" THEN 'each value has to be checked against ' || pg_catalog.format_type(wanted.atttypid, wanted.atttypmod)" \
	" WHEN (SELECT y.typtype FROM pg_catalog.pg_type y WHERE y.oid = wanted.atttypid) = 'd'" \
	" THEN 'each value has to be checked against the domain' ELSE 'each value has to be converted' END"

/* Columns of the comparison that type_cost_refused() and the statements read; for `rel`, `col`, `trial`, `wanted`. */
#define SQL_COST_FACTS \
	SQL_TYPE_DEPENDENTS " AS dependents, " SQL_IN_PARTITION_KEY " AS in_partition_key, " SQL_CHECKS_AGAIN " AS checks," \
	" " SQL_KEY_NAMES " AS keys, " SQL_KEY_TABLES " AS key_tables, " SQL_REBUILT_INDEXES " AS rebuilds," \
	" trial.t->>'error' AS error, trial.t->>'rewrites' AS rewrites, trial.t->>'reads' AS reads," \
	" trial.t->>'clause' AS clause, trial.t->>'back' AS free_back," \
	" (SELECT " SQL_REWRITE_REASON " FROM (SELECT s.reset_val AS zone FROM pg_catalog.pg_settings s" \
	" WHERE s.name = 'TimeZone') z) AS reason," \
	" " SQL_SIZE("c.oid IN (SELECT family.oid FROM family)") " AS size," \
	" (SELECT CASE WHEN col.attstorage <> y.typstorage THEN CASE col.attstorage WHEN 'p' THEN 'PLAIN'" \
	" WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END FROM pg_catalog.pg_type y" \
	" WHERE y.oid = col.atttypid) AS column_storage," \
	" EXISTS (SELECT FROM family JOIN pg_catalog.pg_class c ON c.oid = family.oid JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname" \
	" AND s.attname = col.attname) AS is_analyzed"

/* clang-format on */

extern const char type_cost_way_out[]; /* the phased way, for help */

/*
 * true, with the refusal set, where the change can't be made or would cost
 * anything.  `column` as "column email of app.users".  What no step before it
 * can change is marked so.
 */
bool type_cost_refused(const struct relname *table, const char *column, const struct facts *facts,
                       struct stmts *stmts);

#endif
