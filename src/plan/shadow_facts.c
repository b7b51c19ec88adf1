/* The catalogue's questions about a live table and its shadow. */
#include "plan/shadow_facts.h"

#include "plan/capture.h"
#include "plan/family.h"
#include "plan/lookup_facts.h"
#include "plan/names.h"
#include "plan/referring.h"

/* clang-format off */

/* $1.$2 is the live table, $3.$4 the shadow, $5 to $10 what is looked up, $12 whether this is asked in order to take it back. */

#define INHERITS \
	"EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE rel.oid IN (h.inhparent, h.inhrelid))"

#define IN_SUBSCRIPTION "EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = rel.oid)"

/* The publications that send the live table, or all of the schema in which the shadow is made. */
#define PUBLISHED \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(p.name), ', ') FROM (SELECT t.pubname" \
	" FROM pg_catalog.pg_publication_tables t WHERE t.schemaname = $1 AND t.tablename = $2" \
	" UNION ALL SELECT p.pubname FROM pg_catalog.pg_publication p WHERE p.puballtables" \
	" UNION ALL SELECT p.pubname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend o ON o.classid = d.classid" \
	" AND o.objid = d.objid JOIN pg_catalog.pg_publication p ON p.oid = o.refobjid" \
	" AND o.refclassid = 'pg_catalog.pg_publication'::regclass" \
	" WHERE d.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace')" \
	" AND d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = home.oid) p(name))"

/* What the live table is that can't be followed, or NULL, and why. */
#define UNFIT \
	"(SELECT w.found, w.expected, w.help FROM (SELECT CASE WHEN rel.relkind <> 'r' THEN " SQL_IS_A("rel.relkind") " END," \
	" 'an ordinary table', CASE rel.relkind WHEN 'p' THEN 'it is not followed by this version: a partition that is attached, truncated" \
	" or detached meanwhile would not be followed' END" \
	" UNION ALL SELECT CASE WHEN rel.relispartition THEN " SQL_NAME("$1", "$2") " || ' is a partition of ' || " \
	SQL_PARENTS("rel.oid") " WHEN " INHERITS " THEN 'tables inherit from ' || " SQL_NAME("$1", "$2") \
	" || ', or it does from others' END, 'a table by itself', 'detach it first: nothing that is written by way of" \
	" another table may be missed'" \
	" UNION ALL SELECT CASE WHEN rel.relpersistence = 'u' THEN " SQL_NAME("$1", "$2") " || ' is unlogged' END," \
	" 'a table that a crash of the server does not empty', 'ALTER TABLE … SET LOGGED first: its shadow would keep the rows'" \
	" UNION ALL SELECT CASE WHEN " IN_SUBSCRIPTION " THEN " SQL_NAME("$1", "$2") " || ' is filled by a subscription' END," \
	" 'a table that only this database writes', 'after a switch what the publisher sends would reach neither table: end the" \
	" subscription first'" \
	" UNION ALL SELECT CASE WHEN " PUBLISHED " IS NOT NULL THEN " SQL_NAME("$1", "$2") " || ' and its shadow are published" \
	" by ' || " PUBLISHED " END, 'tables that no publication sends', 'a subscriber knows no shadow, and would stop: take them" \
	" out of the publication first') w(found, expected, help) WHERE w.found IS NOT NULL LIMIT 1)"

#define SHADOW_IS \
	"(SELECT " SQL_NAME("$3", "$4") " || ' is there already: ' || CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN" \
	" 'a partitioned table' WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'S' THEN 'a sequence' ELSE" \
	" 'an index or the like' END FROM pg_catalog.pg_class c WHERE c.oid = it.oid)"

/* What stands on the shadow from outside, as a view. */
#define USERS \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.regexp_replace(pg_catalog.pg_describe_object(d.classid, d.objid, 0)," \
	" '^rule .* on ', ''), ', ') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_type t ON t.typrelid = c.oid" \
	" JOIN pg_catalog.pg_depend d ON d.deptype = 'n' AND (d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = c.oid OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray))" \
	" WHERE c.oid = it.oid AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass AND EXISTS (SELECT FROM" \
	" pg_catalog.pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid)) AND NOT (d.classid =" \
	" 'pg_catalog.pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_attrdef f WHERE f.oid = d.objid" \
	" AND f.adrelid = c.oid)))"

#define STORES \
	"(SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relnamespace =" \
	" pg_catalog.to_regnamespace('interlock') AND c.relname ~ '^(looked|wanted|created)_')"

