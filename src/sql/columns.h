/* The columns that an expression of a plan names, told from its text alone. */
#ifndef INTERLOCK_SQL_COLUMNS_H
#define INTERLOCK_SQL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The columns named in an expression over one table, unquoted, each once, in
 * the order in which they come; gives their number.  Of `users.age` it is
 * `age`; `users.*` is none.  A text that is no expression has none.
 */
size_t sql_columns(const char *expression, struct arena *arena, const char *const **columns);

/* Is the column, unquoted, among them? */
bool sql_names_column(const char *expression, const char *column);

#endif
