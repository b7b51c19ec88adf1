/*
 * A run as we hold it: its plan, its row, and two sessions on the server.
 *
 * The control session is idle between statements: it holds the lease, renews
 * it, and looks who blocks whom.  The worker does the work, always inside a
 * fenced transaction (engine/tx.h) but for what PostgreSQL allows in none.
 */
#ifndef INTERLOCK_ENGINE_SESSION_H
#define INTERLOCK_ENGINE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"
#include "plan/plan.h"

/* Opens one more session on the same database. */
struct connector {
	struct conn *(*open)(void *arg, struct err *err);
	void *arg;
	struct loop *loop;
};

/* What happens, for whoever shows it. */
enum step_event {
	STEP_BEGINS,    /* work begins */
	STEP_WAITS,     /* for a lock, or for a server; text says for whom */
	STEP_DONE,      /* it was done, in ms */
	STEP_ALREADY,   /* it was done before, or the database has it already */
	STEP_RESTORED,  /* its archived rows are back, in ms */
	STEP_UNDONE,    /* it was taken back */
	STEP_KEPT,      /* undo left it: this run did not make it */
	STEP_PAUSED,    /* a person paused the run; text says who and why */
	STEP_RESUMED,   /* it goes on */
	STEP_EXPIRED,   /* what it had kept for undo is gone, in ms */
	STEP_FAILED,    /* `verify` found that it does not hold now; it goes on with the next */
	STEP_UNDECIDED, /* a rehearsal: a verification fails at the rows of the copy, which decides nothing */
	STEP_NOTES      /* something that a person had better know; it goes on */
};

/* How far a step is that takes long. */
struct progress {
	int64_t done, expected; /* rows; expected: an estimate, or PROGRESS_UNKNOWN (engine/progress.h) */
	const char *what;       /* what happens to them, for people; may be NULL */
};
struct listener {
	void *arg;
	void (*block)(void *arg, const struct block *block, bool back);
	void (*step)(void *arg, const struct step *step, enum step_event event, int64_t ms, const char *text);
	/* Before the first statement of the blocks from..to-1: may they run?  false: *err says why not.  NULL: yes. */
	bool (*confirm)(void *arg, const struct plan *plan, size_t from, size_t to, struct err *err);
	/* It sends these now, `size` of them; NULL: nobody wants to know. */
	void (*sends)(void *arg, const struct step *step, const struct stmt *first, size_t size);
	/* Of a step that has begun, between its batches; NULL: nobody looks. */
	void (*progress)(void *arg, const struct step *step, const struct progress *progress);
};

/* A row of interlock.run. */
struct run_row {
	int64_t id, epoch;
	const char *plan, *parameters, *state, *hash, *started_by, *started_at;
	const char *compiled; /* JSON */
	const char *tool;     /* "interlock 0.1.0", which began it */
	int attempt, next_block;
	int undo_from;    /* the first block that an undo under way takes back; -1: there is none */
	bool interrupted; /* a person stopped it at a safe point */
	bool outside;     /* it stopped because its windows were closed, and did not go on since (engine/windows.h) */
	bool alive;       /* somebody who holds its lease was seen in the last 30 s */
};

/* A row of interlock.step. */
struct step_row {
	const char *state; /* pending running done undoing undone */
	bool created;      /* this run made it, so undo takes it back */
	const struct record *before;
	int attempts;
	const char *message;
	const char *result; /* of a verification, when it last held; NULL: nothing to tell */
	bool expired;       /* what it had kept for undo is gone, its time being over */
	const char *doing;  /* what it was doing with its rows when it was heard of last; NULL: nothing */
};

struct session {
	struct connector *connector;
	struct listener *listener;
	struct conn *control, *worker;
	struct plan *plan; /* from the registry */
	struct run_row run;
	struct step_row *steps; /* by number - 1 */
	struct facts *fresh;    /* by number - 1: what the catalogue said a moment ago (exec.c); NULL: nothing */
	size_t checked_to;      /* blocks before this one were checked (engine/preflight.h) */
	struct timer *heartbeat;
	bool lease_lost;
	bool looking;     /* only a look at its stop: nobody is ended for it, and the run's state stays */
	bool reads_only;  /* a verification: the run's state stays */
	bool heeds_pause; /* engine/control.h */
	bool rehearses;   /* on a scratch copy: what a verification says about rows is only said (engine/rehearse.h) */
	const char *watched; /* tables of safety periods that run, oids as an array; NULL: none (engine/own_reads.h) */
	int worker_pid;
	int64_t given_lock_timeout, given_lock_attempts; /* the command line's; 0: as the step or the plan says */
	int64_t lock_hold;
	struct progress progress_told; /* engine/progress.h: the last numbers, without their words */
	int64_t progress_written;      /* loop_now() when the registry got some */
	bool progress_pending;         /* progress_end() has still to come */
	struct throttle *throttle;     /* engine/throttle.h; NULL: no long step yet */
	struct arena arena;
};

/*
 * Settings of every session of ours, and the refusals: a standby, a pooler in
 * transaction mode, a server that is too old.  `other` is a second session to
 * keep busy while the first is tried, or NULL.
 */
bool session_settle(struct conn *conn, struct conn *other, struct err *err);

/* Opens a session and settles it. */
struct conn *session_open(struct connector *connector, struct err *err);

/* The worker broke: opens another under the same name.  false: it can't be had. */
bool session_reopen_worker(struct session *session, struct err *err);

/* application_name = interlock:<run>:<epoch>:<worker>:<plan>, for control and worker. */
bool session_name(struct session *session, struct err *err);

/* Closes the sessions and frees what the session owns (the plan too); the lease ends with the control session. */
void session_release(struct session *session);

void session_say(struct session *session, const struct step *step, enum step_event event, int64_t ms,
                 const char *text);

#endif
