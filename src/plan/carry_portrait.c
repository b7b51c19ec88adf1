/*
 * The portrait of a table: what must be the same of the one that takes its
 * place, each thing by its name.  What both tables have of themselves and not
 * alike was said by the plan, and is left out.
 */
#include "plan/carry_sql.h"

/* clang-format off */

/* Every part is a query of the columns (name, value). */

#define COLUMNS_OF_KEY(numbers) "NOT EXISTS (SELECT FROM col WHERE col.image IS NULL AND col.attnum = ANY (" numbers "))"

#define OUTGOING_KEYS \
	"SELECT 'foreign key ' || quote_ident(k.conname), regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')" \
	" || coalesce(' -- ' || obj_description(k.oid, 'pg_constraint'), '') FROM it JOIN pg_catalog.pg_constraint k" \
	" ON k.conrelid = it.live AND k.contype = 'f' AND k.conparentid = 0 WHERE " COLUMNS_OF_KEY("k.conkey") \
	" AND NOT EXISTS (SELECT FROM planned p WHERE p.sorted = ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY 1))"

#define INCOMING_KEYS \
	"SELECT 'foreign key ' || quote_ident(k.conname) || ' of ' || k.conrelid::regclass, regexp_replace(pg_get_constraintdef(k.oid)," \
	" ' NOT VALID$', '') || coalesce(' -- ' || obj_description(k.oid, 'pg_constraint'), '') FROM it JOIN " CARRY_KEY_OIDS " u ON true" \
	" JOIN pg_catalog.pg_constraint k ON k.oid = u.oid AND k.confrelid = it.live AND k.conrelid <> it.live AND k.contype = 'f' AND k.conparentid = 0"

#define TRIGGERS \
	"SELECT 'trigger ' || quote_ident(t.tgname), concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid), obj_description(t.oid," \
	" 'pg_trigger')) FROM it JOIN pg_catalog.pg_trigger t ON t.tgrelid = it.live AND NOT t.tgisinternal" \
	" AND NOT starts_with(t.tgname::text, '~interlock_') AND NOT " CARRY_IS_LEFT("ARRAY[t.tgname::text]")

#define RULES \
	"SELECT 'rule ' || quote_ident(r.rulename), concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid), obj_description(r.oid," \
	" 'pg_rewrite')) FROM it JOIN pg_catalog.pg_rewrite r ON r.ev_class = it.live AND NOT " CARRY_IS_LEFT("ARRAY[r.rulename::text]")

#define POLICIES \
	"SELECT 'policy ' || quote_ident(p.polname), concat_ws(' ', p.polpermissive, p.polcmd, (SELECT string_agg(" \
	CARRY_GRANTEE("u.role") ", ', ' ORDER BY u.n) FROM unnest(p.polroles) WITH ORDINALITY u(role, n)), pg_get_expr(p.polqual," \
	" p.polrelid), '/', pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))" \
	" FROM it JOIN pg_catalog.pg_policy p ON p.polrelid = it.live AND NOT " CARRY_IS_LEFT("ARRAY[p.polname::text]") \
	" UNION ALL SELECT 'row security', 'enabled' FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live AND c.relrowsecurity" \
	" UNION ALL SELECT 'row security of the owner', 'enabled' FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live" \
	" AND c.relforcerowsecurity"

#define RIGHTS \
	"SELECT 'owner', pg_get_userbyid(it.owner)::text FROM it UNION ALL SELECT 'grants', array_to_string(" \
	CARRY_ACL_WORDS("r", "c.relacl", "it.owner") ", ', ') FROM it JOIN pg_catalog.pg_class c ON c.oid = it.live UNION ALL" \
	" SELECT 'grants on column ' || col.name, array_to_string(" CARRY_ACL_WORDS("c", "a.attacl", "it.owner") ", ', ')" \
	" FROM it CROSS JOIN col JOIN pg_catalog.pg_attribute a ON a.attrelid = it.live AND a.attnum = col.attnum" \
	" WHERE col.image IS NOT NULL AND a.attacl IS NOT NULL AND " CARRY_ACL_WORDS("c", "a.attacl", "it.owner") " <> '{}'"

