/*
 * Which way a run goes, as its row says it: forward; or back to an earlier
 * block, as long as an undo is under way; and that a person stopped it.
 */
#ifndef INTERLOCK_ENGINE_COURSE_H
#define INTERLOCK_ENGINE_COURSE_H

#include "engine/batch.h"
#include "engine/session.h"

/* From here on it goes forward: an undo that was cut short is over. */
bool course_forward(struct session *session, struct err *err);

/* Adds a statement to a transaction: from here on an undo is under way, which takes back block `from` and all
 * behind it; -1: it is through. */
void course_back(struct session *session, int from, struct batch *batch);

/* A person stopped it at a safe point, where it rests; errors are ignored. */
void course_interrupted(struct session *session);

/* "its start" or "behind "expand"": where an undo under way goes. */
const char *course_aim(const struct plan *plan, int from, struct arena *arena);

#endif
