/* Looking up a named value; rows are narrow, so a walk is enough. */
#include "base/record.h"

#include <string.h>

const char *record_get(const struct record *record, const char *name)
{
	for (size_t i = 0; record && i < record->count; i++)
		if (strcmp(record->names[i], name) == 0)
			return record->values[i];
	return NULL;
}

bool record_true(const struct record *record, const char *name)
{
	const char *value = record_get(record, name);

	return value && (strcmp(value, "t") == 0 || strcmp(value, "true") == 0);
}
