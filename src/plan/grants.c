/* Rights that went on from those who got them. */
#include "plan/grants.h"

#include <jansson.h>
#include <string.h>

static json_t *list_of(const struct record *record, const char *column)
{
	const char *text = record_get(record, column);

	return text ? json_loads(text, 0, NULL) : NULL;
}

/* An entry is a text, or an object with one. */
static bool holds(json_t *list, const char *text)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		const char *one = json_string_value(json_is_object(entry) ? json_object_get(entry, "text") : entry);

		if (one && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

const char *grants_onward(const struct facts *facts, bool *before, struct arena *arena)
{
	json_t *given = list_of(facts->before, "lacking"), *were = list_of(facts->before, "onward");
	json_t *are = list_of(facts->now, "onward"), *told = json_array(), *entry;
	const char *texts = NULL;
	size_t i;

	*before = false;
	json_array_foreach(are, i, entry)
	{
		const char *text = json_string_value(json_object_get(entry, "text"));

		if (!holds(given, json_string_value(json_object_get(entry, "key"))) || holds(told, text))
			continue;
		json_array_append_new(told, json_string(text));
		texts = texts ? arena_printf(arena, "%s, %s", texts, text) : arena_strdup(arena, text);
		*before |= holds(were, text);
	}
	json_decref(given);
	json_decref(were);
	json_decref(are);
	json_decref(told);
	return texts;
}
