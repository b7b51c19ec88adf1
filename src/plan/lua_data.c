/* Copies of an author's tables, checked to be data, and their JSON. */
#include "plan/lua_data.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan/lua_failure.h"
#include "plan/utf8.h"

/* The metatable of a list that may be empty carries this key. */
static const char list_key = 0;

/* A copy under way: the keys from the outermost table to the value, for messages. */
struct copier {
	lua_State *L;
	const char *subject;
	struct {
		const char *name; /* NULL: an entry without a name */
		lua_Integer index;
	} path[SANDBOX_DEPTH + 1];
	int depth;
};

RAISES static void copy_value(struct copier *c, int index);

static void add_key(const struct copier *c, int level, char *out, size_t size)
{
	size_t length = strlen(out);

	if (c->path[level].name)
		snprintf(out + length, size - length, "%s%.80s", level ? "." : "", c->path[level].name);
	else
		snprintf(out + length, size - length, "[" LUA_INTEGER_FMT "]", (LUAI_UACINT)c->path[level].index);
}

RAISES static void refuse(const struct copier *c, const char *help, const char *what)
{
	char path[400] = "";

	for (int level = 0; level < c->depth && level < 8; level++)
		add_key(c, level, path, sizeof(path));
	if (c->depth)
		failure_raise(c->L, "bad-value", help, "\"%s\" of %s %s", path, c->subject, what);
	else
		failure_raise(c->L, "bad-value", help, "%s %s", c->subject, what);
}

RAISES static void copy_string(struct copier *c, int index)
{
	size_t length, bytes;
	const char *text = lua_tolstring(c->L, index, &length);

	bytes = length + 2;
	if (memchr(text, '\0', length))
		refuse(c, NULL, "holds a zero byte, which PostgreSQL has no place for");
	if (!utf8_valid(text, length))
		refuse(c, "save the file as UTF-8", "is not valid UTF-8");
	for (size_t i = 0; i < length; i++)
		bytes += (unsigned char)text[i] < ' ' || text[i] == '"' || text[i] == '\\' ? 5 : 0;
	sandbox_charge(c->L, bytes);
	lua_pushvalue(c->L, index);
}

RAISES static void copy_number(struct copier *c, int index)
{
	if (!lua_isinteger(c->L, index) && !isfinite(lua_tonumber(c->L, index)))
		refuse(c, NULL, "is not a finite number");
	sandbox_charge(c->L, 8);
	lua_pushvalue(c->L, index);
}

struct shape {
	size_t numbered, named;
	lua_Integer last; /* the largest index */
};

/* What kinds of keys a table has; `inside` is read raw. */
RAISES static struct shape shape_of(struct copier *c, int inside)
{
	lua_State *L = c->L;
	struct shape shape = {0};

	for (lua_pushnil(L); lua_next(L, inside); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
			shape.numbered++;
			if (lua_tointeger(L, -2) > shape.last)
				shape.last = lua_tointeger(L, -2);
		} else if (lua_type(L, -2) == LUA_TSTRING) {
			shape.named++;
		} else {
			refuse(c, NULL, "has a key that is neither a name nor a position in a list");
		}
	}
	if (shape.numbered && shape.named)
		refuse(c, "a table is either a list or has a name for each entry",
		       "mixes named entries with entries without a name");
	if (shape.last != (lua_Integer)shape.numbered)
		refuse(c, "is one of its entries nil?", "is a list with a hole");
	return shape;
}

RAISES static void copy_list(struct copier *c, int inside, lua_Integer length)
{
	for (lua_Integer i = 1; i <= length; i++) {
		c->path[c->depth].name = NULL;
		c->path[c->depth++].index = i;
		lua_rawgeti(c->L, inside, i);
		copy_value(c, lua_gettop(c->L));
		c->depth--;
		lua_rawseti(c->L, inside + 1, i);
		lua_pop(c->L, 1);
	}
}

RAISES static void copy_object(struct copier *c, int inside)
{
	lua_State *L = c->L;

	for (lua_pushnil(L); lua_next(L, inside); lua_pop(L, 1)) {
		c->path[c->depth].name = "?";
		c->path[c->depth++].name = lua_tostring(L, -2);
		copy_string(c, lua_absindex(L, -2));
		copy_value(c, lua_absindex(L, -2));
		c->depth--;
		lua_rawset(L, inside + 1);
	}
}

