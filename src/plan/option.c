/* Checking what a plan gives against the rows that say what is accepted. */
#include "plan/option.h"

#include <string.h>

#include "base/interval.h"
#include "base/suggest.h"
#include "plan/locate.h"
#include "plan/option_hint.h"

static const struct kind {
	const char *name;
	bool sql;
	const char *wants; /* what a value has to be */
} kinds[] = {
	[OPTION_TABLE] = {"table", false, "the name of a table, \"schema.table\""},
	[OPTION_TABLES] = {"table list", false, "the name of a table, or a list of them"},
	[OPTION_OBJECT] = {"object", false, "a name, \"schema.name\""},
	[OPTION_THING] = {"named thing", false, "a kind and a name, as \"table app.users\" or \"schema app\""},
	[OPTION_COLUMN] = {"column", false, "the name of a column"},
	[OPTION_COLUMNS] = {"column list", true, "columns, { \"a\", \"b\" } or \"a, b DESC\""},
	[OPTION_NAME] = {"identifier", false, "a name"},
	[OPTION_DEFINITION] = {"column definitions", true, "column definitions, as inside CREATE TABLE (…)"},
	[OPTION_REFERENCES] = {"reference", true, "a table, or table(column), as after REFERENCES"},
	[OPTION_TYPE] = {"type", true, "a type, as \"varchar(255)\""},
	[OPTION_EXPRESSION] = {"sql expression", true, "an SQL expression, as a string"},
	[OPTION_PREDICATE] = {"sql predicate", true, "an SQL condition, as a string"},
	[OPTION_QUERY] = {"sql query", true, "a SELECT, as a string"},
	[OPTION_STATEMENTS] = {"sql statements", true, "SQL statements, as a string"},
	[OPTION_UNDO] = {"sql statements or false", true, "SQL statements, or false for \"no way back\""},
	[OPTION_INTERVAL] = {"interval", false, "a length of time, as \"50 ms\" or \"30 days\""},
	[OPTION_INTEGER] = {"integer", false, "a whole number"},
	[OPTION_NUMBER] = {"integer", false, "a whole number"},
	[OPTION_BOOLEAN] = {"boolean", false, "true or false"},
	[OPTION_CHOICE] = {"choice", false, "one of the words below"},
	[OPTION_TEXT] = {"text", false, "a text"},
	[OPTION_TEXTS] = {"text list", false, "a text, or a list of texts"},
	[OPTION_VERSION] = {"version", false, "a version, as \"5.3.0\""},
	[OPTION_SET] = {"map of columns to sql expressions", false, "columns and SQL expressions, { total = \"price * amount\" }"},
	[OPTION_ANY] = {"any", false, "a value"},
};

/* One option while it is decoded. */
struct item {
	const struct option *option;
	json_t *value;
	void *field;
	const struct option_place *place;
	struct arena *arena;
	struct diags *diags;
	bool parsed;
};

const char *option_kind_name(enum option_kind kind)
{
	return kinds[kind].name;
}

bool option_kind_is_sql(enum option_kind kind)
{
	return kinds[kind].sql;
}

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

/* false, after an error that says what the value has to be. */
static bool wrong(const struct item *item, const char *why)
{
	struct diag *diag = option_error(item->place, item->diags, "bad-option", item->option->name, "\"%s\" of %s %s",
	                                 item->option->name, item->place->subject, why);
	const char *hint = option_hint(item->option, item->value, &item->diags->arena);

	diag_help(&item->diags->arena, diag, "%s; interlock help %s", hint ? hint : item->option->help,
	          item->place->subject);
	return false;
}

static bool wrong_type(const struct item *item)
{
	return wrong(item, arena_printf(&item->diags->arena, "must be %s", kinds[item->option->kind].wants));
}

/* false, after an error with PostgreSQL's words at the line inside the text. */
static bool wrong_sql(const struct item *item, const char *text, const struct err *err)
{
	const char *hint = option_sql_hint(item->option, text, &item->diags->arena);
	struct diag *diag;

	diag =
		option_error(item->place, item->diags, "bad-sql", item->option->name, "\"%s\" of %s must be %s: %s",
	                 item->option->name, item->place->subject, kinds[item->option->kind].wants, err->diag.summary);
	diag->span = locate_option(item->place->span, item->option->name, text, err->position);
	diag->span.file = arena_strdup(&item->diags->arena, diag->span.file);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&item->diags->arena, diag, "%s", err->diag.details[i]);
	hint = hint ? hint : err->diag.help ? err->diag.help : item->option->help;
	diag_help(&item->diags->arena, diag, "%s", hint);
	return false;
}

