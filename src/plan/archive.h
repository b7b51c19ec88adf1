/*
 * Taking a column away without losing what is in it: it is set aside under
 * another name, so that nobody writes to it any more, its values are copied by
 * key into a table of the registry, and only then is it dropped.  Every recipe
 * begins from wherever an earlier, interrupted one has left things; what stands
 * there is told by the fragments of plan/probes.h in the facts.
 */
#ifndef INTERLOCK_PLAN_ARCHIVE_H
#define INTERLOCK_PLAN_ARCHIVE_H

#include <stdbool.h>

#include "plan/step.h"

/* A column whose values are kept before it goes. */
struct kept_column {
	struct relname table;
	const char *column;
	const char *filler; /* SQL: what a row holds that nobody wrote to; NULL: NULL */
};

/* __il_<run>_<column>, cut to 63 bytes. */
const char *archive_name(const struct kept_column *kept, const struct facts *facts, struct arena *arena);
/* Has this run moved the column aside, and not dropped it yet? */
bool archive_is_aside(const struct kept_column *kept, const struct facts *facts, struct arena *arena);
/* An archiving that was cut short, and is not wanted any more: the column is itself again, its values never left
 * it. */
void archive_bring_back(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts);
/* From wherever things stand: column moved aside, values copied by key, column dropped. */
void archive_away(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts);
/* Values back from the archive into rows that hold nothing of their own. */
void archive_refill(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts);
/* `interlock restore`: the same, for a column that is there again. */
void archive_restore(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts);
/* Removes an archive that holds nothing. */
void archive_close(const struct facts *facts, struct stmts *stmts);
/* Its time is over: what is in it goes too. */
void archive_expire(const struct facts *facts, struct stmts *stmts);
/* interlock.archive_<run>_<number> */
const char *archive_table(const struct facts *facts, struct arena *arena);

#endif
