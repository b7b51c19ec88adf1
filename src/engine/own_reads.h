/*
 * What our own transactions read of tables that a safety period watches is not
 * somebody's use: it is noted behind the transaction that does it, and taken
 * off when the counters are looked at.  A note that is lost only makes the
 * period begin again.
 */
#ifndef INTERLOCK_ENGINE_OWN_READS_H
#define INTERLOCK_ENGINE_OWN_READS_H

#include "engine/batch.h"
#include "engine/session.h"

/* Finds what is watched now, by whatever run, and remembers it in session->watched. */
bool own_reads_find(struct session *session, struct err *err);

/* What the open transaction of the worker has read, which is about to be committed; *own NULL: nothing of that. */
bool own_reads_measure(struct session *session, struct arena *arena, const char **own, struct err *err);
/* Notes it, in a transaction of its own: whatever becomes of that, the work is committed. */
void own_reads_note(struct session *session, const char *own);

#endif
