/* What `gate` and `approve` share: finding the block, and the decision about it. */
#ifndef INTERLOCK_CLI_DECIDE_H
#define INTERLOCK_CLI_DECIDE_H

#include "cli/command.h"
#include "plan/plan.h"

/*
 * Decides the block of that kind and label in the open run of `plan` (a name
 * or a file).  label NULL: the only block of that kind that is not decided.
 */
bool decide(struct context *context, const char *plan, enum block_kind kind, const char *label,
            const char *evidence, struct err *err);

#endif
