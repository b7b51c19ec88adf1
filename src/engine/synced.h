/*
 * Queries that read shadows.  Such a table follows its live one a little
 * behind, and an aggregate can't leave out the keys that are in the log.  So
 * the question is asked in the transaction of a sync point (engine/apply.h): it
 * sees what that brought over, and the live tables as they were at the same
 * moment, while they go on being written to.
 */
#ifndef INTERLOCK_ENGINE_SYNCED_H
#define INTERLOCK_ENGINE_SYNCED_H

#include "engine/work.h"

/*
 * Begins that transaction for a statement that reads a shadow which follows,
 * instead of the one that is `open`; what it brought over is kept by COMMIT.
 * Where it reads none *begun is false, and what was open still is.
 */
bool synced_begin(struct session *session, const struct stmt *stmt, bool open, bool *begun, struct err *err);

#endif
