/* Telling somebody of each statement of a session, before it is sent and when it was answered. */
#include "db/session.h"

void conn_watch(struct conn *conn, const struct statement_watch *watch)
{
	conn->watch = watch;
}

bool is_watched(const struct conn *conn)
{
	return conn->watch && !conn->telling;
}

void tell_before(struct conn *conn, const char *sql)
{
	if (!is_watched(conn))
		return;
	conn->telling = true; /* what the watcher asks on this session is nobody's business */
	conn->watch->before(conn->watch->arg, conn, sql);
	conn->telling = false;
}

void tell_after(struct conn *conn, const char *sql, const struct err *err)
{
	if (!is_watched(conn))
		return;
	conn->telling = true;
	conn->watch->after(conn->watch->arg, conn, sql, err);
	conn->telling = false;
}
