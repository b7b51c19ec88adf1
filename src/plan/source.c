/* One open, one fstat, and reads up to a limit. */
#include "plan/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/xalloc.h"

static bool refuse(struct source *source, const char *why)
{
	source->why = why;
	return false;
}

/* One byte more than allowed is asked for: a file may grow, and /proc says 0. */
static bool read_all(int file, struct source *source)
{
	ssize_t n;

	source->text = xmalloc(SOURCE_MAX + 1);
	do {
		n = read(file, source->text + source->length, SOURCE_MAX + 1 - source->length);
		if (n > 0)
			source->length += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return refuse(source, strerror(errno));
	source->is_too_long = source->length > SOURCE_MAX;
	if (source->is_too_long)
		return refuse(source, "it is longer than 1 MiB");
	source->text[source->length] = '\0';
	sha256_hex(source->text, source->length, source->sha256);
	return true;
}

bool source_read(const char *path, struct source *source)
{
	struct stat facts;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool ok;

	*source = (struct source){0};
	if (file < 0) {
		source->is_missing = errno == ENOENT || errno == ENOTDIR;
		return refuse(source, strerror(errno));
	}
	if (fstat(file, &facts) != 0)
		ok = refuse(source, strerror(errno));
	else if (!S_ISREG(facts.st_mode))
		ok = refuse(source, "it is not an ordinary file");
	else
		ok = read_all(file, source);
	close(file);
	return ok;
}

void source_release(struct source *source)
{
	free(source->text);
	*source = (struct source){0};
}
