/* interlock amend --accept-drift: tables that somebody changed by hand are right as they are. */
#ifndef INTERLOCK_CLI_AMEND_DRIFT_H
#define INTERLOCK_CLI_AMEND_DRIFT_H

#include "cli/command.h"

/* Shows what changed since the last phase of the run, asks, and takes it as it is. */
bool amend_drift(struct context *context, struct err *err);

#endif
