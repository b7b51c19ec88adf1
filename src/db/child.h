/*
 * Another program as a child that does not outlive us: it runs in a process
 * group of its own (a Ctrl-C of the terminal does not reach it), and the
 * kernel signals it when we die, even by SIGKILL.
 */
#ifndef INTERLOCK_DB_CHILD_H
#define INTERLOCK_DB_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom a program runs as. */
struct child_user {
	bool other; /* false: as we are */
	uid_t uid;
	gid_t gid;
};
/* Servers refuse root: for root the user "postgres", else "nobody"; for all others themselves. */
struct child_user child_user_unprivileged(void);

struct child {
	const char *const *argv; /* argv[0] is a path; ends with NULL */
	const char *directory;   /* the working directory */
	const char *log;         /* file that receives its output, appended; NULL: */
	int out, errors;         /* descriptors that receive what it writes to stdout and stderr */
	const char *password;    /* PGPASSWORD of its environment; NULL: as ours */
	int death_signal;        /* what it gets when we die */
	struct child_user user;
};
/* The process id, or -1 when there can be no more processes.  A program that cannot be started exits with 127. */
pid_t child_start(const struct child *child);

#endif
