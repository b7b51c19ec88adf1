/* Views that read a table: in the switch each is told again to read the table of that name, with its options. */
#include "plan/carry_sql.h"

/* clang-format off */

/* CREATE OR REPLACE clears the options that are not said again; pg_get_viewdef() does not print them. */
#define VIEW_AGAIN \
	"'CREATE OR REPLACE VIEW ' || v.path || coalesce(' WITH (' || array_to_string(v.reloptions, ', ') || ')', '') || ' AS '" \
	" || rtrim(pg_get_viewdef(v.oid), ';')"

#define VIEW_HELP \
	"'drop_view_if_exists before the switch and create_view behind it, or name it in leaves: it then goes on reading '" \
	" || it.retired"

const char carry_views[] =
	CARRY_WITH ", rule AS (SELECT DISTINCT d.objid AS oid FROM it JOIN pg_catalog.pg_depend d"
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = it.live AND d.classid = 'pg_catalog.pg_rewrite'::regclass),"
	" v AS (SELECT c.oid, c.relowner, c.relnamespace AS schema, c.reloptions, c.oid::regclass::text AS path, 'view ' || c.oid::regclass::text AS what,"
	" c.oid AS ordinal, " CARRY_COLUMNS_OF("pg_rewrite", "w.oid", "col.lacking") " AS lacks, (SELECT string_agg(DISTINCT col.name"
	" || ', which is ' || col.type || ' in ' || it.name || ' and ' || col.image_type || ' in ' || it.shadow_name, ', ')"
	" FROM pg_catalog.pg_depend d JOIN col ON d.refobjid = col.attrelid AND d.refobjsubid = col.attnum"
	" WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass"
	" AND col.differs) AS differing"
	" FROM it CROSS JOIN rule JOIN pg_catalog.pg_rewrite w ON w.oid = rule.oid AND w.rulename = '_RETURN'"
	" JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v' AND c.relpersistence <> 't'"
	" WHERE NOT " CARRY_IS_LEFT("ARRAY[c.relname::text, c.oid::regclass::text, c.relnamespace::regnamespace::text || '.' || c.relname]") ")"
	CARRY_ANSWER("v",
	/* Its owner is its owner already: the lock is all that is left of it. */
	CARRY_ROW(ON_LOCK_VIEW, "0", "'ALTER VIEW ' || v.path || ' OWNER TO ' || quote_ident(pg_get_userbyid(v.relowner))") ","
	CARRY_REFUSAL("'it reads column ' || v.lacks || ', which ' || it.shadow_name || ' has not'", VIEW_HELP) ","
	CARRY_REFUSAL("'it reads column ' || v.differing", VIEW_HELP) ","
	CARRY_REFUSAL("CASE WHEN NOT pg_has_role(v.relowner, 'USAGE') THEN 'it belongs to role '"
	" || quote_ident(pg_get_userbyid(v.relowner)) END", "'run the plan as a member of that role, or name the view in leaves'") ","
	CARRY_REFUSAL("CASE WHEN NOT has_schema_privilege(v.schema, 'CREATE') THEN 'role ' || quote_ident(current_user)"
	" || ' may not make it again: it lacks CREATE on schema ' || v.schema::regnamespace::text END",
	"'grant it that until the switch is done, or name the view in leaves'") ","
	CARRY_ROW(ON_ATTACH, "0", VIEW_AGAIN) ","
	CARRY_ROW(ON_BACK_ATTACH, "0", VIEW_AGAIN));

/* clang-format on */
