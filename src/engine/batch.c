/* An array of queries in an arena. */
#include "engine/batch.h"

#include <stdarg.h>
#include <string.h>

size_t batch_add_query(struct batch *batch, struct query query)
{
	if (batch->count == batch->room) {
		size_t room = batch->room ? batch->room * 2 : 16;
		struct query *more = arena_array(batch->arena, struct query, room);

		if (batch->count)
			memcpy(more, batch->queries, batch->count * sizeof(*more));
		batch->queries = more;
		batch->room = room;
	}
	batch->queries[batch->count] = query;
	return batch->count++;
}

static struct query make(struct batch *batch, const char *sql, int count, va_list args)
{
	const char **params = arena_array(batch->arena, const char *, (size_t)count);

	for (int i = 0; i < count; i++)
		params[i] = arena_strdup(batch->arena, va_arg(args, const char *));
	return (struct query){.sql = sql, .count = count, .params = params};
}

size_t batch_add(struct batch *batch, const char *sql, int count, ...)
{
	struct query query;
	va_list args;

	va_start(args, count);
	query = make(batch, sql, count, args);
	va_end(args);
	return batch_add_query(batch, query);
}

size_t batch_add_often(struct batch *batch, const char *sql, int count, ...)
{
	struct query query;
	va_list args;

	va_start(args, count);
	query = make(batch, sql, count, args);
	va_end(args);
	query.prepare = true;
	return batch_add_query(batch, query);
}

bool batch_send(struct batch *batch, struct conn *conn, int64_t deadline, struct rows **results, size_t *failed,
                struct err *err)
{
	return conn_pipeline(conn, batch->queries, batch->count, deadline, results, failed, err);
}

struct rows **batch_results(struct batch *batch)
{
	return arena_array(batch->arena, struct rows *, batch->count);
}

void batch_free_results(const struct batch *batch, struct rows **results)
{
	for (size_t i = 0; i < batch->count; i++)
		rows_free(results[i]);
}
