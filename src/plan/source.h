/* Reading a Lua file as a whole, and its hash. */
#ifndef INTERLOCK_PLAN_SOURCE_H
#define INTERLOCK_PLAN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_MAX = 1 << 20 };

/* A zeroed struct is no source; whoever reads one releases it. */
struct source {
	char *text;
	size_t length;
	char sha256[65];  /* hexadecimal */
	const char *why;  /* why it could not be read; static or from strerror() */
	bool is_missing;  /* there is no such file */
	bool is_too_long; /* over SOURCE_MAX bytes */
};

/* Reads an ordinary file; never waits for a pipe or a device.  false: source->why says the reason. */
bool source_read(const char *path, struct source *source);
void source_release(struct source *source);

#endif
