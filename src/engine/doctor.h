/*
 * What is to be known about a server, a database, a role and a registry before
 * something goes wrong: a list of remarks.  Nothing is changed.
 */
#ifndef INTERLOCK_ENGINE_DOCTOR_H
#define INTERLOCK_ENGINE_DOCTOR_H

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"

enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_PROBLEM };
const char *level_name(enum level level);

struct remark {
	enum level level;
	const char *subject; /* "settings" */
	const char *text;
	const char *help; /* what to do; NULL when there is nothing to do */
	struct remark *next;
};

struct checkup {
	struct arena *arena;
	struct conn *conn;
	struct conn *other; /* a second session, which shows a pooler */
	bool registry;      /* there is one that can be read */
	struct remark *first, *last;
	size_t warnings, problems;
};

/* Examines everything.  false: the connection was lost, or there is none that could be used. */
bool doctor_examine(struct checkup *checkup, struct err *err);

/* ---- For the files that ask ---- */

/*
 * A question to the server: its rows are remarks, with the columns level ('ok',
 * 'warning', 'problem'), what and help.  Where it gives none, `fine` is the
 * remark.  It runs with search_path = pg_catalog, pg_temp.
 */
struct question {
	const char *subject, *fine, *sql;
	int min_server; /* as 170000; 0: any */
	bool runs;      /* the text follows a CTE runs(id, open) */
};
extern const struct question doctor_server[], doctor_registry[], doctor_leftovers[]; /* end with a NULL subject */

void doctor_remark(struct checkup *checkup, enum level level, const char *subject, const char *text,
                   const char *help);

/* Archives: what is kept, and what sync would have taken away by now. */
bool doctor_archives(struct checkup *checkup, struct err *err);

#endif
