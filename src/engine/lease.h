/*
 * Who may act on a run.  The control session holds an advisory lock and renews
 * run.seen; whoever acquires the lease ends the sessions of older epochs, takes
 * the fence exclusively and raises the epoch.  Correctness rests on the fence;
 * the advisory lock makes the message friendly.
 */
#ifndef INTERLOCK_ENGINE_LEASE_H
#define INTERLOCK_ENGINE_LEASE_H

#include "engine/session.h"

/*
 * Acquires the lease of session->run and begins the heartbeat; the run is then
 * in state 'running'.  EXIT_HELD: somebody else has it, who is named, unless
 * they were not seen for 30 s or `take_over` is set.  With session->looking
 * the state stays as it is, and nothing is taken by force.
 */
bool lease_acquire(struct session *session, bool take_over, struct err *err);

/* Gives it back; the sessions stay open. */
void lease_release(struct session *session);

/*
 * Ends the worker's old session, of which nothing is heard any more, and waits
 * until it is gone.  EXIT_HELD: the run is not ours any more.
 */
bool lease_end_worker(struct session *session, struct err *err);

#endif
