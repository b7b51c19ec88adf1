/*
 * What can't be carried: what a table belongs to, where it is kept, and every
 * dependent of it that no other query speaks of.
 */
#include "plan/carry_sql.h"

/* clang-format off */

#define A_NAME(what, name) "'" what " ' || quote_ident(" name ")"

/* Publications of all tables of a schema are there from PostgreSQL 15 on: they are known by what they depend on. */
#define PUBLISHERS \
	"SELECT p.pubname FROM it JOIN pg_catalog.pg_publication_rel r ON r.prrelid = it.live JOIN pg_catalog.pg_publication p" \
	" ON p.oid = r.prpubid UNION SELECT p.pubname FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live AND c.relpersistence = 'p'" \
	" JOIN pg_catalog.pg_publication p ON p.puballtables UNION SELECT p.pubname FROM it JOIN pg_catalog.pg_depend d" \
	" ON d.classid = to_regclass('pg_catalog.pg_publication_namespace') AND d.refclassid = 'pg_catalog.pg_namespace'::regclass" \
	" AND d.refobjid = it.relnamespace JOIN pg_catalog.pg_depend e ON e.classid = d.classid AND e.objid = d.objid" \
	" AND e.refclassid = 'pg_catalog.pg_publication'::regclass JOIN pg_catalog.pg_publication p ON p.oid = e.refobjid"

/* Rows (n, reason, help). */
#define MEMBERSHIPS \
	"SELECT 0, 'it is ' || CASE c.relkind WHEN 'p' THEN 'partitioned' ELSE 'no ordinary table' END, 'change its partitions one by one'" \
	" FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live WHERE c.relkind <> 'r'" \
	" UNION ALL SELECT 1, 'it is a partition of ' || i.inhparent::regclass::text, 'detach it in an earlier phase'" \
	" FROM it JOIN pg_catalog.pg_inherits i ON i.inhrelid = it.live JOIN pg_catalog.pg_class c ON c.oid = it.live WHERE c.relispartition" \
	" UNION ALL SELECT 2, 'it inherits from ' || i.inhparent::regclass::text, 'end that in an earlier phase, ALTER TABLE … NO INHERIT'" \
	" FROM it JOIN pg_catalog.pg_inherits i ON i.inhrelid = it.live JOIN pg_catalog.pg_class c ON c.oid = it.live WHERE NOT c.relispartition" \
	" UNION ALL SELECT 3, i.inhrelid::regclass::text || ' inherits from it', 'end that in an earlier phase, ALTER TABLE … NO INHERIT'" \
	" FROM it JOIN pg_catalog.pg_inherits i ON i.inhparent = it.live JOIN pg_catalog.pg_class c ON c.oid = it.live WHERE c.relkind = 'r'" \
	" UNION ALL SELECT 4, 'it is a table of type ' || c.reloftype::regtype::text, 'end that in an earlier phase, ALTER TABLE … NOT OF'" \
	" FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live WHERE c.reloftype <> 0" \
	" UNION ALL SELECT 5, 'it belongs to ' || " A_NAME("extension", "e.extname") ", 'change it with the extension'" \
	" FROM it JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = it.live AND d.deptype = 'e'" \
	" JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid" \
	" UNION ALL SELECT 6, 'it has a security label of ' || quote_ident(l.provider), 'take it away before the switch, and set it" \
	" again behind it' FROM it JOIN pg_catalog.pg_seclabel l ON l.classoid = 'pg_catalog.pg_class'::regclass AND l.objoid = it.live" \
	" UNION ALL SELECT 7, 'it is published by ' || quote_ident(p.pubname) || ', whose subscribers know nothing of the new table'," \
	" 'take it out of the publication before the switch, and publish the new table behind it' FROM (" PUBLISHERS ") p" \
	" UNION ALL SELECT 8, " A_NAME("subscription", "s.subname") " || ' writes into it, and would go on writing into the old table'," \
	" 'end the subscription of this table before the switch' FROM it JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = it.live" \
	" JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid" \
	" UNION ALL SELECT 9, pg_describe_object(d.classid, d.objid, d.objsubid) || ' is declared to go with ' || " \
	A_NAME("extension", "e.extname") ", 'take that back, ALTER … NO DEPENDS ON EXTENSION, and declare it again behind the switch'" \
	" FROM it CROSS JOIN LATERAL (SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid FROM pg_catalog.pg_index i" \
	" WHERE i.indrelid = it.live UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, t.oid FROM pg_catalog.pg_trigger t" \
	" WHERE t.tgrelid = it.live) p(classid, objid) JOIN pg_catalog.pg_depend d USING (classid, objid)" \
	" JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.deptype = 'x'"

const char carry_membership[] =
	CARRY_WITH ", m AS (SELECT 'table ' || it.name AS what, x.* FROM it CROSS JOIN (" MEMBERSHIPS ") x(ordinal, reason, help))"
	CARRY_ANSWER("m", CARRY_REFUSAL("m.reason", "m.help"));

