/*
 * Recording what the database already has, made by hand or by another tool: a
 * run that is over before it began.  Every step must be there as the plan says;
 * nothing is changed but the registry, and undo takes nothing of it away.
 */
#ifndef INTERLOCK_ENGINE_ADOPT_H
#define INTERLOCK_ENGINE_ADOPT_H

#include "base/diag.h"
#include "engine/session.h"

struct adoption {
	struct arena arena;
	struct run_row run;           /* its newest run, id 0: none */
	bool nothing;                 /* it is done, or adopted, and of the same plan */
	const struct step **believed; /* steps of which the catalogue tells nothing: a person has to know */
	size_t believed_count;
	struct diags findings; /* what is not there, or differs; each is an error */
};

/*
 * Looks: is there no open run of it, is every step there, do its verifications
 * hold?  The session is open, has no run, and `plan` as its plan.  EXIT_HELD:
 * a run is under way.  EXIT_CHANGED: another plan of that name was run.
 */
bool adopt_look(struct session *session, struct adoption *out, struct err *err);
void adopt_release(struct adoption *adoption);

/* Writes the run; makes the registry where it is missing. */
bool adopt_write(struct session *session, struct adoption *adoption, struct err *err);

#endif
