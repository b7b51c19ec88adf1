/* Running pg_dump on the database that a session is connected to. */
#include "db/dump.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/child.h"
#include "db/session.h"

enum { LOOK_AGAIN = 10, SHOWN_LINES = 3 };

/* The major version that a pg_dump says of itself; 0: it can't be started. */
static int version_of(const char *program)
{
	struct arena scratch = {0};
	FILE *answer = NULL;
	const char *number;
	char line[256] = "";
	int major = 0;

	if (!strpbrk(program, "'\\"))
		answer = popen(arena_printf(&scratch, "'%s' --version 2>/dev/null", program), "re");
	if (answer && fgets(line, sizeof(line), answer) && (number = strstr(line, "(PostgreSQL) ")))
		major = (int)strtol(number + strlen("(PostgreSQL) "), NULL, 10); /* "pg_dump (PostgreSQL) 15.20" */
	if (answer)
		pclose(answer);
	arena_release(&scratch);
	return major;
}

static void consider(const char *program, const char **best, int *best_version, struct arena *arena)
{
	int version = access(program, X_OK) == 0 ? version_of(program) : 0;

	if (version > *best_version) {
		*best = arena_strdup(arena, program);
		*best_version = version;
	}
}

static void consider_all(const char *pattern, const char **best, int *best_version, struct arena *arena)
{
	glob_t found = {0};

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			consider(found.gl_pathv[i], best, best_version, arena);
	globfree(&found);
}

static void consider_path(const char **best, int *best_version, struct arena *arena)
{
	char *path = arena_strdup(arena, getenv("PATH")), *rest = NULL;

	for (char *folder = path ? strtok_r(path, ":", &rest) : NULL; folder; folder = strtok_r(NULL, ":", &rest))
		consider(arena_printf(arena, "%s/pg_dump", folder), best, best_version, arena);
}

const char *dump_program(const char *bindir, int major, struct arena *arena, struct err *err)
{
	const char *best = NULL;
	int version = 0;

	if (bindir)
		consider(arena_printf(arena, "%s/pg_dump", bindir), &best, &version, arena);
	if (version < major)
		consider_all("/usr/lib/postgresql/*/bin/pg_dump", &best, &version, arena);
	if (version < major)
		consider_all("/usr/pgsql-*/bin/pg_dump", &best, &version, arena);
	if (version < major)
		consider_path(&best, &version, arena);
	if (version >= major)
		return best;
	if (version)
		err_set(err, EXIT_OWN, "the newest pg_dump here is of version %d, and the server is PostgreSQL %d",
		        version, major);
	else
		err_set(err, EXIT_OWN, "there is no pg_dump here");
	err_help(err,
	         "install the package postgresql-client-%d, or name the folder that holds its pg_dump with --bindir",
	         major);
	return NULL;
}

/* Quoted as a connection string wants it. */
static void add_value(struct buf *out, const char *value)
{
	buf_add(out, "'");
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *value);
	}
	buf_add(out, "'");
}

/* Where the session is connected to, and how; a password is no part of it. */
static void add_conninfo(struct conn *conn, struct buf *out)
{
	PQconninfoOption *options = PQconninfo(conn->pg);

	for (const PQconninfoOption *option = options; option && option->keyword; option++) {
		if (!option->val || !*option->val || strstr(option->keyword, "password") ||
		    strcmp(option->keyword, "service") == 0 || strcmp(option->keyword, "application_name") == 0)
			continue;
		buf_addf(out, "%s=", option->keyword);
		add_value(out, option->val);
		buf_add_char(out, ' ');
	}
	buf_add(out, "application_name='interlock:pg_dump'");
	PQconninfoFree(options);
}

static bool await(struct loop *loop, pid_t pid, int *status, struct err *err)
{
	while (waitpid(pid, status, WNOHANG) == 0)
		if (!loop_sleep(loop, LOOK_AGAIN)) {
			kill(pid, SIGTERM);
			waitpid(pid, status, 0);
			return err_set(err, EXIT_INTERRUPTED, "interrupted");
		}
	return true;
}

static void read_all(FILE *file, struct buf *text)
{
	char bytes[65536];
	size_t length;

	rewind(file);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add_bytes(text, bytes, length);
}

static bool say_failure(FILE *errors, const char *program, struct err *err)
{
	char line[1024];
	bool is_refused = false;

	err_set(err, EXIT_OWN, "the schema can't be read: pg_dump failed");
	rewind(errors);
	for (int i = 0; i < SHOWN_LINES && fgets(line, sizeof(line), errors); i++) {
		err_detail(err, "%.*s", (int)strcspn(line, "\n"), line);
		is_refused |= strstr(line, "permission denied") != NULL;
	}
	err_detail(err, "it was %s", program);
	if (is_refused)
		err_help(err, "give the role pg_read_all_data, or use one that may read every table and sequence");
	return false;
}

static bool run(struct loop *loop, const struct child *child, struct err *err)
{
	pid_t pid;
	int status = 0;

	pid = child_start(child);
	if (pid < 0)
		return err_set(err, EXIT_OWN, "cannot start another process");
	if (!await(loop, pid, &status, err))
		return false;
	return status == 0;
}

bool dump_schema(struct loop *loop, struct conn *conn, const char *program, struct buf *text, struct err *err)
{
	FILE *out = tmpfile(), *errors = tmpfile();
	struct buf conninfo = {0};
	bool ok = false;

	add_conninfo(conn, &conninfo);
	if (out && errors) {
		const char *const argv[] = {program,
		                            "--schema-only",
		                            "--no-tablespaces",
		                            "--no-subscriptions",
		                            "--exclude-schema=interlock",
		                            "--encoding=UTF8",
		                            "--lock-wait-timeout=10s",
		                            "-d",
		                            buf_text(&conninfo),
		                            NULL};
		struct child child = {.argv = argv,
		                      .directory = "/",
		                      .out = fileno(out),
		                      .errors = fileno(errors),
		                      .password = PQpass(conn->pg),
		                      .death_signal = SIGTERM};

		ok = run(loop, &child, err);
		if (!ok && !err->diag.summary)
			say_failure(errors, program, err);
		if (ok)
			read_all(out, text);
	} else {
		err_set(err, EXIT_OWN, "cannot make a temporary file");
	}
	if (out)
		fclose(out);
	if (errors)
		fclose(errors);
	buf_release(&conninfo);
	return ok;
}
