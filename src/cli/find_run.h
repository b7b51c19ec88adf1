/* Which run an operand means, for commands that act on a run without its file. */
#ifndef INTERLOCK_CLI_FIND_RUN_H
#define INTERLOCK_CLI_FIND_RUN_H

#include "cli/command.h"
#include "engine/session.h"

/* A plan as it is named: by its file, where that compiles (what it says then counts), else by the word itself. */
struct meant {
	const char *name, *parameters; /* parameters: JSON text, or NULL for any */
	const char *typed;             /* as a command line names it */
	const char *hash;              /* of the file; NULL: there is none, or it does not compile */
};
struct meant find_meant(struct context *context, const char *operand);

/*
 * The run of that plan, in the arena; its registry must be of our version.
 * EXIT_OWN: there is none; EXIT_USAGE: several, with different parameters.
 */
bool find_run(struct conn *conn, const struct meant *meant, struct arena *arena, struct run_row *run,
              struct err *err);

/* The same for a run that is not over, in the context's arena.  EXIT_OWN: "…; there is nothing to WHAT". */
bool find_open_run(struct context *context, struct conn *conn, const struct meant *meant, const char *what,
                   struct run_row *run, struct err *err);

#endif
