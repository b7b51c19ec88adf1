/*
 * Which database a command means, and the session on it.  The first of:
 * -d -h -p -U; --target; PGSERVICE, PGHOST, PGHOSTADDR or PGDATABASE;
 * DATABASE_URL; the target "default" in interlock.conf; libpq's own defaults.
 * What comes later fills no gap of what came earlier; PGUSER, PGPASSWORD,
 * PGSSL* and ~/.pgpass always count.
 */
#ifndef INTERLOCK_CLI_TARGET_H
#define INTERLOCK_CLI_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/command.h"

/* What the command line said; NULL for what it did not say. */
struct target_request {
	const char *dbname, *host, *port, *user; /* dbname may be a connection string or URI */
	bool force_password, no_password;        /* -W; -w (also for --no-input): never ask */
	const char *target_name;                 /* --target */
	const char *config_path;                 /* interlock.conf; need not exist */
};

/*
 * Fills *out from the arena.  Afterwards the environment has no PGSERVICE,
 * PGHOST, PGHOSTADDR, PGPORT and PGDATABASE any more: they are in *out, or do
 * not count.  (Only where PGSERVICE decides, the last four stay: libpq takes
 * from them what the service leaves out.)  EXIT_OWN: interlock.conf or
 * DATABASE_URL is wrong, or there is no target of that name.
 */
bool target_find(const struct target_request *request, struct arena *arena, struct target *out, struct err *err);

/*
 * Opens a session, asking for a password when the server wants one, none was
 * given, a person sits there, and -w was not said; an answer is kept in the
 * target.  `application_name` may be NULL.  EXIT_CONNECTION.
 */
struct conn *target_connect(struct loop *loop, struct target *target, const char *application_name,
                            struct err *err);

/* "shop on db1:5432 as deploy, PostgreSQL 15.20, environment staging"; environment may be NULL. */
const char *target_describe(struct conn *conn, const char *environment, struct arena *arena);

#endif
