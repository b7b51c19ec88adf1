/*
 * Two releases that write the same thing in two shapes, each into columns of
 * its own (engine.md 2): whichever side a statement changed wins, told by what
 * changed and not by who wrote.
 */
#ifndef INTERLOCK_PLAN_SYNCING_H
#define INTERLOCK_PLAN_SYNCING_H

#include "plan/row_trigger.h"

/* How the line of the function begins that says from what it was made. */
#define SYNC_RECIPE "-- made from "

struct sync_plan {
	struct row_table of;
	const struct assignment_list *forward; /* new columns, over the row */
	const struct assignment_list *back;    /* old columns, over the row */
	const char *both;                      /* "old", "new" or "error": where both changed */
};

/* Function and triggers; brief, in one transaction. */
void syncing_add(const struct sync_plan *plan, const struct facts *facts, struct stmts *stmts);
/* The same under names that are given: "~interlock_7_3_" and "interlock.sync_7_3". */
void syncing_replace(const struct sync_plan *plan, const char *begin, const char *function, struct stmts *stmts);
/* The plan, all but its table, from the source of such a function; false: it has none in it. */
bool syncing_read(const char *source, struct arena *arena, struct sync_plan *plan);
/* Takes them away, where they are there. */
void syncing_drop(const struct relname *table, const struct facts *facts, struct stmts *stmts);
/* Do they stand? */
bool syncing_stands(const struct facts *facts, struct arena *arena);

/*
 * Adds a verification that going forward, back and forward again ends at the
 * same value for each row; `shown` are the columns that name a row.
 */
void syncing_verify_pair(const struct sync_plan *plan, const char *shown, struct stmts *stmts);

#endif
