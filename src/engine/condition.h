/* The blocks at which a run waits: gates, approvals, safety periods, rollouts. */
#ifndef INTERLOCK_ENGINE_CONDITION_H
#define INTERLOCK_ENGINE_CONDITION_H

#include "engine/batch.h"
#include "engine/session.h"

/* How a stop stands.  Strings live in the arena that was given, or the session's. */
struct stop {
	bool open;
	const char *why;     /* a sentence for people: what it waits for */
	const char *command; /* what to type next */
	/* Of a safety period: */
	const char *due;                  /* "2026-12-21 12:00" UTC; else NULL */
	int64_t due_in;                   /* ms until then; 0: it is past, or there is none */
	int64_t reads, dumped;            /* scans by others so far; of them while pg_dump was there */
	const char *again_at, *again_why; /* since when it runs anew, and why; NULL: it does not */
	/* Of a rollout: */
	const char *percent; /* of the keys that are in; else NULL */
	const char *back;    /* what to type to let fewer in; NULL: nobody is */
};

/*
 * Looks whether the block is open, noting in interlock.condition that it was
 * reached, who reads, which sessions are there.  Needs the lease.  EXIT_STEP:
 * the question itself fails (a gate's query).
 */
bool condition_look(struct session *session, const struct block *block, struct stop *stop, struct err *err);

/* The same from the registry alone, for whoever only shows it: nobody is asked and nothing written. */
bool condition_tell(struct conn *conn, const struct run_row *run, const struct block *block, struct arena *arena,
                    struct stop *stop, struct err *err);

/* Before the rows of the blocks from `block` on go (undo): comments that say when a table is dropped are theirs
 * again. */
bool condition_leave(struct session *session, int block, struct err *err);

/* Adds a statement to a transaction: what was decided about the blocks from `block` on stays in the journal when
 * their rows go. */
void condition_journal(struct session *session, int block, struct batch *batch);

/* What a person says, and where. */
struct decision {
	const char *evidence;    /* or the reason of an approval; may be NULL */
	const char *environment; /* "development": who started the run may approve; NULL: none */
};

/*
 * A person's decision, from a session that need not hold the lease: passes a
 * gate, or approves.  `block` is of `plan`, which is the run's.  Errors: it is
 * not open to this role (EXIT_STEP), or the run's plan changed (EXIT_CHANGED).
 */
bool condition_decide(struct conn *conn, const struct run_row *run, const struct block *block,
                      const struct decision *decision, struct err *err);

/*
 * Takes an approval back that the run has not passed yet, by a member of the
 * role that may give it; who and why stays with the block.  EXIT_OWN: there is
 * none, or it was passed.
 */
bool condition_withdraw(struct conn *conn, const struct run_row *run, const struct block *block,
                        const struct decision *decision, struct err *err);

/* Begins a transaction in which nobody can withdraw an approval, or move a rollout; *given: nobody has. */
bool condition_hold(struct session *session, const struct block *block, bool *given, struct err *err);

#endif
