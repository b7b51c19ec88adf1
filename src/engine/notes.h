/*
 * The note in the comment of a table that a safety period watches: "interlock:
 * plan orders_v2 drops this after 2026-12-21 12:00 UTC unless somebody reads
 * it".  It stands behind the comment that the table has, which comes back as
 * it was.  What was written where is kept in a JSON object by oid.
 */
#ifndef INTERLOCK_ENGINE_NOTES_H
#define INTERLOCK_ENGINE_NOTES_H

#include <jansson.h>

#include "engine/batch.h"
#include "engine/session.h"

/* A table and its comment now. */
struct noted {
	const char *oid, *table; /* "app.orders_retired", as it is called now */
	const char *comment;     /* NULL: it has none */
	struct relname name;
};
struct noted_list {
	struct noted *items;
	size_t count;
};

/* Those of these oids (an array literal) that are tables; strings live in the arena. */
bool notes_tables(struct session *session, const char *oids, struct arena *arena, struct noted_list *list,
                  struct err *err);

/*
 * Begins a fenced transaction in which nobody else changes these comments, and
 * reads them.  SHARE UPDATE EXCLUSIVE, waited for as long as the plan's
 * lock_timeout says (55P03); 42501 where a table is not ours.
 */
bool notes_begin(struct session *session, struct noted_list *list, struct arena *arena, struct err *err);

/* Adds to it the statement that writes the sentence into the comment, or exchanges the one that `kept` knows. */
void notes_put(struct noted *table, const char *sentence, json_t *kept, struct batch *batch);
/* The statement that gives the comment back as it was, and forgets about it; none where nothing was written. */
void notes_take(struct noted *table, json_t *kept, struct batch *batch);

/*
 * All of `kept` taken away, with the statements of `more`, in a transaction of
 * its own that is tried a few times.  false with 55P03: somebody else holds a
 * table, who is named.
 */
bool notes_take_all(struct session *session, json_t *kept, struct batch *more, struct err *err);

#endif
