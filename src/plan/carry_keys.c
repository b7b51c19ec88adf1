/*
 * Foreign keys from and to a table that another one replaces.  The key of the
 * retired table goes, so that it neither hinders nor changes anything; that of
 * the new one binds what is written from then on, and is validated afterwards.
 */
#include "plan/carry_sql.h"
#include "plan/referring.h"

/* clang-format off */

#define COLUMN_NAMES(rel, numbers) \
	"ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = " rel " AND a.attnum = ANY (" numbers ")" \
	" ORDER BY 1)"

/*
 * `key`: all that are there.  `own`: it is one of live, perhaps to itself;
 * `lacks`: columns of it that the shadow has not; `replaced`: the plan has
 * another over its columns; `unlike`: columns that the server could not
 * compare any more.
 */
#define KEYS \
	"key AS (SELECT k.oid, k.conname, quote_ident(k.conname) AS name, k.conrelid, k.confrelid, k.conrelid = it.live AS own," \
	" k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent, c.relkind, c.relowner," \
	" pg_get_constraintdef(k.oid) AS def, pg_get_constraintdef(k.oid) ~ ' NOT (VALID|ENFORCED)$' AS loose," \
	" obj_description(k.oid, 'pg_constraint') AS comment, " COLUMN_NAMES("k.conrelid", "k.conkey") " AS sorted," \
	" (SELECT string_agg(col.name, ', ' ORDER BY col.attnum) FROM col WHERE col.lacking AND (k.conrelid = it.live" \
	" AND col.attnum = ANY (k.conkey))) AS lacks, (SELECT string_agg(col.name, ', ' ORDER BY col.attnum) FROM col" \
	" WHERE col.lacking AND k.confrelid = it.live AND col.attnum = ANY (k.confkey)) AS parent_lacks," \
	" k.conrelid <> it.live AND k.conrelid = ANY (it.lives) AS of_another," \
	" (SELECT string_agg(quote_ident(ca.attname) || ' and ' || quote_ident(ra.attname), ', ') FROM" \
	" ROWS FROM (unnest(k.conkey), unnest(k.confkey)) u(c, r) JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid" \
	" AND ca.attnum = u.c JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = u.r" \
	" LEFT JOIN pg_catalog.pg_attribute ci ON k.conrelid = it.live AND ci.attrelid = it.shadow AND ci.attname = ca.attname" \
	" LEFT JOIN pg_catalog.pg_attribute ri ON k.confrelid = it.live AND ri.attrelid = it.shadow AND ri.attname = ra.attname" \
	" CROSS JOIN LATERAL (SELECT " SQL_BASE_TYPE("coalesce(ci.atttypid, ca.atttypid)") " AS child," \
	" " SQL_BASE_TYPE("coalesce(ri.atttypid, ra.atttypid)") " AS parent) b WHERE NOT " SQL_COMPARABLE ") AS unlike" \
	" FROM it JOIN " CARRY_KEY_OIDS " u ON true JOIN pg_catalog.pg_constraint k ON k.oid = u.oid AND k.contype = 'f'" \
	" AND k.conparentid = 0 AND it.live IN (k.conrelid, k.confrelid) JOIN pg_catalog.pg_class c ON c.oid = k.conrelid)," \
	" carried AS (SELECT key.*, 'foreign key ' || key.name || ' of ' || key.child AS what, key.conname AS ordinal," \
	" key.own AND EXISTS (SELECT FROM planned p WHERE p.sorted = key.sorted) AS replaced FROM key)"

#define ADD_KEY(k) \
	"'ALTER TABLE ' || " k ".child || ' ADD CONSTRAINT ' || " k ".name || ' ' || " k ".def || CASE WHEN " k ".loose THEN ''" \
	" ELSE ' NOT VALID' END"
#define DROP_KEY(k) "'ALTER TABLE ' || " k ".child || ' DROP CONSTRAINT ' || " k ".name"
#define VALIDATE_KEY(k) "'ALTER TABLE ' || " k ".child || ' VALIDATE CONSTRAINT ' || " k ".name"
#define KEY_COMMENT(k) CARRY_COMMENT("'CONSTRAINT ' || " k ".name || ' ON ' || " k ".child", k ".comment")

/* Not those of another table of the same switch: they are its own. */
#define IF_OURS(statement) "CASE WHEN NOT carried.of_another THEN " statement " END"
#define IF_STAYS(statement) \
	"CASE WHEN NOT carried.of_another AND NOT carried.replaced AND carried.lacks IS NULL THEN " statement " END"

#define MAY_LOCK(table) \
	"(has_table_privilege(" table ", 'UPDATE') OR has_table_privilege(" table ", 'DELETE')" \
	" OR has_table_privilege(" table ", 'TRUNCATE'))"

#define PARENT_REASON(parent_oid) \
	"CASE WHEN " parent_oid " <> it.live AND NOT " MAY_LOCK(parent_oid) " THEN 'role ' || quote_ident(current_user)" \
	" || ' may not lock ' || " parent_oid "::regclass::text WHEN " parent_oid " <> it.live" \
	" AND NOT has_any_column_privilege(" parent_oid ", 'REFERENCES') THEN 'role ' || quote_ident(current_user)" \
	" || ' may not refer to ' || " parent_oid "::regclass::text END"
