/* What another version of a library would change in the compiled plans of this repository. */
#ifndef INTERLOCK_CLI_LIBRARY_DIFF_H
#define INTERLOCK_CLI_LIBRARY_DIFF_H

#include "cli/command.h"
#include "cli/library.h"

struct library_changes {
	size_t plans, changed, broken; /* that were compared; that compile to something else; that don't compile */
};

/* Compiles every plans/ *.lua with both, and prints what differs. */
bool library_diff(struct context *context, const char *root, const struct library *library,
                  struct library_changes *changes, struct err *err);

#endif
