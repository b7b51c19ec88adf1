/* How long the logs of a run's pairs are (engine.md 4), for whoever looks. */
#ifndef INTERLOCK_ENGINE_LOGS_H
#define INTERLOCK_ENGINE_LOGS_H

#include "engine/session.h"

struct capture_log {
	const char *live;   /* with its schema, as the other: the table that is followed */
	const char *shadow; /* the one that follows; behind a switch the retired table */
	int64_t rows, bytes, limit;
	const char *looked_up; /* a table that values of the shadow come from; NULL: none */
	int64_t notes;         /* of what changed there, which wait as the keys do */
	const char *size;      /* the bytes for people */
	const char *state;     /* of the pair: "new", "copying", "copied", "synced", "switched" */
	const char *conflicts; /* what undo would lose (engine/reverse.h); NULL: nothing */
	bool is_long;          /* over its limit: nobody looks after the run, or it is slower than the application */
};

/* Those of a run, in the arena; none where the registry knows no pairs yet, or they may not be seen. */
bool logs_find(struct conn *conn, int64_t run, struct arena *arena, struct capture_log **logs, size_t *count,
               struct err *err);

/* "follows app.orders: 12 keys in its log, 16 kB" */
const char *log_sentence(const struct capture_log *log, struct arena *arena);

#endif
