/*
 * Questions about the rows themselves, asked of the database for a moment and no longer: how many values a
 * dropped column holds, how many can't be of a new type.  Offline there is no answer.
 */
#ifndef INTERLOCK_HAZARD_VALUES_H
#define INTERLOCK_HAZARD_VALUES_H

#include <stdint.h>

#include "hazard/state.h"

/* How many values the column holds that are not NULL; -1: not known. */
int64_t count_values(struct lint *lint, const struct relation *relation, const struct column *column);
/* How many rows the table holds; -1: not known. */
int64_t count_rows(struct lint *lint, const struct relation *relation);
/* Tells of values that the new type would cut, round or refuse, where they can be counted. */
void count_lost_values(struct lint *lint, const struct relation *relation, const struct column *column,
                       const struct type *to, int location);

#endif
