/* A list, a map, or a text. */
#include "plan/import_fields.h"

#include <string.h>

#include "sql/ident.h"
#include "sql/parse.h"

static bool has_column(const struct import_fields *fields, const char *column)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->items[i].column, column) == 0)
			return true;
	return false;
}

static void add_field(struct import_fields *fields, const char *name, json_t *field, struct arena *arena)
{
	struct import_field one = {.field = json_string_value(field)};
	const char *why = name ? ident_parse_name(name, arena, &one.column) : NULL;

	if (!name || (field && !one.field))
		fields->wrong = "must be a list of columns, or a map of columns to names of fields";
	else if (why)
		fields->wrong = arena_printf(arena, "names \"%s\", which is not a column: %s", name, why);
	else if (has_column(fields, one.column))
		fields->wrong = arena_printf(arena, "names column \"%s\" twice", one.column);
	if (fields->wrong)
		return;
	if (!one.field)
		one.field = one.column;
	fields->items[fields->count++] = one;
}

/* "id, url", as inside SQL's parentheses. */
static void add_text(struct import_fields *fields, const char *text, struct arena *arena)
{
	struct index_column *items;
	struct err err = {0};
	size_t count;

	if (!sql_parse_index_columns(text, arena, &items, &count, &err))
		fields->wrong = arena_printf(arena, "must be a list of columns: %s", err.diag.summary);
	fields->items = arena_array(arena, struct import_field, fields->wrong ? 1 : count);
	for (size_t i = 0; !fields->wrong && i < count; i++) {
		const char *name = items[i].column;

		if (!name)
			fields->wrong = arena_printf(arena, "names \"%s\", which is not a column", items[i].text);
		else if (has_column(fields, name))
			fields->wrong = arena_printf(arena, "names column \"%s\" twice", name);
		else
			fields->items[fields->count++] = (struct import_field){name, name};
	}
	err_release(&err);
}

struct import_fields import_fields_of(json_t *columns, struct arena *arena)
{
	size_t count = json_is_array(columns) ? json_array_size(columns) : json_object_size(columns), i;
	struct import_fields fields = {.items = arena_array(arena, struct import_field, count + 1)};
	const char *name;
	json_t *value;

	if (json_is_string(columns))
		add_text(&fields, json_string_value(columns), arena);
	else if (columns && count == 0)
		fields.wrong = "must be a list of columns, or a map of columns to names of fields";
	if (json_is_array(columns)) {
		json_array_foreach(columns, i, value) if (!fields.wrong)
			add_field(&fields, json_string_value(value), NULL, arena);
	} else {
		json_object_foreach(columns, name, value) if (!fields.wrong) add_field(&fields, name, value, arena);
	}
	return fields;
}
