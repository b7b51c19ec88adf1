/*
 * A record: one row of named text values (NULL for SQL's NULL), as it comes
 * from a query or from a JSON object in the registry.
 */
#ifndef INTERLOCK_BASE_RECORD_H
#define INTERLOCK_BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

struct record {
	size_t count;
	const char *const *names;
	const char *const *values;
};

/* The value of that name; NULL when it is NULL, absent, or there is no record. */
const char *record_get(const struct record *record, const char *name);
/* The same as a boolean: "t" and "true" are true. */
bool record_true(const struct record *record, const char *name);

#endif
