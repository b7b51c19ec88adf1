/* Out of jansson's memory, into the arena's. */
#include "plan/json_text.h"

#include <stdlib.h>

const char *json_text(const json_t *value, struct arena *arena)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	const char *copy = text ? arena_strdup(arena, text) : NULL;

	free(text);
	return copy;
}

const char *json_text_new(json_t *value, struct arena *arena)
{
	const char *text = json_text(value, arena);

	json_decref(value);
	return text;
}

const char *json_text_of(const json_t *object, const char *name, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(object, name)));
}
