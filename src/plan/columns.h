/*
 * Fragments of the SQL of steps that work on columns of a table which must be
 * there: what is said of one that is not, and how rows are shown.  Read with
 * search_path = pg_catalog, pg_temp; $1 is the schema, $2 the table, and the
 * CTE `rel` is that of plan/probes.h.
 */
#ifndef INTERLOCK_PLAN_COLUMNS_H
#define INTERLOCK_PLAN_COLUMNS_H

#include "plan/probes.h"

/* clang-format off */

/* "no column userid in app.users (there is "userId")"; `name` is its name as text, `rel` the CTE of the table. */
#define SQL_NO_COLUMN_OF(rel, schema, table, name) \
	"'no column ' || pg_catalog.quote_ident(" name ") || ' in ' || " SQL_NAME(schema, table) \
	" || coalesce(' (there is ' || (SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = " rel ".oid AND a.attnum > 0 AND NOT a.attisdropped" \
	" AND " SQL_IS_ALIKE(name, "a.attname") \
	" ORDER BY pg_catalog.lower(a.attname) = pg_catalog.lower(" name ") DESC," \
	" " SQL_PAIRS_SHARED(name, "a.attname") " DESC, a.attnum LIMIT 1) || ')', '')"
#define SQL_NO_COLUMN(name) SQL_NO_COLUMN_OF("rel", "$1", "$2", name)

/* The first of several names (text[]) that is no column of `rel`, NULL when all are. */
#define SQL_LACKING(names) \
	"(SELECT w.name FROM pg_catalog.unnest(" names ") WITH ORDINALITY w(name, n)" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attname = w.name" \
	" AND NOT a.attisdropped) ORDER BY w.n LIMIT 1)"

/* The first of several names (text[]) that is a column of `rel` whose values are stored nowhere, with its definition. */
#define SQL_VIRTUAL(names) \
	"(SELECT 'column ' || " SQL_COLUMN("a") " FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid" \
	" AND a.attname = ANY (" names ") AND a.attgenerated = 'v' AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1)"
#define SQL_STORED_COLUMNS "'columns whose values are stored'"

/* What tells rows apart and why they are shown: the primary key, then the columns in `names` (text[]); NULL: none. */
#define SQL_SHOWN(names) \
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.n, a.attnum)" \
	" FROM pg_catalog.pg_attribute a LEFT JOIN (SELECT i.indrelid, u.attnum, u.n FROM pg_catalog.pg_index i," \
	" pg_catalog.unnest(i.indkey) WITH ORDINALITY u(attnum, n) WHERE i.indisprimary AND u.n <= i.indnkeyatts) k" \
	" ON k.indrelid = a.attrelid AND k.attnum = a.attnum WHERE a.attrelid = rel.oid AND NOT a.attisdropped" \
	" AND (k.n IS NOT NULL OR a.attname = ANY (" names ")))"

/* clang-format on */

#endif
