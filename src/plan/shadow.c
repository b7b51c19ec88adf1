/* Matching columns and keys, name by name. */
#include "plan/shadow.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/shadow_back.h"
#include "sql/parse.h"

struct matching {
	const struct shadow_plan *plan;
	struct stmts *stmts;
	struct arena *arena;
	json_t *live_columns, *live_keys, *shadow_columns, *shadow_keys;
	json_t *columns; /* what comes out */
};

static const char *get(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* The column of that name; NULL: there is none. */
static json_t *column_named(json_t *columns, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(columns, i, entry) if (strcmp(get(entry, "name"), name) == 0) return entry;
	return NULL;
}

static const char *given(const struct matching *m, const char *column)
{
	const struct assignment_list *copy = m->plan->copy;

	for (size_t i = 0; i < copy->count; i++)
		if (strcmp(copy->items[i].column, column) == 0)
			return copy->items[i].value;
	return NULL;
}

static const char *live(const struct matching *m)
{
	return relname_quoted(m->arena, &m->plan->live);
}

static const char *shadow(const struct matching *m)
{
	return relname_quoted(m->arena, &m->plan->shadow);
}

static bool refuse(const struct matching *m, const char *option)
{
	m->stmts->refusal_option = option;
	return false;
}

/* Each entry of `copy` is a column of the shadow that takes values. */
static bool check_given(const struct matching *m)
{
	for (size_t i = 0; i < m->plan->copy->count; i++) {
		const char *name = m->plan->copy->items[i].column, *quoted = ident_quoted(m->arena, name);
		json_t *column = column_named(m->shadow_columns, name);

		if (!column)
			stmts_refuse(m->stmts, "add the column to the shadow, or leave it out of copy",
			             "copy sets column %s, and %s has none of that name", quoted, shadow(m));
		else if (*get(column, "generated"))
			stmts_refuse(m->stmts, "leave it out of copy", "copy sets column %s of %s, which the server computes",
			             quoted, shadow(m));
		if (m->stmts->refusal)
			return refuse(m, "copy");
	}
	return true;
}

/* The column of the same name and type, or why it isn't that one. */
static bool default_value(const struct matching *m, json_t *column, const char **value)
{
	const char *name = get(column, "name"), *quoted = ident_quoted(m->arena, name);
	json_t *source = column_named(m->live_columns, name);
	bool is_needed =
		json_is_true(json_object_get(column, "not_null")) && !json_is_true(json_object_get(column, "has_default"));

	*value = NULL;
	if (source && strcmp(get(source, "type"), get(column, "type")) == 0) {
		*value = quoted;
	} else if (source) {
		stmts_refuse(m->stmts,
		             arena_printf(m->arena, "say how one becomes the other: copy = { %s = \"%s::%s\" }", quoted,
		                          quoted, get(column, "type")),
		             "column %s is %s in %s and %s in %s", quoted, get(source, "type"), live(m),
		             get(column, "type"), shadow(m));
		return refuse(m, "copy");
	} else if (is_needed) {
		stmts_refuse(
			m->stmts,
			arena_printf(m->arena, "say what it is to hold: copy = { %s = \"…\" }, or give it a default", quoted),
			"column %s of %s takes no NULL, and nothing says what it is to hold", quoted, shadow(m));
		return refuse(m, "copy");
	}
	return true;
}

static bool match_columns(struct matching *m)
{
	json_t *column;
	size_t i;

	json_array_foreach(m->shadow_columns, i, column)
	{
		const char *name = get(column, "name"), *value = given(m, name);

		if (*get(column, "generated"))
			continue;
		if (!value && !default_value(m, column, &value))
			return false;
		if (value)
			json_array_append_new(m->columns,
			                      json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", name, "value", value, "type",
			                                get(column, "type"), "comparable",
			                                json_is_true(json_object_get(column, "comparable")), "always",
			                                json_is_true(json_object_get(column, "always"))));
	}
	return true;
}

