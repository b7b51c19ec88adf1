/* Many statements in one flush, by libpq's pipeline mode. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "db/session.h"

/* A pipeline while its answers are read. */
struct pipeline {
	struct conn *conn;
	const struct query *queries;
	size_t count;
	bool *prepares; /* for each query: is it preceded by its preparing? */
	struct patience patience;
	size_t failed; /* index of the first failure; count while there is none */
	struct err *err;
};

static bool send_query(struct pipeline *pipeline, size_t i)
{
	struct conn *conn = pipeline->conn;
	const struct query *query = &pipeline->queries[i];
	struct statement *prepared = NULL;

	if (query->prepare)
		prepared = statements_find(&conn->statements, query->sql);
	if (query->prepare && !prepared) {
		prepared = statements_add(&conn->statements, query->sql);
		pipeline->prepares[i] = true;
		if (!PQsendPrepare(conn->pg, prepared->name, query->sql, query->count, NULL))
			return false;
	}
	return conn_send(conn, query, prepared);
}

static bool send_all(struct pipeline *pipeline)
{
	if (!PQenterPipelineMode(pipeline->conn->pg))
		return false;
	for (size_t i = 0; i < pipeline->count; i++)
		if (!send_query(pipeline, i))
			return false;
	return PQpipelineSync(pipeline->conn->pg);
}

/* One statement's answer; false for the failure that ends the pipeline. */
static bool read_answer(struct pipeline *pipeline, size_t i, struct rows **rows)
{
	enum answer answer;

	if (pipeline->conn->lost)
		return false;
	answer = conn_answer(pipeline->conn, &pipeline->patience, rows, pipeline->err);
	if (answer == ANSWER_FAILED && i < pipeline->failed)
		pipeline->failed = i;
	return answer == ANSWER_OK;
}

static void read_query(struct pipeline *pipeline, size_t i, struct rows **rows)
{
	struct statements *statements = &pipeline->conn->statements;
	const struct query *query = &pipeline->queries[i];

	if (pipeline->prepares[i] && read_answer(pipeline, i, NULL))
		statements_find(statements, query->sql)->known = true;
	if (!read_answer(pipeline, i, rows) && pipeline->failed == i && query->prepare &&
	    (err_is(pipeline->err, "26000") || err_is(pipeline->err, "0A000")))
		statements_forget(statements, query->sql);
}

/* The implicit transaction's end refused: the last statement's failure, for want of a better one. */
static void fail_at_end(struct pipeline *pipeline)
{
	if (pipeline->failed == pipeline->count)
		pipeline->failed = pipeline->count - 1;
}

/*
 * What follows the last answer: the end mark, and before it perhaps an error
 * of the implicit transaction's end, which a NULL follows like any answer.
 */
static void read_end(struct pipeline *pipeline)
{
	struct conn *conn = pipeline->conn;
	bool end = false;

	for (int empty = 0; !conn->lost && !end && empty < 2;) {
		PGresult *result = conn_next_result(conn, &pipeline->patience);

		end = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		if (!result) {
			empty++;
		} else if (!end && pipeline->failed == pipeline->count) {
			server_err(result, pipeline->err);
			fail_at_end(pipeline);
		}
		keep_last_words(conn, result);
		PQclear(result);
	}
	if (!conn->lost && (PQstatus(conn->pg) != CONNECTION_OK || !PQexitPipelineMode(conn->pg))) {
		lost_err(conn, pipeline->err);
		fail_at_end(pipeline);
	}
}

static void drop_from(struct rows **results, size_t from, size_t count)
{
	for (size_t i = from; results && i < count; i++) {
		rows_free(results[i]);
		results[i] = NULL;
	}
}

static bool all_at_once(struct conn *conn, const struct query *queries, size_t count, int64_t deadline,
                        struct rows **results, size_t *failed, struct err *err)
{
	struct pipeline pipeline = {conn, queries, count, NULL, patience_until(deadline), count, err};

	for (size_t i = 0; results && i < count; i++)
		results[i] = NULL;
	if (failed)
		*failed = 0;
	if (!conn_begin(conn, err))
		return false;
	if (count == 0) {
		conn_end(conn);
		return true;
	}
	pipeline.prepares = xcalloc(count, sizeof(*pipeline.prepares));
	if (!send_all(&pipeline) && PQstatus(conn->pg) == CONNECTION_OK)
		bug("cannot send: %s", PQerrorMessage(conn->pg));
	conn_sent(conn);
	for (size_t i = 0; i < count; i++)
		read_query(&pipeline, i, results ? &results[i] : NULL);
	read_end(&pipeline);
	free(pipeline.prepares);
	statements_forget_unknown(&conn->statements);
	conn_end(conn);
	if (pipeline.failed == count)
		return true;
	drop_from(results, pipeline.failed, count);
	if (failed)
		*failed = pipeline.failed;
	return false;
}

/* Somebody watches: what is one transaction is one all the same, for its BEGIN is a statement of its own. */
static bool one_by_one(struct conn *conn, const struct query *queries, size_t count, int64_t deadline,
                       struct rows **results, size_t *failed, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; results && i < count; i++)
		results[i] = NULL;
	if (failed)
		*failed = 0;
	for (size_t i = 0; ok && i < count; i++) {
		tell_before(conn, queries[i].sql);
		ok = all_at_once(conn, &queries[i], 1, deadline, results ? &results[i] : NULL, NULL, err);
		tell_after(conn, queries[i].sql, ok ? NULL : err);
		if (!ok && failed)
			*failed = i;
	}
	return ok;
}

bool conn_pipeline(struct conn *conn, const struct query *queries, size_t count, int64_t deadline,
                   struct rows **results, size_t *failed, struct err *err)
{
	return (is_watched(conn) ? one_by_one : all_at_once)(conn, queries, count, deadline, results, failed, err);
}
