/*
 * What the server says of the load that it bears, beside the limits of a run:
 * each signal with its value, its limit and the reason, for people.  Asked on
 * the control session, between batches.
 */
#ifndef INTERLOCK_ENGINE_SIGNALS_H
#define INTERLOCK_ENGINE_SIGNALS_H

#include "engine/limits.h"
#include "engine/session.h"

/* What is remembered from one look to the next; zeroed before the first. */
struct signals_memory {
	int64_t wal, wal_at;   /* where the WAL stood, and when (loop_now()) */
	int64_t dead_since;    /* loop_now() since when dead rows are waited for; 0: they are not */
	int64_t dead_vacuums;  /* of the table, when that began */
	int64_t dead_forgiven; /* so many dead rows are waited for no more: a vacuum left them, or nobody came */
	const struct step *dead_step; /* of which these are */
};

struct signals_request {
	struct session *session;
	const struct step *step;
	const struct limits *limits;
	struct signals_memory *memory;
	struct arena *arena; /* of the answers */
};

struct signal {
	bool exceeded, unreadable;
	bool told_only; /* there is something to tell, but nothing waits for it */
	const char
		*why; /* "standby db2 is 12 s behind (limit 5 s)"; unreadable: what can't be seen, and how it could */
};

/* One answer for each kind of limit, LIMIT_COUNT of them. */
bool signals_read(const struct signals_request *request, struct signal *answers, struct err *err);

#endif
