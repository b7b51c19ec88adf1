/*
 * Where in a plan file an option stands.  Lua keeps no line for the fields of
 * a table, so the source is read again, only when there is something to say.
 */
#ifndef INTERLOCK_PLAN_LOCATE_H
#define INTERLOCK_PLAN_LOCATE_H

#include <stdbool.h>

#include "base/diag.h"

/*
 * The line of option `name` in the table that opens on span.line, and with
 * `text` and `position` (character from 1; 0: none) the line inside its value.
 * What cannot be found, such as an option built in a variable, is on span's
 * own line.
 */
struct span locate_option(struct span span, const char *name, const char *text, int position);

/* Does `name =` stand in the table that opens on span.line? */
bool locate_is_written(struct span span, const char *name);

/*
 * What stands in the long brackets, [[ … ]], that the option is given, and in
 * *line the line that it begins on; the caller frees it.  NULL: it has none.
 */
char *locate_text(struct span span, const char *name, int *line);
/* How many lines end before character `position` (from 1) of the text. */
int locate_lines_before(const char *text, int position);

#endif
