/*
 * The sequences that columns draw from.  One that a column of the live table
 * owns goes over, where the shadow has none of its own for that column; else
 * both change their names, and the value goes over.  Applications call nextval
 * by name, which no lock on a table stops: renamed first, the sequence that is
 * read has no new values.  One that goes over to a wider column counts as far as
 * that: as an integer, it would end where the column no longer does.
 */
#include "plan/carry_sql.h"

/* clang-format off */

/* CTE `seq`: the sequences of columns of both tables; deptype i: of an identity column, a: owned, as by serial. */
#define SEQUENCES \
	"seq AS (SELECT d.refobjid AS relid, d.refobjsubid AS attnum, d.deptype, c.relname, c.relowner, c.relacl," \
	" quote_ident(c.relname) AS name, s.seqrelid::regclass::text AS path, s.*" \
	" FROM it JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid IN (it.live, it.shadow)" \
	" AND d.refobjsubid > 0 AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')" \
	" JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid)"

#define TYPE_MAX(type) \
	"CASE " type " WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END"

/*
 * `counts` of `old` and `new`: how the new one is to count.  As the old
 * one does, in the type of the column that draws from it: LIKE makes a bigint
 * with the bounds of an integer, at whose end an id made bigint would end too.
 */
#define COUNTS \
	"(SELECT t.type, CASE WHEN old.seqmax = " TYPE_MAX("old.seqtypid") " THEN " TYPE_MAX("t.type") " ELSE old.seqmax END AS max," \
	" CASE WHEN old.seqmin = - (" TYPE_MAX("old.seqtypid") ") - 1 THEN - (" TYPE_MAX("t.type") ") - 1 ELSE old.seqmin END AS min" \
	" FROM (SELECT CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN a.atttypid" \
	" ELSE new.seqtypid END FROM pg_catalog.pg_attribute a WHERE a.attrelid = new.relid AND a.attnum = new.attnum) t(type))"

#define COUNTING(s, type, min, max) \
	"'AS ' || format_type(" type ", NULL) || ' INCREMENT BY ' || " s ".seqincrement || ' MINVALUE ' || " min " || ' MAXVALUE ' || " max \
	" || ' START WITH ' || " s ".seqstart || ' RESTART CACHE ' || " s ".seqcache || CASE WHEN " s ".seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END"

#define COUNTS_ALIKE \
	"((counts.type, old.seqincrement, counts.min, counts.max, old.seqstart, old.seqcache, old.seqcycle)" \
	" = (new.seqtypid, new.seqincrement, new.seqmin, new.seqmax, new.seqstart, new.seqcache, new.seqcycle))"

/* A value that the other can't hold is its last one: whoever asks it for another is told so. */
#define SET_VALUE(to, bounds, from) \
	"'SELECT setval(' || quote_literal(" to ") || ', greatest(' || " bounds "min || ', least(' || " bounds "max || ', last_value)), is_called) FROM '" \
	" || " from

