/* What `gate`, `approve` and `rollout` share: finding the block, and the decision about it. */
#ifndef INTERLOCK_CLI_DECIDE_H
#define INTERLOCK_CLI_DECIDE_H

#include "cli/command.h"
#include "plan/plan.h"

/* What is decided: the block of that kind and label (NULL: the only one of that kind), and why. */
struct choice {
	enum block_kind kind;
	const char *label, *evidence;
	bool withdraw; /* an approval that was given is taken back */
};

/* The block of that kind; without a label it must be the only one.  NULL: *err. */
const struct block *decide_block(const struct plan *plan, enum block_kind kind, const char *label,
                                 struct err *err);

/* Decides it in the open run of `plan` (a name or a file). */
bool decide(struct context *context, const char *plan, const struct choice *choice, struct err *err);

#endif
