/*
 * The questions to a catalogue, each for many relations at once.  The first two take the names of a file ($1
 * relations or functions, $2 schemas that it writes, $3 types), the others the oids ($1) that the first one found.
 * Lists of names come back with \x1F between them.
 */
#ifndef INTERLOCK_HAZARD_CATALOGUE_QUERIES_H
#define INTERLOCK_HAZARD_CATALOGUE_QUERIES_H

#define SETTINGS_QUERY                                                                                            \
	"SELECT current_setting('TimeZone') AS timezone,"                                                             \
	" (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'lock_timeout') AS lock_timeout,"          \
	" array_to_string(current_schemas(false), E'\\x1f') AS path"

/* The named ones, the tables of named indexes and domains, foreign keys both ways, partitions both ways. */
#define RELATIONS_QUERY                                                                                                                                     \
	"WITH RECURSIVE named AS ("                                                                                                                             \
	"  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                         \
	"   WHERE c.relname = ANY ($1::name[]) AND (n.nspname = ANY ($2::name[]) OR n.nspname = ANY (current_schemas(false)))"                                  \
	"  UNION"                                                                                                                                               \
	"  SELECT a.objid, 'r'::\"char\" FROM pg_catalog.pg_type t JOIN pg_catalog.pg_depend a"                                                                 \
	"     ON a.refclassid = 'pg_catalog.pg_type'::regclass AND a.refobjid = t.oid"                                                                          \
	"    AND a.classid = 'pg_catalog.pg_class'::regclass AND a.objsubid > 0"                                                                                \
	"   WHERE t.typname = ANY ($3::name[]) AND t.typtype = 'd'),"                                                                                           \
	" tables AS ("                                                                                                                                          \
	"  SELECT oid FROM named WHERE relkind NOT IN ('i', 'I')"                                                                                               \
	"  UNION SELECT i.indrelid FROM named JOIN pg_catalog.pg_index i ON i.indexrelid = named.oid"                                                           \
	"   WHERE named.relkind IN ('i', 'I')),"                                                                                                                \
	" around AS ("                                                                                                                                          \
	"  SELECT oid FROM tables"                                                                                                                              \
	"  UNION SELECT k.conrelid FROM around JOIN pg_catalog.pg_constraint k ON k.confrelid = around.oid AND k.contype = 'f'),"                               \
	" above AS ("                                                                                                                                           \
	"  SELECT oid FROM around"                                                                                                                              \
	"  UNION SELECT i.inhparent FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid),"                                                       \
	" wanted AS ("                                                                                                                                          \
	"  SELECT oid FROM above"                                                                                                                               \
	"  UNION SELECT k.confrelid FROM tables JOIN pg_catalog.pg_constraint k ON k.conrelid = tables.oid AND k.contype = 'f'"                                 \
	"  UNION SELECT p.partdefid FROM above JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = above.oid"                                               \
	"   WHERE p.partdefid <> 0)"                                                                                                                            \
	" SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispopulated, c.relrowsecurity, array_to_string(c.reloptions, ', ') AS options," \
	" EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid) AS has_policy,"                                                                  \
	" coalesce(s.spcname, '') AS tablespace, coalesce(m.amname, '') AS access_method,"                                                                      \
	" CASE WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_catalog.pg_total_relation_size(t.relid)), 0)"                                                  \
	"   FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf)"                                                                                         \
	"  WHEN c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_size(c.oid) > 0"                                                                             \
	"   THEN pg_catalog.pg_total_relation_size(c.oid) ELSE 0 END::bigint AS bytes,"                                                                         \
	" CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(l.reltuples, 0)) FROM pg_catalog.pg_partition_tree(c.oid) t"                                      \
	"   JOIN pg_catalog.pg_class l ON l.oid = t.relid WHERE t.isleaf) ELSE c.reltuples END::bigint AS rows,"                                                \
	" coalesce(pg_catalog.pg_stat_get_numscans(c.oid), 0) + coalesce((SELECT sum(pg_catalog.pg_stat_get_numscans("                                          \
	"   i.indexrelid)) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid), 0)::bigint AS reads,"                                                          \
	" extract(epoch FROM now() - coalesce(pg_catalog.pg_stat_get_db_stat_reset_time((SELECT d.oid FROM"                                                     \
	"   pg_catalog.pg_database d WHERE d.datname = current_database())), pg_catalog.pg_postmaster_start_time()))::bigint"                                   \
	"  AS seconds,"                                                                                                                                         \
	" (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition) AS parent,"                                          \
	" p.partdefid AS default_partition,"                                                                                                                    \
	" (SELECT string_agg(coalesce(a.attname, ''), E'\\x1f' ORDER BY k.n)"                                                                                   \
	"    FROM unnest(p.partattrs::int2[]) WITH ORDINALITY k(attnum, n)"                                                                                     \
	"    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0) AS keys"                                       \
	" FROM wanted JOIN pg_catalog.pg_class c ON c.oid = wanted.oid"                                                                                         \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                                                                             \
	" LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace"                                                                                      \
	" LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam"                                                                                                      \
	" LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid"                                                                                   \
	" WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"

