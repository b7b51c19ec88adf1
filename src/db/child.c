/* fork, everything between, exec. */
#include "db/child.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct child_user child_user_unprivileged(void)
{
	const struct passwd *entry;

	if (geteuid() != 0)
		return (struct child_user){0};
	entry = getpwnam("postgres");
	if (!entry)
		entry = getpwnam("nobody");
	return entry ? (struct child_user){true, entry->pw_uid, entry->pw_gid}
	             : (struct child_user){true, 65534, 65534};
}

static void redirect(const struct child *child)
{
	int in = open("/dev/null", O_RDONLY), out = child->out, errors = child->errors;

	if (child->log)
		out = errors = open(child->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (in < 0 || out < 0)
		_exit(127);
	dup2(in, 0);
	dup2(out, 1);
	dup2(errors, 2);
	close_range(3, ~0U, 0);
}

/* A change of user clears the wish, so it is made again; and our death between fork and here would go unnoticed.
 */
static void die_with(pid_t parent, int number)
{
	if (prctl(PR_SET_PDEATHSIG, number) != 0 || getppid() != parent)
		_exit(127);
}

static void become(const struct child_user *user)
{
	if (user->other && (setgroups(0, NULL) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0))
		_exit(127);
}

/* Only what the server programs would take for settings of their own. */
static void clean_environment(void)
{
	static const char *const names[] = {"PGDATA", "PGPORT", "PGDATESTYLE", "PGCLIENTENCODING", "PGOPTIONS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

static void run(const struct child *child, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	die_with(parent, child->death_signal);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	become(&child->user);
	die_with(parent, child->death_signal);
	redirect(child);
	clean_environment();
	if (child->password)
		setenv("PGPASSWORD", child->password, 1);
	if (chdir(child->directory) != 0)
		_exit(127);
	execv(child->argv[0], (char *const *)(uintptr_t)child->argv);
	_exit(127);
}

pid_t child_start(const struct child *child)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		run(child, parent);
	return pid;
}
