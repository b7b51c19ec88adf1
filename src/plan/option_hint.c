/* What people write instead: a number without its quotes, a word of SQL too many, a choice misspelt. */
#include "plan/option_hint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/interval.h"
#include "base/suggest.h"
#include "plan/locate.h"

/* A number or truth value where a text is wanted. */
static const char *quoted(const struct option *option, json_t *value, struct arena *arena)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	const char *hint = arena_printf(arena, "write it as a text: %s = \"%s\"", option->name, text);

	free(text);
	return hint;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static const char *for_boolean(const struct option *option, const char *given, struct arena *arena)
{
	static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no", "off", "0",
	                                                                                  NULL};

	if (given && (is_one_of(given, yes) || is_one_of(given, no)))
		return arena_printf(arena, "write %s = %s, without quotes", option->name,
		                    is_one_of(given, yes) ? "true" : "false");
	return NULL;
}

static const char *for_integer(const struct option *option, const char *given, struct arena *arena)
{
	if (given && *given && given[strspn(given, "-0123456789")] == '\0')
		return arena_printf(arena, "write %s = %s, without quotes", option->name, given);
	return NULL;
}

static const char *for_interval(const struct option *option, json_t *value, struct arena *arena)
{
	int64_t ms;

	if (json_is_string(value) && interval_parse(json_string_value(value), &ms))
		return NULL; /* it is only too long, or too short */
	if (json_is_integer(value))
		return arena_printf(arena, "say of which unit, in a text, as %s = \"%lld %s\"", option->name,
		                    (long long)json_integer_value(value), option->maximum <= 3600000 ? "ms" : "days");
	return "a number and ms, s, min, h, days or weeks: months and years are not all of one length";
}

static const char *for_choice(const struct option *option, const char *given, struct arena *arena)
{
	size_t count = 0;
	const char *near;

	while (option->choices[count])
		count++;
	near = given ? suggest(given, option->choices, count) : NULL;
	return near ? arena_printf(arena, "did you mean \"%s\"?", near) : NULL;
}

const char *option_hint(const struct option *option, json_t *value, struct arena *arena)
{
	const char *given = json_string_value(value);
	bool bare = json_is_number(value) || json_is_boolean(value);

	switch (option->kind) {
	case OPTION_BOOLEAN:
		return for_boolean(option, given, arena);
	case OPTION_INTEGER:
	case OPTION_NUMBER:
		return for_integer(option, given, arena);
	case OPTION_INTERVAL:
		return for_interval(option, value, arena);
	case OPTION_CHOICE:
		return for_choice(option, given, arena);
	case OPTION_EXPRESSION:
	case OPTION_TEXT:
	case OPTION_VERSION:
		return bare ? quoted(option, value, arena) : NULL;
	case OPTION_COLUMN:
		return given && strchr(given, ',') ? "one column: each other one has a step of its own" : NULL;
	case OPTION_DEFINITION:
		return json_is_array(value) ? "one text, not a list: the definitions with commas, between [[ and ]]"
		                            : NULL;
	default:
		return NULL;
	}
}

/* The word of a clause that the text begins with, though the option stands for it. */
static const char *first_word(const char *text)
{
	static const char *const words[] = {"CHECK", "WHERE", "USING", "DEFAULT", "REFERENCES", "SET", NULL};

	for (size_t i = 0; words[i]; i++)
		if (strncasecmp(text, words[i], strlen(words[i])) == 0 && strchr(" (", text[strlen(words[i])]))
			return words[i];
	return NULL;
}

/* What may follow a type in CREATE TABLE. */
static bool holds_more_than_type(const char *text)
{
	static const char *const words[] = {" not null",    " null",        " default ",
	                                    " references ", " primary key", " unique",
	                                    " check",       " generated ",  NULL};

	for (size_t i = 0; words[i]; i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

const char *option_sql_hint(const struct option *option, const char *text, struct arena *arena)
{
	const char *sql = sql_normalize(text, arena), *word = first_word(sql);

	if (word && (option->kind == OPTION_EXPRESSION || option->kind == OPTION_PREDICATE ||
	             option->kind == OPTION_REFERENCES))
		return arena_printf(arena, "leave out the word %s, which the option stands for", word);
	if (option->kind == OPTION_TYPE && holds_more_than_type(sql))
		return "the type alone: what else stands behind it in SQL has an option or a step of its own";
	if (option->kind == OPTION_REFERENCES && strstr(sql, " on "))
		return "the table alone, or table(column), and nothing behind it";
	if (option->kind == OPTION_QUERY && strchr(sql, ';'))
		return "one query, without a semicolon";
	if (option->kind == OPTION_DEFINITION && strncmp(sql, "create ", 7) == 0)
		return "only what stands between the parentheses of CREATE TABLE";
	if (option->kind == OPTION_DEFINITION)
		return "columns with their types, and constraints; a comma between each two, and none behind the last";
	return NULL;
}

void option_unknown(const struct option_set *set, const char *name, const struct option_place *place,
                    struct diags *diags)
{
	const char *names[64];
	struct buf list = {0};
	struct diag *diag;
	const char *near;
	size_t count = 0;

	for (size_t s = 0; set->options[s]; s++)
		for (const struct option *o = set->options[s]; o->name && count < 64; o++) {
			buf_addf(&list, "%s%s", count ? ", " : "", o->name);
			names[count++] = o->name;
		}
	near = suggest(name, names, count);
	diag = option_error(place, diags, "unknown-option", name, "%s has no option \"%s\"", place->subject, name);
	diag_detail(&diags->arena, diag, "it takes %s", buf_text(&list));
	if (near)
		diag_help(&diags->arena, diag, "did you mean \"%s\"?", near);
	else
		diag_help(&diags->arena, diag, "interlock help %s", place->subject);
	buf_release(&list);
}

void option_missing(const struct option *option, const struct option_place *place, struct diags *diags)
{
	bool written = locate_is_written(place->span, option->name);
	struct diag *diag = option_error(place, diags, "missing-option", written ? option->name : NULL,
	                                 written ? "%s needs the option \"%s\", which has no value here: it is nil"
	                                         : "%s needs the option \"%s\"",
	                                 place->subject, option->name);

	diag_detail(&diags->arena, diag, "%s: %s, %s", option->name, option_kind_name(option->kind), option->help);
	if (written)
		diag_help(&diags->arena, diag, "is the name behind it spelt as where it is set, and set before?");
	else
		diag_help(&diags->arena, diag, "interlock help %s", place->subject);
}
