/*
 * The partitions of a table and the tables that inherit from it: ALTER TABLE
 * changes them too, so what they had of their own must be known for the way
 * back.  The fragments are read with search_path = pg_catalog, pg_temp after
 * the CTE `rel` of plan/probes.h.
 */
#ifndef INTERLOCK_PLAN_BELOW_H
#define INTERLOCK_PLAN_BELOW_H

#include <stddef.h>

#include "base/arena.h"
#include "plan/family.h"
#include "sql/ident.h"

/* clang-format off */

/* CTEs `family` (plan/family.h) and `below`: what lies below `rel`, at any depth. */
#define SQL_BELOW SQL_FAMILY ", below AS (SELECT family.oid FROM family JOIN rel ON rel.oid <> family.oid)"

/*
 * Those of `below` AS b that the rest of the FROM clause leaves, each with a
 * value, as a text for below_tables(); NULL when there are none.
 */
#define SQL_BELOW_LIST(value, rest) \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname," \
	" 'value', " value ") ORDER BY n.nspname, c.relname)::text FROM below b" \
	" JOIN pg_catalog.pg_class c ON c.oid = b.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " rest ")"

/* clang-format on */

struct below_table {
	struct relname table;
	const char *value; /* may be NULL */
};

/* Reads what SQL_BELOW_LIST gave, into the arena; NULL is an empty list. */
size_t below_tables(const char *list, struct arena *arena, struct below_table **tables);
/* NULL: it is not among them. */
const struct below_table *below_find(const struct below_table *tables, size_t count, const struct relname *table);

#endif
