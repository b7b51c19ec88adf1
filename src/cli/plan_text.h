/* A compiled plan written as a plan again, in the words that it was written in. */
#ifndef INTERLOCK_CLI_PLAN_TEXT_H
#define INTERLOCK_CLI_PLAN_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "plan/plan.h"

/* numbered: with the hash, and the number of each step; without, equal steps are equal lines. */
void plan_text(const struct plan *plan, bool numbered, struct buf *out);

#endif
