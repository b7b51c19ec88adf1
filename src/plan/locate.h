/*
 * Where in a plan file an option stands.  Lua keeps no line for the fields of
 * a table, so the source is read again, only when there is something to say.
 */
#ifndef INTERLOCK_PLAN_LOCATE_H
#define INTERLOCK_PLAN_LOCATE_H

#include "base/diag.h"

/*
 * The line of option `name` in the table that opens on span.line, and with
 * `text` and `position` (character from 1; 0: none) the line inside its value.
 * What cannot be found, such as an option built in a variable, is on span's
 * own line.
 */
struct span locate_option(struct span span, const char *name, const char *text, int position);

#endif
