/*
 * Fenced transactions: each proves that we still hold the run, and none
 * survives a lost lease.
 *
 * What begins it, the work and its registry row go out in one flush where
 * nothing has to be looked at in between, else in two; COMMIT goes alone, once
 * the work was seen to succeed.
 * A killed client then leaves nothing behind: an autocommit statement, or a
 * COMMIT in the same flush, would be carried out by the server after our death.
 */
#ifndef INTERLOCK_ENGINE_TX_H
#define INTERLOCK_ENGINE_TX_H

#include "engine/batch.h"
#include "engine/session.h"

enum { TX_OPENING = 3 };

/*
 * Adds the statements that begin one: BEGIN, the fence, the settings with the
 * proof that the run is ours.  Where that fails nothing that follows in the
 * same flush is executed; gives TX_OPENING, how many they are.
 */
size_t tx_add_opening(struct session *session, struct batch *batch);
/* The same for one beside which no other transaction of the run may be open; it waits for them. */
size_t tx_add_opening_alone(struct session *session, struct batch *batch);
/* The same for one that only reads, all of it in one snapshot; gives TX_OPENING, too. */
size_t tx_add_snapshot(struct session *session, struct batch *batch);
/* The same for a transaction with one snapshot, which is taken behind these LOCK TABLE statements. */
void tx_add_snapshot_behind(struct session *session, const char *const *locks, size_t count, struct batch *batch);
/* Was it the proof in this batch, of whatever opening, that failed?  Then *err says that the lease is lost. */
bool tx_opening_failed(struct session *session, const struct batch *batch, size_t failed, struct err *err);
/* Was it the proof that failed?  Then *err says that the lease is lost (EXIT_HELD). */
bool tx_lease_failed(struct session *session, size_t failed, struct err *err);

/*
 * Begins one on the worker.  The statements that `batch` holds already are
 * sent in the same flush, behind the fence; their answers are owned by the
 * caller (`results`, from batch_results of a batch of the same size), NULL if
 * nobody wants them.  Fails with EXIT_HELD when the lease is lost.  After a
 * failure nothing is open.
 */
bool tx_begin(struct session *session, struct batch *batch, struct rows **results, struct err *err);
/* Ends it; a failure means that it is not known whether it was committed, or that the server said no. */
bool tx_commit(struct session *session, struct err *err);
/* Ends it without a trace; accepts a lost connection. */
void tx_rollback(struct session *session);

/* A short fenced transaction of the batch's statements alone. */
bool tx_run(struct session *session, struct batch *batch, struct rows **results, struct err *err);

#endif
