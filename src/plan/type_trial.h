/*
 * Trying a change of a column's type where it costs nothing: on a temporary
 * twin of the table, empty, with its indexes and the foreign keys that the
 * column takes part in.  The server itself then shows whether it writes the
 * table anew, builds an index anew, or reads rows.  One twin for the table, and
 * one for each of its partitions and heirs that has indexes or foreign keys of
 * its own.
 *
 * What comes of it is left as JSON in the setting interlock.trial:
 *   done       is it of that type already?
 *   collation  the oid of the collation that it will have
 *   clause     ' COLLATE "C"' where the column keeps one of its own, else ''
 *   rewrites, rebuilds (names of indexes), reads, error   of the change
 *   back       true if the change back is free too; null: not tried
 */
#ifndef INTERLOCK_PLAN_TYPE_TRIAL_H
#define INTERLOCK_PLAN_TYPE_TRIAL_H

#include <stdbool.h>

#include "plan/step.h"

struct type_trial {
	struct relname table;
	const char *column;
	const char *type;      /* SQL */
	const char *collation; /* SQL; NULL: the column keeps one of its own, where it has one */
	const char *using;     /* SQL; NULL: none */
	bool is_back;          /* the type is complete, with its collation, and nothing is tried after it */
};

/* Adds the scratch statements. */
void type_trial_add(const struct type_trial *trial, struct probe *probe);

/* What stands behind TYPE in the statement; `clause` as above, may be NULL. */
const char *type_trial_words(const struct type_trial *trial, const char *clause, struct arena *arena);

/* clang-format off */

/* CTEs for the comparison after it: what came of the trial, and the column of the type that is wanted. */
#define SQL_TRIAL \
	"trial AS (SELECT pg_catalog.current_setting('interlock.trial')::json AS t)," \
	" wanted AS (SELECT a.atttypid, a.atttypmod, (trial.t->>'collation')::oid AS attcollation" \
	" FROM trial JOIN pg_catalog.pg_attribute a ON a.attrelid = pg_catalog.to_regclass('pg_temp.__il_wanted')" \
	" AND a.attnum = 1)"

/* clang-format on */

#endif
