/*
 * Taking the registry away: each thing by its name, never with CASCADE.  What
 * somebody else has put into schema interlock stays, and so does all of it.
 */
#ifndef INTERLOCK_ENGINE_REMOVE_H
#define INTERLOCK_ENGINE_REMOVE_H

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"

/* What there is, a sentence each, all in the arena. */
struct holdings {
	bool registry, asked;   /* asked: every role may call in_rollout() */
	const char **open;      /* runs that are not over */
	const char **kept;      /* tables that keep rows for undo or restore */
	const char **rollouts;  /* that let somebody in */
	const char **strangers; /* what interlock did not make */
	size_t open_count, kept_count, rollout_count, stranger_count, run_count;
	const char *views, *tables, *functions,
		*sequences; /* quoted names, parted by commas; "" where there are none */
};

bool remove_look(struct conn *conn, struct arena *arena, struct holdings *out, struct err *err);

/* EXIT_HELD: runs are open.  EXIT_STEP: something in the schema is not ours. */
bool remove_allowed(const struct holdings *holdings, struct err *err);

/* Removes what `seen` says, all or nothing; EXIT_CHANGED: more is kept by now than was seen. */
bool remove_registry(struct conn *conn, const struct holdings *seen, struct err *err);

#endif
