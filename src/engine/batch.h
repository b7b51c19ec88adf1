/* Statements gathered for one flush. */
#ifndef INTERLOCK_ENGINE_BATCH_H
#define INTERLOCK_ENGINE_BATCH_H

#include "base/arena.h"
#include "db/conn.h"

struct batch {
	struct arena *arena;
	struct query *queries;
	size_t count, room;
};

/* Appends a statement with `count` text parameters (const char *, NULL for SQL's NULL); gives its index. */
size_t batch_add(struct batch *batch, const char *sql, int count, ...);
/* The same for a text that is sent often: it is prepared once a session. */
size_t batch_add_often(struct batch *batch, const char *sql, int count, ...);
/* Appends a ready query. */
size_t batch_add_query(struct batch *batch, struct query query);

/*
 * Sends all and reads all.  `results` as in conn_pipeline: NULL, or an array
 * from batch_results().
 */
bool batch_send(struct batch *batch, struct conn *conn, int64_t deadline, struct rows **results, size_t *failed,
                struct err *err);
/* Zeroed places for the answers, in the batch's arena. */
struct rows **batch_results(struct batch *batch);
/* Frees the answers, not the array. */
void batch_free_results(const struct batch *batch, struct rows **results);

#endif
