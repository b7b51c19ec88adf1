/* A change of type on an empty twin. */
#include "plan/type_trial.h"

#include "sql/parse.h"

/* clang-format off */

#define OWN_PATH "PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);"

/* Does it have indexes or foreign keys that are not its parent's? */
#define HAS_OWN_PARTS \
	"(EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = f.oid" \
	" AND NOT c.relispartition) OR EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0" \
	" AND f.oid IN (k.conrelid, k.confrelid)))"

/* What an index is beside its name and that of its table. */
#define DEFINITION \
	"i.indisunique::text || substr(pg_get_indexdef(i.indexrelid), strpos(pg_get_indexdef(i.indexrelid), ' USING '))"

#define COLLATION(collation) \
	"(SELECT ' COLLATE ' || quote_ident(s.nspname) || '.' || quote_ident(c.collname) FROM pg_collation c" \
	" JOIN pg_namespace s ON s.oid = c.collnamespace WHERE c.oid = " collation ")"

#define SCANS "(SELECT sum(pg_stat_get_xact_numscans(o)) FROM unnest(tables) o)"

#define DECLARATIONS \
	"DECLARE path CONSTANT text := pg_catalog.current_setting('search_path'); own_schema CONSTANT text := %1$s;" \
	" own_table CONSTANT text := %2$s; own_column CONSTANT text := %3$s; change text := %4$s; tail CONSTANT text := %5$s;" \
	" keeps CONSTANT boolean := %6$s; rounds CONSTANT integer := %7$s;" \
	" root oid; col record; want record; clause text := ''; back text; error text; failure text; heir record; fk record;" \
	" twin oid; other text; tables oid[]; has_key boolean; labels jsonb; files jsonb; scans bigint;" \
	" rewrites boolean := false; reads boolean := false; rebuilds text[] := '{}'; free_back boolean;" \
	" rewritten boolean; read boolean; rebuilt text[];"

/*
 * The time zone is the one that the session would have had: in another,
 * timestamps would get another meaning.  Foreign keys are to be checked by
 * scans that are counted.
 */
#define SETTINGS \
	OWN_PATH " PERFORM set_config('TimeZone', (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'), true)," \
	" set_config('enable_indexscan', 'off', true), set_config('enable_indexonlyscan', 'off', true)," \
	" set_config('enable_bitmapscan', 'off', true);"

/* Into col and want: what the column is, and what it shall be. */
#define LOOK \
	" root := to_regclass(quote_ident(own_schema) || '.' || quote_ident(own_table));" \
	" SELECT a.attnum, a.atttypid, a.atttypmod, a.attcollation, t.typcollation INTO col FROM pg_attribute a" \
	" JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = root AND a.attname = own_column AND a.attnum > 0;" \
	" SELECT a.atttypid, a.atttypmod, a.attcollation INTO want FROM pg_attribute a" \
	" WHERE a.attrelid = to_regclass('pg_temp.__il_wanted') AND a.attnum = 1;" \
	" IF keeps AND want.attcollation <> 0 AND col.attcollation NOT IN (0, col.typcollation) THEN" \
	" clause := " COLLATION("col.attcollation") "; want.attcollation := col.attcollation; END IF;"

#define LEAVE_IF_DONE \
	" IF (col.atttypid, col.atttypmod, col.attcollation) = (want.atttypid, want.atttypmod, want.attcollation) THEN" \
	" PERFORM set_config('interlock.trial', json_build_object('done', true, 'collation', want.attcollation)::text, true);" \
	" RETURN; END IF;"

/* Of a table of somebody else nothing more is to be had. */
#define LEAVE_IF_NOT_OURS \
	" IF EXISTS (SELECT FROM pg_class c WHERE c.oid = root AND NOT pg_has_role(c.relowner, 'USAGE')) THEN" \
	" PERFORM set_config('interlock.trial', json_build_object('done', false, 'collation', want.attcollation)::text, true);" \
	" RETURN; END IF;"

