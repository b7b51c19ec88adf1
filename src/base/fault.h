/*
 * Faults for the tests: the program ends itself at its N-th message to a
 * server.  Without the environment variable INTERLOCK_FAULT nothing happens.
 *
 *   INTERLOCK_FAULT=kill:N        SIGKILL just before the N-th message is sent
 *   INTERLOCK_FAULT=kill-after:N  SIGKILL just after it was sent
 *   INTERLOCK_FAULT=stop:N        SIGSTOP just before it
 *   INTERLOCK_FAULT_COUNT=FILE    at the end writes how many there were
 */
#ifndef INTERLOCK_BASE_FAULT_H
#define INTERLOCK_BASE_FAULT_H

#include <stdbool.h>

/* Called before and after each message (a flush of one or more statements). */
void fault_before_message(void);
void fault_after_message(void);
/* Heartbeats come by the clock and don't count: true suspends counting, false resumes it. */
void fault_suspend(bool suspended);
/* Writes INTERLOCK_FAULT_COUNT; called once by main. */
void fault_report(void);

#endif
