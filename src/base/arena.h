/*
 * An arena: many small allocations that end together.  A zeroed struct is a
 * valid empty arena.  Memory stays where it is until arena_release().
 */
#ifndef INTERLOCK_BASE_ARENA_H
#define INTERLOCK_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head;
};

/* Zeroed memory of that many bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* Copies; NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Frees everything that came from the arena; it is empty and usable again. */
void arena_release(struct arena *arena);

/* A zeroed array of `count` elements of that type. */
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

#endif