const char shadow_question[] =
	"WITH " SQL_REL ", " SQL_BEST_KEY("NULL::pg_catalog.int2") ", " SQL_LOOKED_UP ", family AS (SELECT oid FROM rel), home AS (SELECT n.oid FROM pg_catalog.pg_namespace n"
	" WHERE n.nspname = $3::text), it AS (SELECT c.oid, c.relkind FROM home JOIN pg_catalog.pg_class c"
	" ON c.relnamespace = home.oid AND c.relname = $4::text)"
	" SELECT CASE WHEN $12::text IS NOT NULL THEN CASE WHEN it.oid IS NULL THEN 'absent' ELSE 'done' END"
	" WHEN rel.oid IS NULL OR home.oid IS NULL THEN 'missing'"
	" WHEN it.oid IS NOT NULL OR w.found IS NOT NULL THEN 'conflict' WHEN x.missing IS NOT NULL THEN 'missing'"
	" WHEN x.problem IS NOT NULL THEN 'conflict' ELSE 'compare' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN home.oid IS NULL THEN " SQL_NO_SCHEMA("$3")
	" WHEN w.found IS NOT NULL THEN w.found WHEN it.oid IS NOT NULL THEN " SHADOW_IS " ELSE coalesce(x.missing, x.problem) END AS found,"
	" CASE WHEN w.found IS NOT NULL THEN w.expected WHEN it.oid IS NULL AND x.problem IS NOT NULL THEN x.expected ELSE 'nothing called ' || " SQL_NAME("$3", "$4") " END AS expected,"
	" CASE WHEN rel.oid IS NULL THEN NULL WHEN w.found IS NOT NULL THEN w.help WHEN it.oid IS NOT NULL THEN"
	" 'give the shadow another name, or drop what is there if nobody needs it' ELSE x.help END AS help,"
	" CASE WHEN rel.oid IS NULL OR w.found IS NOT NULL THEN 'live' WHEN home.oid IS NULL OR it.oid IS NOT NULL THEN 'shadow'"
	" WHEN coalesce(x.missing, x.problem) IS NOT NULL THEN 'copy' ELSE 'shadow' END AS option,"
	" it.relkind AS shadow_kind, " USERS " AS shadow_users, " SQL_CAPTURE_FACTS ", " SQL_CREATION_FACTS ", " SQL_OWNER_FACTS ","
	" greatest(67108864, least(5368709120, pg_catalog.pg_table_size(rel.oid) / 10))::text AS log_limit,"
	" (SELECT pg_catalog.json_agg(pg_catalog.quote_ident(k.conname) ORDER BY k.conname)::text FROM pg_catalog.pg_constraint k"
	" WHERE k.conrelid = rel.oid AND k.contype = 'c' AND (NOT k.convalidated"
	" OR pg_catalog.pg_get_constraintdef(k.oid) ~ ' NOT ENFORCED$')) AS loose_checks"
	", " SQL_ROW_COLUMNS " AS columns, key.names AS key_names, " SQL_LOOKED_UP_COLUMNS " AS looked, " SQL_LOOKED_UP_TRIGGERS " AS noting,"
	" " SQL_LOOKED_UP_FIRED " AS their_triggers, " STORES " AS stores"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN home ON true LEFT JOIN it ON true LEFT JOIN key ON true"
	" LEFT JOIN LATERAL " UNFIT " w ON rel.oid IS NOT NULL CROSS JOIN " SQL_LOOKED_UP_OBSTACLE;

/* ---- The comparison: the shadow as a temporary table, the SQL of the plan as a view ---- */

#define PLAIN_TYPE(a) \
	"(SELECT CASE WHEN e.typcategory = 'A' AND e.typelem <> 0 THEN " SQL_BASE_TYPE("e.typelem") " ELSE e.oid END" \
	" FROM pg_catalog.pg_type e WHERE e.oid = " SQL_BASE_TYPE(a ".atttypid") ")"

/* Does = of the column's type tell apart what is to be told apart?  '1 mon' = '30 days' does not. */
#define COMPARABLE(a) \
	"(SELECT (y.typtype = 'e' OR y.oid < 16384 AND y.typtype IN ('b', 'r', 'm') AND y.typname <> 'interval' AND" \
	" (y.typtype <> 'b' OR EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod" \
	" AND m.amname = 'btree' WHERE o.opcdefault AND (o.opcintype = y.oid OR EXISTS (SELECT FROM pg_catalog.pg_cast k" \
	" WHERE k.castsource = y.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i')))))" \
	" AND coalesce((SELECT l.collisdeterministic FROM pg_catalog.pg_collation l WHERE l.oid = " a ".attcollation), true)" \
	" FROM pg_catalog.pg_type y WHERE y.oid = " PLAIN_TYPE(a) ")"

#define COLUMNS(relation) \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', " SQL_TYPE("a") "," \
	" 'generated', a.attgenerated, 'not_null', a.attnotnull, 'has_default', a.atthasdef OR a.attidentity <> ''," \
	" 'comparable', " COMPARABLE("a") ", 'always', a.attidentity = 'a', 'plain'," \
	" pg_catalog.format_type(" SQL_BASE_TYPE("a.atttypid") ", -1)) ORDER BY a.attnum)::text FROM " relation " t JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped)"

#define UNIQUE_INDEXES(relation) \
	relation " t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indimmediate" \
	" AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL"