#define PARENT_HELP "'grant it REFERENCES and UPDATE on that table, or run the plan as its owner'"

const char carry_keys[] =
	CARRY_WITH ", " CARRY_PLANNED ", " KEYS
	CARRY_ANSWER("carried",
	CARRY_ROW(ON_LOCK, "0", "CASE WHEN NOT carried.own THEN carried.child END") ","
	CARRY_ROW(ON_LOCK, "1", "CASE WHEN carried.own AND carried.confrelid <> it.live THEN carried.parent END") ","
	CARRY_REFUSAL("CASE WHEN NOT carried.own AND carried.relkind = 'p' AND current_setting('server_version_num')::int"
	" < 180000 THEN carried.child || ' is partitioned, and such a key can be added without a scan from PostgreSQL 18 on' END",
	"'drop it in an earlier phase, drop_constraint_if_exists, and add it again behind the switch'") ","
	CARRY_REFUSAL("CASE WHEN carried.parent_lacks IS NOT NULL THEN 'it refers to column ' || carried.parent_lacks || ', which '"
	" || it.shadow_name || ' has not' END",
	"'drop it in an earlier phase, drop_constraint_if_exists, or keep the column'") ","
	CARRY_REFUSAL("CASE WHEN NOT carried.replaced AND it.shadow IS NOT NULL AND carried.unlike IS NOT NULL THEN"
	" 'the types of ' || carried.unlike || ' could not be compared any more' END",
	"'drop it in an earlier phase, drop_constraint_if_exists, or keep the type'") ","
	CARRY_REFUSAL("CASE WHEN NOT carried.own AND NOT pg_has_role(carried.relowner, 'USAGE') THEN carried.child || ' belongs to role '"
	" || quote_ident(pg_get_userbyid(carried.relowner)) END", "'run the plan as a member of that role'") ","
	CARRY_REFUSAL("CASE WHEN carried.own THEN " PARENT_REASON("carried.confrelid") " END", PARENT_HELP) ","
	CARRY_ROW(ON_DETACH, "0", IF_OURS(DROP_KEY("carried"))) ","
	CARRY_ROW(ON_ATTACH, "0", IF_STAYS(ADD_KEY("carried"))) ","
	CARRY_ROW(ON_ATTACH, "1", IF_STAYS(KEY_COMMENT("carried"))) ","
	CARRY_ROW(ON_VALIDATE, "0", "CASE WHEN NOT carried.loose THEN " IF_STAYS(VALIDATE_KEY("carried")) " END") ","
	CARRY_ROW(ON_BACK_DETACH, "0", IF_STAYS(DROP_KEY("carried"))) ","
	CARRY_ROW(ON_BACK_ATTACH, "0", IF_OURS(ADD_KEY("carried"))) ","
	CARRY_ROW(ON_BACK_ATTACH, "1", IF_OURS(KEY_COMMENT("carried"))) ","
	CARRY_ROW(ON_BACK_VALIDATE, "0", "CASE WHEN NOT carried.loose THEN " IF_OURS(VALIDATE_KEY("carried")) " END"));

/* The name that the plan gives it, that of the key whose place it takes, or one as the server would make. */
#define NAMED \
	"named AS (SELECT p.*, coalesce(p.given, (SELECT key.conname::text FROM key WHERE key.own AND key.sorted = p.sorted" \
	" ORDER BY key.conname LIMIT 1), (SELECT t.name FROM generate_series(0, 99) i CROSS JOIN LATERAL (SELECT " \
	CARRY_CUT("it.relname || '_' || array_to_string(p.columns, '_')", "('_fkey' || coalesce(nullif(i, 0)::text, ''))") ") t(name)" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid IN (it.live, it.shadow) AND k.conname = t.name)" \
	" ORDER BY i LIMIT 1)) AS conname FROM it CROSS JOIN planned p)," \
	" given AS (SELECT n.*, quote_ident(n.conname) AS name, it.name AS child, n.text AS def, false AS loose," \
	" 'foreign key ' || quote_ident(n.conname) || ' of ' || it.name AS what, n.n AS ordinal," \
	" n.parent = it.shadow_name AS to_itself FROM it CROSS JOIN named n)"

const char carry_planned_keys[] =
	CARRY_WITH ", " CARRY_PLANNED ", " KEYS ", " NAMED
	CARRY_ANSWER("given",
	CARRY_ROW(ON_LOCK, "0", "CASE WHEN given.parent_oid NOT IN (it.live, coalesce(it.shadow, 0)) THEN given.parent END") ","
	CARRY_REFUSAL("CASE WHEN it.shadow IS NOT NULL AND given.parent_oid IS NULL AND NOT given.to_itself THEN 'there is no table ' || given.parent END",
	"'make it in an earlier step, or leave the key out'") ","
	CARRY_REFUSAL("CASE WHEN given.parent_oid <> coalesce(it.shadow, 0) THEN " PARENT_REASON("given.parent_oid") " END",
	PARENT_HELP) ","
	CARRY_ROW(ON_ATTACH, "0", ADD_KEY("given")) ","
	CARRY_ROW(ON_VALIDATE, "0", VALIDATE_KEY("given")) ","
	CARRY_ROW(ON_BACK_DETACH, "0", DROP_KEY("given")));

/* clang-format on */
