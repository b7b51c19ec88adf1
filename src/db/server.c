/* A throwaway server's life: directory, initdb, postgres, the first answer, the end. */
#include "db/server.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "db/child.h"

enum {
	START_LIMIT = 60000, /* ms until it has to answer */
	STOP_LIMIT = 10000,  /* ms until it is killed */
	LOOK_AGAIN = 10,     /* ms between two looks at a child or a socket */
	SOCKET_NAME = sizeof("/.s.PGSQL.5432")
};

/* Nobody else is in its directory, so any will do. */
#define PORT "5432"

struct server {
	struct arena arena;
	struct loop *loop;
	struct child_user user;
	const char *bindir, *directory, *data, *log;
	const char *version;
	pid_t pid; /* 0 when it does not run */
	const char *values[9];
	struct conn_params params;
};

/* In the order of struct server's values; the last ones keep PGSSLMODE and its like out of it. */
static const char *const keywords[] = {
	"host", "port", "user", "dbname", "sslmode", "gssencmode", "channel_binding", "target_session_attrs", NULL};

/* Everything that makes it light and quiet; what it holds is not worth a disk's waiting. */
static const char settings[] = "\nlisten_addresses = ''\n"
							   "fsync = off\n"
							   "full_page_writes = off\n"
							   "log_destination = stderr\n"
							   "logging_collector = off\n"
							   "log_line_prefix = '%m [%p] %a '\n"
							   "log_checkpoints = off\n"
							   "max_locks_per_transaction = 256\n"
							   "lc_messages = 'C'\n";

/* May another user walk to this directory? */
static bool open_to_all(const char *directory)
{
	struct arena scratch = {0};
	char *path = arena_strdup(&scratch, directory), *slash;
	bool open = true;

	do {
		struct stat info;

		open = stat(*path ? path : "/", &info) == 0 && (info.st_mode & S_IXOTH);
		if ((slash = strrchr(path, '/')))
			*slash = '\0';
	} while (open && slash);
	arena_release(&scratch);
	return open;
}

/* $TMPDIR, unless its name makes a socket's path too long or the server's user cannot get there. */
static const char *temporary_folder(const struct child_user *user)
{
	const char *folder = getenv("TMPDIR");
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - SOCKET_NAME - sizeof("/il-XXXXXX");

	if (!folder || folder[0] != '/' || strlen(folder) > room || access(folder, W_OK) != 0)
		return "/tmp";
	return user->other && !open_to_all(folder) ? "/tmp" : folder;
}

static bool make_directory(struct server *server, struct err *err)
{
	char *directory = arena_printf(&server->arena, "%s/il-XXXXXX", temporary_folder(&server->user));

	if (!mkdtemp(directory))
		return err_set(err, EXIT_OWN, "cannot make a temporary directory \"%s\": %s", directory, strerror(errno));
	server->directory = directory;
	if (server->user.other && chown(directory, server->user.uid, server->user.gid) != 0)
		return err_set(err, EXIT_OWN, "cannot give \"%s\" to another user: %s", directory, strerror(errno));
	server->data = arena_printf(&server->arena, "%s/data", directory);
	server->log = arena_printf(&server->arena, "%s/server.log", directory);
	return true;
}

/* The last lines of the log as details. */
static void add_log(const struct server *server, struct err *err)
{
	enum { LINES = 5 };
	char lines[LINES][512];
	size_t count = 0;
	FILE *log = fopen(server->log, "re");

	if (!log)
		return;
	while (fgets(lines[count % LINES], sizeof(lines[0]), log))
		if (lines[count % LINES][0] != '\n')
			count++;
	fclose(log);
	for (size_t i = count > LINES ? count - LINES : 0; i < count; i++)
		err_detail(err, "%.*s", (int)strcspn(lines[i % LINES], "\n"), lines[i % LINES]);
}

/* Has the child ended? */
static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) != 0;
}

/* Ends a child: with the signal, and when that takes too long by force. */
static void end_child(pid_t pid, int number)
{
	const struct timespec pause = {0, LOOK_AGAIN * 1000000};
	int64_t limit = loop_now() + STOP_LIMIT;
	int status;

	kill(pid, number);
	while (!has_ended(pid, &status)) {
		nanosleep(&pause, NULL);
		if (loop_now() < limit)
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return;
	}
}

