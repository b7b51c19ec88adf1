/* Which columns the fields of a file are for: what import_rows says in `columns`. */
#ifndef INTERLOCK_PLAN_IMPORT_FIELDS_H
#define INTERLOCK_PLAN_IMPORT_FIELDS_H

#include <jansson.h>
#include <stddef.h>

#include "base/arena.h"

struct import_fields {
	struct import_field {
		const char *column, *field; /* unquoted; as it is in the file */
	} * items;
	size_t count;
	const char *wrong; /* what is wrong with them, after the option's name; NULL: nothing */
};

/* { "id", "url" }, "id, url", { url = "image_url" }, or nothing (NULL): then there are none. */
struct import_fields import_fields_of(json_t *columns, struct arena *arena);

#endif