#define SPACE(c) \
	"CASE " c ".reltablespace WHEN 0 THEN 'the tablespace of the database' ELSE 'tablespace ' || (SELECT quote_ident(x.spcname)" \
	" FROM pg_catalog.pg_tablespace x WHERE x.oid = " c ".reltablespace) END"
#define METHOD(c) "(SELECT quote_ident(m.amname) FROM pg_catalog.pg_am m WHERE m.oid = " c ".relam)"

/* What is kept otherwise would have to be written anew under the locks. */
const char carry_place[] =
	CARRY_WITH ", t AS (SELECT 'table ' || it.shadow_name AS what, 0 AS ordinal, l.reltablespace AS space, s.reltablespace"
	" AS new_space, " SPACE("l") " AS space_name, " SPACE("s") " AS new_space_name, " METHOD("l") " AS method, " METHOD("s")
	" AS new_method, l.relpersistence AS kept, s.relpersistence AS new_kept, (SELECT"
	" string_agg(col.name, ', ') FROM pg_catalog.pg_index i JOIN col ON col.attnum = ANY (i.indkey) WHERE i.indrelid = it.live"
	" AND i.indisreplident AND l.relreplident = 'i' AND s.relreplident = 'd' AND col.lacking) AS identity"
	" FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live JOIN pg_catalog.pg_class s ON s.oid = it.shadow)"
	CARRY_ANSWER("t",
	CARRY_REFUSAL("CASE WHEN t.space <> t.new_space THEN 'it is in ' || t.new_space_name || ', and ' || it.name || ' in '"
	" || t.space_name END", "'move it right behind parallel_table, ALTER TABLE … SET TABLESPACE in an sql_step'") ","
	CARRY_REFUSAL("CASE WHEN t.method <> t.new_method THEN 'its access method is ' || t.new_method || ', and that of '"
	" || it.name || ' ' || t.method END", "'change it right behind parallel_table, ALTER TABLE … SET ACCESS METHOD in an sql_step'") ","
	CARRY_REFUSAL("CASE WHEN t.kept <> t.new_kept THEN 'it is ' || CASE t.new_kept WHEN 'u' THEN 'unlogged' ELSE 'logged' END"
	" || ', and ' || it.name || CASE t.kept WHEN 'u' THEN ' unlogged' ELSE ' logged' END END",
	"'change it right behind parallel_table, ALTER TABLE … SET ' || CASE t.kept WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END"
	" || ' in an sql_step'") ","
	CARRY_REFUSAL("'the replica identity of ' || it.name || ' has column ' || t.identity || ', which it has not'",
	"'give it another, ALTER TABLE … REPLICA IDENTITY in an sql_step'"));

/* ---- Dependents ---- */

/*
 * CTE `own`: the table, its row type with the array of it, and the sequences
 * that change their names.
 */
#define OWN \
	"own(classid, objid) AS (SELECT 'pg_catalog.pg_class'::regclass::oid, it.live FROM it UNION ALL" \
	" SELECT 'pg_catalog.pg_type'::regclass, u.oid FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live" \
	" JOIN pg_catalog.pg_type t ON t.oid = c.reltype" \
	" CROSS JOIN LATERAL (VALUES (t.oid), (t.typarray)) u(oid) UNION ALL" \
	" SELECT 'pg_catalog.pg_class'::regclass, d.objid FROM it JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = it.live AND d.classid = d.refclassid" \
	" JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid LEFT JOIN col ON col.attnum = d.refobjsubid" \
	" WHERE d.deptype = 'i' OR d.deptype = 'a' AND EXISTS (SELECT FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_sequence s" \
	" ON s.seqrelid = e.objid WHERE e.refclassid = d.refclassid AND e.refobjid = it.shadow AND e.refobjsubid = col.image" \
	" AND e.classid = d.classid AND e.deptype IN ('a', 'i')))"

/* The relation that a dependent is, or is a part of. */
#define RELATION_OF_DEPENDENT \
	"CASE d.classid WHEN 'pg_catalog.pg_class'::regclass THEN coalesce((SELECT i.indrelid FROM pg_catalog.pg_index i" \
	" WHERE i.indexrelid = d.objid), d.objid) WHEN 'pg_catalog.pg_rewrite'::regclass THEN w.ev_class" \
	" WHEN 'pg_catalog.pg_constraint'::regclass THEN (SELECT nullif(k.conrelid, 0) FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid)" \
	" WHEN 'pg_catalog.pg_attrdef'::regclass THEN (SELECT x.adrelid FROM pg_catalog.pg_attrdef x WHERE x.oid = d.objid)" \
	" WHEN 'pg_catalog.pg_policy'::regclass THEN (SELECT x.polrelid FROM pg_catalog.pg_policy x WHERE x.oid = d.objid)" \
	" WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN (SELECT x.stxrelid FROM pg_catalog.pg_statistic_ext x WHERE x.oid = d.objid)" \
	" WHEN 'pg_catalog.pg_trigger'::regclass THEN (SELECT x.tgrelid FROM pg_catalog.pg_trigger x WHERE x.oid = d.objid) END"

