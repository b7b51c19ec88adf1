/* A throwaway server for one command: started, filled, and put in the place of every other server. */
#ifndef INTERLOCK_CLI_SANDBOX_H
#define INTERLOCK_CLI_SANDBOX_H

#include <stdbool.h>

#include "cli/command.h"
#include "db/server.h"

/*
 * Starts it (--bindir), runs each file of --load on it, makes it the target of
 * the context, and sets PGHOST, PGPORT, PGUSER and PGDATABASE for us and our
 * children; what else could lead to another server is taken out of the
 * environment.  NULL: *err is filled and nothing is left behind.  The caller
 * ends it with server_stop().
 */
struct server *sandbox_start(struct context *context, struct err *err);

#endif
