/*
 * What statements really do: which locks they take, which tables they rewrite,
 * which indexes they build, what they read all of.  For a copy of a database
 * that nobody else uses, since it asks after each statement.
 *
 * A statement in a transaction is asked about on its own session, for what it
 * made is seen by nobody else yet; one that runs outside of any is watched by
 * a second session while a third holds it up.
 */
#ifndef INTERLOCK_ENGINE_OBSERVE_H
#define INTERLOCK_ENGINE_OBSERVE_H

#include "db/conn.h"
#include "plan/step.h"

struct seen_lock {
	const char *relation; /* quoted, with its schema */
	enum lock_mode mode;
	struct seen_lock *next;
};

enum seen_kind { SEEN_REWRITE, SEEN_BUILD, SEEN_SCAN };
struct seen_work {
	enum seen_kind kind;
	const char *relation; /* the table */
	const char *index;    /* of SEEN_BUILD */
	enum lock_mode mode;  /* the strongest lock on the table that is held meanwhile */
	struct seen_work *next;
};

/* One statement that took a lock on a table that was there, or worked on one. */
struct sight {
	const char *sql;
	int tag;                 /* observer_tag() when it was sent */
	bool outside;            /* of any transaction */
	struct seen_lock *locks; /* that its transaction did not hold before */
	struct seen_work *works;
	struct sight *next;
};

struct observer;

/*
 * Both sessions belong to the observer from now on, and what is there now
 * counts as what was there.  NULL: *err is filled.
 */
struct observer *observer_new(struct loop *loop, struct conn *eye, struct conn *holder, struct err *err);
void observer_free(struct observer *observer);

/* From now on each statement of this session is observed; it is closed before the observer is freed. */
void observer_watch(struct observer *observer, struct conn *conn);
/* What is seen from now on carries this number. */
void observer_tag(struct observer *observer, int tag);
/* In the order in which they ran; borrowed. */
const struct sight *observer_sights(const struct observer *observer);

#endif
