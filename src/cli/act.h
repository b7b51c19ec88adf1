/* What the commands that act on a database share: connecting, announcing, showing steps, asking. */
#ifndef INTERLOCK_CLI_ACT_H
#define INTERLOCK_CLI_ACT_H

#include <stdbool.h>

#include "cli/command.h"
#include "engine/run.h"
#include "engine/session.h"

/* Connects and says where, once a command: one line on stderr.  NULL: *err says why. */
struct conn *act_connect(struct context *context, struct err *err);
/* The environment of the target, or the label in the database's registry; NULL: none. */
const char *act_environment(void);

/* A command that acts on one run. */
struct act {
	struct context *context;
	struct connector connector;
	struct listener listener;
	struct session session;
	const char *name;  /* of the plan that is meant, when there is no file */
	struct plan *file; /* compiled from the operand's file; NULL when there is none */
	struct run_options options;
	struct diags findings;
};

/* Everything but the run: for commands that find it in their own way. */
void act_begin(struct act *act, struct context *context);

/*
 * Finds the plan that the first operand names (a file, or a name that the
 * registry knows) and opens its run.  With `start` the file is checked and the
 * run begun where there is none.  *open as in run_open().
 */
bool act_open(struct act *act, struct context *context, bool start, bool *open, struct err *err);
/* The same for a command that only reads the tables of a run that is there: it claims none. */
bool act_open_to_read(struct act *act, struct context *context, struct err *err);
void act_release(struct act *act);

/* The plan in the first operand's file, which must pass the checks that need no server; what they say is printed.
 */
bool act_compile(struct context *context, struct plan **plan, struct err *err);

/* The parameters as JSON text for finding a run without a file; NULL when none were given. */
const char *act_parameters(struct context *context);

/* The name of the plan that an operand means: itself, or what the plan in that file is called.  NULL: *err. */
const char *act_plan_name(struct context *context, const char *operand, struct err *err);

/* What an operand means where its file does not compile any more: the file's own name. */
const char *act_name_of_file(struct context *context, const char *operand);

/* --yes, or a question; in environment production a --confirm with the database's name. */
bool act_confirm(struct context *context, const char *question, bool destructive, struct err *err);

/* "waiting at gate …" with the next command; as text or JSON. */
void act_waiting(const struct act *act, const struct run_end *end);

#endif
