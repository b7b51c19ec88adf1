/*
 * Pairs of a run: tables that are copied into another shape, with what the
 * registry says of them.  Sessions and settings of the transactions in which
 * they are copied and followed.
 */
#ifndef INTERLOCK_ENGINE_PAIR_H
#define INTERLOCK_ENGINE_PAIR_H

#include "engine/batch.h"
#include "engine/session.h"
#include "plan/copying.h"

/* Where a pair is worked on. */
struct pair {
	struct session *session;
	const struct copying *c;
	const struct step *step; /* whose batches these are; NULL: of none, the pair is only followed */
	struct arena *arena;     /* of the whole work; what a batch needs has an arena of its own */
};

/* The pairs of the run, in the arena; none where it has none. */
bool pairs_of_run(struct session *session, struct arena *arena, const struct copying ***pairs, size_t *count,
                  struct err *err);
/* The one with that shadow.  EXIT_STEP: the run has none. */
bool pair_of_shadow(struct session *session, const struct relname *shadow, struct arena *arena,
                    const struct copying **copying, struct err *err);

/*
 * Adds what begins a transaction that works on a pair: as tx_add_opening(),
 * and with the plan's search_path.  `follows`: nobody else follows the pair
 * meanwhile.  Gives the index of the first statement behind it.
 */
size_t pair_begin(const struct pair *pair, bool follows, struct batch *batch);
/* The same with one snapshot for all of it, taken when nobody else follows it and nobody truncates live. */
size_t pair_begin_snapshot(const struct pair *pair, struct batch *batch);
/* The same for several pairs of a run. */
size_t pair_begin_snapshots(const struct pair *pairs, size_t count, struct batch *batch);

/*
 * Sends what was begun so; the lease's loss is told as such.  On a failure
 * nothing stays open and the answers are freed.
 */
bool pair_send(const struct pair *pair, struct batch *batch, struct rows **answers, struct err *err);

/*
 * Adds the statement that proves that nobody touched triggers, function and
 * columns since the pair was made; pair_guarded() reads its answer, and false
 * is an error: the transaction is to be rolled back.
 */
size_t pair_add_guard(const struct pair *pair, struct batch *batch);
bool pair_guarded(const struct rows *answer, const struct pair *pair, struct err *err);

/*
 * Adds the question whether the table that is written was truncated, as the
 * column `truncated`; gives its index.  Behind a switch the shadow is the one
 * that is written.
 */
size_t pair_add_truncated(const struct copying *copying, struct batch *batch);

/* Adds the statement after which no earlier verdict on the pair counts. */
void pair_add_unverified(const struct pair *pair, struct batch *batch);

/* Has the shadow the live name now, so that the retired table is the one that follows? */
bool pair_is_switched(const struct copying *copying);

/* The number of the pair's run and its own, as parameters. */
const char *pair_run(const struct pair *pair, struct arena *arena);
const char *pair_number(const struct pair *pair, struct arena *arena);

#endif
