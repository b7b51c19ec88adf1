/*
 * A column of a shadow that is looked up in another table: what parallel_table
 * makes of `lookup` in copy.
 *
 * Why the copy stays right.  Whoever reads a row of live reads the other table
 * in the same statement, so the copy of a row is right as of one snapshot.  From
 * then on the other table tells what changed: a trigger on it leaves a note of
 * each value that was matched (plan/lookup.h), in looked_<run>_<n>.  So at any
 * snapshot the copy of a key is what its row says, or the key is in the log, or
 * what its row matches is in a note.  The rows that depend on notes are found by
 * one statement over the live table, which deletes the notes and writes their
 * keys into the log: who changes what it matches meanwhile writes its key there
 * itself.
 *
 * With missing = "error" and "create" a row that finds nothing is not copied:
 * its key goes into the log, and stays there until it finds something.  So what
 * is new in the other table needs no note; only what was there and is not, or is
 * another value.  With "null" it has one, too.
 */
#ifndef INTERLOCK_PLAN_COPIED_LOOKUP_H
#define INTERLOCK_PLAN_COPIED_LOOKUP_H

#include "plan/copying.h"
#include "plan/lookup.h"

/* As interlock.pair has it; SQL is over a row of live, by its bare name. */
struct copied_lookup {
	struct relname table;
	const char *quoted;
	const char *column;    /* of the shadow, quoted */
	const char *missing;   /* "null", "error" or "create" */
	const char *shown;     /* what it is matched by, to be shown: "lower(orders.email) AS email" */
	const char *looked;    /* the notes: "interlock.looked_7_3" */
	const char *noted;     /* note "~g" is about what the row matches */
	const char *unmatched; /* it finds nothing, and is not copied so; NULL: it is */
	const char *before, *behind, *order,
		*create; /* of looking_creation, with a limit as $1; NULL where nothing is created */
};

/* The description for interlock.pair, as JSON; and read back, NULL from NULL. */
const char *copied_lookup_text(const struct looking *looking, struct arena *arena);
const struct copied_lookup *copied_lookup_read(const char *json, struct arena *arena);

/* Which rows of live can be copied: only_rows, and what is looked up is there or may be missing. */
const char *copied_lookup_ready(const struct copying *c, struct arena *arena);
/* Which of those that are to be copied can't; NULL: each can. */
const char *copied_lookup_stuck(const struct copying *c, struct arena *arena);

#endif
