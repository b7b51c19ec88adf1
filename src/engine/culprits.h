/* Which rows a statement failed at: asked for when it has failed, and told with the error. */
#ifndef INTERLOCK_ENGINE_CULPRITS_H
#define INTERLOCK_ENGINE_CULPRITS_H

#include "base/buf.h"
#include "db/conn.h"
#include "engine/work.h"

/* Appends a row as "id = 4, email = NULL", long values cut. */
void culprits_line(const struct rows *rows, size_t row, struct buf *line);

/*
 * After a failure of a statement with culprits, whose transaction is rolled
 * back: takes away what must not stay, then adds how many rows it were, the
 * first of them and the query for all to *err.  What can't be found out is
 * left out.
 */
/* Runs a list of statements that take something away, as patiently as any other; false: *failure. */
bool culprits_withdraw(const struct work *work, const struct stmt *stmt, struct err *failure);

void culprits_tell(struct work *work, const struct culprits *culprits, struct err *err);

#endif
