/*
 * Indexes with the constraints that stand on them, and extended statistics:
 * those of the retired table give up their names, the images of them get
 * these, and what an image does not have of itself.
 */
#include "plan/carry_sql.h"

/* clang-format off */

/* As the engine calls the image that it builds of an index (engine/aside.c); a name is cut to 63 bytes. */
#define IMAGE_NAME(name) "(left(" name "::text, 57 - length(it.run)) || '__new_' || it.run)::name"

/*
 * CTEs after CARRY_WITH.  `idx`: those of all tables of the switch and of the
 * shadow.  `pair`: each of live, and its image: the one of such a name, or the
 * primary key, or one that is the same; n-th to n-th where there are several.
 */
#define INDEX_PAIRS \
	"idx AS (SELECT i.*, c.relname, c.relnamespace, c.reloptions, c.reltablespace, " CARRY_INDEX_BODY " AS body, k.oid AS con, k.contype" \
	" FROM it JOIN pg_catalog.pg_index i ON i.indrelid = ANY (it.lives || it.shadow)" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid" \
	" AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))," \
	" named AS (SELECT a.indexrelid AS old, b.indexrelid AS new FROM it JOIN idx a ON a.indrelid = it.live" \
	" JOIN idx b ON b.indrelid = it.shadow AND b.relname = " IMAGE_NAME("a.relname") ")," \
	" other AS (SELECT o.*, row_number() OVER (PARTITION BY o.indrelid, o.likeness ORDER BY o.indexrelid) AS nth" \
	" FROM (SELECT idx.indexrelid, idx.indrelid, CASE WHEN idx.indisprimary THEN 'primary' ELSE concat_ws(' ', idx.indisunique," \
	" regexp_replace(idx.body, ' WITH [(].*?[)]', ''), CASE WHEN idx.contype = 'x' THEN pg_get_constraintdef(idx.con) END) END AS likeness" \
	" FROM idx WHERE NOT EXISTS (SELECT FROM named WHERE idx.indexrelid IN (named.old, named.new))) o)," \
	" twin AS (SELECT old, new FROM named UNION ALL SELECT a.indexrelid, b.indexrelid FROM it JOIN other a ON a.indrelid = it.live" \
	" JOIN other b ON b.indrelid = it.shadow AND b.likeness = a.likeness AND b.nth = a.nth)," \
	" cut AS (SELECT idx.indexrelid, " CARRY_CUT("idx.relname::text", "('__old_' || it.run)") " AS name FROM it JOIN idx" \
	" ON idx.indrelid = ANY (it.lives))," \
	" aside AS (SELECT idx.indexrelid, CASE WHEN m.nth = 1 THEN m.name ELSE " \
	CARRY_CUT("idx.relname::text", "('__old_' || it.run || '_' || m.nth)") " END AS name FROM it CROSS JOIN" \
	" (SELECT cut.*, row_number() OVER (PARTITION BY i.relnamespace, cut.name ORDER BY i.relname) AS nth FROM cut JOIN idx i" \
	" USING (indexrelid)) m JOIN idx USING (indexrelid))," \
	" pair AS (SELECT 'index ' || quote_ident(a.relname) || ' of ' || it.name AS what, a.indexrelid AS ordinal," \
	" quote_ident(a.relname) AS name, it.schema || '.' || quote_ident(a.relname) AS path, quote_ident(aside.name) AS aside," \
	" it.schema || '.' || quote_ident(aside.name) AS aside_path, quote_ident(b.relname) AS image," \
	" it.schema || '.' || quote_ident(b.relname) AS image_path, a.indexrelid AS old, b.indexrelid AS new, a.con AS old_con," \
	" b.con AS new_con, a.contype, b.contype AS new_contype, a.indisclustered, a.indisreplident, a.reloptions," \
	" b.reloptions AS new_reloptions, a.reltablespace, b.reltablespace AS new_reltablespace" \
	" FROM it JOIN idx a ON a.indrelid = it.live JOIN aside ON aside.indexrelid = a.indexrelid" \
	" LEFT JOIN twin ON twin.old = a.indexrelid LEFT JOIN idx b ON b.indexrelid = twin.new)"

