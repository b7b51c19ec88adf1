/*
 * Verifications that are judged by what rows say.
 *
 * Such a query only reads, and the server holds it to that: it runs in a
 * read-only subtransaction of a fenced transaction, which is rolled back to its
 * beginning when the answer is there.  The rest of the transaction writes the
 * step's row, so that no verification counts as done whose result was lost.
 */
#ifndef INTERLOCK_ENGINE_VERIFY_H
#define INTERLOCK_ENGINE_VERIFY_H

#include "engine/work.h"

/* Runs one verification; on OUTCOME_DONE its row and its journal are committed.  `ends` as in group_run(). */
enum outcome verify_run(struct work *work, const struct stmt *stmt, bool ends, struct err *err);

/*
 * The question alone, for a step that no run has: inside the open transaction
 * of work->session->worker, which the caller rolls back.
 */
enum outcome verify_ask(struct work *work, const struct stmt *stmt, struct err *err);

/* Journals that it held, where it sent no statement; in the step's result where it has one. */
void verify_journal(struct work *work, struct batch *batch);

/*
 * A step that held, or never did, does not hold now: the registry keeps that
 * beside its state, and journals it.  Best effort, the failure is what matters.
 */
void verify_record_failure(struct session *session, const struct step *step, const struct err *err);

#endif
