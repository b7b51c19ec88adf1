/*
 * A run: from where the registry stands to the next stop, and back to the
 * previous one.  The registry's copy of the plan is what is executed, be it
 * thirty days after the file was written.
 */
#ifndef INTERLOCK_ENGINE_RUN_H
#define INTERLOCK_ENGINE_RUN_H

#include "base/diag.h"
#include "engine/condition.h"
#include "engine/session.h"

struct run_options {
	const char *to; /* label: run as far as this block; undo: this block is the last that stays ("start": none) */
	bool once;      /* one block */
	bool take_over;
	int64_t lock_timeout, lock_attempts; /* 0: as the plan says */
	bool looks;                          /* undo: only asked what there is, the run stays as it is */
};

/* Where a run ended. */
struct run_end {
	enum exit_code code;       /* EXIT_DONE, EXIT_WAITING, or as *err says */
	const struct block *block; /* at which it waits; NULL: a person paused it, or: */
	bool outside;              /* its windows are closed */
	struct stop stop;          /* how that stands */
	const char *why, *command; /* strings of the session's arena */
	bool nothing;              /* there was nothing to do */
	size_t steps;              /* that were done, or taken back */
};

/* Which run. */
struct run_request {
	const struct plan *plan;       /* compiled from a file, or NULL */
	const char *name, *parameters; /* without a file: the plan's name, its parameters as JSON or NULL */
	bool start;                    /* a run that does not exist is begun, a finished one is left alone */
	bool has_file;                 /* without a plan: there is a file, but it does not compile */
	bool reads_only;               /* it will change no table, so it claims none */
	struct diags *findings;        /* receives what speaks against beginning it */
};

/*
 * Opens both sessions, finds the run, or checks the plan and begins it, and
 * acquires the lease.  *open: false for a finished run that is left alone.
 * Errors: EXIT_CHANGED when the file differs from what the run began with,
 * EXIT_HELD, EXIT_OWN when there is no such run, and those of preflight().
 */
bool run_open(struct session *session, const struct run_request *request, const struct run_options *options,
              bool *open, struct err *err);

/*
 * Opens a run for a look at its stop alone (session->looking): its sessions, its
 * plan, its lease if nobody has it, its steps.  `run` is borrowed as long as the
 * session lives.  EXIT_HELD: somebody works on it.
 */
bool run_open_to_look(struct session *session, const struct run_row *run, struct err *err);

/* Writes the state; done, adopted and undone give the claims up. */
bool run_set_state(struct session *session, const char *state, struct err *err);

/* Members of the roles that may approve blocks of this plan can see the run and decide. */
bool run_grant_approvers(struct session *session, const struct plan *plan, struct err *err);

/* Nothing was done after all: the state is as it was before run_open(), at rest; errors are ignored. */
void run_leave(struct session *session);

/* Goes forward.  Findings that stop it before the first statement are in `findings`. */
bool run_forward(struct session *session, const struct run_options *options, struct diags *findings,
                 struct run_end *end, struct err *err);

/* Only the stops: passes those that are open, up to the next phase or one that is not; runs nothing. */
bool run_stops(struct session *session, struct run_end *end, struct err *err);

/*
 * The blocks from which undo would take back: *from is the first; -1 when
 * there is nothing to take back, and the run is as it was.  EXIT_USAGE: no such
 * label.
 */
bool run_undo_target(struct session *session, const struct run_options *options, int *from, struct err *err);

/* Goes back to before block `from`. */
bool run_back(struct session *session, int from, struct run_end *end, struct err *err);

/*
 * Puts archived rows back (run_leave() afterwards), of one step (number from 1) or of all (0); end->steps
 * counts the rows.  *left: rows that stay in the archives, because their row is
 * gone or holds something else now.
 */
bool run_restore(struct session *session, int number, int64_t *left, struct run_end *end, struct err *err);

#endif
