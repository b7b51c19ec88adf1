/* One attempt at one step: what engine/exec.c and engine/group.c share. */
#ifndef INTERLOCK_ENGINE_WORK_H
#define INTERLOCK_ENGINE_WORK_H

#include "engine/exec.h"
#include "engine/lock.h"

struct work {
	struct session *session;
	const struct step *step;
	enum direction direction;
	struct arena arena; /* of this attempt */
	struct facts facts;
	struct stmts stmts;
	struct patience *patience; /* of the whole step */
	bool open;                 /* a fenced transaction is open */
	int64_t rows;              /* done so far by the statements that are repeated, earlier attempts included */
	const char *result;        /* of a verification that holds, for people; NULL: nothing to tell */
};

enum outcome {
	OUTCOME_DONE,
	OUTCOME_AGAIN, /* after a lock, a deadlock, a race: begin again with the probe */
	OUTCOME_FAILED /* *err says why */
};

/* The statements from `first` that run together; *last is the last of them. */
size_t group_size(const struct stmt *first, const struct stmt **last);

/*
 * Runs the group that begins with `first`.  `ends`: it is the last of the
 * attempt, so that the step's row becomes done (or undone) with it.
 */
enum outcome group_run(struct work *work, const struct stmt *first, bool ends, struct err *err);

/*
 * The server said no to statement `failed` of a transaction that began with
 * tx_add_opening() and lock_add() of these locks: rolls back, and pauses where
 * another attempt is worth it.
 */
enum outcome group_turned_away(struct work *work, const struct table_lock *locks, size_t count, size_t failed,
                               struct err *err);

/* When the host itself cancels a transaction that holds so many locks, in loop_now()'s time. */
int64_t group_deadline(const struct work *work, size_t locks);

/* A verification found rows that should not be there: each is a line of *err. */
enum outcome group_not_empty(const struct stmt *stmt, const struct rows *rows, struct err *err);

/*
 * Marks the row before what one transaction does not cover, so that a crash
 * finds out whose half-built thing it is; ends the transaction that is open.
 */
bool group_mark_before(struct work *work, struct err *err);
/* After it: journals the statement, with the end of the step where it is the last. */
enum outcome group_end_batches(struct work *work, const struct stmt *stmt, int64_t ms, bool ends, struct err *err);

/* Adds the statement that marks the step's row; `ends` as above. */
void group_mark(struct work *work, struct batch *batch, bool ends);

/*
 * Journals `size` statements, behind them in their transaction: `ms` how long
 * they took, NULL for the time since the transaction began.
 */
void group_journal(struct work *work, struct batch *batch, const struct stmt *first, size_t size, const char *ms);

#endif
