/* What a library offers, from the options that its functions declare. */
#ifndef INTERLOCK_CLI_LIBRARY_DOC_H
#define INTERLOCK_CLI_LIBRARY_DOC_H

#include <jansson.h>

#include "cli/command.h"

/* "keys" (all its files), "keys.text", or "std.orphans"; a library of lib/ is its file's name. */
bool library_doc(struct context *context, const char *root, const json_t *pinned, const char *name,
                 struct err *err);

#endif
