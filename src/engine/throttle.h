/*
 * Holding a long step back: between two of its batches it looks at the server's
 * signals and at the clock, and begins the next one only when there is room.  A
 * batch that is under way is never ended for it.
 */
#ifndef INTERLOCK_ENGINE_THROTTLE_H
#define INTERLOCK_ENGINE_THROTTLE_H

#include "engine/run.h"
#include "engine/session.h"

/*
 * To be called before each batch, with no transaction open; the server is asked
 * at most once a second.  Waits as long as a limit is exceeded, telling the
 * listener for what, and the registry.  At once true for a session that heeds no
 * pause: a way back is not held up.  false: EXIT_INTERRUPTED, EXIT_HELD when the
 * lease is lost meanwhile, EXIT_WAITING when its windows open only in a good
 * while, or as the server says.
 */
bool throttle_wait(struct session *session, const struct step *step, struct err *err);

/* The batches of a step are through, or have failed. */
void throttle_end(struct session *session);

/* How long a batch is to take, in ms: as interlock.control or the plan says, else `usual`. */
double throttle_target(const struct session *session, double usual);

/* A run that throttle_wait() ended with EXIT_WAITING rests until its windows open: *end says so.  Drops *err. */
bool throttle_rest(struct session *session, struct run_end *end, struct err *err);

/* For session_release(). */
void throttle_release(struct session *session);

#endif
