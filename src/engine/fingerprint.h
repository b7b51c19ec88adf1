/*
 * What the tables of a run look like, kept at the end of each phase and
 * compared before the next: a change by hand in between is found, and shown.
 */
#ifndef INTERLOCK_ENGINE_FINGERPRINT_H
#define INTERLOCK_ENGINE_FINGERPRINT_H

#include "engine/batch.h"
#include "engine/session.h"

/* Claims the tables that the plan changes.  EXIT_HELD: another open plan has one, which is named. */
bool claims_take(struct session *session, struct err *err);

/*
 * The same in a transaction of the caller's: adds two statements that claim the
 * tables of `plan`; the answer to the second goes to claims_free().  Afterwards
 * the claims of tables that the plan does not name can be given up, by a third.
 */
void claims_add(struct session *session, const struct plan *plan, struct batch *batch);
bool claims_free(const struct rows *others, struct err *err);
void claims_drop_others(struct session *session, const struct plan *plan, struct batch *batch);

/* Adds statements to a transaction: store the fingerprints as they are now; give the claims up. */
void fingerprint_store(struct session *session, struct batch *batch);
void claims_drop(struct session *session, struct batch *batch);

/* The tables that differ from what the last phase left: rows of relation, before, now. */
bool fingerprint_differences(struct session *session, struct rows **rows, struct err *err);
/* How they differ, each as a detail. */
void fingerprint_tell(const struct rows *rows, struct err *err);
/* EXIT_CHANGED: a table differs, and how. */
bool fingerprint_compare(struct session *session, struct err *err);

#endif