#define TABLESPACE(oid) \
	"CASE " oid " WHEN 0 THEN 'the one of the database' ELSE (SELECT quote_ident(t.spcname) FROM pg_catalog.pg_tablespace t" \
	" WHERE t.oid = " oid ") END"

/* An index and its constraint always have the same name: one goes with the other. */
const char carry_indexes[] =
	CARRY_WITH ", " INDEX_PAIRS
	CARRY_ANSWER("pair",
	CARRY_REFUSAL("CASE WHEN to_regclass(pair.aside_path) IS NOT NULL THEN 'the name that it would get, ' || pair.aside_path"
	" || ', is taken' END", "'rename or drop that one'") ","
	CARRY_REFUSAL("CASE WHEN pair.reltablespace <> pair.new_reltablespace THEN 'it is in tablespace ' || "
	TABLESPACE("pair.reltablespace") " || ', ' || pair.image_path || ' in ' || " TABLESPACE("pair.new_reltablespace") " END",
	"'move one of both, ALTER INDEX … SET TABLESPACE in an sql_step before the switch'") ","
	CARRY_ROW(ON_RENAME, "0", "'ALTER INDEX ' || pair.path || ' RENAME TO ' || pair.aside") ","
	CARRY_ROW(ON_RENAME, "1", "'ALTER INDEX ' || pair.image_path || ' RENAME TO ' || pair.name") ","
	CARRY_ROW(ON_BACK_RENAME, "0", "'ALTER INDEX ' || pair.path || ' RENAME TO ' || pair.image") ","
	CARRY_ROW(ON_BACK_RENAME, "1", "'ALTER INDEX ' || pair.aside_path || ' RENAME TO ' || pair.name"));

#define INDEX_OPTIONS \
	"(SELECT string_agg(quote_ident(split_part(o, '=', 1)) || ' = ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ')" \
	" FROM unnest(image.reloptions) o)"
#define INDEX_OPTION_NAMES "(SELECT string_agg(quote_ident(split_part(o, '=', 1)), ', ') FROM unnest(image.reloptions) o)"

/* The identity of the shadow's rows, when it is not the default, is the plan's own. */
#define REPLICA_IDENTITY \
	"CASE l.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'USING INDEX ' || (SELECT pair.name FROM pair" \
	" WHERE pair.indisreplident AND pair.new IS NOT NULL) END"

/*
 * Rows (what, ordinal, does, undoes): what an image needs so that it is as the
 * index that it replaces, and the table so that it stands on it as that does.
 * The server makes a unique index a constraint, and has no way back from that.
 */
