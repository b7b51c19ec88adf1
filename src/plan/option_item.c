/* Kinds of values: their names, those that hold no SQL, and what is said of a value that is of no use. */
#include "plan/option_item.h"

#include <string.h>

#include "base/interval.h"
#include "plan/data_file.h"
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
	[OPTION_FILE] = {"file", false, "the name of a file, as seen from the plan's folder"},
	[OPTION_SET] = {"map of columns to sql expressions", false,
                    "columns and SQL expressions, { total = \"price * amount\" }"},
	[OPTION_ANY] = {"any", false, "a value"},
};

const char *option_kind_name(enum option_kind kind)
{
	return kinds[kind].name;
}

bool option_kind_is_sql(enum option_kind kind)
{
	return kinds[kind].sql;
}

bool option_wrong(const struct option_item *item, const char *why)
{
	struct diag *diag = option_error(item->place, item->diags, "bad-option", item->option->name, "\"%s\" of %s %s",
	                                 item->option->name, item->place->subject, why);
	const char *hint = option_hint(item->option, item->value, &item->diags->arena);

	diag_help(&item->diags->arena, diag, "%s; interlock help %s", hint ? hint : item->option->help,
	          item->place->subject);
	return false;
}

bool option_wrong_type(const struct option_item *item)
{
	return option_wrong(item, arena_printf(&item->diags->arena, "must be %s", kinds[item->option->kind].wants));
}

bool option_wrong_sql(const struct option_item *item, const char *text, const struct err *err)
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

static bool in_bounds(const struct option_item *item, int64_t value)
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
		option_wrong(
			item, arena_printf(&item->diags->arena, "must be between %s and %s", buf_text(&low), buf_text(&high)));
	}
	buf_release(&low);
	buf_release(&high);
	return ok;
}

static bool decode_interval(const struct option_item *item)
{
	int64_t *field = item->field;

	if (!json_is_string(item->value) || !interval_parse(json_string_value(item->value), field))
		return option_wrong_type(item);
	return in_bounds(item, *field);
}

static bool decode_integer(const struct option_item *item)
{
	if (!json_is_integer(item->value))
		return option_wrong_type(item);
	*(int64_t *)item->field = json_integer_value(item->value);
	return in_bounds(item, json_integer_value(item->value));
}

static bool decode_number(const struct option_item *item)
{
	int64_t *number = arena_array(item->arena, int64_t, 1);

	if (!json_is_integer(item->value))
		return option_wrong_type(item);
	*number = json_integer_value(item->value);
	*(const int64_t **)item->field = number;
	return in_bounds(item, *number);
}

static bool decode_choice(const struct option_item *item)
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
	option_wrong(item, arena_printf(&item->diags->arena, "must be one of %s", buf_text(&words)));
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

static bool decode_version(const struct option_item *item)
{
	const char *text = json_string_value(item->value);

	if (!text || !is_version(text))
		return option_wrong_type(item);
	*(const char **)item->field = text;
	return true;
}

static bool decode_text(const struct option_item *item)
{
	if (!json_is_string(item->value))
		return option_wrong_type(item);
	*(const char **)item->field = json_string_value(item->value);
	return true;
}

static bool decode_texts(const struct option_item *item)
{
	struct text_list *list = item->field;
	bool single = json_is_string(item->value);
	const char **texts;
	json_t *entry;
	size_t i;

	if (!single && (!json_is_array(item->value) || json_array_size(item->value) == 0))
		return option_wrong_type(item);
	list->count = single ? 1 : json_array_size(item->value);
	list->items = texts = arena_array(item->arena, const char *, list->count);
	if (single)
		texts[0] = json_string_value(item->value);
	json_array_foreach(item->value, i, entry)
	{
		if (!json_is_string(entry))
			return option_wrong_type(item);
		texts[i] = json_string_value(entry);
	}
	return true;
}

bool option_item_decode(const struct option_item *item)
{
	switch (item->option->kind) {
	case OPTION_TABLE:
	case OPTION_OBJECT:
		return option_decode_relname(item, item->value, item->field);
	case OPTION_TABLES:
		return option_decode_tables(item);
	case OPTION_THING:
		return option_decode_thing(item);
	case OPTION_COLUMN:
	case OPTION_NAME:
		return option_decode_name(item);
	case OPTION_COLUMNS:
		return option_decode_columns(item);
	case OPTION_INTERVAL:
		return decode_interval(item);
	case OPTION_INTEGER:
		return decode_integer(item);
	case OPTION_NUMBER:
		return decode_number(item);
	case OPTION_BOOLEAN:
		if (!json_is_boolean(item->value))
			return option_wrong_type(item);
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
	case OPTION_FILE:
		return data_file_read(item->value, item->field) || option_wrong_type(item);
	case OPTION_SET:
		return option_decode_set(item);
	case OPTION_ANY:
		*(json_t **)item->field = item->value;
		return true;
	default:
		return option_decode_sql(item);
	}
}
