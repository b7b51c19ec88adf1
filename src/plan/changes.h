/*
 * How a table differs from one that it is made like: the option `changes` of
 * parallel_table, { add = { column = "type …" }, drop = { "column" },
 * type = { column = "type" } }.
 */
#ifndef INTERLOCK_PLAN_CHANGES_H
#define INTERLOCK_PLAN_CHANGES_H

#include <jansson.h>

#include "plan/option.h"

/* false, after errors: it is nothing of the kind. */
bool changes_check(json_t *changes, const struct option_place *place, struct diags *diags);

/* What stands behind ALTER TABLE, for an empty table; NULL: there is nothing to change. */
const char *changes_text(json_t *changes, struct arena *arena);

#endif
