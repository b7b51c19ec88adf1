/*
 * Are shadow and live table the same, row for row (engine.md 7)?  Exact, and
 * without a lock while both are written to: for every key that is not in the
 * capture log the shadow has, in any snapshot, what the live row becomes, and
 * nothing else.  So chunk by chunk of the key both sides are joined in one
 * snapshot, and keys that the log holds are left to the applier.
 */
#ifndef INTERLOCK_ENGINE_COMPARE_H
#define INTERLOCK_ENGINE_COMPARE_H

#include "engine/work.h"

/*
 * A full pass, whatever an earlier one found; the verdict is written into
 * interlock.verdict.  `ends` as in group_run().
 */
enum outcome compare_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

#endif
