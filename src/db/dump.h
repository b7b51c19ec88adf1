/* The schema of a database as text, by pg_dump. */
#ifndef INTERLOCK_DB_DUMP_H
#define INTERLOCK_DB_DUMP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/loop.h"

/*
 * A pg_dump that can read a server of that major version: in `bindir`, else
 * the newest of the usual places, else the one in PATH.  NULL: *err says what
 * to install.
 */
const char *dump_program(const char *bindir, int major, struct arena *arena, struct err *err);

/*
 * What `program` writes about the database of the session, without rows and
 * without schema interlock; the session itself is only asked where it is
 * connected to.  It waits for a lock for at most 10 s.
 */
bool dump_schema(struct loop *loop, struct conn *conn, const char *program, struct buf *text, struct err *err);

#endif
