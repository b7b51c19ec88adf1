/* The list of tables below a table, as a probe gives it. */
#include "plan/below.h"

#include <jansson.h>

size_t below_tables(const char *list, struct arena *arena, struct below_table **tables)
{
	json_t *array = list ? json_loads(list, 0, NULL) : NULL, *entry;
	size_t count = json_array_size(array), i;

	*tables = arena_array(arena, struct below_table, count + 1);
	json_array_foreach(array, i, entry)
	{
		struct below_table *table = &(*tables)[i];

		table->table.schema = arena_strdup(arena, json_string_value(json_object_get(entry, "schema")));
		table->table.name = arena_strdup(arena, json_string_value(json_object_get(entry, "table")));
		table->value = arena_strdup(arena, json_string_value(json_object_get(entry, "value")));
	}
	json_decref(array);
	return count;
}

const struct below_table *below_find(const struct below_table *tables, size_t count, const struct relname *table)
{
	for (size_t i = 0; i < count; i++)
		if (relname_equal(&tables[i].table, table))
			return &tables[i];
	return NULL;
}
