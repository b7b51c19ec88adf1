/*
 * What a shadow is to hold (engine.md 4): which column is written by which
 * SQL, and by which key its rows are told to be those of the live table.  From
 * what the catalogue says of the live table and of a twin of the shadow.
 */
#ifndef INTERLOCK_PLAN_SHADOW_H
#define INTERLOCK_PLAN_SHADOW_H

#include "plan/copying.h"
#include "plan/step.h"

/* What the plan says. */
struct shadow_plan {
	struct relname live, shadow;
	const struct assignment_list *copy, *copy_back;
	const char *only_rows; /* NULL: all */
	bool is_like;          /* its key's index is ours to make; else the definition holds it */
};

/* What follows from it: rows of interlock.pair, as JSON, and the key as it is called in the shadow. */
struct shadow_shape {
	struct relname live, shadow;
	const char *keys, *columns, *back;
	const char *key_names; /* "id, part", quoted */
	bool is_primary;       /* on the live table it is the primary key */
};

/*
 * Reads live_columns, live_keys, shadow_columns and shadow_keys of facts->now
 * (steps/parallel_table.c).  false: refused, with the option that is to be
 * corrected.
 */
bool shadow_shape_of(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts,
                     struct shadow_shape *shape);

#endif
