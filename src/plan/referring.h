/*
 * What must be true of columns that refer to those of another table, before
 * anything is done with them: fragments of the SQL that asks the catalogue,
 * and the rows that refer to nothing.
 *
 * Read with search_path = pg_catalog, pg_temp, after the CTEs `rel` and, with
 * columns (text[]) that are referred to, `parent` and `aim` of
 * SQL_FOREIGN_KEY (plan/probes.h); $1.$2 is the table, $4.$5 the other one.
 */
#ifndef INTERLOCK_PLAN_REFERRING_H
#define INTERLOCK_PLAN_REFERRING_H

#include <stdbool.h>

#include "plan/columns.h"
#include "plan/probes.h"

/* clang-format off */

/* The type behind a domain. */
#define SQL_BASE_TYPE(type) \
	"(WITH RECURSIVE d AS (SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = " type \
	" UNION ALL SELECT t.oid, t.typbasetype FROM d JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype)" \
	" SELECT d.oid FROM d WHERE d.typbasetype = 0)"

/*
 * Types of different categories without an operator = and without an implicit
 * cast: nothing that the server could compare.  About others it is asked.
 */
#define SQL_COMPARABLE \
	"(b.child = b.parent OR EXISTS (SELECT FROM pg_catalog.pg_type x, pg_catalog.pg_type y" \
	" WHERE x.oid = b.child AND y.oid = b.parent AND x.typcategory = y.typcategory)" \
	" OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprname = '=' AND o.oprleft = b.parent AND o.oprright = b.child)" \
	" OR EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castcontext = 'i'" \
	" AND (c.castsource, c.casttarget) IN ((b.child, b.parent), (b.parent, b.child))))"

/*
 * CTEs `pair` and `wrong`, one row: the first of `columns` that the table
 * lacks, the first that the other one lacks, which can't be compared, and what
 * joins the two tables as `child` and `parent`.
 */
#define SQL_WRONG_PAIRS(columns) \
	"pair AS (SELECT p.n, 'parent.' || pg_catalog.quote_ident(p.referred) || ' = child.' || pg_catalog.quote_ident(p.name)" \
	" AS match, CASE WHEN c.attnum IS NULL THEN p.name END AS child_lacks," \
	" CASE WHEN r.attnum IS NULL THEN p.referred END AS parent_lacks," \
	" CASE WHEN NOT " SQL_COMPARABLE " THEN " SQL_NAME("$1", "$2") " || '.' || pg_catalog.quote_ident(p.name)" \
	" || ' is ' || pg_catalog.format_type(c.atttypid, c.atttypmod) || ', ' || " SQL_NAME("$4", "$5") \
	" || '.' || pg_catalog.quote_ident(p.referred) || ' is ' || pg_catalog.format_type(r.atttypid, r.atttypmod) END AS unlike" \
	" FROM aim CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(" columns "), pg_catalog.unnest(aim.columns))" \
	" WITH ORDINALITY p(name, referred, n)" \
	" LEFT JOIN pg_catalog.pg_attribute c ON c.attrelid = (SELECT oid FROM rel) AND c.attname = p.name" \
	" AND c.attnum > 0 AND NOT c.attisdropped" \
	" LEFT JOIN pg_catalog.pg_attribute r ON r.attrelid = (SELECT oid FROM parent) AND r.attname = p.referred" \
	" AND r.attnum > 0 AND NOT r.attisdropped" \
	" CROSS JOIN LATERAL (SELECT " SQL_BASE_TYPE("c.atttypid") " AS child, " SQL_BASE_TYPE("r.atttypid") " AS parent) b)," \
	" wrong AS (SELECT (SELECT child_lacks FROM pair WHERE child_lacks IS NOT NULL ORDER BY n LIMIT 1) AS child_lacks," \
	" (SELECT parent_lacks FROM pair WHERE parent_lacks IS NOT NULL ORDER BY n LIMIT 1) AS parent_lacks," \
	" (SELECT pg_catalog.string_agg(unlike, '; ' ORDER BY n) FROM pair) AS unlike," \
	" (SELECT pg_catalog.string_agg(match, ' AND ' ORDER BY n) FROM pair) AS match)"

/* "no column user in app.orders (there is user_id)", of the table and of the other one. */
#define SQL_CHILD_LACKS SQL_NO_COLUMN("wrong.child_lacks")
#define SQL_PARENT_LACKS SQL_NO_COLUMN_OF("parent", "$4", "$5", "wrong.parent_lacks")

/* Has `parent` a key of exactly the columns of `aim`, which a foreign key can stand on?  WITHOUT OVERLAPS is none. */
#define SQL_PARENT_HAS_KEY \
	"EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = parent.oid AND i.indisunique AND i.indisvalid" \
	" AND NOT i.indisexclusion AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = pg_catalog.cardinality(aim.columns)" \
	" AND aim.columns @> ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(attnum, n)" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts))"

/*
 * Why no foreign key can refer to the other table, which is there: WHEN … THEN
 * for what is found, what is expected and the way out.
 */
#define SQL_PARENT_FOUND \
	" WHEN parent.relkind NOT IN ('r', 'p') THEN " SQL_NAME("$4", "$5") " || ' is no table'" \
	" WHEN aim.columns IS NULL THEN " SQL_NAME("$4", "$5") " || ' has no primary key'" \
	" WHEN wrong.parent_lacks IS NOT NULL THEN " SQL_PARENT_LACKS \
	" WHEN NOT " SQL_PARENT_HAS_KEY " THEN 'nothing makes ' || pg_catalog.array_to_string(aim.columns, ', ') || ' of '" \
	" || " SQL_NAME("$4", "$5") " || ' unique' || coalesce((SELECT ' (' || i.indexrelid::regclass::text" \
	" || ' is WITHOUT OVERLAPS)' FROM pg_catalog.pg_index i WHERE i.indrelid = parent.oid AND i.indisunique" \
	" AND i.indisexclusion ORDER BY i.indexrelid LIMIT 1), '')"
#define SQL_PARENT_EXPECTED \
	" WHEN parent.relkind NOT IN ('r', 'p') OR aim.columns IS NULL THEN 'a table with a primary key'" \
	" WHEN NOT " SQL_PARENT_HAS_KEY " THEN 'a primary key or a unique constraint of these columns'"
#define SQL_PARENT_HELP \
	" WHEN parent.relkind NOT IN ('r', 'p') THEN 'refer to the table that it reads'" \
	" WHEN aim.columns IS NULL THEN 'say which column it is: table(column)'" \
	" WHEN wrong.parent_lacks IS NULL AND NOT " SQL_PARENT_HAS_KEY \
	" THEN 'make them unique in an earlier step (add_unique), or refer to the primary key'"

/* clang-format on */

/*
 * The rows that a foreign key would break at: needs the facts match, relkind,
 * parent_relkind and, where it is to tell the rows apart, shown.  `withdraw`:
 * the constraint of that name is taken away when it has failed; NULL: it stays.
 */
const struct culprits *referring_culprits(const struct foreign_key_plan *key, const char *withdraw,
                                          const struct facts *facts, struct stmts *stmts);

#endif
