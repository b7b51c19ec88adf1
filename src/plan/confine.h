/* What the process that evaluates a plan may not do. */
#ifndef INTERLOCK_PLAN_CONFINE_H
#define INTERLOCK_PLAN_CONFINE_H

#include <stdbool.h>

enum {
	CONFINE_SECONDS = 2, /* of processor time */
	CONFINE_MEGABYTES = 512,
};

/*
 * Gives up, for good, everything that evaluating needs not: all descriptors
 * but `keep` and standard error, signal handlers, time and memory without
 * limit, and (where the kernel filters system calls) the network, other
 * programs, and writing.  false: a limit could not be set.
 */
bool confine_process(int keep);

#endif
