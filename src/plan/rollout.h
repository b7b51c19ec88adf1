/*
 * The stops of a rollout: percentages, in hundredths of a percent, so that
 * 0.25 % is 25 and all is ROLLOUT_ALL.
 */
#ifndef INTERLOCK_PLAN_ROLLOUT_H
#define INTERLOCK_PLAN_ROLLOUT_H

#include "plan/plan.h"

enum { ROLLOUT_ALL = 10000 };

/* Reads `percent` into the args; what is wrong with it is an error at its line. */
void rollout_settle(struct rollout_args *rollout, const struct option_place *place, struct diags *diags);

/* "10", "0.25" or "10%" as a person types it, from 0 to 100; false: it is none. */
bool rollout_parse(const char *text, int *share);
/* "10", "0.25": in the arena. */
const char *rollout_text(int share, struct arena *arena);
/* "1, 10, 50, 100" */
const char *rollout_list(const struct rollout_args *rollout, struct arena *arena);

/* The stop above `share`, or below it (0 is the lowest); -1: there is none. */
int rollout_next(const struct rollout_args *rollout, int share);
int rollout_previous(const struct rollout_args *rollout, int share);
/* Is it 0, or one of the stops? */
bool rollout_has(const struct rollout_args *rollout, int share);

#endif
