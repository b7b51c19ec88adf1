/* A session at work: waiting for the server in the loop, one statement at a time, and what is known of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "base/xalloc.h"
#include "db/session.h"

enum { CANCEL_AGAIN = 1000 }; /* ms; a request that comes between two statements is ignored by the server */

void conn_close(struct conn *conn)
{
	if (!conn)
		return;
	PQfinish(conn->pg);
	statements_release(&conn->statements);
	free(conn->last_words);
	free(conn->version);
	free(conn);
}

void conn_on_notice(struct conn *conn, void (*fn)(void *arg, const char *severity, const char *message), void *arg)
{
	conn->on_notice = fn;
	conn->notice_arg = arg;
}

int conn_server_version(const struct conn *conn)
{
	return PQserverVersion(conn->pg);
}

const char *conn_server_version_text(const struct conn *conn)
{
	return conn->version;
}

const char *conn_database(const struct conn *conn)
{
	return PQdb(conn->pg);
}

const char *conn_user(const struct conn *conn)
{
	return PQuser(conn->pg);
}

const char *conn_host(const struct conn *conn)
{
	return PQhost(conn->pg);
}

const char *conn_port(const struct conn *conn)
{
	return PQport(conn->pg);
}

bool conn_lost(const struct conn *conn)
{
	return conn->lost;
}

bool conn_in_transaction(const struct conn *conn)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->pg);

	return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

void conn_cancel(struct conn *conn)
{
	PGcancel *cancel = PQgetCancel(conn->pg);
	char words[256];

	if (cancel)
		PQcancel(cancel, words, sizeof(words)); /* when it fails there is nothing to do but to wait on */
	PQfreeCancel(cancel);
}

bool conn_busy(const struct conn *conn)
{
	return conn->busy;
}

bool conn_begin(struct conn *conn, struct err *err)
{
	if (conn->busy)
		bug("a statement on a session that is waiting for another");
	if (conn->lost)
		return lost_err(conn, err);
	conn->busy = true;
	fault_before_message();
	return true;
}

void conn_sent(struct conn *conn)
{
	PQflush(conn->pg);
	fault_after_message();
}

void conn_end(struct conn *conn)
{
	conn->busy = false;
}

struct patience patience_until(int64_t deadline)
{
	return (struct patience){deadline, interrupt_count()};
}

static void lose_patience(struct conn *conn, struct patience *patience)
{
	conn_cancel(conn);
	patience->deadline = loop_now() + CANCEL_AGAIN;
}

void conn_wait(struct conn *conn, struct patience *patience, bool for_write)
{
	struct loop_interest interest = {PQsocket(conn->pg), (short)(POLLIN | (for_write ? POLLOUT : 0)),
	                                 patience->deadline, patience->interrupts};

	switch (loop_wait_for(conn->loop, &interest)) {
	case LOOP_READY:
		PQconsumeInput(conn->pg); /* a failure is seen in the result that follows */
		break;
	case LOOP_TIMEOUT:
		lose_patience(conn, patience);
		break;
	case LOOP_INTERRUPT:
		patience->interrupts = interrupt_count();
		if (patience->interrupts >= 2 && !loop_in_timer(conn->loop))
			lose_patience(conn, patience);
		break;
	}
}

PGresult *conn_next_result(struct conn *conn, struct patience *patience)
{
	while (PQstatus(conn->pg) == CONNECTION_OK) {
		bool unsent = PQflush(conn->pg) > 0;

		if (!unsent && !PQisBusy(conn->pg))
			break;
		conn_wait(conn, patience, unsent);
	}
	return PQgetResult(conn->pg);
}

/* The server now waits for rows, or sends them, and we have no use for it: leave. */
static void refuse_copy(struct conn *conn, struct err *err)
{
	err_set(err, EXIT_STEP, "COPY from or to the client is not possible here");
	memcpy(err->sqlstate, "0A000", sizeof(err->sqlstate));
	err_help(err, "use INSERT, or COPY with a file of the server");
	conn->lost = true;
	shutdown(PQsocket(conn->pg), SHUT_RDWR);
}

