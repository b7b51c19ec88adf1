/* COPY … FROM STDIN: the only thing that is sent to the server but statements. */
#include <string.h>

#include "base/xalloc.h"
#include "db/session.h"

enum { PIECE = 1 << 16 };

static void must_send(const struct conn *conn, bool sent)
{
	if (!sent && PQstatus(conn->pg) == CONNECTION_OK)
		bug("cannot send: %s", PQerrorMessage(conn->pg));
}

/* Waits until libpq holds nothing back, so that its memory does not grow with what is sent. */
static void flush(struct conn *conn, struct patience *patience)
{
	while (PQstatus(conn->pg) == CONNECTION_OK && PQflush(conn->pg) > 0)
		conn_wait(conn, patience, true);
}

static void send_bytes(struct conn *conn, const char *bytes, size_t length, struct patience *patience)
{
	for (size_t at = 0; at < length && PQstatus(conn->pg) == CONNECTION_OK;) {
		int piece = (int)(length - at < PIECE ? length - at : PIECE);
		int sent = PQputCopyData(conn->pg, bytes + at, piece);

		must_send(conn, sent >= 0);
		if (sent < 0)
			return;
		if (sent > 0)
			at += (size_t)piece;
		flush(conn, patience);
	}
}

static void send_end(struct conn *conn, struct patience *patience)
{
	int sent;

	while ((sent = PQputCopyEnd(conn->pg, NULL)) == 0 && PQstatus(conn->pg) == CONNECTION_OK)
		conn_wait(conn, patience, true);
	must_send(conn, sent > 0);
	flush(conn, patience);
}

/* What the server answers to the statement: is it ready for rows? */
static bool is_ready(struct conn *conn, struct patience *patience, struct err *err)
{
	PGresult *result = conn_next_result(conn, patience);
	ExecStatusType status = PQresultStatus(result);
	struct err later = {0};

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
		bug("not a COPY FROM STDIN");
	if (status != PGRES_COPY_IN && result) {
		server_err(result, err);
		keep_last_words(conn, result);
	}
	PQclear(result);
	if (status == PGRES_COPY_IN)
		return true;
	if (conn_answer(conn, patience, NULL, &later) == ANSWER_FAILED && conn->lost) {
		err_release(err);
		lost_err(conn, err);
	}
	err_release(&later);
	return false;
}

static bool copy_now(struct conn *conn, const char *sql, const char *bytes, size_t length, int64_t *rows,
                     struct err *err)
{
	struct patience patience = patience_until(0);
	struct rows *answer = NULL;
	bool ok;

	*rows = 0;
	if (!conn_begin(conn, err))
		return false;
	must_send(conn, conn_send(conn, QUERY(sql), NULL));
	conn_sent(conn);
	ok = is_ready(conn, &patience, err);
	if (ok) {
		send_bytes(conn, bytes, length, &patience);
		send_end(conn, &patience);
		ok = conn_answer(conn, &patience, &answer, err) == ANSWER_OK;
	}
	if (ok)
		*rows = rows_affected(answer);
	rows_free(answer);
	conn_end(conn);
	return ok;
}

bool conn_copy_in(struct conn *conn, const char *sql, const char *bytes, size_t length, int64_t *rows,
                  struct err *err)
{
	bool ok;

	tell_before(conn, sql);
	ok = copy_now(conn, sql, bytes, length, rows, err);
	tell_after(conn, sql, ok ? NULL : err);
	return ok;
}
