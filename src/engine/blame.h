/* Who is in the way of a lock. */
#ifndef INTERLOCK_ENGINE_BLAME_H
#define INTERLOCK_ENGINE_BLAME_H

#include "engine/session.h"

enum { BLAME_MAX = 5 };

struct blamed {
	const char
		*sentences[BLAME_MAX]; /* "pid 8812  app=reporting  role=bi  transaction open for 41 min:  SELECT …" */
	size_t count;
	int64_t oldest_ms; /* the age of the oldest transaction in the way; 0: nobody is */
};

/*
 * Asks on the control session who holds locks that conflict with these, the
 * oldest transaction first.  A prepared transaction is named by its gid.
 * Strings live in the arena.  The worker itself is never to blame.
 */
bool blame(struct session *session, const struct table_lock *locks, size_t count, struct arena *arena,
           struct blamed *out, struct err *err);

/* The modes that conflict with this one, as pg_locks writes them, parted by commas. */
const char *blame_conflicting(enum lock_mode mode);

#endif