static bool is_copy(ExecStatusType status)
{
	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* One result: a good one goes to *kept, the first failure to *err. */
static enum answer take_result(struct conn *conn, PGresult *result, PGresult **kept, struct err *err)
{
	switch (PQresultStatus(result)) {
	case PGRES_EMPTY_QUERY:
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		PQclear(*kept);
		*kept = result;
		return ANSWER_OK;
	case PGRES_PIPELINE_ABORTED:
		PQclear(result);
		return ANSWER_SKIPPED;
	default:
		server_err(result, err);
		keep_last_words(conn, result);
		PQclear(result);
		return ANSWER_FAILED;
	}
}

enum answer conn_answer(struct conn *conn, struct patience *patience, struct rows **rows, struct err *err)
{
	enum answer answer = ANSWER_OK;
	struct err later = {0};
	PGresult *kept = NULL, *result;

	while (!conn->lost && (result = conn_next_result(conn, patience))) {
		enum answer one;

		if (is_copy(PQresultStatus(result))) {
			PQclear(result);
			refuse_copy(conn, err);
			answer = ANSWER_FAILED;
			break;
		}
		one = take_result(conn, result, &kept, answer == ANSWER_FAILED ? &later : err);
		if (one > ANSWER_OK && answer == ANSWER_OK)
			answer = one;
	}
	if (!conn->lost && PQstatus(conn->pg) != CONNECTION_OK) {
		lost_err(conn, err);
		answer = ANSWER_FAILED;
	}
	err_release(&later);
	if (answer == ANSWER_OK && rows)
		*rows = rows_new(kept);
	else
		PQclear(kept);
	return answer;
}

bool conn_send(struct conn *conn, const struct query *query, const struct statement *prepared)
{
	if (prepared)
		return PQsendQueryPrepared(conn->pg, prepared->name, query->count, query->params, NULL, NULL, 0);
	return PQsendQueryParams(conn->pg, query->sql, query->count, NULL, query->params, NULL, NULL, 0);
}

static bool query_now(struct conn *conn, const struct query *query, struct rows **rows, struct err *err)
{
	struct statement *prepared = query->prepare ? statements_find(&conn->statements, query->sql) : NULL;
	struct patience patience = patience_until(0);
	bool ok;

	if (!conn_begin(conn, err))
		return false;
	if (!conn_send(conn, query, prepared) && PQstatus(conn->pg) == CONNECTION_OK)
		bug("cannot send: %s", PQerrorMessage(conn->pg));
	conn_sent(conn);
	ok = conn_answer(conn, &patience, rows, err) == ANSWER_OK;
	conn_end(conn);
	/* The server has it no longer, or its result type changed: the next time it is prepared anew. */
	if (!ok && prepared && (err_is(err, "26000") || err_is(err, "0A000")))
		statements_forget(&conn->statements, query->sql);
	return ok;
}

bool conn_query(struct conn *conn, const struct query *query, struct rows **rows, struct err *err)
{
	bool ok;

	if (rows)
		*rows = NULL;
	if (query->prepare && !statements_find(&conn->statements, query->sql))
		return conn_pipeline(conn, query, 1, 0, rows, NULL, err); /* prepares and executes in one flush */
	tell_before(conn, query->sql);
	ok = query_now(conn, query, rows, err);
	tell_after(conn, query->sql, ok ? NULL : err);
	return ok;
}

bool conn_script(struct conn *conn, const char *sql, struct err *err)
{
	struct patience patience = patience_until(0);
	bool ok;

	if (!conn_begin(conn, err))
		return false;
	if (!PQsendQuery(conn->pg, sql) && PQstatus(conn->pg) == CONNECTION_OK)
		bug("cannot send: %s", PQerrorMessage(conn->pg));
	conn_sent(conn);
	ok = conn_answer(conn, &patience, NULL, err) == ANSWER_OK;
	conn_end(conn);
	return ok;
}
