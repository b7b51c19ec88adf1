/*
 * Copying a live table into its shadow while it is in use (engine.md 4): chunk
 * by chunk of the key, and between two chunks what was written meanwhile; then
 * a sync point, the indexes, and sync points until the log is short.
 *
 * It is complete because a chunk is in flight before the snapshot that it is
 * read with, and nobody takes its keys out of the log until it is done; a key
 * that is still to do is forgotten, since the copy will see it.
 */
#ifndef INTERLOCK_ENGINE_COPY_H
#define INTERLOCK_ENGINE_COPY_H

#include "engine/pair.h"
#include "engine/work.h"

/* Runs a statement of mode BATCHES with `copied_into`, from where interlock.range_<run>_<n> says. */
enum outcome copy_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

/* Has a plan any parallel_table? */
bool copy_has_pairs(const struct plan *plan);

/*
 * What was written to live tables of the run's pairs whose copy is through
 * reaches their shadows; for whoever holds the lease and has time.  A table
 * that was truncated is copied anew.  Behind a switch the retired table is
 * the one that follows.  Does nothing where there is no pair.
 */
bool copy_drain_all(struct session *session, struct err *err);
/* The same for pairs that are switched, whose retired tables follow. */
bool copy_drain_switched(struct session *session, struct err *err);

#endif
