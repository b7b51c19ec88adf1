/* A reader of Lua's tokens, just enough to skip what is not an option. */
#include "plan/locate.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

struct reader {
	const char *at;
	int line;
};

static bool read_file(const char *path, struct buf *out)
{
	char chunk[8192];
	size_t n;
	FILE *file = path ? fopen(path, "r") : NULL;

	if (!file)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && out->length < 1 << 20)
		buf_add_bytes(out, chunk, n);
	fclose(file);
	return true;
}

static void advance(struct reader *r, size_t count)
{
	while (count-- && *r->at)
		r->line += *r->at++ == '\n';
}

/* The number of '=' in a long bracket "[==[" that begins here, or -1. */
static int long_bracket(const char *at)
{
	int level = 0;

	if (*at != '[')
		return -1;
	while (at[1 + level] == '=')
		level++;
	return at[1 + level] == '[' ? level : -1;
}

static void skip_long(struct reader *r, int level)
{
	advance(r, (size_t)level + 2);
	for (; *r->at; advance(r, 1)) {
		int n = 0;

		if (*r->at != ']')
			continue;
		while (r->at[1 + n] == '=')
			n++;
		if (n == level && r->at[1 + n] == ']') {
			advance(r, (size_t)level + 2);
			return;
		}
	}
}

static void skip_quoted(struct reader *r)
{
	char quote = *r->at;

	for (advance(r, 1); *r->at && *r->at != quote; advance(r, 1))
		if (*r->at == '\\')
			advance(r, 1);
	advance(r, 1);
}

static void skip_comment(struct reader *r)
{
	int level;

	advance(r, 2);
	level = long_bracket(r->at);
	if (level >= 0)
		skip_long(r, level);
	else
		advance(r, strcspn(r->at, "\n"));
}

/* Skips one string or comment if one begins here. */
static bool skip_opaque(struct reader *r)
{
	int level = long_bracket(r->at);

	if (level >= 0)
		skip_long(r, level);
	else if (*r->at == '"' || *r->at == '\'')
		skip_quoted(r);
	else if (r->at[0] == '-' && r->at[1] == '-')
		skip_comment(r);
	else
		return false;
	return true;
}

static bool at_name(const struct reader *r, const char *begin, const char *name)
{
	size_t length = strlen(name);
	const char *after = r->at + length;

	if (strncmp(r->at, name, length) != 0 || isalnum((unsigned char)*after) || *after == '_')
		return false;
	if (r->at > begin && (isalnum((unsigned char)r->at[-1]) || r->at[-1] == '_' || r->at[-1] == '.'))
		return false;
	after += strspn(after, " \t\r\n");
	return after[0] == '=' && after[1] != '=';
}

/* Moves to `name =` at the top level of the table that opens first. */
static bool find(struct reader *r, const char *name)
{
	const char *begin = r->at;
	int depth = 0;

	while (*r->at) {
		if (depth == 1 && at_name(r, begin, name))
			return true;
		if (skip_opaque(r))
			continue;
		depth += *r->at == '{';
		depth -= *r->at == '}';
		if (depth <= 0 && *r->at == '}')
			return false;
		advance(r, 1);
	}
	return false;
}

int locate_lines_before(const char *text, int position)
{
	int lines = 0;

	for (; *text && position > 1; text++) {
		lines += *text == '\n';
		position -= ((unsigned char)text[1] & 0xC0) != 0x80; /* the next byte begins a character */
	}
	return lines;
}

/* From `name =` to the value. */
static void to_value(struct reader *r, const char *name)
{
	advance(r, strlen(name));
	advance(r, strspn(r->at, " \t\r\n"));
	advance(r, 1);
	advance(r, strspn(r->at, " \t\r\n"));
}

/* The line of a character of the value that begins after `name =`. */
static int line_in_value(struct reader *r, const char *name, const char *text, int position)
{
	const char *first;

	to_value(r, name);
	if (long_bracket(r->at) < 0 || !text)
		return r->line;
	first = r->at + long_bracket(r->at) + 2;
	first += *first == '\r';
	return r->line + (*first == '\n') + locate_lines_before(text, position);
}

/* Moves to `name =` of the table that opens on span.line of the source. */
static bool seek(struct reader *r, struct span span, const char *name, struct buf *source)
{
	if (!read_file(span.file, source))
		return false;
	*r = (struct reader){.at = buf_text(source), .line = 1};
	while (r->line < span.line && *r->at)
		advance(r, 1);
	return find(r, name);
}

bool locate_is_written(struct span span, const char *name)
{
	struct buf source = {0};
	struct reader r;
	bool written = seek(&r, span, name, &source);

	buf_release(&source);
	return written;
}

char *locate_text(struct span span, const char *name, int *line)
{
	struct buf source = {0};
	const char *first;
	char *text = NULL;
	struct reader r;
	int level = -1;

	if (seek(&r, span, name, &source)) {
		to_value(&r, name);
		level = long_bracket(r.at);
	}
	if (level >= 0) {
		first = r.at + level + 2;
		first += *first == '\r';
		*line = r.line + (*first == '\n');
		first += *first == '\n';
		skip_long(&r, level);
		text = xmalloc((size_t)(r.at - first) + 1);
		memcpy(text, first, (size_t)(r.at - first));
		text[r.at - first - (level + 2)] = '\0';
	}
	buf_release(&source);
	return text;
}

struct span locate_option(struct span span, const char *name, const char *text, int position)
{
	struct buf source = {0};
	struct span found = span;
	struct reader r;

	if (seek(&r, span, name, &source))
		found.line = position > 0 ? line_in_value(&r, name, text, position) : r.line;
	buf_release(&source);
	return found;
}
