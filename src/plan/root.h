/*
 * The root of a plan: the folder that its libraries and its files of data are
 * in, and nothing outside of it is read.
 */
#ifndef INTERLOCK_PLAN_ROOT_H
#define INTERLOCK_PLAN_ROOT_H

#include <limits.h>

/*
 * The nearest folder at or above the plan that holds interlock.conf, else the
 * plan's own; as text that begins like the plan's path.
 */
void root_find(const char *plan, char root[PATH_MAX]);

#endif
