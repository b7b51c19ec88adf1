/*
 * The targets in interlock.conf, which has the syntax of pg_service.conf:
 *
 *     [target prod-eu]
 *     service = prod-eu
 *     environment = production
 *
 * Sections [group …] are passed over here.
 */
#ifndef INTERLOCK_CLI_TARGETS_FILE_H
#define INTERLOCK_CLI_TARGETS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct file_target {
	struct file_target *next;
	const char *name, *environment;  /* environment: NULL when it says none */
	const char **keywords, **values; /* libpq's; both end with NULL */
	size_t count;
};

/*
 * Reads the file; *first is NULL when there is no such file or no target in it.
 * EXIT_OWN with file and line for anything that is not understood.
 */
bool targets_file_read(const char *path, struct arena *arena, struct file_target **first, struct err *err);

#endif
