/* Files of SQL, read whole. */
#include "cli/sql_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 << 20 };

static bool read_stream(FILE *stream, const char *path, struct buf *text, struct err *err)
{
	char chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stream)) > 0) {
		buf_add_bytes(text, chunk, n);
		if (text->length > FILE_MAX)
			return err_set(err, EXIT_OWN, "\"%s\" is longer than 64 MiB", path);
	}
	if (ferror(stream))
		return err_set(err, EXIT_OWN, "cannot read \"%s\": %s", path, strerror(errno));
	if (text->length > 0 && memchr(text->data, '\0', text->length))
		return err_set(err, EXIT_OWN, "\"%s\" holds a zero byte: it is no text", path);
	return true;
}

bool sql_file_read(const char *path, struct buf *text, struct err *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool ok;

	if (!file)
		return err_set(err, EXIT_OWN, "cannot read \"%s\": %s", path, strerror(errno));
	ok = read_stream(file, path, text, err);
	if (file != stdin)
		fclose(file);
	return ok;
}
