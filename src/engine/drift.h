/*
 * What somebody changed by hand in the tables of a run, between two of its
 * phases: the run stops there, until it is taken back or accepted.
 */
#ifndef INTERLOCK_ENGINE_DRIFT_H
#define INTERLOCK_ENGINE_DRIFT_H

#include "engine/session.h"

/*
 * Are the tables as the last phase left them?  Whoever locks one of them for a
 * while is waited for, and named; `next` is the step that has to wait.
 * EXIT_CHANGED: they are not, with what differs.
 */
bool drift_check(struct session *session, const struct step *next, struct err *err);

/* What differs; strings of the session's arena. */
struct drift {
	struct drifted {
		const char *name, *now; /* the table, quoted; its fingerprint as it was looked at */
	} * tables;
	size_t count;
	const char **texts; /* each difference, for people */
	size_t text_count;
	const char *nothing; /* why there is nothing that could differ; NULL where there is */
};
bool drift_look(struct session *session, struct drift *drift, struct err *err);

/* The tables as they were looked at count as what the last phase left; the journal says what, who and when. */
bool drift_accept(struct session *session, const struct drift *drift, struct err *err);

#endif