static bool decode_relname(const struct item *item, json_t *value, struct relname *out)
{
	const char *why;

	if (!json_is_string(value))
		return wrong_type(item);
	why = ident_parse_relname(json_string_value(value), item->arena, out);
	if (!why)
		return true;
	return wrong(item, arena_printf(&item->diags->arena, "is not %s: %s",
	                                item->option->kind == OPTION_OBJECT ? "a name" : "the name of a table", why));
}

/* The bare name of a table or view, or what it is and its name. */
static bool decode_thing(const struct item *item)
{
	const char *text = json_string_value(item->value);
	struct sql_object *object = item->field;
	struct relname relation;
	struct err err = {0};
	bool ok;

	if (!text)
		return wrong_type(item);
	if (!ident_parse_relname(text, item->arena, &relation)) {
		*object = (struct sql_object){
			.kind = OBJECT_RELATION, .schema = relation.schema, .name = relation.name, .text = text};
		return true;
	}
	ok = sql_parse_object(text, item->arena, object, &err) || wrong_sql(item, text, &err);
	err_release(&err);
	return ok;
}

static bool decode_tables(const struct item *item)
{
	struct table_list *list = item->field;
	json_t *entry;
	size_t i;

	if (!json_is_array(item->value)) {
		list->items = arena_array(item->arena, struct relname, 1);
		list->count = 1;
		return decode_relname(item, item->value, list->items);
	}
	list->count = json_array_size(item->value);
	list->items = arena_array(item->arena, struct relname, list->count);
	json_array_foreach(item->value, i, entry) if (!decode_relname(item, entry, &list->items[i])) return false;
	return true;
}

static bool decode_name(const struct item *item)
{
	const char *why;

	if (!json_is_string(item->value))
		return wrong_type(item);
	why = ident_parse_name(json_string_value(item->value), item->arena, item->field);
	return why ? wrong(item, arena_printf(&item->diags->arena, "is not a name: %s", why)) : true;
}

