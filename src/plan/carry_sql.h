/*
 * What the queries of plan/carry.h share: fragments of SQL.  A query is
 *   CARRY_WITH, further CTEs, and CARRY_ANSWER over the one that has a row for
 *   each object, with the columns `what` (for people) and `ordinal`.
 * All are read with search_path = pg_catalog, pg_temp: a relation cast to text
 * is quoted and has its schema, and so has every name that the server prints.
 */
#ifndef INTERLOCK_PLAN_CARRY_SQL_H
#define INTERLOCK_PLAN_CARRY_SQL_H

#include <assert.h>

#include "plan/carry.h"

/* clang-format off */

/* The numbers of carry_stage, as a query has them. */
#define ON_LOCK "0"
#define ON_REFUSED "1"
#define ON_DETACH "2"
#define ON_RENAME "3"
#define ON_ATTACH "4"
#define ON_VALIDATE "5"
#define ON_BACK_DETACH "6"
#define ON_BACK_RENAME "7"
#define ON_BACK_ATTACH "8"
#define ON_BACK_VALIDATE "9"
#define ON_LOCK_VIEW "10"
static_assert(CARRY_LOCK == 0 && CARRY_REFUSED == 1 && CARRY_DETACH == 2 && CARRY_RENAME == 3 && CARRY_ATTACH == 4,
              "ON_LOCK and the others are the numbers of carry_stage");
static_assert(CARRY_VALIDATE == 5 && CARRY_BACK_DETACH == 6 && CARRY_BACK_RENAME == 7 && CARRY_BACK_ATTACH == 8 &&
              CARRY_BACK_VALIDATE == 9 && CARRY_LOCK_VIEW == 10,
              "ON_LOCK and the others are the numbers of carry_stage");

/*
 * How each query begins.  `it`, one row: oids `live` and `shadow` (NULL: there
 * is none yet), their `name` and `shadow_name`, `schema` and `relname` of live,
 * the owners, and the other parameters.  `col`: each column of live; `image` is
 * its number in the shadow, `lacking`: it has none of that name, `differs`: that
 * has another type.
 */
#define CARRY_WITH \
	"WITH it AS (SELECT c.oid AS live, s.oid AS shadow, $1::text AS name, $2::text AS shadow_name," \
	" quote_ident(n.nspname) AS schema, c.relnamespace, c.relname::text, c.relowner AS owner, s.relowner AS shadow_owner," \
	" quote_ident(n.nspname) || '.' || quote_ident($3::text) AS retired, $4::text AS run," \
	" ARRAY(SELECT to_regclass(u)::oid FROM unnest($5::text[]) u) || c.oid AS lives," \
	" coalesce($6::text::jsonb, '[]') AS keys, coalesce($7::text[], '{}') AS leaves" \
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" LEFT JOIN pg_catalog.pg_class s ON s.oid = to_regclass($2::text) WHERE c.oid = to_regclass($1::text))," \
	" col AS (SELECT a.attrelid, a.attnum, a.attname, quote_ident(a.attname) AS name, b.attnum AS image," \
	" it.shadow IS NOT NULL AND b.attnum IS NULL AS lacking," \
	" b.attnum IS NOT NULL AND (a.atttypid, a.atttypmod, a.attcollation) <> (b.atttypid, b.atttypmod, b.attcollation)" \
	" AS differs, format_type(a.atttypid, a.atttypmod) AS type, format_type(b.atttypid, b.atttypmod) AS image_type" \
	" FROM it JOIN pg_catalog.pg_attribute a ON a.attrelid = it.live AND a.attnum > 0 AND NOT a.attisdropped" \
	" LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = it.shadow AND b.attname = a.attname AND b.attnum > 0" \
	" AND NOT b.attisdropped)"

/*
 * How it ends: `rows` are (stage, n, statement, help), those without a
 * statement fall away; n orders what is run in one stage.
 */
#define CARRY_ANSWER(objects, rows) \
	" SELECT answer.stage, " objects ".what AS name, answer.statement, answer.help FROM it CROSS JOIN " objects \
	" CROSS JOIN LATERAL (VALUES " rows ") answer(stage, n, statement, help) WHERE answer.statement IS NOT NULL" \
	" ORDER BY answer.stage, answer.n, " objects ".ordinal"

/* A row of CARRY_ANSWER. */
#define CARRY_ROW(stage, n, statement) "(" stage ", " n ", " statement ", NULL::text)"
#define CARRY_REFUSAL(reason, help) "(" ON_REFUSED ", 0, " reason ", " help ")"

/* Columns of live that the object stands on and `which` (of col) is true of: "a, b"; NULL: there are none. */
#define CARRY_COLUMNS_OF(catalogue, oid, which) \
	"(SELECT string_agg(DISTINCT col.name, ', ') FROM pg_catalog.pg_depend d JOIN col ON d.refobjid = col.attrelid" \
	" AND d.refobjsubid = col.attnum WHERE d.classid = 'pg_catalog." catalogue "'::regclass AND d.objid = " oid \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass AND " which ")"
#define CARRY_LACKS(catalogue, oid) CARRY_COLUMNS_OF(catalogue, oid, "col.lacking")

/* "it stands on column a, which app.orders_v2 has not", for what is in `lacks`; NULL: it lacks none. */
#define CARRY_LACKS_REASON(lacks) "'it stands on column ' || " lacks " || ', which ' || it.shadow_name || ' has not'"

/* The name with the suffix, cut to the 63 bytes of a name, between characters. */
#define CARRY_CUT(name, suffix) \
	"(SELECT left(" name ", max(c)) || " suffix " FROM generate_series(0, length(" name ")) c" \
	" WHERE octet_length(left(" name ", c)) + octet_length(" suffix ") <= 63)"

