/* Files that a person begins with: written where there are none, never over what is there. */
#ifndef INTERLOCK_CLI_SCAFFOLD_H
#define INTERLOCK_CLI_SCAFFOLD_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Writes a file, with the folders above it.  *there: it exists already, and was
 * left as it is.  EXIT_OWN.
 */
bool scaffold_write(const char *path, const char *text, bool *there, struct err *err);

#endif
