/*
 * Two columns of a table that exchange roles: one gives up the name that
 * applications know, the other gets it (engine.md 14).  The way back is the
 * same with the names the other way round.
 *
 * The fragments of the files column_*.h are read with search_path =
 * pg_catalog, pg_temp; $1 is the schema, $2 the table, $3 the name that is
 * exchanged, $6 the names of `leaves` (text[]).  CTEs: `rel` (plan/probes.h),
 * `col`, the column that has the name, and `came`, the one that is to get it.
 */
#ifndef INTERLOCK_PLAN_COLUMN_SWAP_H
#define INTERLOCK_PLAN_COLUMN_SWAP_H

#include "plan/step.h"

/* clang-format off */

/* Does the object of row `d` of pg_depend, which uses `col`, use `came` too? */
#define SQL_USES_BOTH(d) \
	"EXISTS (SELECT FROM came JOIN pg_catalog.pg_depend o ON o.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND o.refobjid = came.attrelid AND o.refobjsubid = came.attnum AND o.classid = " d ".classid" \
	" AND o.objid = " d ".objid AND o.objsubid = " d ".objsubid)"

/* FROM: what uses `col`, as row d of pg_depend. */
#define SQL_USERS_OF_COL \
	"col JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND d.refobjid = col.attrelid AND d.refobjsubid = col.attnum"

#define SQL_IS_LEFT(name) "coalesce(" name " = ANY ($6::text[]), false)"
#define SQL_IS_OURS(t) "pg_catalog.starts_with(" t ".tgname::text, '~interlock_')"

/* clang-format on */

struct column_swap {
	struct relname table;
	const char *column;   /* the name that they exchange */
	const char *arriving; /* the name now of the one that gets it */
	const char *aside;    /* the name that the other one gets */
};

#endif
