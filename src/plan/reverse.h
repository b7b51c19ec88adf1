/*
 * What follows the table that a switch made the live one, so that the retired
 * table can take its place again with all that was written since (engine.md
 * 8): a log of keys and operations, with function and triggers.
 */
#ifndef INTERLOCK_PLAN_REVERSE_H
#define INTERLOCK_PLAN_REVERSE_H

#include "plan/copying.h"
#include "plan/step.h"

/* Behind the renames, in the transaction of the switch: the new table is called c->live, the old one c->retired.
 */
void reverse_make(const struct copying *c, struct stmts *stmts);

/* Takes away what is there of it; `live` is the table that the triggers are on, `number` that of the pair. */
void reverse_drop(const struct relname *live, int64_t run, int number, struct stmts *stmts);

/* "~interlock_7_3_r", unquoted: how the triggers' names begin. */
const char *reverse_trigger(int64_t run, int number, struct arena *arena);
const char *reverse_log(int64_t run, int number, struct arena *arena);      /* interlock.rlog_7_3 */
const char *reverse_function(int64_t run, int number, struct arena *arena); /* interlock.reverse_7_3 */

#endif