#define FUNCTIONS_QUERY                                                                                                    \
	"SELECT n.nspname, f.proname, max(CASE f.provolatile WHEN 'v' THEN 'v' WHEN 's' THEN 's' ELSE 'i' END) AS volatility," \
	" CASE WHEN count(*) = 1 THEN max(CASE WHEN l.lanname = 'sql' AND NOT f.prosecdef AND f.proconfig IS NULL"             \
	"   THEN f.prosrc END) END AS body"                                                                                    \
	" FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace"                                  \
	" JOIN pg_catalog.pg_language l ON l.oid = f.prolang"                                                                  \
	" WHERE f.proname = ANY ($1::name[]) AND (n.nspname = ANY ($2::name[]) OR n.nspname = ANY (current_schemas(true)))"    \
	" GROUP BY 1, 2"

#define TYPES_QUERY                                                                                                         \
	"SELECT n.nspname, t.typname, t.typtype, t.typtype = 'd' AS is_domain,"                                                 \
	" pg_catalog.format_type(t.typbasetype, t.typtypmod) AS base,"                                                          \
	" t.typnotnull OR EXISTS (WITH RECURSIVE below AS (SELECT t.oid, t.typbasetype UNION ALL"                               \
	"   SELECT b.oid, b.typbasetype FROM below JOIN pg_catalog.pg_type b ON b.oid = below.typbasetype AND b.typtype = 'd')" \
	"   SELECT FROM below JOIN pg_catalog.pg_constraint k ON k.contypid = below.oid) AS constrained,"                       \
	" (SELECT string_agg(DISTINCT d.objid::text, E'\\x1f') FROM pg_catalog.pg_depend d"                                     \
	"   WHERE d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = t.oid AND t.typtype = 'd'"                     \
	"    AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0) AS users"                                      \
	" FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"                                   \
	" WHERE (t.typname = ANY ($3::name[]) OR $1::name[] IS NULL)"                                                           \
	" AND (n.nspname = ANY ($2::name[]) OR n.nspname = ANY (current_schemas(false)))"

#define COLUMNS_QUERY                                                                                                  \
	"SELECT a.attrelid AS relation, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull," \
	" a.atthasdef, a.attgenerated, a.attidentity"                                                                      \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped"       \
	" ORDER BY a.attrelid, a.attnum"

#define KEY_NAMES(relation, key)                                                                                  \
	"(SELECT string_agg(a.attname, E'\\x1f' ORDER BY k.n) FROM unnest(" key ") WITH ORDINALITY k(attnum, n)"      \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = " relation " AND a.attnum = k.attnum)"