/* The width of an integer type, the length of a text; 0: neither. */
static long width_of(const char *type, const char **kind)
{
	static const char *const integers[] = {"smallint", "integer", "bigint"};

	*kind = "integer";
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (strcmp(type, integers[i]) == 0)
			return (long)i + 1;
	*kind = "text";
	if (strcmp(type, "text") == 0 || strcmp(type, "character varying") == 0)
		return 1L << 30;
	if (strncmp(type, "character varying(", strlen("character varying(")) == 0 && type[strlen(type) - 1] == ')')
		return atol(type + strlen("character varying("));
	return 0;
}

/* Do two values of `from` that differ always differ as values of `to`?  Only where that is plain. */
static bool is_injective(const char *from, const char *to)
{
	const char *from_kind, *to_kind;
	long narrow = width_of(from, &from_kind), wide = width_of(to, &to_kind);

	return strcmp(from, to) == 0 || (narrow > 0 && wide >= narrow && strcmp(from_kind, to_kind) == 0);
}

/* A cast that loses nothing of a type that is_injective(). */
static bool is_plain_cast(const char *text)
{
	static const char *const casts[] = {"::bigint", "::int8", "::integer", "::int", "::int4", "::text"};

	for (size_t i = 0; i < sizeof(casts) / sizeof(casts[0]); i++)
		if (strcmp(text, casts[i]) == 0)
			return true;
	return false;
}

/* Is the value nothing but that column of live, perhaps with such a cast behind it? */
static bool is_column(const struct matching *m, const char *value, const char *name)
{
	const char *text = sql_normalize(value, m->arena), *quoted = ident_quoted(m->arena, name);
	const char *table = arena_printf(m->arena, "%s.", ident_quoted(m->arena, m->plan->live.name));

	if (strncmp(text, table, strlen(table)) == 0)
		text += strlen(table);
	if (strncmp(text, quoted, strlen(quoted)) != 0)
		return false;
	text += strlen(quoted);
	return !*text || is_plain_cast(text);
}

/* The column of the shadow that is this key column of live, unchanged; NULL: there is none. */
static json_t *image_of(const struct matching *m, json_t *key)
{
	json_t *column;
	size_t i;

	json_array_foreach(m->columns, i,
	                   column) if (is_column(m, get(column, "value"), get(key, "name")) &&
	                               is_injective(get(key, "type"), get(column, "type"))) return column;
	return NULL;
}

/* A key column as interlock.pair has it. */
static json_t *key_entry(json_t *key, json_t *image)
{
	static const char *const operators[] = {"schema", "less", "less_equal", "equal", "greater_equal", "greater"};
	json_t *entry = json_pack("{s:s, s:s, s:s, s:s}", "live", get(key, "name"), "shadow", get(image, "name"),
	                          "type", get(key, "type"), "shadow_type", get(image, "type"));

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		json_object_set(entry, operators[i], json_object_get(key, operators[i]));
	return entry;
}

/* Are exactly these columns unique in the shadow? */
static bool is_unique(const struct matching *m, json_t *keys)
{
	json_t *index, *entry;
	size_t i, k;

	if (m->plan->is_like)
		return true;
	json_array_foreach(m->shadow_keys, i, index)
	{
		size_t found = 0;

		json_array_foreach(keys, k, entry)
		{
			json_t *name;
			size_t n;

			json_array_foreach(index, n, name) found += strcmp(json_string_value(name), get(entry, "shadow")) == 0;
		}
		if (found == json_array_size(keys) && json_array_size(index) == found)
			return true;
	}
	return false;
}

/* All columns of a key of live, as interlock.pair has them; NULL: not all of them are in the shadow. */
static json_t *map_key(const struct matching *m, json_t *key)
{
	json_t *entries = json_array(), *column;
	size_t i;

	json_array_foreach(json_object_get(key, "columns"), i, column)
	{
		json_t *image = image_of(m, column);

		if (!image) {
			json_decref(entries);
			return NULL;
		}
		json_array_append_new(entries, key_entry(column, image));
	}
	return entries;
}

