/* Bodies of PL/pgSQL by libpg_query, which gives their trees as JSON. */
#include "sql/body.h"

#include <jansson.h>
#include <pg_query.h>
#include <string.h>

struct collector {
	struct arena *arena;
	struct body *body;
	const char **items;
	size_t room;
};

static void add(struct collector *c, const char *text)
{
	if (c->body->count == c->room) {
		const char **more = arena_array(c->arena, const char *, c->room * 2 + 8);

		if (c->body->count > 0)
			memcpy(more, c->items, c->body->count * sizeof(*more));
		c->items = more;
		c->room = c->room * 2 + 8;
		c->body->statements = more;
	}
	c->items[c->body->count++] = arena_strdup(c->arena, text);
}

static const char *query_of(json_t *holder)
{
	return json_string_value(json_object_get(json_object_get(holder, "PLpgSQL_expr"), "query"));
}

/* 'DROP TABLE x' as its content; NULL: the expression is more than a plain literal. */
static const char *literal(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	char *out, *to;

	while (length > 0 && strchr(" \n\t\r", text[length - 1]))
		length--;
	text += strspn(text, " \n\t\r");
	length = strlen(text) < length ? strlen(text) : length;
	if (length < 2 || text[0] != '\'' || text[length - 1] != '\'')
		return NULL;
	to = out = arena_alloc(arena, length + 1);
	for (size_t i = 1; i + 1 < length; i++) {
		if (text[i] == '\'' && (text[++i] != '\'' || i + 1 >= length))
			return NULL;
		*to++ = text[i];
	}
	return out;
}

static void collect(struct collector *c, json_t *json)
{
	json_t *value;
	const char *key, *text;
	size_t i;

	json_array_foreach(json, i, value) collect(c, value);
	json_object_foreach(json, key, value)
	{
		if (strcmp(key, "PLpgSQL_stmt_execsql") == 0) {
			if ((text = query_of(json_object_get(value, "sqlstmt"))))
				add(c, text);
		} else if (strcmp(key, "PLpgSQL_stmt_dynexecute") == 0) {
			text = query_of(json_object_get(value, "query"));
			text = text ? literal(c->arena, text) : NULL;
			if (text)
				add(c, text);
			else
				c->body->dynamic = true;
		} else if (strcmp(key, "PLpgSQL_stmt_perform") == 0) {
			if ((text = query_of(json_object_get(value, "expr"))))
				add(c, text);
		} else {
			collect(c, value);
		}
	}
}

bool body_read(const char *statement, struct arena *arena, struct body *body)
{
	PgQueryPlpgsqlParseResult parsed = pg_query_parse_plpgsql(statement);
	struct collector c = {.arena = arena, .body = body};
	json_t *json = NULL;

	*body = (struct body){0};
	if (!parsed.error)
		json = json_loads(parsed.plpgsql_funcs, 0, NULL);
	if (json)
		collect(&c, json);
	json_decref(json);
	pg_query_free_plpgsql_parse_result(parsed);
	return json != NULL;
}
