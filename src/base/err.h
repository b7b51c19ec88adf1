/*
 * Why a function failed.  The convention of the whole program:
 *
 *     bool f(…, struct err *err);     false means that *err is filled
 *
 * An err holds the exit code that the program ends with, the SQLSTATE when a
 * server said no, and the diagnostic for the person.  A zeroed struct is "no
 * error"; whoever declared it releases it.
 */
#ifndef INTERLOCK_BASE_ERR_H
#define INTERLOCK_BASE_ERR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

/* Exit codes are an interface and stay as they are (0 to 3 are psql's). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_OWN = 1,        /* our own error: file, configuration */
	EXIT_CONNECTION = 2, /* no connection, or it was lost */
	EXIT_STEP = 3,       /* a step or a verification failed; the database is consistent */
	EXIT_REJECTED = 4,   /* rejected by the checker */
	EXIT_WAITING = 5,    /* at a gate, an approval, a safety period */
	EXIT_HELD = 6,       /* held by another run or plan */
	EXIT_CHANGED = 7,    /* plan or table changed since */
	EXIT_CONFIRM = 8,    /* a confirmation is needed and there is no terminal */
	EXIT_USAGE = 64,
	EXIT_INTERRUPTED = 130
};

struct err {
	struct arena arena;
	enum exit_code code;
	char sqlstate[6]; /* "" when no server is behind it */
	int position;     /* of a server's syntax error: character in the statement from 1; else 0 */
	struct diag diag;
};

/* Fills it (what it held before is dropped).  Always returns false, for `return err_set(…)`. */
bool err_set(struct err *err, enum exit_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void err_detail(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void err_help(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts words before the summary: "context: summary". */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void err_at(struct err *err, struct span span);
/* Does the server's code equal this one ("55P03"), or, given two characters, begin with them ("08")? */
bool err_is(const struct err *err, const char *sqlstate);
void err_release(struct err *err);

#endif
