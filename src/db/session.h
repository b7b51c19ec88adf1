/*
 * What a struct conn is made of, for the files of this folder that share it:
 * connect.c opens it, conn.c waits and asks, pipeline.c asks many things at
 * once, copy_in.c sends rows, rows.c holds answers, server_err.c holds refusals.
 */
#ifndef INTERLOCK_DB_SESSION_H
#define INTERLOCK_DB_SESSION_H

#include <libpq-fe.h>

#include "db/conn.h"
#include "db/statements.h"

struct conn {
	struct loop *loop;
	PGconn *pg; /* always in non-blocking mode */
	bool busy;  /* a statement is under way; a second one is a bug of the caller */
	bool lost;
	char last_sqlstate[6]; /* what the server said when it ended the session, or "" */
	char *last_words;
	char *version;
	struct statements statements;
	void (*on_notice)(void *arg, const char *severity, const char *message);
	void *notice_arg;
	const struct statement_watch *watch;
	bool telling; /* the watcher is at work */
};

/* How long a statement is waited for: it begins with patience_until() and goes through all its answers. */
struct patience {
	int64_t deadline; /* 0 for ever; then it is cancelled */
	int interrupts;   /* the signals that came before it */
};
struct patience patience_until(int64_t deadline);

/* Takes the session for a statement; false when it is lost.  conn_end() gives it back. */
bool conn_begin(struct conn *conn, struct err *err);
/* The message is on its way. */
void conn_sent(struct conn *conn);
void conn_end(struct conn *conn);

/* Sends one statement that needs no preparing, or the execution of a prepared one. */
bool conn_send(struct conn *conn, const struct query *query, const struct statement *prepared);

/* Waits in the loop until the session can be read or, if asked, written, and reads what is there. */
void conn_wait(struct conn *conn, struct patience *patience, bool for_write);

/* The next result, NULL after the last of a statement; waits in the loop. */
PGresult *conn_next_result(struct conn *conn, struct patience *patience);

enum answer { ANSWER_OK, ANSWER_FAILED, ANSWER_SKIPPED };
/*
 * All results of one statement.  *rows, if rows is not NULL, is owned by the
 * caller and filled for ANSWER_OK only; *err is filled for ANSWER_FAILED only.
 * ANSWER_SKIPPED: an earlier statement of the pipeline failed.
 */
enum answer conn_answer(struct conn *conn, struct patience *patience, struct rows **rows, struct err *err);

/* Is each statement to be told (watch_statements.c)?  Then a pipeline is sent one by one. */
bool is_watched(const struct conn *conn);
void tell_before(struct conn *conn, const char *sql);
void tell_after(struct conn *conn, const char *sql, const struct err *err);

/* Takes over the result. */
struct rows *rows_new(PGresult *result);

/* *err from a result that is an error. */
void server_err(const PGresult *result, struct err *err);
/* *err for a session that is gone, with the server's last words or libpq's. */
bool lost_err(struct conn *conn, struct err *err);
/* Keeps the words of a result or notice that ends the session. */
void keep_last_words(struct conn *conn, const PGresult *result);
/* *err from libpq's message about a connection that failed: summary is its first line, details are the others. */
void connect_err(const char *message, struct err *err);

/* Is the string, which the person gave as dbname, readable?  The error shows no part that may be a password. */
bool conninfo_check(const char *text, struct err *err);

#endif