#define CONSTRAINTS_QUERY                                                                                                                                \
	"SELECT c.conrelid AS relation, c.conname, c.contype, c.convalidated, c.condeferred, c.confrelid AS referenced,"                                     \
	" CASE WHEN c.contype = 'c' THEN pg_catalog.pg_get_expr(c.conbin, c.conrelid) END AS expr,"                                                          \
	" " KEY_NAMES(                                                                                                                                       \
		"c.conrelid",                                                                                                                                    \
		"c.conkey") " AS columns,"                                                                                                                       \
					" " KEY_NAMES(                                                                                                                       \
						"c.confrelid",                                                                                                                   \
						"c.confkey") " AS referenced_columns,"                                                                                           \
									 " (SELECT i.relname FROM pg_catalog.pg_class i WHERE i.oid = c.conindid AND c.contype IN ('p', 'u', 'x')) AS index" \
									 " FROM pg_catalog.pg_constraint c WHERE c.conrelid = ANY ($1::oid[]) AND c.contype IN ('c', 'f', 'p', 'u', 'x', 'n')"

#define INDEXES_QUERY                                                                                                   \
	"SELECT i.indrelid AS relation, c.relname, i.indisunique, i.indisvalid, i.indisprimary,"                            \
	" i.indpred IS NOT NULL AS partial, i.indexprs IS NOT NULL AS expressions,"                                         \
	" EXISTS (SELECT FROM unnest(i.indoption::int2[]) o WHERE o & 3 <> 0)"                                              \
	"  OR EXISTS (SELECT FROM unnest(i.indclass::oid[]) o JOIN pg_catalog.pg_opclass p ON p.oid = o"                    \
	"   WHERE NOT p.opcdefault) AS unusual,"                                                                            \
	" EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))" \
	"  AS of_constraint,"                                                                                               \
	" (SELECT string_agg(coalesce(a.attname, ''), E'\\x1f' ORDER BY k.n) FROM unnest(i.indkey::int2[])"                 \
	"   WITH ORDINALITY k(attnum, n) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid"                    \
	"   AND a.attnum = k.attnum AND k.attnum > 0 WHERE k.n <= i.indnkeyatts) AS columns,"                               \
	" (SELECT string_agg(DISTINCT a.attname, E'\\x1f') FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a"      \
	"   ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_catalog.pg_class'::regclass"      \
	"   AND d.objid = i.indexrelid AND d.refclassid = d.classid AND d.refobjid = i.indrelid AND d.refobjsubid > 0"      \
	"   AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)) AS mentioned"                                            \
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY ($1::oid[])"

/*
 * Views, policies, triggers, functions with a body in SQL, lists of publications; and generated columns, for which
 * before version 15 the table depends on itself.
 */
#define DEPENDENTS_QUERY                                                                                                 \
	"SELECT DISTINCT d.refobjid AS relation, a.attname AS column,"                                                       \
	" CASE WHEN r.oid IS NOT NULL THEN CASE v.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view '"          \
	"   ELSE 'a rule of ' END || v.oid::regclass ELSE pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) END" \
	"  AS what, d.refobjsubid > 0 AS blocks_type, d.deptype = 'n' AND t.oid IS NULL AS blocks_drop"                      \
	" FROM pg_catalog.pg_depend d"                                                                                       \
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0" \
	" LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid"            \
	" LEFT JOIN pg_catalog.pg_class v ON v.oid = r.ev_class"                                                             \
	" LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid"            \
	" LEFT JOIN pg_catalog.pg_attribute g ON g.attgenerated <> '' AND CASE WHEN f.oid IS NOT NULL"                       \
	"   THEN g.attrelid = f.adrelid AND g.attnum = f.adnum ELSE d.classid = 'pg_catalog.pg_class'::regclass"             \
	"   AND g.attrelid = d.objid AND g.attnum = d.objsubid END"                                                          \
	" LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid"            \
	" WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY ($1::oid[])"                             \
	" AND (d.classid IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,"                           \
	"   'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_publication_rel'::regclass)"   \
	"  OR (g.attnum IS NOT NULL AND g.attnum <> d.refobjsubid))"                                                         \
	" AND (r.oid IS NULL OR r.ev_class <> d.refobjid) AND (t.oid IS NULL OR NOT t.tgisinternal)"

#endif
