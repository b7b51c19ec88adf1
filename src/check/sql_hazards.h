/*
 * Hazards of SQL that an author writes out in a plan (sql_step), told by the
 * same reader as those of plain migrations (hazard/lint.h).
 */
#ifndef INTERLOCK_CHECK_SQL_HAZARDS_H
#define INTERLOCK_CHECK_SQL_HAZARDS_H

#include "check/check.h"

/*
 * With the catalogue as it is, outside of any transaction.  Adds warnings: what
 * the statements lock, rewrite, scan or build while others wait.  What they
 * lose and what they break is for the rules of plans.  false: the server failed.
 */
bool check_sql_hazards(struct catalogue_check *check, struct err *err);

#endif
