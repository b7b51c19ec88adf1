/* COPY … TO STDOUT: the bytes of rows, as they are. */
#include "db/session.h"

static bool is_ready(struct conn *conn, struct patience *patience, struct err *err)
{
	PGresult *result = conn_next_result(conn, patience);
	ExecStatusType status = PQresultStatus(result);
	bool failed = result && status != PGRES_COPY_OUT;

	if (failed) {
		server_err(result, err);
		keep_last_words(conn, result);
	}
	PQclear(result);
	return status == PGRES_COPY_OUT;
}

/* All that comes; libpq answers 0 where there is nothing yet. */
static void take_bytes(struct conn *conn, struct patience *patience, struct buf *bytes)
{
	char *piece;
	int length;

	while ((length = PQgetCopyData(conn->pg, &piece, 1)) >= 0) {
		if (length == 0) {
			conn_wait(conn, patience, false);
			if (PQstatus(conn->pg) != CONNECTION_OK)
				return;
			continue;
		}
		buf_add_bytes(bytes, piece, (size_t)length);
		PQfreemem(piece);
	}
}

bool conn_copy_out(struct conn *conn, const char *sql, struct buf *bytes, struct err *err)
{
	struct patience patience = patience_until(0);
	struct err later = {0};
	bool ok;

	if (!conn_begin(conn, err))
		return false;
	conn_send(conn, QUERY(sql), NULL);
	conn_sent(conn);
	ok = is_ready(conn, &patience, err);
	if (ok)
		take_bytes(conn, &patience, bytes);
	if (conn_answer(conn, &patience, NULL, ok ? err : &later) != ANSWER_OK) {
		if (conn->lost && !ok) {
			err_release(err);
			lost_err(conn, err);
		}
		ok = false;
	}
	err_release(&later);
	conn_end(conn);
	return ok;
}
