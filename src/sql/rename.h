/*
 * An expression over one table whose columns get other names: the same
 * expression, with the new names.
 */
#ifndef INTERLOCK_SQL_RENAME_H
#define INTERLOCK_SQL_RENAME_H

#include <stddef.h>

#include "base/arena.h"

/* Unquoted. */
struct sql_renaming {
	const char *from, *to;
};

/*
 * All at once, so that two names can be exchanged; qualified columns keep what
 * stands before their names.  NULL where that can't be said: it holds a query,
 * names all columns at once, or is no expression.
 */
const char *sql_rename_columns(const char *expression, const struct sql_renaming *renamings, size_t count,
                               struct arena *arena);

#endif
