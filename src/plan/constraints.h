/* What every constraint has in common: it is validated while others go on, and dropped in a moment. */
#ifndef INTERLOCK_PLAN_CONSTRAINTS_H
#define INTERLOCK_PLAN_CONSTRAINTS_H

#include "plan/step.h"

/* Validates the one of that name in a transaction of its own. */
struct stmt *constraint_validate(const struct relname *table, const char *name, struct stmts *stmts);
/* Drops it. */
struct stmt *constraint_drop(const struct relname *table, const char *name, struct stmts *stmts);
/* The same as a statement that stands in no list, as culprits->withdraw. */
const struct stmt *constraint_withdrawal(const struct relname *table, const char *name, struct arena *arena);

#endif
