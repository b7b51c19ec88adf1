/* Rollouts against the catalogue: is there the table whose values are let in, and the column? */
#ifndef INTERLOCK_CHECK_ROLLOUTS_H
#define INTERLOCK_CHECK_ROLLOUTS_H

#include "check/check.h"

/* Adds a finding for each rollout ahead whose table or column is not there, and that no step before it may make.
 */
bool check_rollouts(struct catalogue_check *check, struct err *err);

#endif