/* "COMMENT ON TABLE app.orders IS 'x'"; NULL where there is no comment, and the one that takes it away. */
#define CARRY_COMMENT(thing, comment) "'COMMENT ON ' || " thing " || ' IS ' || quote_literal(" comment ")"
#define CARRY_NO_COMMENT(thing, comment) \
	"CASE WHEN " comment " IS NOT NULL THEN 'COMMENT ON ' || " thing " || ' IS NULL' END"

/* The constraints that depend on live: no index of pg_constraint finds those of other tables. */
#define CARRY_KEY_OIDS \
	"LATERAL (SELECT DISTINCT d.objid AS oid FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = it.live AND d.classid = 'pg_catalog.pg_constraint'::regclass)"

/* Is one of the names (text[]) in the option `leaves`? */
#define CARRY_IS_LEFT(names) "(it.leaves && " names ")"

/* Every role that an ACL with its owner names, as REVOKE calls them; `kind` as of acldefault(). */
#define CARRY_GRANTEE(role) \
	"CASE " role " WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(" role ")) END"

/* An ACL in words, comparable between owners: ROLE or "owner", privilege, option; sorted. */
#define CARRY_ACL_WORDS(kind, acl, owner) \
	"ARRAY(SELECT concat_ws(' ', CASE x.grantee WHEN " owner " THEN '(owner)' ELSE " CARRY_GRANTEE("x.grantee") " END," \
	" x.privilege_type, x.is_grantable) FROM aclexplode(coalesce(" acl ", acldefault('" kind "', " owner "))) x ORDER BY 1)"

/*
 * Rows (n, statement) that turn what is granted by the ACL `is`, whose owner
 * was `was_owner`, into `wanted` of `owner`, item by item in its order.
 * `columns` is '' or an SQL text like ' (a)'.
 */
#define CARRY_ACL_ROWS(kind, thing, columns, is, was_owner, wanted, owner) \
	"SELECT 0 AS n, 'REVOKE ALL' || " columns " || ' ON ' || " thing " || ' FROM ' || " CARRY_GRANTEE("r.role") " AS statement" \
	" FROM (SELECT DISTINCT CASE x.grantee WHEN " was_owner " THEN " owner " ELSE x.grantee END AS role" \
	" FROM aclexplode(" is ") x) r UNION ALL" \
	" SELECT min(x.n), 'GRANT ' || string_agg(x.privilege_type || " columns ", ', ' ORDER BY x.n) || ' ON ' || " thing \
	" || ' TO ' || " CARRY_GRANTEE("x.grantee") " || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END" \
	" FROM aclexplode(" wanted ") WITH ORDINALITY x(grantor, grantee, privilege_type, is_grantable, n)" \
	" GROUP BY x.grantee, x.is_grantable"

#define CARRY_NAME_IN_TEXT "(?:\"(?:[^\"]|\"\")+\"|[^\". (]+)"

/* "a", or "A ""b""" */
#define CARRY_UNQUOTED(name) \
	"CASE WHEN starts_with(" name ", '\"') THEN replace(substr(" name ", 2, length(" name ") - 2), '\"\"', '\"') ELSE " name " END"

/*
 * CTE `planned`: the foreign keys that the plan gives the shadow,
 * the columns as they are called, and one to the shadow itself meaning the
 * table that it becomes.
 */
#define CARRY_PLANNED \
	"spoken AS (SELECT e.n, e.key ->> 'name' AS given, e.key ->> 'definition' AS definition," \
	" ARRAY(SELECT " CARRY_UNQUOTED("u.item") " FROM unnest(string_to_array(substring(e.key ->> 'definition'" \
	" from '^FOREIGN KEY [(](.*?)[)] REFERENCES '), ', ')) WITH ORDINALITY u(item, n) ORDER BY u.n) AS columns," \
	" substring(e.key ->> 'definition' from '[)] REFERENCES (" CARRY_NAME_IN_TEXT "[.]" CARRY_NAME_IN_TEXT ")') AS parent" \
	" FROM it CROSS JOIN jsonb_array_elements(it.keys) WITH ORDINALITY e(key, n))," \
	" planned AS (SELECT s.*, to_regclass(s.parent) AS parent_oid, CASE WHEN s.parent = it.shadow_name" \
	" OR to_regclass(s.parent) = it.shadow THEN replace(s.definition, ') REFERENCES ' || s.parent, ') REFERENCES ' || it.name)" \
	" ELSE s.definition END AS text, ARRAY(SELECT u FROM unnest(s.columns) u ORDER BY 1) AS sorted FROM it CROSS JOIN spoken s)"

/* What an index (i, c: its rows of pg_index and pg_class) is without its name and that of its table: "USING btree (a)". */
#define CARRY_INDEX_BODY \
	"substr(pg_get_indexdef(i.indexrelid), length('CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX '" \
	" || quote_ident(c.relname) || ' ON ' || i.indrelid::regclass::text) + 2)"

/* clang-format on */

/* The queries, each in the file named for its idea. */
extern const char carry_membership[], carry_place[], carry_dependents[];
extern const char carry_rights[], carry_comments[], carry_options[];
extern const char carry_sequences[];
extern const char carry_indexes[], carry_index_details[], carry_statistics[];
extern const char carry_constraints[];
extern const char carry_keys[], carry_planned_keys[];
extern const char carry_triggers[], carry_rules[], carry_policies[], carry_row_security[];
extern const char carry_views[];

#endif
