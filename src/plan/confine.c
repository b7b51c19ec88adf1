/* Resource limits, closed descriptors and a filter of system calls. */
#include "plan/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DESCRIPTORS = 16 };

/* The address sanitizer reserves terabytes of addresses, and uses calls of its own when it reports. */
#ifdef INTERLOCK_SANITIZED
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* The host's handlers wish for a safe point; here the process just ends. */
static void forget_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void close_others(int keep)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (keep > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, (unsigned int)keep - 1, 0);
	close_range((unsigned int)keep + 1, ~0U, 0);
}

static bool limit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit old, new = {soft, hard};

	if (getrlimit(resource, &old) != 0)
		return false;
	if (old.rlim_max < new.rlim_max)
		new.rlim_max = old.rlim_max;
	if (new.rlim_max < new.rlim_cur)
		new.rlim_cur = new.rlim_max;
	return setrlimit(resource, &new) == 0;
}

static bool set_limits(int keep)
{
	rlim_t descriptors = keep < DESCRIPTORS ? DESCRIPTORS : (rlim_t)keep + 1;
	bool ok = limit(RLIMIT_CPU, CONFINE_SECONDS, CONFINE_SECONDS + 1) && limit(RLIMIT_CORE, 0, 0) &&
	          limit(RLIMIT_FSIZE, 0, 0) && limit(RLIMIT_NOFILE, descriptors, descriptors);

	if (!SANITIZED)
		ok = ok && limit(RLIMIT_AS, (rlim_t)CONFINE_MEGABYTES << 20, (rlim_t)CONFINE_MEGABYTES << 20);
	return ok;
}

static void forbid(scmp_filter_ctx filter, int call)
{
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
}

/* open(path, flags) and openat(folder, path, flags): any way of opening that can change something. */
static void forbid_writing(scmp_filter_ctx filter)
{
	static const scmp_datum_t ways[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
		                 SCMP_A1(SCMP_CMP_MASKED_EQ, ways[i], ways[i]));
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
		                 SCMP_A2(SCMP_CMP_MASKED_EQ, ways[i], ways[i]));
	}
}

/*
 * A further fence behind the allow-list of Lua functions, so a kernel without
 * filters is no reason to stop.
 */
static void filter_calls(void)
{
	static const int calls[] = {
		SCMP_SYS(socket),    SCMP_SYS(socketpair), SCMP_SYS(connect),  SCMP_SYS(bind),
		SCMP_SYS(sendto),    SCMP_SYS(sendmsg),    SCMP_SYS(execve),   SCMP_SYS(execveat),
		SCMP_SYS(fork),      SCMP_SYS(vfork),      SCMP_SYS(clone),    SCMP_SYS(clone3),
		SCMP_SYS(kill),      SCMP_SYS(tkill),      SCMP_SYS(ptrace),   SCMP_SYS(creat),
		SCMP_SYS(openat2),   SCMP_SYS(unlink),     SCMP_SYS(unlinkat), SCMP_SYS(rename),
		SCMP_SYS(renameat),  SCMP_SYS(renameat2),  SCMP_SYS(mkdir),    SCMP_SYS(mkdirat),
		SCMP_SYS(rmdir),     SCMP_SYS(link),       SCMP_SYS(linkat),   SCMP_SYS(symlink),
		SCMP_SYS(symlinkat), SCMP_SYS(truncate),   SCMP_SYS(chmod),    SCMP_SYS(fchmod),
		SCMP_SYS(fchmodat),  SCMP_SYS(chown),      SCMP_SYS(fchownat), SCMP_SYS(mknod),
		SCMP_SYS(mknodat),   SCMP_SYS(mount),      SCMP_SYS(chroot),   SCMP_SYS(io_uring_setup),
		SCMP_SYS(setrlimit), SCMP_SYS(shmget),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter)
		return;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		forbid(filter, calls[i]);
	forbid_writing(filter);
	seccomp_load(filter);
	seccomp_release(filter);
}

bool confine_process(int keep)
{
	forget_signals();
	close_others(keep);
	if (!set_limits(keep))
		return false;
	if (!SANITIZED)
		filter_calls();
	return true;
}
