/* The rules of switches, for one block of a plan. */
#ifndef INTERLOCK_CHECK_SWAPS_H
#define INTERLOCK_CHECK_SWAPS_H

#include "base/diag.h"
#include "plan/plan.h"

/* Adds swap-without-copy, unverified-swap and swap-ends-at-once where they hold. */
void check_swaps(const struct plan *plan, const struct block *block, struct diags *diags);

#endif
