/* What `pause` and `resume` share. */
#ifndef INTERLOCK_CLI_PAUSE_H
#define INTERLOCK_CLI_PAUSE_H

#include "cli/command.h"

/* Pauses the run of the first operand, or lets it go on, and says so. */
enum exit_code pause_run(struct context *context, bool pause, struct err *err);

#endif
