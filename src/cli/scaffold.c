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

bool scaffold_write(const char *path, const char *text, bool *there, struct err *err)
{
	FILE *file;
	bool bad;
	int fd;

	*there = false;
	if (!make_folders(path, err))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		*there = true;
		return true;
	}
	if (fd < 0)
		return cannot(path, err);
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return cannot(path, err);
	}
	bad = fputs(text, file) < 0;
	return (fclose(file) == 0 && !bad) || cannot(path, err);
}
