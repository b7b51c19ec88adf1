/* Writing files without harming what is there. */
#include "cli/scaffold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static bool cannot(const char *path, struct err *err)
{
	return err_set(err, EXIT_OWN, "cannot write \"%s\": %s", path, strerror(errno));
}

static bool make_folders(const char *path, struct err *err)
{
	struct arena arena = {0};
	char *copy = arena_strdup(&arena, path);
	bool ok = true;

	for (char *slash = copy; ok && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		ok = mkdir(copy, 0777) == 0 || errno == EEXIST || cannot(copy, err);
		*slash = '/';
	}
	arena_release(&arena);
	return ok;
}

/* Writes it into the open file, which is closed. */
static bool fill(int fd, const char *text)
{
	FILE *file = fdopen(fd, "w");
	bool bad;

	if (!file) {
		close(fd);
		return false;
	}
	bad = fputs(text, file) < 0;
	return fclose(file) == 0 && !bad;
}

bool scaffold_write(const char *path, const char *text, bool *there, struct err *err)
{
	int fd;

	*there = false;
	if (!make_folders(path, err))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		*there = true;
		return true;
	}
	return (fd >= 0 && fill(fd, text)) || cannot(path, err);
}

bool scaffold_replace(const char *path, const char *text, struct err *err)
{
	struct arena arena = {0};
	const char *beside = arena_printf(&arena, "%s.new", path);
	bool ok = make_folders(path, err);
	int fd;

	if (ok) {
		fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		ok = (fd >= 0 && fill(fd, text) && rename(beside, path) == 0) || cannot(path, err);
	}
	arena_release(&arena);
	return ok;
}
