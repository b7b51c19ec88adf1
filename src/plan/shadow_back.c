/* Column by column of the live table. */
#include "plan/shadow_back.h"

#include <string.h>

#include "sql/columns.h"
#include "sql/parse.h"
#include "sql/row.h"

static const char *get(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static json_t *column_named(json_t *columns, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(columns, i, entry) if (strcmp(get(entry, "name"), name) == 0) return entry;
	return NULL;
}

static const char *given(const struct shadow_plan *plan, const char *column)
{
	for (size_t i = 0; plan->copy_back && i < plan->copy_back->count; i++)
		if (strcmp(plan->copy_back->items[i].column, column) == 0)
			return plan->copy_back->items[i].value;
	return NULL;
}

/* The column of the shadow that the key column has become; NULL: it is none of the key. */
static const char *key_image(const struct shadow_columns *known, const char *column)
{
	json_t *entry;
	size_t i;

	json_array_foreach(known->keys, i, entry) if (strcmp(get(entry, "live"), column) == 0) return get(entry,
	                                                                                                  "shadow");
	return NULL;
}

/* Rows of both tables are told to be the same by it: it comes back as it went, whatever is said. */
static bool check_key(const struct shadow_plan *plan, const char *column, const char *image, const char *said,
                      struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *quoted = ident_quoted(arena, image);
	const char *text = said ? sql_normalize(said, arena) : quoted;
	size_t length = strlen(quoted);

	if (strncmp(text, quoted, length) == 0 && (!text[length] || strncmp(text + length, "::", 2) == 0))
		return true;
	stmts_refuse(stmts, "leave it out of copy_back: it comes back as it went",
	             "copy_back makes another value of %s, by which rows of %s and %s are told to be the same",
	             ident_quoted(arena, column), relname_quoted(arena, &plan->live),
	             relname_quoted(arena, &plan->shadow));
	stmts->refusal_option = "copy_back";
	return false;
}

/* The same name and the same type. */
static const char *same_column(const struct shadow_columns *known, json_t *column, struct arena *arena)
{
	json_t *source = column_named(known->shadow, get(column, "name"));

	return source && strcmp(get(source, "type"), get(column, "type")) == 0
	           ? ident_quoted(arena, get(column, "name"))
	           : NULL;
}

/* What its SQL names; "*" is no column, and stands for all of them. */
static json_t *reads_of(const char *value, struct arena *arena)
{
	const char *const *names;
	size_t count = sql_columns(value, arena, &names);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	if (sql_has_star(value))
		json_array_append_new(list, json_string("*"));
	return list;
}

static json_t *entry_of(json_t *column, const char *value, struct arena *arena)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:o}", "name", get(column, "name"), "value", value, "type",
	                 get(column, "type"), "plain", get(column, "plain"), "comparable",
	                 json_is_true(json_object_get(column, "comparable")), "always",
	                 json_is_true(json_object_get(column, "always")), "reads", reads_of(value, arena));
}

json_t *shadow_back_of(const struct shadow_plan *plan, const struct shadow_columns *known, struct stmts *stmts)
{
	json_t *list = json_array(), *column;
	size_t i;

	json_array_foreach(known->live, i, column)
	{
		const char *name = get(column, "name"), *value = given(plan, name), *image = key_image(known, name);

		if (image && !check_key(plan, name, image, value, stmts)) {
			json_decref(list);
			return NULL;
		}
		if (image)
			value = ident_quoted(stmts->arena, image);
		if (!value)
			value = same_column(known, column, stmts->arena);
		if (value && !*get(column, "generated"))
			json_array_append_new(list, entry_of(column, value, stmts->arena));
	}
	return list;
}