/* { "a", "b" } as the text "a, b". */
static const char *columns_text(const struct item *item)
{
	struct buf text = {0};
	json_t *entry;
	const char *copy;
	size_t i;

	if (json_is_string(item->value))
		return json_string_value(item->value);
	if (!json_is_array(item->value) || json_array_size(item->value) == 0)
		return NULL;
	json_array_foreach(item->value, i, entry)
	{
		if (!json_is_string(entry)) {
			buf_release(&text);
			return NULL;
		}
		buf_addf(&text, "%s%s", i ? ", " : "", json_string_value(entry));
	}
	copy = arena_strdup(item->arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

static bool decode_columns(const struct item *item)
{
	struct column_list *list = item->field;
	struct err err = {0};
	const char *text = columns_text(item);
	bool ok;

	if (!text)
		return wrong_type(item);
	ok = sql_parse_index_columns(text, item->arena, &list->items, &list->count, &err) ||
	     wrong_sql(item, text, &err);
	list->text = sql_normalize(text, item->arena);
	err_release(&err);
	/* A comment in one entry would swallow the next. */
	if (ok && json_is_array(item->value) && list->count != json_array_size(item->value))
		return wrong(item, "must have one column in each entry");
	return ok;
}

static bool check_definition(const char *text, struct arena *arena, struct err *err)
{
	struct table_definition definition;

	return sql_parse_table_definition(text, arena, &definition, err);
}

static bool check_references(const char *text, struct arena *arena, struct err *err)
{
	struct foreign_key key;

	return sql_parse_references(text, arena, &key, err);
}

static bool check_sql(enum option_kind kind, const char *text, struct arena *arena, struct err *err)
{
	switch (kind) {
	case OPTION_DEFINITION:
		return check_definition(text, arena, err);
	case OPTION_REFERENCES:
		return check_references(text, arena, err);
	case OPTION_TYPE:
		return sql_check_type(text, err);
	case OPTION_EXPRESSION:
	case OPTION_PREDICATE:
		return sql_check_expression(text, err);
	case OPTION_QUERY:
		return sql_check_query(text, err);
	default:
		return sql_check_statements(text, err);
	}
}

static bool decode_sql(const struct item *item)
{
	const char **field = item->field;
	struct err err = {0};
	bool ok;

	if (item->option->kind == OPTION_UNDO && json_is_false(item->value)) {
		*field = "";
		return true;
	}
	if (!json_is_string(item->value))
		return wrong_type(item);
	*field = json_string_value(item->value);
	if (item->parsed)
		return true;
	ok = check_sql(item->option->kind, *field, item->arena, &err) || wrong_sql(item, *field, &err);
	err_release(&err);
	return ok;
}

/* One column and what it is set to. */
static bool decode_assignment(const struct item *item, const char *name, json_t *value, struct assignment *out)
{
	const char *why = ident_parse_name(name, item->arena, &out->column);
	struct err err = {0};
	bool ok;

	if (why)
		return wrong(item, arena_printf(&item->diags->arena, "sets \"%s\", which is not a column: %s", name, why));
	out->value = json_string_value(value);
	if (!out->value)
		return wrong_type(item);
	ok = item->parsed || sql_check_expression(out->value, &err) || wrong_sql(item, out->value, &err);
	err_release(&err);
	return ok;
}

static int by_column(const void *a, const void *b)
{
	return strcmp(((const struct assignment *)a)->column, ((const struct assignment *)b)->column);
}

static bool decode_set(const struct item *item)
{
	struct assignment_list *list = item->field;
	const char *name;
	json_t *value;

	if (!json_is_object(item->value) || json_object_size(item->value) == 0)
		return wrong_type(item);
	list->items = arena_array(item->arena, struct assignment, json_object_size(item->value));
	json_object_foreach(item->value, name, value)
	{
		if (!decode_assignment(item, name, value, &list->items[list->count]))
			return false;
		list->count++;
	}
	qsort(list->items, list->count, sizeof(*list->items), by_column);
	for (size_t i = 1; i < list->count; i++)
		if (strcmp(list->items[i - 1].column, list->items[i].column) == 0)
			return wrong(item, arena_printf(&item->diags->arena, "sets column \"%s\" twice", list->items[i].column));
	return true;
}

static bool in_bounds(const struct item *item, int64_t value)
{
	const struct option *o = item->option;
	struct buf low = {0}, high = {0};
	bool ok = (o->minimum == 0 && o->maximum == 0) || (value >= o->minimum && value <= o->maximum);

	if (!ok) {
		if (o->kind == OPTION_INTERVAL) {
			interval_format(o->minimum, &low);
			interval_format(o->maximum, &high);
		} else {
			buf_addf(&low, "%lld", (long long)o->minimum);
			buf_addf(&high, "%lld", (long long)o->maximum);
		}
		wrong(item,
		      arena_printf(&item->diags->arena, "must be between %s and %s", buf_text(&low), buf_text(&high)));
	}
	buf_release(&low);
	buf_release(&high);
	return ok;
}

static bool decode_interval(const struct item *item)
{
	int64_t *field = item->field;

	if (!json_is_string(item->value) || !interval_parse(json_string_value(item->value), field))
		return wrong_type(item);
	return in_bounds(item, *field);
}

static bool decode_integer(const struct item *item)
{
	if (!json_is_integer(item->value))
		return wrong_type(item);
	*(int64_t *)item->field = json_integer_value(item->value);
	return in_bounds(item, json_integer_value(item->value));
}

static bool decode_number(const struct item *item)
{
	int64_t *number = arena_array(item->arena, int64_t, 1);

	if (!json_is_integer(item->value))
		return wrong_type(item);
	*number = json_integer_value(item->value);
	*(const int64_t **)item->field = number;
	return in_bounds(item, *number);
}

static bool decode_choice(const struct item *item)
{
	const char *given = json_string_value(item->value);
	struct buf words = {0};
	size_t count = 0;

	for (; item->option->choices[count]; count++) {
		if (given && strcmp(given, item->option->choices[count]) == 0) {
			*(const char **)item->field = item->option->choices[count];
			buf_release(&words);
			return true;
		}
		buf_addf(&words, "%s\"%s\"", count ? ", " : "", item->option->choices[count]);
	}
	wrong(item, arena_printf(&item->diags->arena, "must be one of %s", buf_text(&words)));
	buf_release(&words);
	return false;
}

/* Numbers with single points between them. */
static bool is_version(const char *text)
{
	for (;; text++) {
		size_t digits = strspn(text, "0123456789");

		text += digits;
		if (!digits || !*text)
			return digits;
		if (*text != '.')
			return false;
	}
}

static bool decode_version(const struct item *item)
{
	const char *text = json_string_value(item->value);

	if (!text || !is_version(text))
		return wrong_type(item);
	*(const char **)item->field = text;
	return true;
}

static bool decode_text(const struct item *item)
{
	if (!json_is_string(item->value))
		return wrong_type(item);
	*(const char **)item->field = json_string_value(item->value);
	return true;
}

static bool decode_texts(const struct item *item)
{
	struct text_list *list = item->field;
	bool single = json_is_string(item->value);
	const char **texts;
	json_t *entry;
	size_t i;

	if (!single && (!json_is_array(item->value) || json_array_size(item->value) == 0))
		return wrong_type(item);
	list->count = single ? 1 : json_array_size(item->value);
	list->items = texts = arena_array(item->arena, const char *, list->count);
	if (single)
		texts[0] = json_string_value(item->value);
	json_array_foreach(item->value, i, entry)
	{
		if (!json_is_string(entry))
			return wrong_type(item);
		texts[i] = json_string_value(entry);
	}
	return true;
}

static bool decode_item(const struct item *item)
{
	switch (item->option->kind) {
	case OPTION_TABLE:
	case OPTION_OBJECT:
		return decode_relname(item, item->value, item->field);
	case OPTION_TABLES:
		return decode_tables(item);
	case OPTION_THING:
		return decode_thing(item);
	case OPTION_COLUMN:
	case OPTION_NAME:
		return decode_name(item);
	case OPTION_COLUMNS:
		return decode_columns(item);
	case OPTION_INTERVAL:
		return decode_interval(item);
	case OPTION_INTEGER:
		return decode_integer(item);
	case OPTION_NUMBER:
		return decode_number(item);
	case OPTION_BOOLEAN:
		if (!json_is_boolean(item->value))
			return wrong_type(item);
		*(bool *)item->field = json_is_true(item->value);
		return true;
	case OPTION_CHOICE:
		return decode_choice(item);
	case OPTION_TEXT:
		return decode_text(item);
	case OPTION_TEXTS:
		return decode_texts(item);
	case OPTION_VERSION:
		return decode_version(item);
	case OPTION_SET:
		return decode_set(item);
	case OPTION_ANY:
		*(json_t **)item->field = item->value;
		return true;
	default:
		return decode_sql(item);
	}
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
			struct item item = {o, value, (char *)set->args[s] + o->offset, place, arena, diags, false};

			/* Strings are borrowed, so a default's value must live as long as the static text it came from. */
			if (value && (o->kind == OPTION_TEXT || o->kind == OPTION_VERSION))
				*(const char **)item.field = o->default_value;
			else if (value && option_kind_is_sql(o->kind) && o->kind != OPTION_COLUMNS)
				*(const char **)item.field = o->default_value;
			else if (value)
				decode_item(&item);
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
			decode_item(&(struct item){o, value, (char *)args + o->offset, place, arena, diags, set->parsed});
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

	json_object_foreach(value, name, entry) json_object_set_new(
		result, name,
		json_is_string(entry) ? json_string(sql_normalize(json_string_value(entry), arena)) : json_deep_copy(entry));
	return result;
}

static json_t *canonical_value(const struct option *option, json_t *value)
{
	struct arena arena = {0};
	json_t *result;

	if (option->kind == OPTION_COLUMNS && json_is_array(value)) {
		struct item item = {.option = option, .value = value, .arena = &arena};
		const char *text = columns_text(&item);

		result = text ? json_string(sql_normalize(text, &arena)) : json_deep_copy(value);
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
