/*
 * Memory that is always there: out of memory is a message and an exit, so no
 * caller checks an allocation.
 */
#ifndef INTERLOCK_BASE_XALLOC_H
#define INTERLOCK_BASE_XALLOC_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(); a size of 0 gives one byte. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);

/* A state that the code has made impossible: prints it with its place and aborts. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));

#endif
