/* The blocks at which a run waits: gates, approvals, safety periods. */
#ifndef INTERLOCK_ENGINE_CONDITION_H
#define INTERLOCK_ENGINE_CONDITION_H

#include "engine/session.h"

/*
 * Looks whether the block is open, noting in interlock.condition that it was
 * reached.  *satisfied tells; if not, *why is a sentence for people in the
 * arena, *command what to type next.
 */
bool condition_check(struct session *session, const struct block *block, bool *satisfied, struct arena *arena,
                     const char **why, const char **command, struct err *err);

/*
 * A person's decision, from a session that need not hold the lease: passes a
 * gate, or approves.  `block` is of `plan`, which is the run's.  Errors: it is
 * not open to this role (EXIT_STEP), or the run's plan changed (EXIT_CHANGED).
 */
bool condition_decide(struct conn *conn, const struct run_row *run, const struct block *block,
                      const char *evidence, struct err *err);

#endif