const char carry_index_details[] =
	CARRY_WITH ", " INDEX_PAIRS ", image AS (SELECT * FROM pair WHERE new IS NOT NULL), detail AS ("
	"SELECT image.what, 0 AS ordinal, 'ALTER TABLE ' || it.name || ' ADD CONSTRAINT ' || image.name || ' UNIQUE USING INDEX '"
	" || image.name AS does, NULL::text AS undoes FROM it CROSS JOIN image WHERE image.contype = 'u' AND image.new_con IS NULL"
	" UNION ALL SELECT image.what, 1, 'ALTER INDEX ' || image.path || ' SET (' || " INDEX_OPTIONS " || ')',"
	" 'ALTER INDEX ' || image.path || ' RESET (' || " INDEX_OPTION_NAMES " || ')' FROM image"
	" WHERE image.reloptions IS NOT NULL AND image.new_reloptions IS NULL"
	" UNION ALL SELECT image.what, 2, 'ALTER INDEX ' || image.path || ' ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || a.attstattarget,"
	" 'ALTER INDEX ' || image.path || ' ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || coalesce(b.attstattarget, -1)"
	" FROM image JOIN pg_catalog.pg_attribute a ON a.attrelid = image.old JOIN pg_catalog.pg_attribute b ON b.attrelid = image.new"
	" AND b.attnum = a.attnum WHERE a.attstattarget >= 0 AND a.attstattarget IS DISTINCT FROM b.attstattarget"
	" UNION ALL SELECT image.what, 3, " CARRY_COMMENT("'INDEX ' || image.path", "obj_description(image.old, 'pg_class')") ","
	" 'COMMENT ON INDEX ' || image.path || ' IS NULL' FROM image WHERE obj_description(image.old, 'pg_class') IS NOT NULL"
	" AND obj_description(image.new, 'pg_class') IS NULL"
	" UNION ALL SELECT image.what, 4, " CARRY_COMMENT("'CONSTRAINT ' || image.name || ' ON ' || it.name",
	"obj_description(image.old_con, 'pg_constraint')") ", 'COMMENT ON CONSTRAINT ' || image.name || ' ON ' || it.name || ' IS NULL'"
	" FROM it CROSS JOIN image WHERE obj_description(image.old_con, 'pg_constraint') IS NOT NULL"
	" AND obj_description(image.new_con, 'pg_constraint') IS NULL"
	" UNION ALL SELECT image.what, 5, 'ALTER TABLE ' || it.name || ' CLUSTER ON ' || image.name, 'ALTER TABLE ' || it.name"
	" || ' SET WITHOUT CLUSTER' FROM it CROSS JOIN image WHERE image.indisclustered"
	" AND NOT EXISTS (SELECT FROM idx WHERE idx.indrelid = it.shadow AND idx.indisclustered)"
	" UNION ALL SELECT 'replica identity of ' || it.name, 6, 'ALTER TABLE ' || it.name || ' REPLICA IDENTITY ' || " REPLICA_IDENTITY ","
	" 'ALTER TABLE ' || it.name || ' REPLICA IDENTITY DEFAULT' FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live"
	" JOIN pg_catalog.pg_class s ON s.oid = it.shadow WHERE l.relreplident <> 'd' AND s.relreplident = 'd')"
	CARRY_ANSWER("detail",
	CARRY_ROW(ON_ATTACH, "detail.ordinal", "detail.does") ","
	CARRY_ROW(ON_BACK_DETACH, "detail.ordinal", "detail.undoes"));

/* ---- Extended statistics ---- */

#define STATISTICS_KINDS "ARRAY(SELECT u FROM unnest(s.stxkind) u ORDER BY 1)"

/*
 * `pair`: each of live, and the same of the shadow.  One that the shadow has
 * not is made again, when it has all columns; LIKE puts an image into the
 * schema of the table.
 */
