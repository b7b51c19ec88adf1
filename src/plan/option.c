/* Checking what a plan gives against the rows that say what is accepted. */
#include "plan/option.h"

#include <string.h>

#include "plan/data_file.h"
#include "plan/locate.h"
#include "plan/option_hint.h"
#include "plan/option_item.h"

struct diag *option_error(const struct option_place *place, struct diags *diags, const char *rule,
                          const char *option, const char *format, ...)
{
	struct span span = option ? locate_option(place->span, option, NULL, 0) : place->span;
	struct diag *diag;
	va_list args;
	char *summary;

	va_start(args, format);
	summary = arena_vprintf(&diags->arena, format, args);
	va_end(args);
	diag = diags_add(diags, SEVERITY_ERROR, rule, span, "%s", summary);
	diag_chain(&diags->arena, diag, place->chain, place->chain_length);
	return diag;
}

/* A default as the JSON value that a plan would have given; new reference, NULL when there is none. */
static json_t *default_of(const struct option *option)
{
	if (!option->default_value)
		return NULL;
	if (option->kind == OPTION_BOOLEAN)
		return json_boolean(strcmp(option->default_value, "true") == 0);
	if (option->kind == OPTION_INTEGER || option->kind == OPTION_ANY)
		return json_loads(option->default_value, JSON_DECODE_ANY, NULL);
	return json_string(option->default_value);
}

static const struct option *find_option(const struct option_set *set, const char *name, void **args)
{
	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++)
			if (strcmp(o->name, name) == 0) {
				if (args)
					*args = set->args[s];
				return o;
			}
	return NULL;
}

/* Unknown names come before everything else, or a typo reads as "missing". */
static bool check_names(const struct option_set *set, json_t *given, const struct option_place *place,
                        struct diags *diags)
{
	size_t before = diags->errors;
	const char *name;
	json_t *value;

	json_object_foreach(given, name, value) if (!find_option(set, name, NULL))
		option_unknown(set, name, place, diags);
	return diags->errors == before;
}

static void check_missing(const struct option_set *set, json_t *given, const struct option_place *place,
                          struct diags *diags)
{
	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++)
			if (o->required && !json_object_get(given, o->name))
				option_missing(o, place, diags);
}

static void fill_defaults(const struct option_set *set, json_t *given, const struct option_place *place,
                          struct arena *arena, struct diags *diags)
{
	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++) {
			json_t *value = json_object_get(given, o->name) ? NULL : default_of(o);
			struct option_item item = {o, value, (char *)set->args[s] + o->offset, place, arena, diags, false};

			/* Strings are borrowed, so a default's value must live as long as the static text it came from. */
			if (value && (o->kind == OPTION_TEXT || o->kind == OPTION_VERSION))
				*(const char **)item.field = o->default_value;
			else if (value && option_kind_is_sql(o->kind) && o->kind != OPTION_COLUMNS)
				*(const char **)item.field = o->default_value;
			else if (value)
				option_item_decode(&item);
			json_decref(value);
		}
}

bool options_decode(const struct option_set *set, json_t *given, const struct option_place *place,
                    struct arena *arena, struct diags *diags)
{
	size_t before = diags->errors;
	const char *name;
	json_t *value;
	void *args;

	check_names(set, given, place, diags);
	json_object_foreach(given, name, value)
	{
		const struct option *o = find_option(set, name, &args);

		if (o)
			option_item_decode(
				&(struct option_item){o, value, (char *)args + o->offset, place, arena, diags, set->parsed});
	}
	if (diags->errors == before)
		check_missing(set, given, place, diags);
	if (diags->errors == before)
		fill_defaults(set, given, place, arena, diags);
	return diags->errors == before;
}

/* Each expression as its tokens. */
static json_t *canonical_set(json_t *value, struct arena *arena)
{
	json_t *result = json_object(), *entry;
	const char *name;

	json_object_foreach(value, name, entry)
		json_object_set_new(result, name,
	                        json_is_string(entry) ? json_string(sql_normalize(json_string_value(entry), arena))
	                                              : option_canonical_lookup(entry, canonical_set, arena));
	return result;
}

bool options_find_files(const struct option_set *set, json_t *given, const struct option_place *place,
                        struct diags *diags)
{
	size_t before = diags->errors;

	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++) {
			json_t *value = json_object_get(given, o->name);

			if (o->kind == OPTION_FILE && value && (value = data_file_find(value, o, place, diags)))
				json_object_set_new(given, o->name, value);
		}
	return diags->errors == before;
}

void options_keep_files(const struct option_set *set, json_t *given, json_t *filled)
{
	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++)
			if (o->kind == OPTION_FILE && json_object_get(given, o->name))
				json_object_set(filled, o->name, json_object_get(given, o->name));
}

static json_t *canonical_value(const struct option *option, json_t *value)
{
	struct arena arena = {0};
	json_t *result;

	if (option->kind == OPTION_COLUMNS && json_is_array(value)) {
		const char *text = option_columns_text(value, &arena);

		result = text ? json_string(sql_normalize(text, &arena)) : json_deep_copy(value);
	} else if (option->kind == OPTION_FILE) {
		result = data_file_canonical(value);
	} else if (option->kind == OPTION_SET && json_is_object(value)) {
		result = canonical_set(value, &arena);
	} else if (option_kind_is_sql(option->kind) && json_is_string(value)) {
		result = json_string(sql_normalize(json_string_value(value), &arena));
	} else {
		result = json_deep_copy(value);
	}
	arena_release(&arena);
	return result;
}

json_t *options_filled(const struct option_set *set, json_t *canonical)
{
	json_t *result = json_copy(canonical);

	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name; o++)
			if (o->default_value && !json_object_get(result, o->name))
				json_object_set_new(result, o->name, default_of(o));
	return result;
}

json_t *options_canonical(const struct option_set *set, json_t *given, bool with_defaults)
{
	json_t *result = json_object(), *filled;
	const char *name;
	json_t *value;

	json_object_foreach(given, name, value)
	{
		const struct option *o = find_option(set, name, NULL);

		json_object_set_new(result, name, o ? canonical_value(o, value) : json_deep_copy(value));
	}
	if (!with_defaults)
		return result;
	filled = options_filled(set, result);
	json_decref(result);
	return filled;
}
