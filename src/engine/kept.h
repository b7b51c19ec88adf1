/*
 * What the steps of a run keep in the registry's schema for a while: what undo
 * would need, and what undo itself took out of the way.
 */
#ifndef INTERLOCK_ENGINE_KEPT_H
#define INTERLOCK_ENGINE_KEPT_H

#include "engine/session.h"

struct kept {
	struct kept_step {
		const struct step *step;
		bool over;         /* its time: `sync` takes it away */
		const char *until; /* "2026-12-21 12:00" UTC */
		bool left_by_undo; /* no way back needs it: only restore would */
	} * steps;
	size_t count, over;
};

/* The plan's steps that keep something, in their order; strings in the arena. */
bool kept_find(struct conn *conn, const struct run_row *run, const struct plan *plan, struct arena *arena,
               struct kept *kept, struct err *err);

#endif
