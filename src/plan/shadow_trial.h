/* What parallel_table tries on a temporary twin of its shadow before it says that it can be done. */
#ifndef INTERLOCK_PLAN_SHADOW_TRIAL_H
#define INTERLOCK_PLAN_SHADOW_TRIAL_H

#include "plan/shadow.h"

/*
 * Statements for the probe, behind those that make `twin`: would the server
 * take the plan's SQL, planned and not run; and a temporary view
 * "~interlock_copy" of it, which tells what it calls.
 */
void shadow_trial(const struct shadow_plan *plan, const char *twin, struct probe *probe);

#endif