const char carry_statistics[] =
	CARRY_WITH ", st AS (SELECT s.oid, s.stxrelid, s.stxname, s.stxnamespace, quote_ident(n.nspname) AS schema, s.stxowner,"
	" obj_description(s.oid, 'pg_statistic_ext') AS comment, (to_jsonb(s) ->> 'stxstattarget')::int AS target,"
	" pg_get_statisticsobjdef(s.oid) AS def, row_number() OVER (PARTITION BY s.stxrelid, " STATISTICS_KINDS ","
	" pg_get_statisticsobjdef_columns(s.oid) ORDER BY s.oid) AS nth, concat_ws(' ', " STATISTICS_KINDS "::text,"
	" pg_get_statisticsobjdef_columns(s.oid)) AS body FROM it JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid IN (it.live, it.shadow)"
	" JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace), p AS (SELECT 'statistics object ' || a.schema || '.'"
	" || quote_ident(a.stxname) AS what, a.oid AS ordinal, quote_ident(a.stxname) AS name, a.schema, a.def, a.comment,"
	" a.schema || '.' || quote_ident(a.stxname) AS path, quote_ident(" CARRY_CUT("a.stxname::text", "('__old_' || it.run)") ") AS aside,"
	" quote_ident(b.stxname) AS image, b.schema AS image_schema, b.oid AS new, b.comment AS new_comment,"
	" quote_ident(pg_get_userbyid(a.stxowner)) AS owner, quote_ident(pg_get_userbyid(b.stxowner)) AS new_owner,"
	" pg_has_role(a.stxowner, 'USAGE') AS owned, has_schema_privilege(a.stxnamespace, 'CREATE') AS creatable,"
	" nullif(a.target, -1) AS target, nullif(b.target, -1) AS new_target, "
	CARRY_LACKS("pg_statistic_ext", "a.oid") " IS NULL AS fits"
	" FROM it JOIN st a ON a.stxrelid = it.live LEFT JOIN st b ON b.stxrelid = it.shadow AND b.body = a.body AND b.nth = a.nth)"
	CARRY_ANSWER("p",
	CARRY_REFUSAL("CASE WHEN EXISTS (SELECT FROM st JOIN pg_catalog.pg_statistic_ext t ON t.stxnamespace = st.stxnamespace"
	" WHERE st.oid = p.ordinal AND quote_ident(t.stxname) = p.aside) THEN 'the name that it would get, ' || p.schema || '.' || p.aside"
	" || ', is taken' END", "'rename or drop that one'") ","
	CARRY_REFUSAL("CASE WHEN NOT p.owned THEN 'it belongs to role ' || p.owner WHEN NOT p.creatable THEN 'role ' ||"
	" quote_ident(current_user) || ' lacks CREATE on schema ' || p.schema END",
	"'run the plan as a member of that role, or grant it that'") ","
	CARRY_ROW(ON_RENAME, "0", "'ALTER STATISTICS ' || p.path || ' RENAME TO ' || p.aside") ","
	CARRY_ROW(ON_RENAME, "1", "CASE WHEN p.image <> p.name THEN 'ALTER STATISTICS ' || p.image_schema || '.' || p.image || ' RENAME TO '"
	" || p.name END") ","
	CARRY_ROW(ON_RENAME, "2", "CASE WHEN p.image_schema <> p.schema THEN 'ALTER STATISTICS ' || p.image_schema || '.' || p.name"
	" || ' SET SCHEMA ' || p.schema END") ","
	CARRY_ROW(ON_ATTACH, "0", "CASE WHEN p.new IS NULL AND p.fits THEN p.def END") ","
	CARRY_ROW(ON_ATTACH, "1", "CASE WHEN p.fits AND p.owner IS DISTINCT FROM coalesce(p.new_owner, quote_ident(current_user))"
	" THEN 'ALTER STATISTICS ' || p.path || ' OWNER TO ' || p.owner END") ","
	CARRY_ROW(ON_ATTACH, "2", "CASE WHEN p.fits AND p.new_target IS NULL THEN 'ALTER STATISTICS ' || p.path || ' SET STATISTICS '"
	" || p.target END") ","
	CARRY_ROW(ON_ATTACH, "3", "CASE WHEN p.fits AND p.new_comment IS NULL THEN "
	CARRY_COMMENT("'STATISTICS ' || p.path", "p.comment") " END") ","
	CARRY_ROW(ON_BACK_DETACH, "0", "CASE WHEN p.new IS NULL AND p.fits THEN 'DROP STATISTICS ' || p.path END") ","
	CARRY_ROW(ON_BACK_DETACH, "1", "CASE WHEN p.new IS NOT NULL AND p.target IS NOT NULL AND p.new_target IS NULL THEN"
	" 'ALTER STATISTICS ' || p.path || ' SET STATISTICS -1' END") ","
	CARRY_ROW(ON_BACK_DETACH, "2", "CASE WHEN p.new IS NOT NULL AND p.new_comment IS NULL THEN "
	CARRY_NO_COMMENT("'STATISTICS ' || p.path", "p.comment") " END") ","
	CARRY_ROW(ON_BACK_DETACH, "3", "CASE WHEN p.owner <> p.new_owner THEN 'ALTER STATISTICS ' || p.path || ' OWNER TO '"
	" || p.new_owner END") ","
	CARRY_ROW(ON_BACK_RENAME, "0", "CASE WHEN p.image_schema <> p.schema THEN 'ALTER STATISTICS ' || p.path || ' SET SCHEMA '"
	" || p.image_schema END") ","
	CARRY_ROW(ON_BACK_RENAME, "1", "CASE WHEN p.image <> p.name THEN 'ALTER STATISTICS ' || p.image_schema || '.' || p.name || ' RENAME TO '"
	" || p.image END") ","
	CARRY_ROW(ON_BACK_RENAME, "2", "'ALTER STATISTICS ' || p.schema || '.' || p.aside || ' RENAME TO ' || p.name"));

/* clang-format on */
