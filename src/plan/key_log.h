/*
 * A log of the keys that are written to a table: the relation, and function
 * and triggers that fill it (engine.md 4).  A live table is followed so while
 * its shadow is made, and the table that takes its place behind the switch.
 */
#ifndef INTERLOCK_PLAN_KEY_LOG_H
#define INTERLOCK_PLAN_KEY_LOG_H

#include "plan/copying.h"
#include "plan/step.h"

struct key_log {
	const struct copying *c;     /* whose key it is */
	enum copying_side side;      /* whose names and types that has in `table` */
	const struct relname *table; /* that is followed */
	const char *relation;        /* "interlock.log_7_3" */
	const char *function;        /* "interlock.capture_7_3" */
	const char *trigger;         /* unquoted; that of TRUNCATE has "_t" behind it */
	bool tells_operations;       /* column op: I, U or D; a key that changes is D of the old, I of the new */
};

/* In one transaction.  TRUNCATE is logged as a NULL key. */
void key_log_make(const struct key_log *log, struct stmts *stmts);

/* The triggers alone, while the rest stands. */
void key_log_add_triggers(const struct key_log *log, struct stmts *stmts);
/* Where they are there. */
void key_log_drop_triggers(const struct relname *table, const char *trigger, struct stmts *stmts);

#endif
