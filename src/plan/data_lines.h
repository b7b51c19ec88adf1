/*
 * The rows of a file of data, one after the other, in little memory: JSON
 * Lines, or CSV with a header (RFC 4180 as PostgreSQL reads it: an empty value
 * without quotes is NULL).  UTF-8, with or without a byte order mark, lines
 * that end with LF or CRLF.  Empty lines are left out.
 */
#ifndef INTERLOCK_PLAN_DATA_LINES_H
#define INTERLOCK_PLAN_DATA_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { DATA_LINE_MAX = 8 << 20 }; /* bytes; a longer row is a problem, and its beginning alone is kept */

struct data_lines;

/* A row; strings are borrowed until the next is asked for. */
struct data_line {
	int64_t line;     /* that it begins on, from 1 */
	const char *text; /* as it stands there, always valid UTF-8 without NUL */
	size_t length;
	const char *fields; /* of CSV: its values by name, as a JSON object; else NULL */
	size_t fields_length;
	const char *problem; /* why it is of no use; NULL: it can be read */
};

/* EXIT_STEP when it can't be opened. */
bool data_lines_open(const char *path, bool csv, struct data_lines **out, struct err *err);
/*
 * The next row.  *end: there is none, and the file was read to its end.
 * EXIT_STEP: it can't be read, or not understood from there on.
 */
bool data_lines_next(struct data_lines *lines, struct data_line *line, bool *end, struct err *err);
/* After the end: of the whole file. */
void data_lines_sha256(struct data_lines *lines, char hex[65]);
/* What is another after any change of the file, and for another file. */
const char *data_lines_stamp(const struct data_lines *lines);
/* Accepts NULL. */
void data_lines_close(struct data_lines *lines);

#endif
