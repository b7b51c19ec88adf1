/*
 * The owner of a table, who may do what with it, its comments and its options.
 * The grants become exactly those of the live table; a comment or an option
 * that the plan gave the shadow stays.
 */
#include "plan/carry_sql.h"

/* clang-format off */

#define SAME_OWNER "(it.owner = it.shadow_owner)"

/* Each column of the shadow with what shall be granted on it: what is on that of live, else what it has. */
#define GRANTS \
	", tab AS (SELECT l.relacl AS wanted, s.relacl AS is FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live" \
	" JOIN pg_catalog.pg_class s ON s.oid = it.shadow)," \
	" field AS (SELECT b.attnum, quote_ident(b.attname) AS name, b.attacl AS is, CASE WHEN a.attnum IS NULL THEN b.attacl" \
	" ELSE a.attacl END AS wanted, a.attnum IS NULL AS added FROM it JOIN pg_catalog.pg_attribute b ON b.attrelid = it.shadow" \
	" AND b.attnum > 0 AND NOT b.attisdropped LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = it.live" \
	" AND a.attname = b.attname AND NOT a.attisdropped)," \
	" differs AS (SELECT " CARRY_ACL_WORDS("r", "tab.wanted", "it.owner") " <> " CARRY_ACL_WORDS("r", "tab.is", "it.shadow_owner") \
	" OR EXISTS (SELECT FROM field WHERE NOT field.added AND " CARRY_ACL_WORDS("c", "field.wanted", "it.owner") \
	" <> " CARRY_ACL_WORDS("c", "field.is", "it.shadow_owner") ") AS so FROM it CROSS JOIN tab)"

#define DEFAULT_ACL(acl, owner) "coalesce(" acl ", acldefault('r', " owner "))"

/* Rows (stage, n, part, k, statement): the whole table first, since REVOKE on it takes the columns' grants along. */
#define GRANT_ROWS(stage, table, was, was_owner, shall, owner) \
	"SELECT " stage " AS stage, 0 AS part, g.n, 0 AS field, g.statement FROM it CROSS JOIN tab CROSS JOIN LATERAL (" \
	CARRY_ACL_ROWS("r", table, "''", DEFAULT_ACL("tab." was, was_owner), was_owner, DEFAULT_ACL("tab." shall, owner), owner) \
	") g UNION ALL SELECT " stage ", 1, g.n, field.attnum, g.statement FROM it CROSS JOIN field CROSS JOIN LATERAL (" \
	CARRY_ACL_ROWS("c", table, "' (' || field.name || ')'", "field." was, was_owner, "field." shall, owner) ") g"

/* An owner changed by the server's ALTER TABLE is the grantor of what the earlier one had granted. */
const char carry_rights[] =
	CARRY_WITH GRANTS ", step AS (SELECT " ON_ATTACH " AS stage, -1 AS part, 0::bigint AS n, 0 AS field, 'ALTER TABLE ' || it.name"
	" || ' OWNER TO ' || quote_ident(pg_get_userbyid(it.owner)) AS statement FROM it WHERE NOT " SAME_OWNER
	" UNION ALL SELECT " ON_BACK_ATTACH ", -1, 0, 0, 'ALTER TABLE ' || it.shadow_name || ' OWNER TO '"
	" || quote_ident(pg_get_userbyid(it.shadow_owner)) FROM it WHERE NOT " SAME_OWNER
	" UNION ALL SELECT g.* FROM (" GRANT_ROWS(ON_ATTACH, "it.name", "is", "it.shadow_owner", "wanted", "it.owner") ") g, differs"
	" WHERE differs.so UNION ALL SELECT g.* FROM ("
	GRANT_ROWS(ON_BACK_ATTACH, "it.shadow_name", "wanted", "it.owner", "is", "it.shadow_owner") ") g, differs WHERE differs.so),"
	" all_rows AS (SELECT step.*, 'rights on ' || it.name AS what, row_number() OVER (ORDER BY part, field, n, statement)"
	" AS ordinal, NULL::text AS help FROM it CROSS JOIN step UNION ALL"
	" SELECT " ON_REFUSED ", 0, 0, 0, 'another role than its owner has granted some of them', 'rights on ' || it.name, 0,"
	" 'revoke these, and grant them as its owner' FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live"
	" WHERE EXISTS (SELECT FROM aclexplode(l.relacl) x WHERE x.grantor <> it.owner) OR EXISTS (SELECT FROM"
	" pg_catalog.pg_attribute a CROSS JOIN aclexplode(a.attacl) x WHERE a.attrelid = it.live AND x.grantor <> it.owner)"
	" UNION ALL SELECT " ON_REFUSED ", 0, 0, 0, 'the new table can''t be given to it: ' || quote_ident(pg_get_userbyid(it.owner))"
	" || ' may not create anything in schema ' || it.schema, 'owner of ' || it.name, 0,"
	" 'grant it CREATE on the schema until the switch is done' FROM it WHERE it.owner <> (SELECT r.oid FROM pg_catalog.pg_roles r"
	" WHERE r.rolname = current_user) AND NOT has_schema_privilege(it.owner, it.relnamespace, 'CREATE')"
	" AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user))"
	" SELECT stage, what AS name, statement, help FROM all_rows ORDER BY stage, ordinal";

