/* Values between commas, quotes doubled, and what JSON escapes. */
#include "plan/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct reader {
	const char *at, *end;
};

static void add_json(struct buf *out, char c)
{
	if (c == '"' || c == '\\')
		buf_add_char(out, '\\');
	if ((unsigned char)c < 0x20)
		buf_addf(out, "\\u%04x", (unsigned char)c);
	else
		buf_add_char(out, c);
}

/*
 * One value as a JSON string, or null: empty and without any quote.  Leaves
 * the reader at the comma behind it, or at the end.
 */
static void read_value(struct reader *r, struct buf *out)
{
	bool inside = false, quoted = false;
	size_t begin = out->length;

	buf_add_char(out, '"');
	for (; r->at < r->end && (inside || *r->at != ','); r->at++) {
		if (*r->at != '"') {
			add_json(out, *r->at);
		} else if (inside && r->at + 1 < r->end && r->at[1] == '"') {
			add_json(out, '"');
			r->at++;
		} else {
			inside = !inside;
			quoted = true;
		}
	}
	buf_add_char(out, '"');
	if (!quoted && out->length == begin + 2) {
		out->length = begin;
		buf_add(out, "null");
	}
}

/* Behind a value: is there another? */
static bool another(struct reader *r)
{
	bool comma = r->at < r->end;

	r->at += comma;
	return comma;
}

static bool is_known(const struct csv_header *header, const char *name)
{
	for (size_t i = 0; i < header->count; i++)
		if (strcmp(header->names[i], name) == 0)
			return true;
	return false;
}

bool csv_header(struct csv_header *header, const char *text, size_t length, struct buf *problem)
{
	struct reader r = {text, text + length};
	struct buf name = {0};

	do {
		buf_clear(&name);
		read_value(&r, &name);
		if (strcmp(buf_text(&name), "null") == 0 || strcmp(buf_text(&name), "\"\"") == 0)
			buf_addf(problem, "has no name for column %zu", header->count + 1);
		else if (is_known(header, buf_text(&name)))
			buf_addf(problem, "has the name %s twice", buf_text(&name));
		header->names = xrealloc(header->names, (header->count + 1) * sizeof(*header->names));
		header->names[header->count++] = xstrdup(buf_text(&name));
	} while (problem->length == 0 && another(&r));
	buf_release(&name);
	return problem->length == 0;
}

void csv_header_release(struct csv_header *header)
{
	for (size_t i = 0; i < header->count; i++)
		free(header->names[i]);
	free(header->names);
	*header = (struct csv_header){0};
}

void csv_object(const struct csv_header *header, const char *text, size_t length, struct buf *out,
                struct buf *problem)
{
	struct reader r = {text, text + length};
	size_t count = 0;

	do {
		buf_addf(out, "%s%s: ", count ? ", " : "{", count < header->count ? header->names[count] : "\"\"");
		read_value(&r, out);
		count++;
	} while (another(&r));
	buf_add(out, "}");
	if (count != header->count)
		buf_addf(problem, "it has %zu %s, the first line has %zu %s", count, count == 1 ? "value" : "values",
		         header->count, header->count == 1 ? "name" : "names");
}