RAISES static void copy_table(struct copier *c, int index)
{
	lua_State *L = c->L;
	int inside = lua_gettop(L) + 1;
	struct shape shape;

	if (c->depth == SANDBOX_DEPTH)
		refuse(c, "does a table hold itself?", "has more than 32 tables inside one another");
	luaL_checkstack(L, 10, NULL);
	data_push_inside(L, index);
	shape = shape_of(c, inside);
	sandbox_charge(L, 2 + shape.numbered + shape.named);
	lua_createtable(L, 0, 0);
	if (shape.numbered)
		copy_list(c, inside, shape.last);
	else
		copy_object(c, inside);
	lua_remove(L, inside);
}

RAISES static void copy_value(struct copier *c, int index)
{
	const char *opaque = data_opaque_name(c->L, index);
	char what[64];

	switch (lua_type(c->L, index)) {
	case LUA_TNIL:
	case LUA_TBOOLEAN:
		lua_pushvalue(c->L, index);
		return;
	case LUA_TNUMBER:
		copy_number(c, index);
		return;
	case LUA_TSTRING:
		copy_string(c, index);
		return;
	case LUA_TTABLE:
		if (!opaque) {
			copy_table(c, index);
			return;
		}
		snprintf(what, sizeof(what), "is %s, which is no value", opaque);
		refuse(c, NULL, what);
		return;
	default:
		refuse(c, "is a call missing its braces?", "is a function, which is no value");
	}
}

RAISES void data_copy(lua_State *L, int index, const char *subject)
{
	struct copier c = {.L = L, .subject = subject};

	luaL_checkstack(L, 10, NULL);
	copy_value(&c, lua_absindex(L, index));
}

RAISES void data_mark_list(lua_State *L)
{
	lua_createtable(L, 0, 1);
	lua_pushboolean(L, true);
	lua_rawsetp(L, -2, &list_key);
	lua_setmetatable(L, -2);
}

static bool is_list(lua_State *L, int table)
{
	bool marked = false;

	if (lua_rawlen(L, table) > 0)
		return true;
	if (lua_getmetatable(L, table)) {
		marked = lua_rawgetp(L, -1, &list_key) != LUA_TNIL;
		lua_pop(L, 2);
	}
	return marked;
}

static json_t *value_to_json(lua_State *L, int index, size_t *room);

/* Adds `value` unless something failed before. */
static bool add(json_t *to, const char *name, json_t *value)
{
	if (!value)
		return false;
	return (name ? json_object_set_new(to, name, value) : json_array_append_new(to, value)) == 0;
}

static json_t *table_to_json(lua_State *L, int index, size_t *room)
{
	bool list = is_list(L, index), ok = lua_checkstack(L, 8);
	json_t *result = list ? json_array() : json_object();
	lua_Integer length = list && ok ? (lua_Integer)lua_rawlen(L, index) : 0;

	for (lua_Integer i = 1; i <= length && ok; i++) {
		lua_rawgeti(L, index, i);
		ok = add(result, NULL, value_to_json(L, lua_gettop(L), room));
		lua_pop(L, 1);
	}
	if (!list && ok)
		for (lua_pushnil(L); ok && lua_next(L, index); lua_pop(L, 1))
			ok = add(result, lua_tostring(L, -2), value_to_json(L, lua_gettop(L), room));
	if (ok)
		return result;
	json_decref(result);
	return NULL;
}

static json_t *value_to_json(lua_State *L, int index, size_t *room)
{
	size_t length = 8;
	const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;

	if (*room < length + 2)
		return NULL;
	*room -= length + 2;
	switch (lua_type(L, index)) {
	case LUA_TBOOLEAN:
		return json_boolean(lua_toboolean(L, index));
	case LUA_TNUMBER:
		return lua_isinteger(L, index) ? json_integer(lua_tointeger(L, index)) : json_real(lua_tonumber(L, index));
	case LUA_TSTRING:
		return utf8_json(text, length);
	case LUA_TTABLE:
		return table_to_json(L, index, room);
	default:
		return json_null();
	}
}

json_t *data_to_json(lua_State *L, int index)
{
	size_t room = SANDBOX_OUTPUT;

	return value_to_json(L, lua_absindex(L, index), &room);
}
