/*
 * Rows of a table that are to be given values while it is in use: in batches,
 * which the engine cuts (engine/fill.h), behind triggers that do the same to
 * each row that is written meanwhile.  A step makes the description, and the
 * statements that make and take away the triggers.
 */
#ifndef INTERLOCK_PLAN_FILLING_H
#define INTERLOCK_PLAN_FILLING_H

#include "plan/row_trigger.h"
#include "plan/step.h"

/* What the engine needs to cut batches; SQL is over one row of the table, by its bare name. */
struct filling {
	struct relname table;
	const char *set;      /* "total = price * amount" */
	const char *from;     /* "app.users AS u", which both may speak of: at most one row of it for each; or NULL */
	const char *not_done; /* the condition that a row still needs it; false once it is set */
	const char *needed;   /* the same without `steady` */
	const char *steady;   /* that setting it once is enough; NULL: it always is */
	const char *triggers; /* how their names begin: "~interlock_7_3_" */
	const char *columns;  /* those that are set, as an array literal */
	const char *const *quoted;
	size_t column_count;
	bool triggers_sleep;         /* the table's own */
	const struct stmt *withdraw; /* takes the triggers away, where it turns out that no value can be had */
	const char *store,
		*keys; /* where earlier values are kept, and by what; NULL: they aren't (plan/filling_old.h) */
};

/* What is to be filled, before it is cut. */
struct fill_plan {
	struct row_table of;
	const struct assignment_list *set;
	const char *where; /* which rows need it; NULL: those where the column is NULL */
	bool is_volatile;  /* its expressions give another value each time */
	bool triggers_sleep, keep_old;
};

/* The description, in the arena. */
struct filling *filling_of(const struct fill_plan *plan, const struct facts *facts, struct arena *arena);

/* How the names of this run's triggers on the table begin, and the name of their function. */
const char *filling_triggers(const struct facts *facts, struct arena *arena);
const char *filling_function(const struct facts *facts, struct arena *arena);

/* Is the value derived from what the column holds already? */
bool filling_reads_itself(const struct assignment *assignment);
/*
 * The condition that a row that is set once is then left alone, over the row;
 * NULL where that is certain.  `not_done` says when it is not.
 */
const char *filling_steady(const struct fill_plan *plan, const char *not_done, struct arena *arena);
/* Adds a verification that all rows that need it are so; `shown` are the columns that name them. */
void filling_verify_steady(const struct fill_plan *plan, const struct filling *filling, const char *shown,
                           struct stmts *stmts);

/* Function and triggers, where they are not there yet; brief, in one transaction. */
void filling_add_triggers(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
/*
 * Undo, before the triggers go: rows that hold what they were filled with are
 * NULL again, in batches.  false: that can't be told, and nothing is added.
 */
bool filling_empty(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
/* The function that triggers call meanwhile, where it is there, or was just `made`. */
void filling_drop_emptier(bool made, const struct facts *facts, struct stmts *stmts);
/* Takes them away: whatever is there of them, or what the facts say is there. */
void filling_take_triggers(const struct relname *table, const struct facts *facts, struct stmts *stmts);
void filling_drop_triggers(const struct relname *table, const struct facts *facts, struct stmts *stmts);

#endif
