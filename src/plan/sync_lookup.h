/*
 * Values of another table in sync_columns: a key here, the id of its row there.
 *
 * The trigger looks when a row is written, and keeps the row that it found from
 * going until the statement's transaction is over (FOR KEY SHARE, what a foreign
 * key takes too), so a foreign key on the column never fails a statement for a
 * value of ours.  What is not found is NULL.  A row of the other table that
 * comes, goes or is called otherwise later changes nothing here: a backfill with
 * the same lookup follows that (plan/lookup.h).
 */
#ifndef INTERLOCK_PLAN_SYNC_LOOKUP_H
#define INTERLOCK_PLAN_SYNC_LOOKUP_H

#include "plan/columns.h"
#include "plan/option.h"
#include "plan/row_trigger.h"

/* clang-format off */

/*
 * CTE of the lookups in $5, as JSON: what is looked into, and why it can't be.
 * Read with search_path = pg_catalog, pg_temp.
 */
#define SQL_SYNC_LOOKUPS \
	"looks AS (SELECT w.n, w.e, w.side, c.oid, c.relkind, c.relowner, c.relforcerowsecurity, n.nspname, c.relname," \
	" ARRAY(SELECT pg_catalog.json_array_elements_text(w.e->'match')) AS match FROM (SELECT e.n, e.e, e.e->>'side' AS side" \
	" FROM pg_catalog.json_array_elements($5::json) WITH ORDINALITY e(e, n)) w LEFT JOIN pg_catalog.pg_namespace n" \
	" ON n.nspname = w.e->>'schema' LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.e->>'table')," \
	" lacks AS (SELECT l.n, (SELECT m.name FROM pg_catalog.unnest(l.match || (l.e->>'value')) WITH ORDINALITY m(name, n) WHERE NOT EXISTS" \
	" (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = l.oid AND a.attname = m.name AND a.attnum > 0" \
	" AND NOT a.attisdropped) ORDER BY m.n LIMIT 1) AS name FROM looks l)," \
	" blind AS (SELECT l.side, o.* FROM looks l JOIN lacks ON lacks.n = l.n CROSS JOIN LATERAL (SELECT w.* FROM (VALUES" \
	" (1, 'missing', CASE WHEN l.oid IS NULL THEN " SQL_NO_TABLE("(l.e->>'schema')", "(l.e->>'table')") " END, NULL, NULL)," \
	" (2, 'missing', CASE WHEN lacks.name IS NOT NULL THEN " SQL_NO_COLUMN_OF("l", "l.nspname", "l.relname", "lacks.name") " END, NULL, NULL)," \
	" (3, 'conflict', CASE WHEN l.relkind <> 'r' THEN " SQL_NAME("l.nspname", "l.relname") " || ' is no plain table' END," \
	" 'a table whose rows can be locked', 'look into the table that has the rows')," \
	" (4, 'conflict', CASE WHEN NOT pg_catalog.pg_has_role(l.relowner, 'USAGE') THEN " SQL_NAME("l.nspname", "l.relname") \
	" || ' belongs to ' || pg_catalog.pg_get_userbyid(l.relowner) END, 'a table whose rows the trigger sees whoever writes'," \
	" 'run the plan as a role that has the rights of ' || pg_catalog.pg_get_userbyid(l.relowner))," \
	" (5, 'conflict', CASE WHEN l.relforcerowsecurity THEN " SQL_NAME("l.nspname", "l.relname") " || ' forces row security on its owner' END," \
	" 'a table whose rows the trigger sees whoever writes', 'ALTER TABLE ' || " SQL_NAME("l.nspname", "l.relname") " || ' NO FORCE ROW LEVEL SECURITY')," \
	" (6, 'conflict', CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = l.oid AND i.indisunique AND i.indisvalid" \
	" AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = pg_catalog.cardinality(l.match) AND NOT EXISTS" \
	" (SELECT FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid" \
	" AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts AND a.attname <> ALL (l.match))) THEN " SQL_NAME("l.nspname", "l.relname") \
	" || ' has no unique index on exactly (' || pg_catalog.array_to_string(l.match, ', ') || ') that is valid, not partial, and checked at once' END," \
	" 'one, so that no two rows match', 'make it in an earlier phase: create_index_if_missing { unique = true, … }')" \
	") w(rank, state, found, expected, help) WHERE w.found IS NOT NULL ORDER BY w.rank LIMIT 1) o ORDER BY o.rank, l.n LIMIT 1)"

/* What our values are compared as, one list for each lookup: texts as their column is, others as they are. */
#define SQL_SYNC_LOOKED \
	"(SELECT pg_catalog.json_agg((SELECT pg_catalog.json_agg(CASE WHEN y.typcategory = 'S' THEN" \
	" pg_catalog.format_type(coalesce(nullif(y.typbasetype, 0), y.oid), -1) || CASE WHEN a.attcollation NOT IN (0, 100)" \
	" THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END ELSE '' END ORDER BY m.n)" \
	" FROM pg_catalog.unnest(l.match) WITH ORDINALITY m(name, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = l.oid AND a.attname = m.name" \
	" JOIN pg_catalog.pg_type y ON y.oid = a.atttypid) ORDER BY l.n)::text FROM looks l)"

/* clang-format on */

/* Is one of the values looked up? */
bool sync_lookup_is_in(const struct assignment_list *side);
/* What the text of the plan shows to be wrong with one. */
bool sync_lookup_check(const struct assignment *assignment, const char *option, const struct option_place *place,
                       struct diags *diags);
/* The parameter $5. */
const char *sync_lookup_asked(const struct assignment_list *forward, const struct assignment_list *back,
                              struct arena *arena);
/*
 * The side with a query for each value that is looked up; `looked` is what the
 * probe says ("": nothing yet), `*n` the number of the first lookup, and then of
 * the one behind the last.
 */
struct assignment_list sync_lookup_spelled(const struct assignment_list *side, const struct relname *table,
                                           const char *looked, size_t *n, struct arena *arena);

#endif
