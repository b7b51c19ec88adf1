/*
 * Rollouts: which share of the keys is in, moved by people only; the
 * application asks interlock.in_rollout().  Shares are hundredths of a percent
 * (plan/rollout.h).
 */
#ifndef INTERLOCK_ENGINE_ROLLOUT_H
#define INTERLOCK_ENGINE_ROLLOUT_H

#include "engine/batch.h"
#include "engine/session.h"

/*
 * Where a key of a plan lies, from 0 to 9999: SQL over two texts.  Hash
 * partitions stand on the same function, so that no version of PostgreSQL can
 * change it; the collation is named, so that none can matter.
 */
#define ROLLOUT_BUCKET(plan, key)                                                                                 \
	"(pg_catalog.hashtextextended(" key " COLLATE pg_catalog.\"C\", pg_catalog.hashtextextended(" plan            \
	" COLLATE pg_catalog.\"C\", 0)) & 9223372036854775807) % 10000"

/* What a person wants. */
struct rollout_wish {
	int share;
	const char *evidence;
	bool dry_run; /* only judged */
};

/*
 * Moves the rollout: up to its next stop while the run stands at it, or down
 * to any, at once, from a session that need not hold the lease.  *was: where it
 * was; the same as wished: there was nothing to do.  *passed: the run is behind
 * it, with nothing begun there, and rollout_return() has to come first; nothing
 * was changed.  EXIT_OWN: it can't be moved there from where it is.
 */
bool rollout_move(struct conn *conn, const struct run_row *run, const struct block *block,
                  const struct rollout_wish *wish, int *was, bool *passed, struct err *err);

/*
 * Takes the run back to a rollout that it has passed, on a session of its own
 * that is not open yet: stops behind it are forgotten.  EXIT_HELD: somebody
 * works on the run.
 */
bool rollout_return(struct session *session, const struct run_row *run, const struct block *block,
                    struct err *err);

/* *block: the last of the run's that lets somebody in; -1: none does.  *share: how many. */
bool rollout_last(struct conn *conn, int64_t run, const struct plan *plan, int *block, int *share,
                  struct err *err);

/* Adds the statements that end the rollouts from `block` on, behind those that delete their conditions. */
void rollout_forget(const struct session *session, int block, struct batch *batch);

/*
 * Every role may call interlock.in_rollout() from now on, if the plan has a
 * rollout: USAGE of the schema for PUBLIC.  EXIT_STEP: somebody could then read
 * a table of the registry, or the role may not grant it.
 */
bool rollout_let_ask(struct conn *conn, const struct plan *plan, struct err *err);

#endif
