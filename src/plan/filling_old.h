/*
 * The values that rows had before they were filled, kept by key for undo: a
 * table of the registry, written by the statement that fills the row, or by
 * the trigger.  What a row got is kept too, so that undo leaves alone what
 * somebody wrote since.
 */
#ifndef INTERLOCK_PLAN_FILLING_OLD_H
#define INTERLOCK_PLAN_FILLING_OLD_H

#include "plan/filling.h"

/* A setting of transactions that record by themselves what they change: "on". */
#define FILLING_RECORDS "interlock.records"

/* interlock.old_<run>_<number> */
const char *filling_store(const struct facts *facts, struct arena *arena);

/* Makes it, empty; sets stmts' refusal where the table has no key to keep values by. */
void filling_old_make(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);

/*
 * The batch that keeps what it changes: `rows` is the condition that picks
 * rows of `part`, `lock` what follows it ("FOR NO KEY UPDATE").
 */
const char *filling_old_update(const struct filling *filling, const char *part, const char *rows, const char *lock,
                               struct arena *arena);

/* The same in the trigger's function, behind the values, where the variable `filled` says that there are some. */
void filling_old_record(const struct fill_plan *plan, const struct facts *facts, struct buf *out);

/* Undo: earlier values back into rows that hold what they got, in batches; then the table goes. */
void filling_old_back(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts);
/* Its time is over. */
void filling_old_expire(const struct facts *facts, struct stmts *stmts);

#endif
