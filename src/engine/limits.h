/*
 * How much a long step may ask of the server before its next batch waits: what
 * is usual, what the plan says instead, and what a person has written into
 * interlock.control since, which counts first.
 */
#ifndef INTERLOCK_ENGINE_LIMITS_H
#define INTERLOCK_ENGINE_LIMITS_H

#include "db/conn.h"
#include "plan/plan.h"

enum limit_kind {
	LIMIT_REPLICA_LAG,   /* ms that a standby is behind */
	LIMIT_REPLICA_BYTES, /* of WAL that a standby has not replayed */
	LIMIT_SLOT_BYTES,    /* of WAL that must be left before a slot is lost: the least, not the most */
	LIMIT_ARCHIVER,      /* files that wait to be archived */
	LIMIT_WAL_RATE,      /* bytes of WAL in a second */
	LIMIT_SESSIONS,      /* other sessions that are at work */
	LIMIT_DEAD_ROWS,     /* per cent of the rows that are alive */
	LIMIT_TRANSACTION,   /* ms that a transaction of somebody else is old */
	LIMIT_COUNT
};

struct limit {
	int64_t value; /* -1: there is none */
	bool named;    /* by the plan or in interlock.control: one who can't be watched then counts as exceeded */
};

struct limits {
	struct limit of[LIMIT_COUNT];
	struct text_list windows; /* none: at any time */
	int64_t batch_target;     /* ms; 0: as is usual for the kind of work */
};

/* Strings live in the arena, or are the plan's. */
bool limits_read(struct conn *conn, int64_t run, const struct plan_settings *settings, struct arena *arena,
                 struct limits *out, struct err *err);

#endif
