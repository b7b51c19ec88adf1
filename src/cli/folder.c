/* nftw without following links, and writes that never go through one. */
#include "cli/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot(const char *path, struct err *err)
{
	return err_set(err, EXIT_OWN, "cannot write \"%s\": %s", path, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_DP || kind == FTW_D || kind == FTW_DNR ? rmdir(path) : unlink(path);
}

void folder_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool folder_make(const char *path, struct err *err)
{
	struct arena arena = {0};
	char *copy = arena_strdup(&arena, path);
	bool ok = true;

	for (char *slash = copy; ok && slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		ok = mkdir(copy, 0777) == 0 || errno == EEXIST || cannot(copy, err);
		if (slash)
			*slash = '/';
	}
	arena_release(&arena);
	return ok;
}

bool folder_write(const char *path, const char *text, size_t length, struct err *err)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	bool ok = file >= 0;

	while (ok && length > 0) {
		ssize_t n = write(file, text, length);

		ok = n >= 0 || errno == EINTR;
		text += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
	ok = ok && fsync(file) == 0;
	if (!ok)
		cannot(path, err);
	if (file >= 0 && close(file) != 0 && ok)
		ok = cannot(path, err);
	return ok;
}
