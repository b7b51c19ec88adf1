/*
 * A throwaway server: a cluster in a private temporary directory that listens
 * on a Unix socket there and nowhere else.  It stops with server_stop() and
 * dies with us; only when we are killed by SIGKILL its directory stays behind.
 */
#ifndef INTERLOCK_DB_SERVER_H
#define INTERLOCK_DB_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/loop.h"

/*
 * The folder of the server's programs: `given` if not NULL; else what
 * `pg_config --bindir` says, if initdb and postgres are there; else the newest
 * of the usual places.  *bindir lives in the arena.  EXIT_OWN when none is found.
 */
bool server_find_bindir(const char *given, struct arena *arena, const char **bindir, struct err *err);
/* The same, but a server of that major version comes first; what is found may be of another. */
bool server_find_bindir_of(const char *given, int major, struct arena *arena, const char **bindir,
                           struct err *err);

struct server;

/* Makes the cluster and starts it; returns when it answers.  NULL: *err is filled and nothing is left behind. */
struct server *server_start(struct loop *loop, const char *bindir, struct err *err);
/* Stops it at once and removes its directory; with `keep` it is shut down in order and its directory stays. */
void server_stop(struct server *server, bool keep);

/* All borrowed, and valid until server_stop(). */
const char *server_directory(const struct server *server); /* the socket is here, and data/ and server.log */
const char *server_port(const struct server *server);
const char *server_log(const struct server *server);
const char *server_version(const struct server *server);              /* "15.20" */
const struct conn_params *server_params(const struct server *server); /* user and database "postgres" */
pid_t server_pid(const struct server *server);

#endif
