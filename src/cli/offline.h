/* Connecting for a command that can do without: a server when one is named or answers, else offline. */
#ifndef INTERLOCK_CLI_OFFLINE_H
#define INTERLOCK_CLI_OFFLINE_H

#include "cli/command.h"

/* *conn NULL: go on offline, which was said.  false: a named server fails; *err says why. */
bool connect_or_offline(struct context *context, struct conn **conn, struct err *err);

#endif
