/*
 * One session on a server.  Asynchronous underneath (db/loop.h), blocking to
 * the caller.  The only place where libpq is called; what the server answers
 * is a struct rows, and a PGresult never leaves this folder.
 *
 * Errors: the server's own become EXIT_STEP with SQLSTATE, detail, hint and
 * position; a lost connection becomes EXIT_CONNECTION with SQLSTATE 08006 or
 * what the server said (57P01, …).  After a lost connection every call fails.
 */
#ifndef INTERLOCK_DB_CONN_H
#define INTERLOCK_DB_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/record.h"
#include "db/loop.h"

struct conn;

/* What a person said about the connection, as libpq's keywords and values; both arrays end with NULL. */
struct conn_params {
	const char *const *keywords;
	const char *const *values;
};

/*
 * Connects (PQconnectStartParams, expand_dbname = 1), waiting in the loop.
 * `connect_timeout` of libpq is honoured (default 10 s a host).  Notices of
 * this session are dropped unless conn_on_notice() says otherwise.
 * EXIT_CONNECTION: summary is libpq's sentence, one line.
 */
struct conn *conn_open(struct loop *loop, const struct conn_params *params, struct err *err);
/* The same; *wants_password: did it fail because the server wants a password and none was given anywhere? */
struct conn *conn_attempt(struct loop *loop, const struct conn_params *params, bool *wants_password,
                          struct err *err);
/*
 * What a connection string or URI says, in the arena; what it leaves out of
 * database and role is as in the session `like`, and an address is given up
 * after `seconds` where it says nothing else.  EXIT_CONNECTION: unreadable.
 */
bool conn_params_like(const char *text, const struct conn *like, int seconds, struct arena *arena,
                      struct conn_params *out, struct err *err);
/* Accepts NULL. */
void conn_close(struct conn *conn);
/* Is it a keyword that libpq knows, as "host" or "sslmode"? */
bool conn_keyword_known(const char *keyword);

/* Called for every notice, while the session waits; it must not use this session. */
void conn_on_notice(struct conn *conn, void (*fn)(void *arg, const char *severity, const char *message),
                    void *arg);

/* Facts of the session; strings are borrowed and live as long as the session. */
int conn_server_version(const struct conn *conn);              /* as 150020 */
const char *conn_server_version_text(const struct conn *conn); /* "15.20" */
const char *conn_database(const struct conn *conn);
const char *conn_user(const struct conn *conn);
const char *conn_host(const struct conn *conn); /* host, address or socket directory */
const char *conn_port(const struct conn *conn);
bool conn_lost(const struct conn *conn);
bool conn_busy(const struct conn *conn);           /* a statement is under way */
bool conn_in_transaction(const struct conn *conn); /* also a failed one */

/* A statement with text parameters ($1 …; NULL is SQL's NULL). */
struct query {
	const char *sql;
	int count;
	const char *const *params;
	bool prepare; /* worth preparing: sent often on one session with the same text */
};
/* A query without parameters. */
#define QUERY(text) (&(struct query){.sql = (text)})

/* The answer to one statement. */
struct rows;
size_t rows_count(const struct rows *rows);
size_t rows_columns(const struct rows *rows);
const char *rows_name(const struct rows *rows, size_t column);
/* NULL for SQL's NULL; borrowed. */
const char *rows_value(const struct rows *rows, size_t row, size_t column);
/* By name; NULL for SQL's NULL; a name that is not there is a bug. */
const char *rows_get(const struct rows *rows, size_t row, const char *name);
bool rows_true(const struct rows *rows, size_t row, const char *name);       /* false for NULL */
int64_t rows_integer(const struct rows *rows, size_t row, const char *name); /* 0 for NULL */
/* The row as a record in the arena, independent of the rows. */
struct record *rows_record(const struct rows *rows, size_t row, struct arena *arena);
/* Rows that the statement touched, from its command tag; 0 for a statement without such a number. */
int64_t rows_affected(const struct rows *rows);
/* Accepts NULL. */
void rows_free(struct rows *rows);

/* Runs one statement.  *rows is owned by the caller; `rows` may be NULL when the answer does not matter. */
bool conn_query(struct conn *conn, const struct query *query, struct rows **rows, struct err *err);

/*
 * Runs a text of any number of statements by the simple protocol: one implicit
 * transaction, as far as the text has no BEGIN and COMMIT of its own.  Answers
 * are dropped; err->position counts in the whole text.
 */
bool conn_script(struct conn *conn, const char *sql, struct err *err);

/*
 * Sends all in one flush (pipeline mode) and reads all answers.  The first
 * failure ends it: *err is that failure, *failed its index (if not NULL), what
 * came after was not executed.  results: NULL, or `count` places that receive
 * the answers (NULL from the failure on).  `deadline`: 0, or a time on
 * loop_now()'s scale after which the statement is cancelled (57014 comes back).
 */
bool conn_pipeline(struct conn *conn, const struct query *queries, size_t count, int64_t deadline,
                   struct rows **results, size_t *failed, struct err *err);

/*
 * Runs one COPY … FROM STDIN and sends these bytes for it, in the format that
 * the statement names; *rows: how many rows the server took from them.  libpq
 * keeps no more than a small part of them.  A statement of its own: whoever
 * wants it in a transaction begins one before, and what the server refuses of
 * the bytes fails all of it.
 */
bool conn_copy_in(struct conn *conn, const char *sql, const char *bytes, size_t length, int64_t *rows,
                  struct err *err);

/* Runs one COPY … TO STDOUT and adds what comes to the buffer, in the format that the statement names. */
bool conn_copy_out(struct conn *conn, const char *sql, struct buf *bytes, struct err *err);

/*
 * Who wants to know of each statement that conn_query(), conn_pipeline() and
 * conn_copy_in() send on this session: before it is sent, and when it was
 * answered (err NULL: it was done).  Both may use the session themselves, which
 * is not told.  A pipeline is then sent one statement at a time.  The watch is
 * borrowed; NULL ends it.
 */
struct statement_watch {
	void *arg;
	void (*before)(void *arg, struct conn *conn, const char *sql);
	void (*after)(void *arg, struct conn *conn, const char *sql, const struct err *err);
};
void conn_watch(struct conn *conn, const struct statement_watch *watch);

/*
 * Asks the server to cancel what this session is doing; safe while it waits.
 * A statement under way is cancelled by the person's second interrupt, too;
 * one that a timer sent is left alone, the one that waits underneath is meant.
 */
void conn_cancel(struct conn *conn);

#endif
