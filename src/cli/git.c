/* Running git without a shell, with an environment and limits of our own. */
#include "cli/git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "cli/folder.h"

enum { ANSWER_MAX = 16 << 20, FILE_MAX = 256 << 20 };

/* What the shell of a hook, or a person, may have set for another repository; and no question at a terminal. */
static void set_environment(void)
{
	static const char *const names[] = {"GIT_DIR",
	                                    "GIT_WORK_TREE",
	                                    "GIT_INDEX_FILE",
	                                    "GIT_OBJECT_DIRECTORY",
	                                    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	                                    "GIT_COMMON_DIR",
	                                    "GIT_NAMESPACE",
	                                    "GIT_TEMPLATE_DIR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	setenv("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh", 1);
	setenv("LC_ALL", "C", 1);
}

/* The child's side.  A repository that is larger than FILE_MAX ends git instead of filling the disk. */
static void become_git(const struct git *git, const char *const *arguments, int out)
{
	struct rlimit limit = {FILE_MAX, FILE_MAX};
	char messages[256];
	sigset_t none;
	int in, err;

	snprintf(messages, sizeof(messages), "%s/messages", git->folder);
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	err = open(messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &limit);
	set_environment();
	execvp("git", (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* true when the answer ended within the limit. */
static bool read_answer(int file, struct buf *out)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(file, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			buf_add_bytes(out, chunk, (size_t)n);
		if (out->length > ANSWER_MAX)
			return false;
	}
	return true;
}

/* What git said last, as details. */
static void add_messages(const struct git *git, struct err *err)
{
	char path[256], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/messages", git->folder);
	file = fopen(path, "re");
	for (int lines = 0; file && lines < 8 && fgets(line, sizeof(line), file); lines++) {
		line[strcspn(line, "\r\n")] = '\0';
		for (char *c = line; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7F)
				*c = ' ';
		if (*line)
			err_detail(err, "git: %s", line);
	}
	if (file)
		fclose(file);
}

static bool explain(const struct git *git, const char *what, int status, struct err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		err_set(err, EXIT_OWN, "cannot run git");
		err_help(err, "install the git program; libraries are fetched and pinned by it");
		return false;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) {
		err_set(err, EXIT_OWN, "cannot %s: the repository is larger than %d MiB", what, FILE_MAX >> 20);
		err_help(err, "give libraries of plans a repository of their own");
		return false;
	}
	err_set(err, EXIT_OWN, "cannot %s", what);
	add_messages(git, err);
	return false;
}

/* Runs git; `what` is what fails where it fails: "fetch the library".  The arguments begin with "git". */
static bool run(const struct git *git, const char *what, const char *const *arguments, struct buf *out,
                struct err *err)
{
	int ends[2], status = 0;
	bool whole;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(err, EXIT_OWN, "cannot make a pipe: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become_git(git, arguments, ends[1]);
	close(ends[1]);
	whole = pid > 0 && read_answer(ends[0], out);
	close(ends[0]);
	if (pid < 0)
		return err_set(err, EXIT_OWN, "cannot start git: %s", strerror(errno));
	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!whole)
		return err_set(err, EXIT_OWN, "cannot %s: git's answer is longer than %d MiB", what, ANSWER_MAX >> 20);
	if (status != 0 && interrupt_count())
		return err_set(err, EXIT_INTERRUPTED, "interrupted; nothing was changed");
	return status == 0 || explain(git, what, status, err);
}

static bool make_temporary(struct git *git, struct err *err)
{
	const char *base = getenv("TMPDIR");

	if (!base || *base != '/' || strlen(base) > sizeof(git->folder) / 2)
		base = "/tmp";
	snprintf(git->folder, sizeof(git->folder), "%s/interlock-lib-XXXXXX", base);
	if (mkdtemp(git->folder))
		return true;
	git->folder[0] = '\0';
	return err_set(err, EXIT_OWN, "cannot make a folder in \"%s\": %s", base, strerror(errno));
}

bool git_fetch(struct git *git, const char *source, struct err *err)
{
	char repository[256], what[300];
	/* By the transport even for a folder: git then trusts nothing in it. */
	const char *const arguments[] = {"git",        "-c",          "core.hooksPath=/dev/null",
	                                 "clone",      "--bare",      "--quiet",
	                                 "--no-local", "--template=", "--",
	                                 source,       repository,    NULL};
	struct buf out = {0};
	bool ok;

	if (!make_temporary(git, err))
		return false;
	snprintf(repository, sizeof(repository), "%s/repository", git->folder);
	snprintf(what, sizeof(what), "fetch \"%.200s\"", source);
	ok = run(git, what, arguments, &out, err);
	buf_release(&out);
	return ok;
}

/* Asks about the copy: `git -C FOLDER WORDS…`. */
static bool ask(const struct git *git, const char *what, const char *const *words, struct buf *out,
                struct err *err)
{
	const char *arguments[12] = {"git", "-C"};
	char repository[256];
	size_t n = 2;

	snprintf(repository, sizeof(repository), "%s/repository", git->folder);
	arguments[n++] = repository;
	while (*words && n < 11)
		arguments[n++] = *words++;
	return run(git, what, arguments, out, err);
}

bool git_commit(const struct git *git, const char *revision, char commit[65], struct err *err)
{
	char wanted[256];
	const char *const words[] = {"rev-parse", "--verify", "--quiet", "--end-of-options", wanted, NULL};
	struct buf out = {0};
	size_t length;
	bool ok;

	snprintf(wanted, sizeof(wanted), "%.200s^{commit}", revision);
	ok = ask(git, "read the revision", words, &out, err);
	length = strspn(buf_text(&out), "0123456789abcdef");
	if (!ok || (length != 40 && length != 64)) {
		ok = err_set(err, EXIT_OWN, "the repository has no revision \"%.200s\"", revision);
		err_help(err, "give a tag, a branch or a commit");
	} else {
		snprintf(commit, 65, "%.*s", (int)length, buf_text(&out));
	}
	buf_release(&out);
	return ok;
}

bool git_entries(const struct git *git, const char *commit, struct buf *out, struct err *err)
{
	return ask(git, "list the library's files", (const char *[]){"ls-tree", "-z", "-l", commit, NULL}, out, err);
}

bool git_blob(const struct git *git, const char *hash, struct buf *out, struct err *err)
{
	return ask(git, "read a file of the library", (const char *[]){"cat-file", "blob", hash, NULL}, out, err);
}

void git_release(struct git *git)
{
	if (git->folder[0])
		folder_remove(git->folder);
	git->folder[0] = '\0';
}
