/* The statements inside a body of PL/pgSQL, as far as they are written out. */
#ifndef INTERLOCK_SQL_BODY_H
#define INTERLOCK_SQL_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct body {
	const char *const *statements; /* SQL, in the order of the text; EXECUTE of a literal counts */
	size_t count;
	bool dynamic; /* it also executes texts that are put together when it runs */
};

/* Reads a DO statement (or CREATE FUNCTION).  false: it can't be read, or is in another language. */
bool body_read(const char *statement, struct arena *arena, struct body *body);

#endif