/* The arguments end with NULL.  0 when there can be no process. */
static pid_t start_program(const struct server *server, const char *const *argv, int death_signal)
{
	struct child child = {.argv = argv,
	                      .directory = server->directory,
	                      .log = server->log,
	                      .death_signal = death_signal,
	                      .user = server->user};
	pid_t pid = child_start(&child);

	return pid < 0 ? 0 : pid;
}

static bool make_cluster(struct server *server, struct err *err)
{
	const char *const argv[] = {arena_printf(&server->arena, "%s/initdb", server->bindir),
	                            "-D",
	                            server->data,
	                            "--no-sync",
	                            "--auth=trust",
	                            "--username=postgres",
	                            "--encoding=UTF8",
	                            "--locale=C.UTF-8",
	                            NULL};
	pid_t pid = start_program(server, argv, SIGTERM);
	int status = -1;

	while (pid && !has_ended(pid, &status))
		if (!loop_sleep(server->loop, LOOK_AGAIN)) {
			end_child(pid, SIGTERM);
			return err_set(err, EXIT_INTERRUPTED, "interrupted");
		}
	if (status == 0)
		return true;
	err_set(err, EXIT_OWN, "initdb failed");
	add_log(server, err);
	return false;
}

static bool configure(struct server *server, struct err *err)
{
	const char *path = arena_printf(&server->arena, "%s/postgresql.conf", server->data);
	FILE *file = fopen(path, "ae");
	bool ok = file && fputs(settings, file) >= 0 &&
	          fprintf(file, "unix_socket_directories = '%s'\n", server->directory) > 0;

	if (file && fclose(file) != 0)
		ok = false;
	return ok || err_set(err, EXIT_OWN, "cannot write \"%s\": %s", path, strerror(errno));
}

/* Tries until it answers. */
static bool await_answer(struct server *server, struct err *err)
{
	int64_t limit = loop_now() + START_LIMIT;
	struct conn *conn;
	int status;

	while (!(conn = conn_open(server->loop, &server->params, err))) {
		if (has_ended(server->pid, &status)) {
			server->pid = 0;
			err_set(err, EXIT_OWN, "the throwaway server ended at once");
			add_log(server, err);
			return false;
		}
		if (loop_now() > limit) {
			err_prefix(err, "the throwaway server does not answer");
			add_log(server, err);
			return false;
		}
		if (!loop_sleep(server->loop, LOOK_AGAIN))
			return err_set(err, EXIT_INTERRUPTED, "interrupted");
	}
	err_release(err);
	server->version = arena_strdup(&server->arena, conn_server_version_text(conn));
	conn_close(conn);
	return true;
}

static bool start_postgres(struct server *server, struct err *err)
{
	const char *const argv[] = {arena_printf(&server->arena, "%s/postgres", server->bindir),
	                            "-D",
	                            server->data,
	                            "-p",
	                            server->values[1],
	                            NULL};

	server->pid = start_program(server, argv, SIGQUIT);
	if (!server->pid)
		return err_set(err, EXIT_OWN, "cannot start another process: %s", strerror(errno));
	return await_answer(server, err);
}

struct server *server_start(struct loop *loop, const char *bindir, struct err *err)
{
	struct server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->bindir = arena_strdup(&server->arena, bindir);
	server->user = child_user_unprivileged();
	if (make_directory(server, err)) {
		memcpy(server->values,
		       (const char *[]){server->directory, PORT, "postgres", "postgres", "disable", "disable", "prefer",
		                        "any", NULL},
		       sizeof(server->values));
		server->params = (struct conn_params){keywords, server->values};
		if (make_cluster(server, err) && configure(server, err) && start_postgres(server, err))
			return server;
	}
	server_stop(server, false);
	return NULL;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)kind;
	(void)place;
	remove(path);
	return 0;
}

void server_stop(struct server *server, bool keep)
{
	if (!server)
		return;
	if (server->pid)
		end_child(server->pid, keep ? SIGINT : SIGQUIT);
	if (server->directory && !keep)
		nftw(server->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	arena_release(&server->arena);
	free(server);
}

const char *server_directory(const struct server *server)
{
	return server->directory;
}

const char *server_port(const struct server *server)
{
	(void)server;
	return PORT;
}

const char *server_log(const struct server *server)
{
	return server->log;
}

const char *server_version(const struct server *server)
{
	return server->version;
}

const struct conn_params *server_params(const struct server *server)
{
	return &server->params;
}

pid_t server_pid(const struct server *server)
{
	return server->pid;
}
