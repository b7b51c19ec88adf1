/*
 * Rows of a file into a table (plan/importing.h), in short transactions: the
 * lines are loaded into a table of the registry, then each is tried where it
 * is to go, and taken back; then, if not too many were of no use, all others
 * are inserted.  Each batch has its row in interlock.chunk, so that a run that
 * was cut short goes on behind it.
 */
#ifndef INTERLOCK_ENGINE_IMPORT_H
#define INTERLOCK_ENGINE_IMPORT_H

#include "engine/work.h"

/* stmt->importing says what. */
enum outcome import_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

#endif
