/*
 * Batches of a long step: each is a fenced transaction together with its row
 * of interlock.chunk, so that a run that was cut short goes on behind the last
 * row that is there (engine.md 0).
 */
#ifndef INTERLOCK_ENGINE_CHUNK_H
#define INTERLOCK_ENGINE_CHUNK_H

#include "engine/work.h"

/* A row of interlock.chunk.  Strings are SQL's text, NULL for NULL. */
struct chunk {
	int64_t no;         /* from 1, in the order in which they were committed */
	const char *method; /* how it was cut: "rotation", "pages", "sweep" */
	const char *part;   /* the table, or the partition of it: its oid */
	int64_t lo, hi;     /* pages [lo, hi) */
	int pass, passes;   /* of a window that is gone over several times */
	const char *guard;  /* what must not have changed meanwhile */
	int64_t rows;
};

/* The last row of the step; chunk->no is 0 where there is none. */
bool chunk_last(struct work *work, struct chunk *chunk, struct err *err);

/* What a batch sends. */
struct chunk_work {
	const char *sql;      /* the statement; its command tag says how many rows it touched */
	int64_t lock_timeout; /* ms that it waits for a row */
	bool triggers_sleep;  /* table's own */
	bool records;         /* it records earlier values: the trigger that fills need not (plan/filling_old.h) */
	const char *guarded;  /* the oid of the table that `guard` is of */
	const char *triggers; /* how the names begin of those that `guard` is of */
};

/* What was seen of it. */
struct chunk_seen {
	double ms;         /* that the statement took */
	int64_t rows;      /* that it touched; the caller's to fill */
	int64_t hot;       /* of the rows that it updated, those whose index entries stayed; -1: not known */
	int64_t wal_bytes; /* that the server wrote meanwhile, for others too */
	bool guard_held;   /* false: nothing was committed, the guard has changed */
};

/*
 * The facts that a guard is made of, as a text: the file of the table, its
 * columns, and its triggers whose names begin so.  *whole: two triggers are
 * there, and fire always.
 */
bool chunk_guard(struct work *work, const char *oid, const char *triggers, const char **guard, bool *whole,
                 struct err *err);

/* One batch; chunk->rows is filled.  false: *err, and nothing was committed unless the connection is lost. */
bool chunk_run(struct work *work, const struct chunk_work *what, struct chunk *chunk, struct chunk_seen *seen,
               struct err *err);

#endif
