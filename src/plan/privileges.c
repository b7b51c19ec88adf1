/* Lists of words, and the words of a list. */
#include "plan/privileges.h"

#include <ctype.h>
#include <string.h>

static const char *const on_table[] = {"select",     "insert",  "update",   "delete", "truncate",
                                       "references", "trigger", "maintain", NULL};
static const char *const on_columns[] = {"select", "insert", "update", "references", NULL};
static const char *const on_sequence[] = {"usage", "select", "update", NULL};
static const char *const on_schema[] = {"usage", "create", NULL};
static const char *const on_function[] = {"execute", NULL};
static const char *const on_type[] = {"usage", NULL};

static const struct {
	const char *const *words;
	const char *what, *example;
} kinds[] = {
	{on_table, "table or view", "app.users"}, {on_sequence, "sequence", "sequence app.s"},
	{on_schema, "schema", "schema app"},      {on_function, "function", "function app.f(int)"},
	{on_type, "type", "type app.status"},
};

const char *const *privileges_of(enum object_kind kind, bool columns)
{
	switch (kind) {
	case OBJECT_RELATION:
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_MATERIALIZED_VIEW:
	case OBJECT_FOREIGN_TABLE:
		return columns ? on_columns : on_table;
	case OBJECT_SEQUENCE:
		return on_sequence;
	case OBJECT_SCHEMA:
		return on_schema;
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
		return on_function;
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
		return on_type;
	default:
		return NULL;
	}
}

bool privileges_are_of_tables(const char *const *words)
{
	return words == on_table || words == on_columns;
}

bool privilege_is_among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

const char *privilege_is_on(const char *word, const char *const *words, struct arena *arena)
{
	const char *list = NULL, *example = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].words == words || !privilege_is_among(word, kinds[i].words))
			continue;
		list = list ? arena_printf(arena, "%s, %s", list, kinds[i].what) : kinds[i].what;
		example = example ? example : kinds[i].example;
	}
	return list ? arena_printf(arena, "\"%s\" is one on: %s; for example on = \"%s\"", word, list, example) : NULL;
}

static void add_word(struct privileges *given, const char *start, size_t length, struct arena *arena)
{
	char *word;

	while (length && isspace((unsigned char)*start))
		start++, length--;
	while (length && isspace((unsigned char)start[length - 1]))
		length--;
	word = arena_strndup(arena, start, length);
	for (char *c = word; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strcmp(word, "all") == 0 || strcmp(word, "all privileges") == 0)
		given->all = true;
	else if (given->count < PRIVILEGES_MAX)
		given->items[given->count++] = word;
	else
		given->too_many = true;
}

struct privileges privileges_read(const struct text_list *texts, struct arena *arena)
{
	struct privileges given = {.count = 0};

	for (size_t i = 0; i < texts->count; i++)
		for (const char *at = texts->items[i];; at++) {
			size_t length = strcspn(at, ",");

			add_word(&given, at, length, arena);
			at += length;
			if (!*at)
				break;
		}
	return given;
}