/* Of one table alone, or the same on both. */
#define ALIKE(value, other) "(" value " = coalesce(" other ", " value "))"

#define COMMENTS \
	"SELECT 'comment', c.own FROM (SELECT obj_description(it.live, 'pg_class'), obj_description(it.shadow, 'pg_class') FROM it)" \
	" c(own, other) WHERE " ALIKE("c.own", "c.other") " UNION ALL SELECT 'comment on column ' || c.name, c.own FROM (SELECT col.name," \
	" col_description(it.live, col.attnum), col_description(it.shadow, col.image) FROM it CROSS JOIN col WHERE col.image IS NOT NULL)" \
	" c(name, own, other) WHERE " ALIKE("c.own", "c.other")

/* Rows of an array of options. */
#define OPTION_ROWS(kind, own, other) \
	"SELECT " kind " || ' ' || split_part(u, '=', 1) AS name, u AS value FROM unnest(" own ") u WHERE NOT EXISTS (SELECT" \
	" FROM unnest(" other ") w WHERE split_part(w, '=', 1) = split_part(u, '=', 1) AND w <> u)"

#define OPTIONS \
	"SELECT o.name, o.value FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live JOIN pg_catalog.pg_class s ON s.oid = it.shadow" \
	" LEFT JOIN pg_catalog.pg_class lt ON lt.oid = l.reltoastrelid LEFT JOIN pg_catalog.pg_class st ON st.oid = s.reltoastrelid" \
	" CROSS JOIN LATERAL (" OPTION_ROWS("'option'", "l.reloptions", "s.reloptions") " UNION ALL " \
	OPTION_ROWS("'option toast'", "CASE WHEN st.oid IS NOT NULL THEN lt.reloptions END", "st.reloptions") ") o UNION ALL" \
	" SELECT o.name, o.value FROM it CROSS JOIN col JOIN pg_catalog.pg_attribute a ON a.attrelid = it.live AND a.attnum = col.attnum" \
	" JOIN pg_catalog.pg_attribute b ON b.attrelid = it.shadow AND b.attnum = col.image CROSS JOIN LATERAL (" \
	OPTION_ROWS("'option of column ' || col.name", "a.attoptions", "b.attoptions") " UNION ALL SELECT 'statistics target of column '" \
	" || col.name, a.attstattarget::text WHERE a.attstattarget >= 0 AND (coalesce(b.attstattarget, -1) IN (-1, a.attstattarget))) o" \
	" UNION ALL SELECT 'replica identity', l.relreplident::text || coalesce(' ' || (SELECT c.relname FROM pg_catalog.pg_index i" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = it.live AND i.indisreplident), '') FROM it" \
	" JOIN pg_catalog.pg_class l ON l.oid = it.live JOIN pg_catalog.pg_class s ON s.oid = it.shadow" \
	" WHERE l.relreplident <> 'd' AND s.relreplident IN ('d', l.relreplident)"

#define VIEWS \
	"SELECT DISTINCT c.oid::regclass::text, concat_ws(' ', 'view', pg_get_userbyid(c.relowner), array_to_string(c.reloptions, ', ')," \
	" array_to_string(" CARRY_ACL_WORDS("r", "c.relacl", "c.relowner") ", ', '), pg_get_viewdef(c.oid)) FROM it" \
	" JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = it.live" \
	" AND d.classid = 'pg_catalog.pg_rewrite'::regclass JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid AND w.rulename = '_RETURN'" \
	" JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v' AND c.relpersistence <> 't' WHERE NOT " \
	CARRY_IS_LEFT("ARRAY[c.relname::text, c.oid::regclass::text, c.relnamespace::regnamespace::text || '.' || c.relname]")

