/*
 * Waiting for locks without making others wait.  The first attempt is NOWAIT,
 * later ones queue for lock_timeout at most (50 ms), with growing pauses
 * between them; while somebody's transaction is older than 5 s no attempt is
 * made at all, so that nothing queues behind us.
 */
#ifndef INTERLOCK_ENGINE_LOCK_H
#define INTERLOCK_ENGINE_LOCK_H

#include "engine/batch.h"
#include "engine/session.h"

/* How far we are with one step's locks.  Zeroed: before the first attempt. */
struct patience {
	int64_t attempts, since, told;
	bool first_only; /* the other tables are not ours to LOCK: their statement waits for itself */
};

/* Adds the LOCK TABLE statements of this attempt: the first may wait, the rest not. */
void lock_add(const struct session *session, const struct step *step, const struct patience *patience,
              const struct table_lock *locks, size_t count, struct batch *batch);

/*
 * After an attempt failed (55P03): says who is in the way, pauses.  false: we
 * give up (EXIT_STEP, with everybody who blocked us) or were asked to stop
 * (EXIT_INTERRUPTED).
 */
bool lock_pause(struct session *session, const struct step *step, struct patience *patience,
                const struct table_lock *locks, size_t count, struct err *err);

/* The plan's limits, unless the step or the command line says otherwise. */
int64_t lock_timeout_of(const struct session *session, const struct step *step);

#endif
