/*
 * A growing string.  A zeroed struct is an empty buffer; `data` is always a
 * string after the first addition, and buf_text() is one even before.
 * Whoever initialised a buffer releases it.
 */
#ifndef INTERLOCK_BASE_BUF_H
#define INTERLOCK_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t length, room;
};

void buf_add(struct buf *buf, const char *text);
void buf_add_bytes(struct buf *buf, const char *bytes, size_t length);
void buf_add_char(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* The text so far, "" for an empty buffer; borrowed until the next change. */
const char *buf_text(const struct buf *buf);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);
/* Frees the memory; the buffer is empty and usable again. */
void buf_release(struct buf *buf);

#endif
