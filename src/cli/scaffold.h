/* Files that a person begins with, never written over what is there; and files of our own, which are. */
#ifndef INTERLOCK_CLI_SCAFFOLD_H
#define INTERLOCK_CLI_SCAFFOLD_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Writes a file, with the folders above it.  *there: it exists already, and was
 * left as it is.  EXIT_OWN.
 */
bool scaffold_write(const char *path, const char *text, bool *there, struct err *err);

/* Writes a file of our own, in the place of what is there; all of it or nothing.  EXIT_OWN. */
bool scaffold_replace(const char *path, const char *text, struct err *err);

#endif
