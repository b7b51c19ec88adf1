/* Bytes to lines, lines to rows. */
#include "plan/data_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "base/xalloc.h"
#include "plan/csv.h"
#include "plan/utf8.h"

enum { BLOCK = 1 << 16, SHOWN = 1000 };

struct data_lines {
	int file;
	bool csv, begun;
	struct sha256 sha256;
	char stamp[128];
	char block[BLOCK];
	size_t at, filled; /* of the block */
	int64_t line;      /* that the next row begins on */
	struct buf text;   /* the row, without the end of its line */
	bool too_long;     /* what is behind DATA_LINE_MAX is not in it */
	struct csv_header header;
	struct buf fields, problem;
	json_t *clean; /* the text where it is not UTF-8 */
};

static bool cannot_read(const char *why, struct err *err)
{
	return err_set(err, EXIT_STEP, "cannot read the file: %s", why);
}

bool data_lines_open(const char *path, bool csv, struct data_lines **out, struct err *err)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	struct data_lines *l;
	struct stat s;

	if (file < 0)
		return cannot_read(strerror(errno), err);
	if (fstat(file, &s) != 0 || !S_ISREG(s.st_mode)) {
		close(file);
		return cannot_read("it is not an ordinary file", err);
	}
	l = xcalloc(1, sizeof(*l));
	l->file = file;
	l->csv = csv;
	l->line = 1;
	sha256_begin(&l->sha256);
	snprintf(l->stamp, sizeof(l->stamp), "%llx %llx %lld %lld.%09ld", (unsigned long long)s.st_dev,
	         (unsigned long long)s.st_ino, (long long)s.st_size, (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
	*out = l;
	return true;
}

const char *data_lines_stamp(const struct data_lines *l)
{
	return l->stamp;
}

void data_lines_sha256(struct data_lines *l, char hex[65])
{
	sha256_end(&l->sha256, hex);
}

void data_lines_close(struct data_lines *l)
{
	if (!l)
		return;
	close(l->file);
	csv_header_release(&l->header);
	buf_release(&l->text);
	buf_release(&l->fields);
	buf_release(&l->problem);
	json_decref(l->clean);
	free(l);
}

/* More of the file; l->filled is 0 at its end. */
static bool fill(struct data_lines *l, struct err *err)
{
	ssize_t n;

	do {
		n = read(l->file, l->block, sizeof(l->block));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return cannot_read(strerror(errno), err);
	sha256_add(&l->sha256, l->block, (size_t)n);
	l->at = 0;
	l->filled = (size_t)n;
	return true;
}

static void take(struct data_lines *l, const char *bytes, size_t length)
{
	size_t room = DATA_LINE_MAX - l->text.length;

	l->too_long |= length > room;
	buf_add_bytes(&l->text, bytes, length < room ? length : room);
}

static int64_t count(const char *bytes, size_t length, char c)
{
	int64_t found = 0;

	for (size_t i = 0; i < length; i++)
		found += bytes[i] == c;
	return found;
}

/*
 * The next row as it stands there, up to the end of a line that is not inside
 * quotes.  *lines: how many it takes; 0: the file has ended.
 */
static bool collect(struct data_lines *l, int64_t *lines, struct err *err)
{
	int64_t quotes = 0;
	bool ended = false, any = false;

	*lines = 0;
	buf_clear(&l->text);
	l->too_long = false;
	while (!ended) {
		const char *begin, *end;
		size_t length;

		if (l->at == l->filled && !fill(l, err))
			return false;
		if (l->filled == 0)
			break;
		any = true;
		begin = l->block + l->at;
		end = memchr(begin, '\n', l->filled - l->at);
		length = (end ? (size_t)(end - begin) : l->filled - l->at);
		quotes += l->csv ? count(begin, length, '"') : 0;
		ended = end && quotes % 2 == 0;
		*lines += end != NULL;
		take(l, begin, length + (end && !ended));
		l->at += length + (end != NULL);
	}
	*lines += any && !ended;
	if (quotes % 2 == 0)
		return true;
	err_set(err, EXIT_STEP, "line %lld has a quote that is never closed", (long long)l->line);
	return err_help(err, "a quote inside of a value is written twice, and the value between quotes"), false;
}

/* The byte order mark goes; a file of another encoding is told by its own. */
static bool begin(struct data_lines *l, struct err *err)
{
	const char *text = buf_text(&l->text);

	l->begun = true;
	if (l->text.length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		err_set(err, EXIT_STEP, "the file is encoded in UTF-16");
		return err_help(err, "convert it: iconv -f UTF-16 -t UTF-8"), false;
	}
	if (l->text.length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		l->text.length -= 3;
		memmove(l->text.data, l->text.data + 3, l->text.length + 1);
	}
	return true;
}

static void strip_return(struct buf *text)
{
	if (text->length > 0 && text->data[text->length - 1] == '\r')
		text->data[--text->length] = '\0';
}

/* The first byte that is of no use, from 1; 0: there is none. */
static size_t bad_byte(const struct buf *text, bool *nul)
{
	for (size_t at = 0; at < text->length;) {
		size_t step = utf8_step(text->data + at, text->length - at);

		*nul = text->data[at] == '\0';
		if (step == 0 || *nul)
			return at + 1;
		at += step;
	}
	return 0;
}

static void describe(struct data_lines *l, struct data_line *line)
{
	const char *text = buf_text(&l->text);
	size_t length = l->text.length, bad;
	bool nul = false;

	buf_clear(&l->problem);
	if (l->too_long) {
		buf_addf(&l->problem, "it is longer than %d MB", DATA_LINE_MAX >> 20);
		length = SHOWN;
	} else if ((bad = bad_byte(&l->text, &nul))) {
		buf_addf(&l->problem, nul ? "byte %zu is a NUL, which no text may hold" : "byte %zu is not UTF-8", bad);
	} else if (l->csv) {
		buf_clear(&l->fields);
		csv_object(&l->header, text, length, &l->fields, &l->problem);
	}
	*line = (struct data_line){.line = l->line, .text = text, .length = length};
	if (l->problem.length > 0) {
		json_decref(l->clean);
		l->clean = utf8_json(text, length);
		line->text = json_string_value(l->clean);
		line->length = json_string_length(l->clean);
		line->problem = buf_text(&l->problem);
	} else if (l->csv) {
		line->fields = buf_text(&l->fields);
		line->fields_length = l->fields.length;
	}
}

static bool take_header(struct data_lines *l, struct err *err)
{
	bool nul, ok;

	if (l->too_long || bad_byte(&l->text, &nul))
		return err_set(err, EXIT_STEP, "the first line, with the names of the columns, is not UTF-8");
	ok = csv_header(&l->header, buf_text(&l->text), l->text.length, &l->problem);
	if (!ok) {
		err_set(err, EXIT_STEP, "the first line, with the names of the columns, %s", buf_text(&l->problem));
		err_help(err, "a CSV file begins with a line of names");
	}
	return ok;
}

/* Spaces alone; of CSV with one column an empty line is a row with NULL. */
static bool is_empty(const struct data_lines *l)
{
	if (l->csv)
		return l->text.length == 0 && l->header.count > 1;
	return strspn(buf_text(&l->text), " \t") == l->text.length;
}

bool data_lines_next(struct data_lines *l, struct data_line *line, bool *end, struct err *err)
{
	int64_t lines;

	for (;;) {
		bool wants_header = l->csv && !l->begun;

		if (!collect(l, &lines, err))
			return false;
		*end = lines == 0;
		if (wants_header && *end)
			return err_set(err, EXIT_STEP, "the file is empty: a CSV file begins with the names of its columns");
		if (*end)
			return true;
		if (!l->begun && !begin(l, err))
			return false;
		strip_return(&l->text);
		if (wants_header && !take_header(l, err))
			return false;
		if (!wants_header && !is_empty(l))
			break;
		l->line += lines;
	}
	describe(l, line);
	l->line += lines;
	return true;
}
