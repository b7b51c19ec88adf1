/* Short transactions without a fence. */
#include "engine/brief.h"

bool brief_begin(struct conn *conn, struct err *err)
{
	return conn_query(conn, QUERY("BEGIN"), NULL, err) &&
	       conn_query(conn, QUERY("SET LOCAL lock_timeout = '10s'"), NULL, err) &&
	       conn_query(conn, QUERY("SET LOCAL idle_in_transaction_session_timeout = '3s'"), NULL, err);
}

bool brief_end(struct conn *conn, bool ok, struct err *err)
{
	struct err ignored = {0};

	ok = ok && conn_query(conn, QUERY("COMMIT"), NULL, err);
	if (!ok && !conn_lost(conn) && conn_in_transaction(conn))
		conn_query(conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok;
}