#define OPERATOR(strategy) "pg_catalog.max(o.oprname) FILTER (WHERE w.amopstrategy = " strategy ")"

/* Unique, whatever the moment, for every row: the primary key first, then the shortest. */
#define LIVE_KEYS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('primary', i.indisprimary, 'columns', c.columns)" \
	" ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid)::text FROM " UNIQUE_INDEXES("rel") \
	" CROSS JOIN LATERAL (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', " SQL_TYPE("a") "," \
	" 'schema', p.schema, 'less', p.less, 'less_equal', p.less_equal, 'equal', p.equal, 'greater_equal', p.greater_equal," \
	" 'greater', p.greater) ORDER BY k.n) AS columns, pg_catalog.bool_and(a.attnotnull AND a.attgenerated <> 'v'" \
	" AND i.indcollation[k.n - 1] = a.attcollation AND p.schemas = 1 AND p.greater IS NOT NULL) AS usable" \
	" FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, n) JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = i.indrelid AND a.attnum = k.attnum JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.n - 1]" \
	" CROSS JOIN LATERAL (SELECT pg_catalog.count(DISTINCT n.nspname) AS schemas, pg_catalog.min(n.nspname) AS schema," \
	" " OPERATOR("1") " AS less, " OPERATOR("2") " AS less_equal, " OPERATOR("3") " AS equal," \
	" " OPERATOR("4") " AS greater_equal, " OPERATOR("5") " AS greater FROM pg_catalog.pg_amop w" \
	" JOIN pg_catalog.pg_operator o ON o.oid = w.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace" \
	" WHERE w.amopfamily = oc.opcfamily AND w.amoplefttype = oc.opcintype AND w.amoprighttype = oc.opcintype" \
	" AND w.amoppurpose = 's') p WHERE k.n <= i.indnkeyatts) c WHERE c.usable)"

#define SHADOW_KEYS \
	"(SELECT pg_catalog.json_agg((SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[])" \
	" WITH ORDINALITY k(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum" \
	" WHERE k.n <= i.indnkeyatts))::text FROM " UNIQUE_INDEXES("twin") ")"

/*
 * What the SQL calls that can't be: functions that give another value each
 * time, or that a row has not by itself.  By their numbers in the stored tree:
 * nothing else names what was really chosen.
 */
#define CALLED \
	"SELECT DISTINCT p.proname || '()' AS name FROM view JOIN pg_catalog.pg_rewrite r ON r.ev_class = view.oid," \
	" pg_catalog.regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') f(oids)" \
	" JOIN pg_catalog.pg_proc p ON p.oid = f.oids[1]::oid WHERE p.provolatile = 'v' OR p.prokind <> 'f' OR p.proretset" \
	" OR p.pronamespace = 'pg_catalog'::regnamespace AND (p.proname IN ('now', 'transaction_timestamp'," \
	" 'statement_timestamp', 'current_setting', 'current_database', 'current_schema', 'current_schemas', 'current_query'," \
	" 'txid_current_snapshot', 'pg_current_snapshot', 'pg_backend_pid', 'inet_client_addr', 'has_table_privilege')" \
	" OR p.proname = 'age' AND p.pronargs = 1)" \
	" UNION SELECT 'a word such as CURRENT_DATE or CURRENT_USER' FROM view JOIN pg_catalog.pg_rewrite r" \
	" ON r.ev_class = view.oid WHERE r.ev_action::text ~ '\\{SQLVALUEFUNCTION '"

/* $1.$3 is the live table, $2 the shadow's name, for the twin; $4, $5 and $6 what is looked up. */
const char shadow_comparison[] =
	"WITH rel AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = $1::text AND c.relname = $3::text), " SQL_TWIN ","
	" view AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.pg_my_temp_schema()"
	" AND c.relname = '~interlock_copy'), v AS (SELECT (SELECT pg_catalog.string_agg(c.name, ', ') FROM (" CALLED ") c) AS functions,"
	" " SQL_LOOKED_UP_INCOMPARABLE("view", "$4", "$5", "$6") " AS types)"
	" SELECT CASE WHEN coalesce(v.functions, v.types) IS NULL THEN 'absent' ELSE 'conflict' END AS state,"
	" coalesce('it calls ' || v.functions, v.types) AS found, CASE WHEN v.functions IS NOT NULL THEN 'SQL that gives one value for one row, and"
	" the same each time' WHEN v.types IS NOT NULL THEN 'types that an index of the other table finds' END AS expected, 'copy' AS option,"
	" CASE WHEN v.functions IS NOT NULL THEN 'derive it from the row alone: nobody could say later whether the copy is right'"
	" ELSE 'cast what is matched to the type of that column' END AS help,"
	" " COLUMNS("rel") " AS live_columns, " COLUMNS("twin") " AS shadow_columns, " LIVE_KEYS " AS live_keys,"
	" " SHADOW_KEYS " AS shadow_keys FROM v";

/* clang-format on */
