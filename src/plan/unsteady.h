/* SQL that gives another value each time, told from its text alone. */
#ifndef INTERLOCK_PLAN_UNSTEADY_H
#define INTERLOCK_PLAN_UNSTEADY_H

#include <stdbool.h>

/* Does it call a clock, or chance?  Functions of others, which may be volatile too, are left to the server. */
bool is_unsteady(const char *expression);

#endif
