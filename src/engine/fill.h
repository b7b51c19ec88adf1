/*
 * Filling rows in place while the table is in use (engine.md 2): window by
 * window over the pages, each gone over several times so that updates stay on
 * their page (performance.md 1), or page range by page range where that does
 * not pay; then sweeps over all of it until one finds nothing left.
 *
 * It is complete because the triggers are there before the first page is
 * looked at: a row that was not touched since is still on its page, one that
 * was touched is right.  Should the triggers, the columns or the table's file
 * change meanwhile, nothing of that batch is committed and it begins again.
 */
#ifndef INTERLOCK_ENGINE_FILL_H
#define INTERLOCK_ENGINE_FILL_H

#include "engine/work.h"

/*
 * Runs a statement of mode BATCHES from where the last row of interlock.chunk
 * says.  `ends`: the step's row becomes done with it.
 */
enum outcome fill_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

#endif
