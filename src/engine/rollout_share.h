/* How many rows of its table a rollout lets in: the hash is fair to keys, not to rows. */
#ifndef INTERLOCK_ENGINE_ROLLOUT_SHARE_H
#define INTERLOCK_ENGINE_ROLLOUT_SHARE_H

#include "db/conn.h"
#include "plan/plan.h"

/*
 * A sentence in the arena about the rows and values that are in at `share`
 * (plan/rollout.h): counted where the table is small, else on a sample of a few
 * MB.  NULL: that can't be had in a moment, be it for a lock, a privilege, or
 * because the table is none.  false: the connection is lost.
 */
bool rollout_share(struct conn *conn, const char *plan, const struct rollout_args *rollout, int share,
                   struct arena *arena, const char **sentence, struct err *err);

#endif
