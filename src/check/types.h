/* Types that are written in options of a plan. */
#ifndef INTERLOCK_CHECK_TYPES_H
#define INTERLOCK_CHECK_TYPES_H

#include "check/check.h"

/*
 * Inside the transaction of check_catalogue(), with the plan's search_path: all
 * types in one question; a plan that makes types by sql_step is asked about
 * them when it runs.  false: the server failed.
 */
bool check_types(struct catalogue_check *check, struct err *err);

#endif