#define STATEMENTS \
	" change := format('ALTER TABLE pg_temp.%%I ALTER COLUMN %%I TYPE ', own_table, own_column) || change || clause || tail;" \
	" back := format('ALTER TABLE pg_temp.%%I ALTER COLUMN %%I TYPE %%s%%s', own_table, own_column," \
	" format_type(col.atttypid, col.atttypmod), " COLLATION("col.attcollation") ");"

#define EACH_MEMBER \
	" FOR heir IN WITH RECURSIVE f(oid) AS (SELECT root UNION SELECT i.inhrelid FROM f JOIN pg_inherits i" \
	" ON i.inhparent = f.oid) SELECT f.oid, a.attnum, CASE r.relkind WHEN 'p' THEN" \
	" pg_get_partkeydef(f.oid) END AS key FROM f JOIN pg_class r ON r.oid = f.oid JOIN pg_attribute a ON a.attrelid = f.oid" \
	" AND a.attname = own_column AND a.attnum > 0 WHERE f.oid = root OR " HAS_OWN_PARTS " ORDER BY f.oid <> root, f.oid LOOP"

#define MAKE_TWIN \
	" EXECUTE format('CREATE TEMPORARY TABLE %%I (LIKE %%s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES)%%s'," \
	" own_table, heir.oid::regclass, ' PARTITION BY ' || heir.key);" \
	" twin := to_regclass('pg_temp.' || quote_ident(own_table)); tables := ARRAY[twin]; has_key := false;" \
	" IF heir.key IS NOT NULL THEN EXECUTE format('CREATE TEMPORARY TABLE __il_leaf PARTITION OF %%s %%s', twin::regclass," \
	" CASE WHEN heir.key LIKE 'HASH%%' THEN 'FOR VALUES WITH (MODULUS 1, REMAINDER 0)' ELSE 'DEFAULT' END);" \
	" tables := tables || to_regclass('pg_temp.__il_leaf')::oid; END IF;"

/* Each with a twin of the table at its other end. */
#define ADD_FOREIGN_KEYS \
	" FOR fk IN SELECT c.oid, c.conrelid, c.confrelid FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0" \
	" AND (c.conrelid = heir.oid AND heir.attnum = ANY (c.conkey) OR c.confrelid = heir.oid AND heir.attnum = ANY (c.confkey)) LOOP" \
	" has_key := true; other := twin::regclass::text;" \
	" IF fk.conrelid <> fk.confrelid THEN other := 'pg_temp.__il_other_' || cardinality(tables);" \
	" EXECUTE format('CREATE TEMPORARY TABLE %%s (LIKE %%s INCLUDING INDEXES)', other," \
	" (CASE WHEN fk.conrelid = heir.oid THEN fk.confrelid ELSE fk.conrelid END)::regclass);" \
	" tables := tables || to_regclass(other)::oid; END IF;" \
	" EXECUTE format('ALTER TABLE %%s ADD %%s', CASE WHEN fk.conrelid = heir.oid THEN twin::regclass::text ELSE other END," \
	" replace(pg_get_constraintdef(fk.oid), ' REFERENCES ' || fk.confrelid::regclass::text || '('," \
	" ' REFERENCES ' || CASE WHEN fk.conrelid = heir.oid THEN other ELSE twin::regclass::text END || '(')); END LOOP;"

/* The name that each index of the twin, or of its partition, has on the table. */
#define LABEL_INDEXES \
	" SELECT jsonb_object_agg(x.relname, coalesce((SELECT i.indexrelid::regclass::text FROM pg_index i" \
	" WHERE i.indrelid = heir.oid AND " DEFINITION " = x.definition LIMIT 1), x.relname)) INTO labels" \
	" FROM (SELECT c.relname, " DEFINITION " AS definition FROM pg_index l JOIN pg_class c ON c.oid = l.indexrelid" \
	" LEFT JOIN pg_inherits h ON h.inhrelid = l.indexrelid" \
	" JOIN pg_index i ON i.indexrelid = coalesce(h.inhparent, l.indexrelid) WHERE l.indrelid = ANY (tables)) x;"

