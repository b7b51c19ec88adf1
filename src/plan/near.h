/*
 * Which name may be meant by one that is not there: a fragment of the SQL that
 * says so, read with search_path = pg_catalog, pg_temp.
 */
#ifndef INTERLOCK_PLAN_NEAR_H
#define INTERLOCK_PLAN_NEAR_H

/* clang-format off */

/* The letters of a name, sorted: those of names in which two letters have changed places are the same. */
#define SQL_SORTED_LETTERS(name) \
	"(SELECT pg_catalog.string_agg(l, '' ORDER BY l) FROM pg_catalog.regexp_split_to_table(pg_catalog.lower(" name "::text), '') l)"

/* How many pairs of letters of one name are in another; and whether that is enough to be meant. */
#define SQL_PAIRS_SHARED(name, other) \
	"(SELECT pg_catalog.count(*) FROM pg_catalog.generate_series(1, pg_catalog.length(" name "::text) - 1) i" \
	" WHERE pg_catalog.strpos(pg_catalog.lower(" other "::text), pg_catalog.substr(pg_catalog.lower(" name "::text), i, 2)) > 0)"
#define SQL_IS_ALIKE(name, other) \
	"(pg_catalog.lower(" name "::text) = pg_catalog.lower(" other "::text) OR 2 * " SQL_PAIRS_SHARED(name, other) \
	" >= greatest(pg_catalog.length(" name "::text), pg_catalog.length(" other "::text), 3) - 1" \
	" OR pg_catalog.length(" name "::text) > 2 AND " SQL_SORTED_LETTERS(name) " = " SQL_SORTED_LETTERS(other) ")"

/* clang-format on */

#endif
