/* What `preview` and `run --dry-run` print: what would happen now. */
#ifndef INTERLOCK_CLI_PREVIEW_H
#define INTERLOCK_CLI_PREVIEW_H

#include "cli/command.h"

enum exit_code preview_command(struct context *context, struct err *err);

#endif