/* "id, part" */
static const char *names_of(json_t *entries, const char *field, struct arena *arena)
{
	struct buf out = {0};
	const char *text;
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		buf_add(&out, i ? ", " : "");
		ident_quote(&out, get(entry, field));
	}
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* `mapped`: the first key of live that the shadow has, though nothing makes it unique there; NULL: it has none. */
static bool no_key(const struct matching *m, const char *mapped)
{
	json_t *first = json_array_get(m->live_keys, 0);

	if (!first)
		stmts_refuse(m->stmts, "give it a primary key, or a unique index on NOT NULL columns, in an earlier step",
		             "%s has no key by which its rows can be followed", live(m));
	else if (mapped)
		stmts_refuse(m->stmts, arena_printf(m->arena, "write PRIMARY KEY (%s) into columns", mapped),
		             "nothing makes %s of %s unique, which is the key by which rows are followed", mapped,
		             shadow(m));
	else
		stmts_refuse(m->stmts,
		             "copy each of its columns bare, or with a cast that keeps all values apart (integer to "
		             "bigint): an expression such as lower(email) could make one row of two",
		             "the key of %s, %s, is not copied as it is", live(m),
		             names_of(json_object_get(first, "columns"), "name", m->arena));
	return refuse(m, first ? mapped ? "columns" : "copy" : "live");
}

static const char *dumped(json_t *value, struct arena *arena)
{
	char *text = json_dumps(value, JSON_COMPACT);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

/* The first key of live that the shadow has too. */
static bool match_key(const struct matching *m, struct shadow_shape *shape)
{
	const char *mapped = NULL;
	json_t *key;
	size_t i;

	json_array_foreach(m->live_keys, i, key)
	{
		json_t *entries = map_key(m, key);
		bool fits = entries && is_unique(m, entries);

		if (fits) {
			shape->keys = dumped(entries, m->arena);
			shape->key_names = names_of(entries, "shadow", m->arena);
			shape->is_primary = json_is_true(json_object_get(key, "primary"));
		} else if (entries && !mapped) {
			mapped = names_of(entries, "shadow", m->arena);
		}
		json_decref(entries);
		if (fits)
			return true;
	}
	return no_key(m, mapped);
}

/* And what comes back. */
static bool match_back(const struct matching *m, struct shadow_shape *shape)
{
	struct shadow_columns known = {m->live_columns, m->shadow_columns, json_loads(shape->keys, 0, NULL)};
	json_t *back = shadow_back_of(m->plan, &known, m->stmts);

	if (back)
		shape->back = dumped(back, m->arena);
	json_decref(known.keys);
	json_decref(back);
	return back != NULL;
}

static json_t *list_of(const struct facts *facts, const char *name)
{
	const char *text = record_get(facts->now, name);

	return text ? json_loads(text, 0, NULL) : json_array();
}

bool shadow_shape_of(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts,
                     struct shadow_shape *shape)
{
	struct matching m = {.plan = plan,
	                     .stmts = stmts,
	                     .arena = stmts->arena,
	                     .live_columns = list_of(facts, "live_columns"),
	                     .live_keys = list_of(facts, "live_keys"),
	                     .shadow_columns = list_of(facts, "shadow_columns"),
	                     .shadow_keys = list_of(facts, "shadow_keys"),
	                     .columns = json_array()};
	bool ok = check_given(&m) && match_columns(&m) && match_key(&m, shape) && match_back(&m, shape);

	shape->live = plan->live;
	shape->shadow = plan->shadow;
	if (ok)
		shape->columns = dumped(m.columns, m.arena);
	json_decref(m.live_columns);
	json_decref(m.live_keys);
	json_decref(m.shadow_columns);
	json_decref(m.shadow_keys);
	json_decref(m.columns);
	return ok;
}
