/*
 * What the live table gets back from its shadow when that has taken its place
 * (engine.md 8): each column that the plan's copy_back sets, and each that is
 * in the shadow under its own name and type.  The columns of the key always
 * come back, as they went.
 */
#ifndef INTERLOCK_PLAN_SHADOW_BACK_H
#define INTERLOCK_PLAN_SHADOW_BACK_H

#include <jansson.h>

#include "plan/shadow.h"

/* What is known of both tables, as JSON (plan/shadow_facts.h). */
struct shadow_columns {
	json_t *live, *shadow;
	json_t *keys; /* as interlock.pair has them */
};

/* A list for interlock.pair.back, to be freed by the caller.  NULL: refused. */
json_t *shadow_back_of(const struct shadow_plan *plan, const struct shadow_columns *known, struct stmts *stmts);

#endif