/* What other queries take care of: parts of the tables of the switch, foreign keys with their triggers, views, publications. */
#define TAKEN_CARE_OF \
	"(d.rel = ANY (it.lives || coalesce(it.shadow, 0)) AND d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" OR EXISTS (SELECT FROM own WHERE own.classid = d.classid AND own.objid = d.objid) OR d.part" \
	" OR d.classid = 'pg_catalog.pg_constraint'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid" \
	" AND k.contype = 'f') OR d.classid = 'pg_catalog.pg_trigger'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_trigger t" \
	" WHERE t.oid = d.objid AND t.tgisinternal) OR d.classid = 'pg_catalog.pg_publication_rel'::regclass" \
	" OR d.is_view AND d.refobjid = it.live AND d.refclassid = 'pg_catalog.pg_class'::regclass OR d.inherits)"

/*
 * `part`: made along with it, as its TOAST table and the sequence of an
 * identity column; `inherits`: told of with what it belongs to.
 */
#define DEPENDENTS \
	"dep AS (SELECT d.*, w.rulename = '_RETURN' AS is_return, " RELATION_OF_DEPENDENT " AS rel," \
	" d.deptype IN ('i', 'a') AND d.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_class p" \
	" WHERE p.oid = d.objid AND p.relkind IN ('S', 't')) AS part, EXISTS (SELECT FROM pg_catalog.pg_inherits h" \
	" WHERE d.classid = 'pg_catalog.pg_class'::regclass AND h.inhrelid = d.objid AND h.inhparent = d.refobjid) AS inherits" \
	" FROM own JOIN pg_catalog.pg_depend d ON d.refclassid = own.classid AND d.refobjid = own.objid" \
	" LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid)," \
	" seen AS (SELECT dep.*, dep.is_return AND EXISTS (SELECT FROM pg_catalog.pg_class v WHERE v.oid = dep.rel AND v.relkind = 'v'" \
	" AND v.relpersistence <> 't') AS is_view FROM dep)," \
	" other AS (SELECT DISTINCT o.classid, o.objid, o.objsubid, d.rel, d.refclassid, d.refobjid FROM it CROSS JOIN seen d CROSS JOIN LATERAL" \
	" (SELECT CASE WHEN d.is_return THEN 'pg_catalog.pg_class'::regclass::oid ELSE d.classid END," \
	" CASE WHEN d.is_return THEN d.rel ELSE d.objid END, CASE WHEN d.is_return THEN 0 ELSE d.objsubid END) o(classid, objid, objsubid)" \
	" WHERE NOT coalesce(" TAKEN_CARE_OF ", false))," \
	" u AS (SELECT pg_describe_object(o.classid, o.objid, o.objsubid) AS what, o.objid AS ordinal, bool_or(o.refclassid =" \
	" 'pg_catalog.pg_type'::regclass) AS of_type, min(o.refobjid) FILTER (WHERE o.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND o.refobjid <> it.live)::regclass::text AS sequence FROM it CROSS JOIN other o CROSS JOIN LATERAL" \
	" pg_identify_object(o.classid, o.objid, o.objsubid) i LEFT JOIN pg_catalog.pg_class r ON r.oid = o.rel" \
	" WHERE NOT " CARRY_IS_LEFT("array_remove(ARRAY[i.name, i.identity, i.schema || '.' || i.name, r.relname::text, r.oid::regclass::text," \
	" r.relnamespace::regnamespace::text || '.' || r.relname, (SELECT p.proname::text FROM pg_catalog.pg_proc p WHERE p.oid = o.objid" \
	" AND o.classid = 'pg_catalog.pg_proc'::regclass), (SELECT p.pronamespace::regnamespace::text || '.' || p.proname" \
	" FROM pg_catalog.pg_proc p WHERE p.oid = o.objid AND o.classid = 'pg_catalog.pg_proc'::regclass)], NULL)") \
	" GROUP BY o.classid, o.objid, o.objsubid)"

const char carry_dependents[] =
	CARRY_WITH ", " OWN ", " DEPENDENTS
	CARRY_ANSWER("u",
	CARRY_REFUSAL("CASE WHEN u.of_type THEN 'it uses the row type of ' || it.name || ', which the new table has not'"
	" WHEN u.sequence IS NOT NULL THEN 'it would go on drawing from the sequence of the old table, ' || u.sequence"
	" ELSE 'it would go on using the old table' END",
	"'take it away before the switch and make it again behind it, or name it in leaves: it then stays with ' || it.retired"));

/* clang-format on */
