/* psql's interpolation for plans: :"name" an identifier, :'name' a literal, :name a checked name. */
#ifndef INTERLOCK_SQL_INTERPOLATE_H
#define INTERLOCK_SQL_INTERPOLATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* Finds a value by name: NULL when there is none. */
typedef const char *(*interpolate_lookup)(const char *name, void *context);

/*
 * Replaces :"name", :'name' and :name in `text`, as psql does: not inside
 * literals, quoted names, dollar quotes or comments, and `::` is a cast.
 * :name inserts a table or column name (`schema.name` or `name`), checked and
 * quoted; anything else under :name is an error that names the two other forms.
 * false: *err says which variable at which position.
 */
bool sql_interpolate(const char *text, interpolate_lookup lookup, void *context, struct arena *arena,
                     const char **out, struct err *err);

#endif
