/*
 * Following: the keys that were written are taken out of the log, and the
 * shadow gets the current row of each (engine.md 4).  Two kinds of rounds:
 * over a part of the log, while ranges are copied; and sync points, over all
 * of it in one snapshot, after which the shadow is exactly the live table of
 * that moment in its shape.
 */
#ifndef INTERLOCK_ENGINE_APPLY_H
#define INTERLOCK_ENGINE_APPLY_H

#include "engine/pair.h"

struct applied {
	int64_t taken; /* rows out of the log */
	double ms;
	bool truncated; /* live was truncated: nothing was done, all is to be copied anew */
};

/* At most `limit` rows of the log, of ranges that are not in flight. */
bool apply_round(const struct pair *pair, int64_t limit, struct applied *applied, struct err *err);

/* All of the log; for when everything is copied. */
bool apply_sync_point(const struct pair *pair, struct applied *applied, struct err *err);

/*
 * Adds a sync point to a transaction that pair_begin_snapshot() began: the
 * indexes of the guard, for pair_guarded(), and of the statement that empties
 * the log.
 */
void apply_add_sync(const struct pair *pair, bool anew, struct batch *batch, size_t *guard, size_t *gone);

/*
 * Adds the last round to a transaction that has locked both tables against
 * everybody; the log is empty then.  Rows are written over, so that a snapshot
 * from before sees their earlier versions.  Where values moved between rows
 * that an index wants unique, that fails (23505), and `anew` takes the rows out
 * first.  Gives the index of the statement that empties the log.
 */
size_t apply_add_all(const struct pair *pair, bool anew, struct batch *batch);

/* The shadow is emptied and all of it is to do, as after a TRUNCATE of live, whose notes go. */
bool apply_restart(const struct pair *pair, struct err *err);

#endif
