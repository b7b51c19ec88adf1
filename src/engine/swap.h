/*
 * The switch (engine.md 6): in one transaction that nobody else of the run is
 * beside, under locks that are held for milliseconds, the shadow takes the
 * name of the live table with everything that belongs to it, and the retired
 * table begins to follow.  Undo is the same the other way.  Foreign keys are
 * validated afterwards, one by one.
 */
#ifndef INTERLOCK_ENGINE_SWAP_H
#define INTERLOCK_ENGINE_SWAP_H

#include "engine/work.h"

/*
 * Forwards, or with direction BACK back; where an earlier attempt has switched
 * already, what is left of it.  `ends` as in group_run().
 */
enum outcome swap_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

/*
 * Before a step that takes a retired table away: the table follows no more, so
 * that nothing is written to it.  Does nothing for other steps.
 */
bool swap_end_before(struct session *session, const struct step *step, struct err *err);

#endif
