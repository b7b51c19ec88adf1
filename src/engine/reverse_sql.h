/*
 * A round of the way back as one plpgsql block (engine.md 8): it finds out
 * what is to be done with each key of the log, does it, and notes what the
 * retired table can't hold, so that a round costs few round trips whatever is
 * in it.
 */
#ifndef INTERLOCK_ENGINE_REVERSE_SQL_H
#define INTERLOCK_ENGINE_REVERSE_SQL_H

#include "plan/copying.h"

/*
 * Sets that fail are halved down to the single key, which is noted in
 * interlock.undo_conflict.  To be sent in one snapshot, with the plan's
 * search_path.
 */
const char *reverse_sql_round(const struct copying *c, struct arena *arena);

/* The last one, while nobody else can write either table: what does not fit is an error, a TRUNCATE too (23000).
 */
const char *reverse_sql_last(const struct copying *c, struct arena *arena);

#endif
