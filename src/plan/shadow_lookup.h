/* A lookup in `copy` of parallel_table, from what the probe says to the SQL of copying. */
#ifndef INTERLOCK_PLAN_SHADOW_LOOKUP_H
#define INTERLOCK_PLAN_SHADOW_LOOKUP_H

#include "plan/copied_lookup.h"
#include "plan/shadow.h"

struct shadow_lookup {
	struct assignment_list copy; /* that of the plan, with SQL in the place of the lookup */
	struct fill_plan plan;
	struct looking looking;
	const char *text; /* for interlock.pair; NULL: nothing is looked up */
};

/* `made` must stay where it is: parts of it point to others.  false: refused. */
bool shadow_lookup_of(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts,
                      struct shadow_lookup *made);

/* Undo: what was created goes where nobody uses it, first; then all that was made for the lookup. */
void shadow_lookup_take_back(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts);
void shadow_lookup_forget(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts);

#endif
