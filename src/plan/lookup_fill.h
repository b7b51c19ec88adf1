/* What a step whose `set` holds a lookup sends, in each of its directions. */
#ifndef INTERLOCK_PLAN_LOOKUP_FILL_H
#define INTERLOCK_PLAN_LOOKUP_FILL_H

#include "plan/filling.h"

void lookup_apply(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
void lookup_reverse(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
/* The plan is done: triggers and notes go. */
void lookup_finish(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
/* What was noted since it was filled. */
void lookup_follow(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);

/* Nobody needs to know any more which rows were created. */
void lookup_expire(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);

/* What a step tries before it says that it can be done: sets scratch, and the parameters from $5 on. */
void lookup_probe(const struct relname *table, const struct assignment_list *set, const char *where,
                  struct probe *probe);
/* The same for a lookup in a copy: parameters $5 to $10, and $4 to $6 of the comparison. */
void lookup_probe_copy(const struct lookup *lookup, struct probe *probe);

#endif
