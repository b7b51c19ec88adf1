/* The verify steps of a run once more: nothing is changed but what is known of them. */
#ifndef INTERLOCK_ENGINE_REVERIFY_H
#define INTERLOCK_ENGINE_REVERIFY_H

#include "engine/run.h"

/* How it ended. */
struct reverify_end {
	size_t held, failed; /* steps */
	size_t past;         /* not asked: what they were about was switched since */
};

/*
 * Verifies, in the plan's order, each verify step that the run has come to: it
 * is done, or the run failed at it.  Goes on after one that fails, for which
 * `tell` gets the message.  false: it could not go on, *err says why.
 * run_leave() is the caller's.
 */
bool run_reverify(struct session *session, void (*tell)(const struct err *failure), struct reverify_end *end,
                  struct err *err);

#endif
