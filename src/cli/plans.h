/* Finding and compiling the plan that a command line names. */
#ifndef INTERLOCK_CLI_PLANS_H
#define INTERLOCK_CLI_PLANS_H

#include <stdbool.h>

#include "cli/command.h"
#include "plan/plan.h"

/*
 * The file of an operand: itself when it has a "/" or ends in ".lua", else
 * plans/OPERAND.lua below the current directory.  NULL: there is no such file
 * (the registry may still know a plan of that name).
 */
const char *plan_find_file(struct arena *arena, const char *operand);

/*
 * Compiles it, with --set.  What there is to say goes to diags, and nothing is
 * printed.  false: diags has errors, or *err is set (no such file: EXIT_OWN).
 */
bool plan_compile_quietly(struct context *context, const char *operand, struct plan **plan, struct diags *diags,
                          struct err *err);

/*
 * The same, and prints what there is to say as messages.  false after printed
 * errors: *err is EXIT_REJECTED without a summary, so that report_err() adds
 * nothing.  The caller frees the plan.
 */
bool plan_compile_operand(struct context *context, const char *operand, struct plan **plan, struct err *err);

#endif
