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

struct work;

/* How far we are with one step's locks.  Zeroed: before the first attempt. */
struct patience {
	int64_t attempts, since, told;
	bool anew;       /* of a switch: rows of the last round are taken out first (engine/apply.h) */
	int holds;       /* how often the work took longer than a lock may be held */
	bool first_only; /* the other tables are not ours to LOCK: their statement waits for itself */
};

/* How many of them LOCK TABLE takes; the others are left to their statements. */
size_t lock_tables(const struct table_lock *locks, size_t count);

/* Adds what bounds the wait of the lock statements behind it, in ms. */
void lock_add_wait(int64_t ms, struct batch *batch);

/*
 * Adds the LOCK TABLE statements of this attempt: the first may wait, the rest
 * not.  After some attempts in vain they may, too, all together as long as the
 * first: a second table that is always in use would never be free at once.
 */
void lock_add(const struct work *work, const struct table_lock *locks, size_t count, struct batch *batch);

/*
 * After an attempt failed (55P03 and the like): says who is in the way, pauses.
 * false: we give up (EXIT_STEP, with everybody who blocked us) or were asked to
 * stop (EXIT_INTERRUPTED).
 */
bool lock_pause(struct work *work, const struct table_lock *locks, size_t count, struct err *err);

/* The command line's limit, else the step's, else the plan's; in ms. */
int64_t lock_timeout_of(const struct session *session, const struct step *step);

#endif
