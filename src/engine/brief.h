/*
 * Short transactions without a fence, on a session that need not hold a lease:
 * for the registry itself, and for what a person decides.
 */
#ifndef INTERLOCK_ENGINE_BRIEF_H
#define INTERLOCK_ENGINE_BRIEF_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"

/*
 * Begins one.  A stopped client must not keep others from theirs: a lock is
 * waited for 10 s at most, and a session that says nothing for 3 s is ended.
 */
bool brief_begin(struct conn *conn, struct err *err);

/* COMMIT when `ok`, else ROLLBACK; gives whether it was committed, the earlier error untouched. */
bool brief_end(struct conn *conn, bool ok, struct err *err);

#endif