/* `pair`: each of live with that of the column of the same name; all are in the schema of the tables. */
const char carry_sequences[] =
	CARRY_WITH ", " SEQUENCES ", pair AS (SELECT 'sequence ' || old.path AS what, col.attnum AS ordinal, col.name AS column,"
	" old.path, old.name, quote_ident(a.name) AS aside, it.schema || '.' || quote_ident(a.name) AS aside_path,"
	" new.path AS image_path, new.name AS image,"
	" old.deptype, new.seqrelid IS NOT NULL AS exchanged, col.image IS NOT NULL AS has_column, old.seqrelid AS old,"
	" old.seqmin AS old_min, old.seqmax AS old_max, counts.min AS new_min, counts.max AS new_max, CASE WHEN NOT " COUNTS_ALIKE
	" THEN " COUNTING("old", "counts.type", "counts.min", "counts.max") " END AS counting, CASE WHEN NOT " COUNTS_ALIKE " THEN " COUNTING("new", "new.seqtypid", "new.seqmin", "new.seqmax") " END AS own_counting,"
	" CASE WHEN new.seqrelid IS NULL AND old.deptype = 'a' AND old.seqmax = " TYPE_MAX("old.seqtypid")
	" AND " TYPE_MAX("image.atttypid") " > old.seqmax AND image.atttypid IN ('int4'::regtype, 'int8'::regtype)"
	" THEN format_type(image.atttypid, NULL) END AS wider, format_type(old.seqtypid, NULL) AS type,"
	" old.relacl AS acl, new.relacl AS new_acl, old.relowner, new.relowner AS new_owner,"
	" CASE WHEN has_sequence_privilege(old.seqrelid, 'SELECT') THEN pg_sequence_last_value(old.seqrelid) END AS value,"
	" obj_description(old.seqrelid, 'pg_class') AS comment, obj_description(new.seqrelid, 'pg_class') AS new_comment"
	" FROM it JOIN seq old ON old.relid = it.live JOIN col ON col.attnum = old.attnum LEFT JOIN seq new ON new.relid = it.shadow"
	" AND new.attnum = col.image LEFT JOIN pg_catalog.pg_attribute image ON image.attrelid = it.shadow AND image.attnum = col.image"
	" LEFT JOIN LATERAL " COUNTS " counts ON true CROSS JOIN LATERAL (SELECT " CARRY_CUT("old.relname::text", "('__old_' || it.run)") ") a(name))"
	", grants AS (SELECT " ON_ATTACH " AS stage, pair.what, pair.ordinal, g.n, g.statement FROM it CROSS JOIN pair CROSS JOIN LATERAL ("
	CARRY_ACL_ROWS("s", "'SEQUENCE ' || pair.path", "''", "coalesce(pair.new_acl, acldefault('s', pair.new_owner))", "pair.new_owner",
	"coalesce(pair.acl, acldefault('s', pair.relowner))", "pair.relowner") ") g WHERE pair.exchanged AND "
	CARRY_ACL_WORDS("s", "pair.acl", "pair.relowner") " <> " CARRY_ACL_WORDS("s", "pair.new_acl", "pair.new_owner")
	" UNION ALL SELECT " ON_BACK_ATTACH ", pair.what, pair.ordinal, g.n, g.statement FROM it CROSS JOIN pair CROSS JOIN LATERAL ("
	CARRY_ACL_ROWS("s", "'SEQUENCE ' || pair.image_path", "''", "coalesce(pair.acl, acldefault('s', pair.relowner))", "pair.relowner",
	"coalesce(pair.new_acl, acldefault('s', pair.new_owner))", "pair.new_owner") ") g WHERE pair.exchanged AND "
	CARRY_ACL_WORDS("s", "pair.acl", "pair.relowner") " <> " CARRY_ACL_WORDS("s", "pair.new_acl", "pair.new_owner") "),"
	" step AS (SELECT v.stage, v.n, pair.ordinal, pair.what, v.statement, v.help FROM it CROSS JOIN pair CROSS JOIN LATERAL (VALUES "
	CARRY_REFUSAL("CASE WHEN pair.exchanged AND pair.value NOT BETWEEN pair.new_min AND pair.new_max THEN 'its value, ' || pair.value"
	" || ', is none that ' || pair.image_path || ' can have' END", "'give the column of the shadow a wider type'") ","
	CARRY_REFUSAL("CASE WHEN EXISTS (SELECT FROM aclexplode(pair.acl) x WHERE x.grantor <> pair.relowner) AND pair.exchanged THEN"
	" 'another role than its owner has granted rights on it' END", "'revoke these, and grant them as its owner'") ","
	CARRY_REFUSAL("CASE WHEN pair.exchanged AND to_regclass(pair.aside_path) IS NOT NULL THEN 'the name that it would get, ' || pair.aside_path"
	" || ', is taken' END", "'rename or drop that one'") ","
	/* There. */
	CARRY_ROW(ON_RENAME, "0", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.path || ' RENAME TO ' || pair.aside END") ","
	CARRY_ROW(ON_RENAME, "1", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.image_path || ' ' || pair.counting END") ","
	CARRY_ROW(ON_RENAME, "2", "CASE WHEN pair.exchanged THEN " SET_VALUE("pair.image_path", "pair.new_", "pair.aside_path") " END") ","
	CARRY_ROW(ON_RENAME, "4", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.image_path || ' RENAME TO ' || pair.name END") ","
	CARRY_ROW(ON_ATTACH, "0", "CASE WHEN NOT pair.exchanged AND pair.deptype = 'a' AND pair.has_column THEN 'ALTER SEQUENCE '"
	" || pair.path || ' OWNED BY ' || it.name || '.' || pair.column END") ","
	CARRY_ROW(ON_ATTACH, "1", "'ALTER SEQUENCE ' || pair.path || ' AS ' || pair.wider") ","
	CARRY_ROW(ON_ATTACH, "2", "CASE WHEN pair.exchanged AND pair.new_comment IS NULL THEN "
	CARRY_COMMENT("'SEQUENCE ' || pair.path", "pair.comment") " END") ","
	/* And back. */
	CARRY_ROW(ON_BACK_DETACH, "0", "CASE WHEN pair.exchanged AND pair.new_comment IS NULL THEN "
	CARRY_NO_COMMENT("'SEQUENCE ' || pair.path", "pair.comment") " END") ","
	CARRY_ROW(ON_BACK_RENAME, "0", "CASE WHEN NOT pair.exchanged AND pair.deptype = 'a' AND pair.has_column THEN 'ALTER SEQUENCE '"
	" || pair.path || ' OWNED BY ' || it.name || '.' || pair.column END") ","
	CARRY_ROW(ON_BACK_RENAME, "0.1", "CASE WHEN pair.wider IS NOT NULL THEN " SET_VALUE("pair.path", "pair.old_", "pair.path") " END") ","
	CARRY_ROW(ON_BACK_RENAME, "0.2", "CASE WHEN pair.wider IS NOT NULL THEN 'ALTER SEQUENCE ' || pair.path || ' AS ' || pair.type END") ","
	CARRY_ROW(ON_BACK_RENAME, "1", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.path || ' RENAME TO ' || pair.image END") ","
	CARRY_ROW(ON_BACK_RENAME, "2", "CASE WHEN pair.exchanged THEN " SET_VALUE("pair.aside_path", "pair.old_", "pair.image_path") " END") ","
	CARRY_ROW(ON_BACK_RENAME, "4", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.image_path || ' ' || pair.own_counting END") ","
	CARRY_ROW(ON_BACK_RENAME, "5", "CASE WHEN pair.exchanged THEN 'ALTER SEQUENCE ' || pair.aside_path || ' RENAME TO ' || pair.name END")
	") v(stage, n, statement, help) UNION ALL SELECT stage, 10 + n, ordinal, what, statement, NULL FROM grants)"
	" SELECT stage, what AS name, statement, help FROM step WHERE statement IS NOT NULL ORDER BY stage, n, ordinal";

/* clang-format on */
