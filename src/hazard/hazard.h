/*
 * The pages of the hazards of plain SQL: what each means, which lock is behind it, on which level it can be told,
 * and a bad and a good example, which the tests run.
 */
#ifndef INTERLOCK_HAZARD_HAZARD_H
#define INTERLOCK_HAZARD_HAZARD_H

#include <stddef.h>

enum hazard_class {
	HAZARD_WORK,   /* rewrites, scans or builds under a lock that others notice */
	HAZARD_LOCK,   /* a lock, or a wait for one, that others notice */
	HAZARD_FAILS,  /* PostgreSQL refuses it, always or with the rows that are there */
	HAZARD_LOSS,   /* rows, values or guarantees are gone */
	HAZARD_COMPAT, /* the release that is live breaks */
	HAZARD_DESIGN, /* advice */
	HAZARD_FILE    /* about the file as a whole */
};

/* Where it can be told: from the text alone, or only with a catalogue (offline it is then silent, or says "may").
 */
enum hazard_level { LEVEL_OFFLINE, LEVEL_CATALOGUE };

struct hazard {
	const char *id;
	const char *title, *why; /* NULL where a rule of plans of that id says it (check/rule.h) */
	enum hazard_class class;
	enum hazard_level level;
	const char *lock;       /* what is held, and whom it keeps waiting; NULL: nothing */
	const char *setup;      /* the world of the examples */
	const char *bad, *good; /* SQL; NULL where an example says nothing more */
};

/* Tables that end with a NULL id; the list of them ends with NULL. */
extern const struct hazard *const hazard_tables[];

/* NULL: there is no such hazard. */
const struct hazard *hazard_find(const char *id);
/* "work under a lock", "a lock", … */
const char *hazard_class_name(enum hazard_class class);

#endif
