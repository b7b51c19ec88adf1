/*
 * What a switch of the plan could not carry over, found before the first
 * statement of the plan, wherever in it the switch stands.
 */
#ifndef INTERLOCK_CHECK_STAYS_BEHIND_H
#define INTERLOCK_CHECK_STAYS_BEHIND_H

#include "check/check.h"

/* Inside the check's transaction, with search_path = pg_catalog, pg_temp.  Adds findings of the rule not-carried.
 */
bool check_stays_behind(struct catalogue_check *check, struct err *err);

#endif
