/* interlock sandbox: a command, or a shell, with a throwaway server. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/sandbox.h"

enum { EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126 };

/* What the parent waits for while the command runs. */
static void watched_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGQUIT);
}

static void run_child(char *const *argv, const sigset_t *mask)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "error: cannot start \"%s\": %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/*
 * Waits for the child.  What the terminal sends reaches the child by itself; a
 * signal that was sent to us alone (kill) is passed on.
 */
static int await_child(pid_t pid, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		int number = sigwaitinfo(signals, &info);

		if (number == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (number > 0 && number != SIGCHLD && info.si_code <= 0)
			kill(pid, number);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The command's exit code, as a shell says it; -1 when there can be no process. */
static int run_command(char *const *argv)
{
	sigset_t signals, before;
	pid_t pid;

	watched_signals(&signals);
	signal(SIGCHLD, SIG_DFL);
	/* Blocked to the end of the program: nothing may end us before the server is stopped. */
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_child(argv, &before);
	return pid < 0 ? -1 : await_child(pid, &signals);
}

static void say_how(const struct server *server)
{
	report_message("PostgreSQL %s in %s; psql and interlock use it here, and exit ends it", server_version(server),
	               server_directory(server));
}

static void say_kept(const char *directory)
{
	report_message("kept: %s; start it again with: pg_ctl -D %s/data start", directory, directory);
}

static enum exit_code run_sandbox(struct context *context, struct err *err)
{
	const char *shell = getenv("SHELL");
	char *shell_argv[] = {(char *)(uintptr_t)(shell && *shell ? shell : "/bin/sh"), NULL};
	bool given = context->rest && *context->rest;
	struct server *server = sandbox_start(context, err);
	const char *directory;
	int code;

	if (!server)
		return err->code;
	directory = arena_strdup(&context->arena, server_directory(server));
	if (!given && isatty(STDIN_FILENO))
		say_how(server);
	code = run_command(given ? context->rest : shell_argv);
	server_stop(server, context->options.keep);
	if (context->options.keep)
		say_kept(directory);
	if (code < 0)
		err_set(err, EXIT_OWN, "cannot start another process");
	return code < 0 ? EXIT_OWN : (enum exit_code)code;
}

const struct command command_sandbox = {
	.name = "sandbox",
	.group = "try",
	.summary = "a command, or a shell, with a throwaway server",
	.synopsis = "[-- COMMAND...]",
	.description =
		"Starts an empty PostgreSQL in a temporary directory that listens on a socket there and nowhere else, runs each "
		"file of --load on it, and then the command with PGHOST, PGPORT, PGUSER and PGDATABASE set; without a command "
		"your shell. At the end the server is gone, unless --keep. The exit code is the command's.\n\n"
		"  interlock sandbox --load schema.sql -- interlock run orders\n"
		"  interlock sandbox -- sh -c 'psql -f schema.sql && make test'\n\n"
		"Started as root, the server runs as \"postgres\" or \"nobody\". For one command of interlock there is --sandbox.",
	.accepts = "keep load bindir",
	.server = SERVER_NONE,
	.takes_rest = true,
	.run = run_sandbox,
};
