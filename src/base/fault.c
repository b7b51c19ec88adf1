/* Counts messages and ends the program at the one that a test names. */
#include "base/fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long sent;
static bool not_counting;

/* Is this the message that INTERLOCK_FAULT names, for an action of that name? */
static bool due(const char *action)
{
	const char *fault = getenv("INTERLOCK_FAULT");
	size_t length = strlen(action);

	return fault && !not_counting && strncmp(fault, action, length) == 0 && fault[length] == ':' &&
	       atol(fault + length + 1) == sent;
}

void fault_before_message(void)
{
	sent += !not_counting;
	if (due("kill"))
		raise(SIGKILL);
	if (due("stop"))
		raise(SIGSTOP);
}

void fault_after_message(void)
{
	if (due("kill-after"))
		raise(SIGKILL);
}

void fault_suspend(bool suspended)
{
	not_counting = suspended;
}

void fault_report(void)
{
	const char *path = getenv("INTERLOCK_FAULT_COUNT");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%ld\n", sent);
	fclose(file);
}
