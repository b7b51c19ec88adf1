/*
 * Exchanging the plan of a run for an edited one: what has run stays as it is,
 * what has not is what the edited plan says.  The exchange is one transaction;
 * before and behind it the registry holds one plan or the other, whole.
 */
#ifndef INTERLOCK_ENGINE_AMEND_H
#define INTERLOCK_ENGINE_AMEND_H

#include "base/diag.h"
#include "engine/session.h"
#include "plan/difference.h"

/* What an exchange would mean. */
struct amendment {
	struct arena arena;
	struct run_row run;
	struct plan *plan;   /* the run's own, from the registry */
	const char *nothing; /* there is nothing to exchange, and why; NULL: there is */
	struct differences differences;
	const char *const *lost; /* decisions that are no longer good, a sentence each */
	size_t lost_count;
};

/*
 * Compares the edited plan with the one of its run (by name and parameters);
 * needs no lease and changes nothing.  EXIT_OWN: there is no such run.
 * EXIT_CHANGED: it is over.
 */
bool amend_look(struct conn *conn, const struct plan *plan, struct amendment *out, struct err *err);
void amend_release(struct amendment *amendment);

/* EXIT_CHANGED: it would change what has run; each such thing is a detail. */
bool amend_allowed(const struct amendment *amendment, struct err *err);

/*
 * Exchanges the plan of an open session's run, whose lease is held.  Looks
 * once more whether it may, and as a run does what the catalogue says about
 * the blocks up to the next stop (`findings`).  The run is at rest afterwards,
 * also when it was refused: EXIT_CHANGED, EXIT_HELD (another plan has a table
 * that is new in it, which is named), and those of preflight().
 */
bool amend_run(struct session *session, const struct plan *plan, struct diags *findings, struct err *err);

#endif
