/*
 * CHECK and NOT NULL constraints: they are there already, but those that the
 * live table does not keep itself; what is the same gets the same name.  (NOT
 * NULL has names from PostgreSQL 18 on.)
 */
#include "plan/carry_sql.h"

/* clang-format off */

/* CTEs: `k`: those of both tables; n-th to n-th where several are the same. */
#define CONSTRAINTS \
	"k AS (SELECT c.oid, c.conname, quote_ident(c.conname) AS name, c.conrelid, c.contype, c.conkey, d.def," \
	" d.def ~ ' NOT (VALID|ENFORCED)$' AS loose, obj_description(c.oid, 'pg_constraint') AS comment," \
	" row_number() OVER (PARTITION BY c.conrelid, d.def ORDER BY c.conname) AS nth FROM it" \
	" JOIN pg_catalog.pg_constraint c ON c.conrelid IN (it.live, it.shadow) AND c.contype IN ('c', 'n')" \
	" CROSS JOIN LATERAL (SELECT pg_get_constraintdef(c.oid)) d(def))," \
	" pair AS (SELECT 'constraint ' || a.name || ' of ' || it.name AS what, a.conname AS ordinal, a.name, a.def, a.loose, a.comment," \
	" b.name AS image, t.oid IS NOT NULL AS taken, CASE WHEN t.oid IS NOT NULL THEN obj_description(t.oid, 'pg_constraint')" \
	" ELSE b.comment END AS image_comment, NOT EXISTS (SELECT FROM col WHERE col.image IS NULL AND col.attnum = ANY (a.conkey)) AS fits" \
	" FROM it JOIN k a ON a.conrelid = it.live LEFT JOIN k b ON b.conrelid = it.shadow AND b.def = a.def AND b.nth = a.nth" \
	" LEFT JOIN pg_catalog.pg_constraint t ON t.conrelid = it.shadow AND t.conname = a.conname)"

#define ADDED "pair.loose AND pair.fits AND pair.image IS NULL AND NOT pair.taken"
#define RENAMED "pair.image <> pair.name AND NOT pair.taken"
#define HAS_NAME "(pair.taken OR " RENAMED " OR " ADDED ") AND pair.image_comment IS NULL"

const char carry_constraints[] =
	CARRY_WITH ", " CONSTRAINTS
	CARRY_ANSWER("pair",
	CARRY_ROW(ON_RENAME, "0", "CASE WHEN " RENAMED " THEN 'ALTER TABLE ' || it.name || ' RENAME CONSTRAINT ' || pair.image || ' TO '"
	" || pair.name END") ","
	CARRY_ROW(ON_ATTACH, "0", "CASE WHEN " ADDED " THEN 'ALTER TABLE ' || it.name || ' ADD CONSTRAINT ' || pair.name || ' '"
	" || pair.def END") ","
	CARRY_ROW(ON_ATTACH, "1", "CASE WHEN " HAS_NAME " THEN "
	CARRY_COMMENT("'CONSTRAINT ' || pair.name || ' ON ' || it.name", "pair.comment") " END") ","
	CARRY_ROW(ON_BACK_DETACH, "0", "CASE WHEN NOT (" ADDED ") AND " HAS_NAME " THEN "
	CARRY_NO_COMMENT("'CONSTRAINT ' || pair.name || ' ON ' || it.name", "pair.comment") " END") ","
	CARRY_ROW(ON_BACK_DETACH, "1", "CASE WHEN " ADDED " THEN 'ALTER TABLE ' || it.name || ' DROP CONSTRAINT ' || pair.name END") ","
	CARRY_ROW(ON_BACK_RENAME, "0", "CASE WHEN " RENAMED " THEN 'ALTER TABLE ' || it.shadow_name || ' RENAME CONSTRAINT ' || pair.name"
	" || ' TO ' || pair.image END"));

/* clang-format on */