const char carry_comments[] =
	CARRY_WITH ", c AS (SELECT 'TABLE ' || it.name AS thing, obj_description(it.live, 'pg_class') AS comment, 0 AS ordinal,"
	" obj_description(it.shadow, 'pg_class') AS own FROM it UNION ALL SELECT 'COLUMN ' || it.name || '.' || col.name,"
	" col_description(it.live, col.attnum), col.attnum, col_description(it.shadow, col.image) FROM it CROSS JOIN col"
	" WHERE col.image IS NOT NULL), given AS (SELECT c.*, 'comment on ' || lower(split_part(c.thing, ' ', 1))"
	" || substr(c.thing, strpos(c.thing, ' ')) AS what FROM c WHERE c.own IS NULL)"
	CARRY_ANSWER("given",
	CARRY_ROW(ON_ATTACH, "0", CARRY_COMMENT("given.thing", "given.comment")) ","
	CARRY_ROW(ON_BACK_DETACH, "0", CARRY_NO_COMMENT("given.thing", "given.comment")));

/* Rows (n, name, value) of an array of options that another one doesn't set. */
#define OPTIONS_BEYOND(options, own) \
	"(SELECT u.n, split_part(u.o, '=', 1) AS name, substr(u.o, strpos(u.o, '=') + 1) AS value FROM unnest(" options ")" \
	" WITH ORDINALITY u(o, n) WHERE split_part(u.o, '=', 1) <> ALL (SELECT split_part(w, '=', 1) FROM unnest(" own ") w))"
#define SET_LIST(options, own, prefix) \
	"(SELECT string_agg('" prefix "' || quote_ident(s.name) || ' = ' || quote_literal(s.value), ', ' ORDER BY s.n) FROM " \
	OPTIONS_BEYOND(options, own) " s)"
#define RESET_LIST(options, own, prefix) \
	"(SELECT string_agg('" prefix "' || quote_ident(s.name), ', ' ORDER BY s.n) FROM " OPTIONS_BEYOND(options, own) " s)"

/* Options of the table and its TOAST table, then of its columns; a target of -1 or none is the server's own. */
const char carry_options[] =
	CARRY_WITH ", o AS (SELECT 'options of ' || it.name AS what, 0 AS ordinal, 'ALTER TABLE ' || it.name || ' ' AS alter,"
	" nullif(concat_ws(', ', " SET_LIST("l.reloptions", "s.reloptions", "") ", " SET_LIST("lt.reloptions", "st.reloptions", "toast.")
	"), '') AS options, nullif(concat_ws(', ', " RESET_LIST("l.reloptions", "s.reloptions", "") ", "
	RESET_LIST("lt.reloptions", "st.reloptions", "toast.") "), '') AS names, NULL::int AS target"
	" FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live LEFT JOIN pg_catalog.pg_class lt ON lt.oid = l.reltoastrelid"
	" JOIN pg_catalog.pg_class s ON s.oid = it.shadow LEFT JOIN pg_catalog.pg_class st ON st.oid = s.reltoastrelid"
	" UNION ALL SELECT 'options of column ' || col.name || ' of ' || it.name, a.attnum, 'ALTER TABLE ' || it.name || ' ALTER COLUMN '"
	" || col.name || ' ', " SET_LIST("a.attoptions", "b.attoptions", "") ", " RESET_LIST("a.attoptions", "b.attoptions", "") ","
	" CASE WHEN a.attstattarget >= 0 AND coalesce(b.attstattarget, -1) = -1 THEN a.attstattarget END"
	" FROM it CROSS JOIN col JOIN pg_catalog.pg_attribute a ON a.attrelid = it.live AND a.attnum = col.attnum"
	" JOIN pg_catalog.pg_attribute b ON b.attrelid = it.shadow AND b.attnum = col.image)"
	CARRY_ANSWER("o",
	CARRY_ROW(ON_ATTACH, "0", "o.alter || 'SET (' || o.options || ')'") ","
	CARRY_ROW(ON_ATTACH, "1", "o.alter || 'SET STATISTICS ' || o.target") ","
	CARRY_ROW(ON_BACK_DETACH, "0", "o.alter || 'RESET (' || o.names || ')'") ","
	CARRY_ROW(ON_BACK_DETACH, "1", "o.alter || 'SET STATISTICS -1' || CASE WHEN o.target IS NOT NULL THEN '' END"));

/* clang-format on */
