/*
 * Following the other way, after a switch: what is written to the new live
 * table is brought into the retired one, so that undo loses nothing
 * (engine.md 8).  What the retired table can't hold is noted in
 * interlock.undo_conflict when it is met, and tried again each time.
 */
#ifndef INTERLOCK_ENGINE_REVERSE_H
#define INTERLOCK_ENGINE_REVERSE_H

#include "engine/pair.h"

/* Rounds until the rest of the log is through in a moment; the pair's state is 'switched'. */
bool reverse_drain(const struct pair *pair, struct err *err);

/*
 * Adds the last round to a transaction that has locked both tables against
 * everybody, with the plan's search_path.  A class 22 or 23 error of it means
 * that there is a conflict: roll back, reverse_drain() will note it.
 */
void reverse_add_all(const struct pair *pair, struct batch *batch);

/* A row that the retired table can't hold. */
struct undo_conflict {
	const char *kind;    /* "value", "truncate" */
	const char *key;     /* for people: "id = 7"; "" of a TRUNCATE */
	const char *message; /* the server's words, or ours */
};

/*
 * What undo would lose: at most `limit` of them, in the arena, the newest
 * first; *total is how many there are.  Rows that only_rows had left behind,
 * whose keys were written since, are not among them: they stay as they are.
 */
bool reverse_conflicts(struct session *session, const struct copying *c, size_t limit, struct arena *arena,
                       struct undo_conflict **conflicts, size_t *count, int64_t *total, struct err *err);

/* The same in a sentence, with those left behind; NULL: there is nothing to tell. */
bool reverse_sentence(struct conn *conn, int64_t run, int number, struct arena *arena, const char **sentence,
                      struct err *err);

#endif