#define FILES \
	"(SELECT c.relname::text, c.relkind, pg_relation_filenode(c.oid)::text FROM pg_class c LEFT JOIN pg_index i" \
	" ON i.indexrelid = c.oid WHERE c.relkind IN ('r', 'i') AND coalesce(i.indrelid, c.oid) = ANY (tables)) f(name, kind, file)"

/* A kept index may get a new oid on its old file, so indexes are known by their names. */
#define MEASURE \
	" scans := " SCANS "; failure := NULL; SELECT jsonb_object_agg(f.name, f.file) INTO files FROM " FILES ";"

#define TRY \
	" BEGIN PERFORM set_config('search_path', path, true); EXECUTE CASE n WHEN 1 THEN change ELSE back END; " OWN_PATH \
	" EXCEPTION WHEN OTHERS THEN failure := SQLERRM; END;"

#define COMPARE \
	" SELECT coalesce(bool_or(f.kind = 'r'), false)," \
	" coalesce(array_agg(DISTINCT labels->>f.name) FILTER (WHERE f.kind = 'i'), '{}') INTO rewritten, rebuilt" \
	" FROM " FILES " WHERE f.file <> files->>f.name;" \
	" read := " SCANS " > scans OR has_key AND NOT current_setting('track_counts')::boolean;" \
	" IF n = 1 THEN error := coalesce(error, failure); rewrites := rewrites OR rewritten; reads := reads OR read;" \
	" rebuilds := rebuilds || rebuilt; ELSE free_back := coalesce(free_back, true) AND failure IS NULL" \
	" AND NOT rewritten AND NOT read AND rebuilt = '{}'; END IF;"

#define ANSWER \
	" PERFORM set_config('interlock.trial', json_build_object('done', false, 'collation', want.attcollation," \
	" 'clause', clause, 'rewrites', rewrites, 'reads', reads AND NOT rewrites AND rebuilds = '{}'," \
	" 'rebuilds', rebuilds, 'error', error, 'back', free_back)::text, true);"

/* Its text is read with the plan's search_path, which is only for the plan's own words. */
#define TRIAL \
	DECLARATIONS " BEGIN " SETTINGS LOOK LEAVE_IF_DONE LEAVE_IF_NOT_OURS STATEMENTS EACH_MEMBER MAKE_TWIN ADD_FOREIGN_KEYS LABEL_INDEXES \
	" FOR n IN 1 .. rounds LOOP EXIT WHEN n = 2 AND (rewrites OR reads OR error IS NOT NULL OR rebuilds <> '{}');" \
	MEASURE TRY COMPARE " END LOOP;" \
	" EXECUTE 'DROP TABLE ' || (SELECT string_agg(o::regclass::text, ', ') FROM unnest(tables) o); END LOOP;" \
	ANSWER " END"

/* clang-format on */

/* Type and collation, as the plan has them or as they were before. */
static const char *target(const struct type_trial *trial, struct arena *arena)
{
	const char *type = trial->is_back ? trial->type : sql_normalize(trial->type, arena);

	return trial->collation ? arena_printf(arena, "%s COLLATE %s", type, trial->collation) : type;
}

static const char *tail(const struct type_trial *trial, struct arena *arena)
{
	return trial->using ? arena_printf(arena, " USING %s", sql_normalize(trial->using, arena)) : "";
}

const char *type_trial_words(const struct type_trial *trial, const char *clause, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s", target(trial, arena), clause ? clause : "", tail(trial, arena));
}

void type_trial_add(const struct type_trial *trial, struct probe *probe)
{
	struct arena *arena = probe->arena;
	bool keeps = !trial->is_back && !trial->collation;
	const char *block = arena_printf(
		arena, TRIAL, literal_quoted(arena, trial->table.schema), literal_quoted(arena, trial->table.name),
		literal_quoted(arena, trial->column), literal_quoted(arena, target(trial, arena)),
		literal_quoted(arena, tail(trial, arena)), keeps ? "true" : "false", trial->is_back ? "1" : "2");

	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE __il_wanted (wanted %s)", target(trial, arena));
	probe->scratch[probe->scratch_count++] = arena_printf(arena, "DO %s", literal_quoted(arena, block));
}
