/*
 * What people wish of a run while it runs: a row of interlock.control, written
 * without the lease.  The run looks there between steps, between batches and
 * between attempts for a lock.
 */
#ifndef INTERLOCK_ENGINE_CONTROL_H
#define INTERLOCK_ENGINE_CONTROL_H

#include "engine/session.h"

struct control {
	bool paused;
	const char *reason, *by, *at; /* at: "2026-11-21 12:00" UTC; reason may be NULL */
};

/* Zeroed where nobody ever wished anything.  Strings live in the arena. */
bool control_read(struct conn *conn, int64_t run, struct arena *arena, struct control *control, struct err *err);

/* Writes it in this session's role; *before is what it was. */
bool control_set(struct conn *conn, int64_t run, const struct control *wish, struct control *before,
                 struct arena *arena, struct err *err);

/* "paused by anna at 2026-11-21 12:00 UTC: the sale goes on" */
const char *control_sentence(const struct control *control, struct arena *arena);

/*
 * Waits while the run is paused, saying so; at once true for a session that
 * heeds no pause (undo and the like).  No transaction may be open.
 * EXIT_INTERRUPTED, EXIT_HELD when the lease is lost meanwhile.
 */
bool control_wait(struct session *session, const struct step *step, struct err *err);

#endif