/* A primary key of other columns is one that the plan chose. */
#define INDEXES \
	"SELECT 'index ' || quote_ident(x.relname), concat_ws(' ', x.contype, x.body, CASE WHEN x.indisclustered THEN 'clustered' END," \
	" obj_description(x.indexrelid, 'pg_class'), obj_description(x.con, 'pg_constraint')) FROM it JOIN x ON x.indrelid = it.live" \
	" WHERE x.indisvalid AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN col ON col.attrelid = d.refobjid" \
	" AND col.attnum = d.refobjsubid WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND (col.image IS NULL OR col.differs)" \
	" AND (d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = x.indexrelid" \
	" OR d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = x.con))" \
	" AND NOT (x.indisprimary AND EXISTS (SELECT FROM x y WHERE y.indrelid = it.shadow AND y.indisprimary AND y.body <> x.body))"

#define STATISTICS \
	"SELECT 'statistics object ' || s.stxnamespace::regnamespace || '.' || quote_ident(s.stxname), concat_ws(' '," \
	" pg_get_userbyid(s.stxowner), ARRAY(SELECT u FROM unnest(s.stxkind) u ORDER BY 1)::text, pg_get_statisticsobjdef_columns(s.oid)," \
	" obj_description(s.oid, 'pg_statistic_ext')) FROM it JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = it.live" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN col ON col.attrelid = d.refobjid AND col.attnum = d.refobjsubid" \
	" WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.classid = 'pg_catalog.pg_statistic_ext'::regclass" \
	" AND d.objid = s.oid AND col.image IS NULL)"

#define LOOSE_CHECKS \
	"SELECT 'constraint ' || quote_ident(k.conname), pg_get_constraintdef(k.oid) FROM it JOIN pg_catalog.pg_constraint k" \
	" ON k.conrelid = it.live AND k.contype = 'c' AND pg_get_constraintdef(k.oid) ~ ' NOT (VALID|ENFORCED)$'" \
	" WHERE " COLUMNS_OF_KEY("k.conkey") " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = it.shadow" \
	" AND o.conname = k.conname AND pg_get_constraintdef(o.oid) !~ ' NOT (VALID|ENFORCED)$')"

/* The sequence of an identity column that the other table has without one stays with its table. */
#define SEQUENCES \
	"SELECT 'sequence of column ' || col.name, concat_ws(' ', quote_ident(c.relname), array_to_string(" \
	CARRY_ACL_WORDS("s", "c.relacl", "c.relowner") ", ', '), obj_description(c.oid, 'pg_class')) FROM it CROSS JOIN col" \
	" JOIN owned d ON d.relid = it.live AND d.attnum = col.attnum JOIN pg_catalog.pg_class c ON c.oid = d.oid" \
	" WHERE col.image IS NOT NULL AND (d.deptype = 'a' OR EXISTS (SELECT FROM owned o WHERE o.relid = it.shadow AND o.attnum = col.image))"

const char carry_portrait[] =
	CARRY_WITH ", " CARRY_PLANNED ", x AS (SELECT i.*, c.relname, k.oid AS con, k.contype, regexp_replace(" CARRY_INDEX_BODY ", ' WITH [(].*?[)]',"
	" '') || coalesce(CASE WHEN k.contype = 'x' THEN ' ' || pg_get_constraintdef(k.oid) END, '') AS body FROM it"
	" JOIN pg_catalog.pg_index i ON i.indrelid IN (it.live, it.shadow) JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
	" LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')),"
	" owned AS (SELECT s.seqrelid AS oid, d.refobjid AS relid, d.refobjsubid AS attnum, d.deptype FROM it JOIN pg_catalog.pg_depend d"
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid IN (it.live, it.shadow) AND d.refobjsubid > 0"
	" AND d.classid = d.refclassid AND d.deptype IN ('a', 'i') JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid)"
	" SELECT coalesce(jsonb_object_agg(e.name, e.value), '{}')::text AS portrait FROM (" OUTGOING_KEYS " UNION ALL " INCOMING_KEYS
	" UNION ALL " TRIGGERS " UNION ALL " RULES " UNION ALL " POLICIES " UNION ALL " RIGHTS " UNION ALL " COMMENTS " UNION ALL " OPTIONS
	" UNION ALL (" VIEWS ") UNION ALL " INDEXES " UNION ALL " STATISTICS " UNION ALL " LOOSE_CHECKS " UNION ALL " SEQUENCES ") e(name, value)";

/* clang-format on */
