/* Base functions of our own: sorted pairs, errors with a place, tostring without addresses, print as a note. */
#include <lauxlib.h>
#include <string.h>

#include "plan/lua_data.h"
#include "plan/lua_failure.h"
#include "plan/lua_library.h"
#include "plan/utf8.h"

RAISES const char *library_text(lua_State *L, int index, size_t *length)
{
	index = lua_absindex(L, index);
	luaL_checkstack(L, 4, NULL);
	if (lua_type(L, index) == LUA_TTABLE && luaL_callmeta(L, index, "__tostring")) {
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "'__tostring' must return a string");
	} else if (data_opaque_name(L, index)) {
		lua_pushstring(L, data_opaque_name(L, index));
	} else if (lua_type(L, index) == LUA_TTABLE || lua_type(L, index) == LUA_TFUNCTION) {
		lua_pushstring(L, luaL_typename(L, index));
	} else {
		return luaL_tolstring(L, index, length);
	}
	return lua_tolstring(L, -1, length);
}

RAISES static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	library_text(L, 1, NULL);
	return 1;
}

/* Reports a text at a stack level and stops. */
RAISES static int raise_text(lua_State *L, const char *text, int level)
{
	struct failure failure = {.rule = "lua-error", .summary = text};

	failure_frames(L, level, &failure.frames);
	failure_report(sandbox_of(L), &failure);
	return failure_stop(L);
}

RAISES static int base_error(lua_State *L)
{
	lua_Integer level = luaL_optinteger(L, 2, 1);

	if (lua_isnoneornil(L, 1))
		return failure_raise(L, "lua-error", "error takes a text", "the plan raised an error without a text");
	if (lua_type(L, 1) != LUA_TSTRING && lua_type(L, 1) != LUA_TNUMBER)
		return failure_raise(L, "lua-error", "error takes a text", "the plan raised an error that is a %s value",
		                     luaL_typename(L, 1));
	return raise_text(L, lua_tostring(L, 1), level > 0 && level < 1000 ? (int)level : 1);
}

RAISES static int base_assert(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_toboolean(L, 1))
		return lua_gettop(L);
	if (lua_isnoneornil(L, 2))
		return raise_text(L, "assertion failed", 1);
	return raise_text(L, lua_isstring(L, 2) ? lua_tostring(L, 2) : "assertion failed", 1);
}

/*
 * The metatable is copied: what is added to it later (such as __mode, which
 * the collector reads) has no effect.  Plans cannot look at metatables, so
 * nothing else tells the difference.
 */
RAISES static int base_setmetatable(lua_State *L)
{
	static const char *const refused[] = {"__gc", "__mode"};

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argcheck(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table expected");
	lua_settop(L, 2);
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	if (lua_istable(L, 2)) {
		data_push_inside(L, 2);
		lua_newtable(L);
		for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
			lua_pushvalue(L, -2);
			lua_pushvalue(L, -2);
			lua_rawset(L, 4);
		}
		for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
			if (lua_getfield(L, 4, refused[i]) != LUA_TNIL)
				return luaL_error(L, "setmetatable refuses '%s': when memory is freed differs from run to run",
				                  refused[i]);
		lua_settop(L, 4);
	}
	lua_setmetatable(L, 1);
	lua_settop(L, 1);
	return 1;
}

/* Numbers, then text, then false and true. */
static int rank(lua_State *L, int index)
{
	int type = lua_type(L, index);

	return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : lua_toboolean(L, index) ? 3 : 2;
}

static bool key_less(lua_State *L)
{
	int left = rank(L, -2), right = rank(L, -1);

	return left != right ? left < right : left < 2 && lua_compare(L, -2, -1, LUA_OPLT);
}

/* Pushes the sorted list of the keys of a raw table. */
RAISES static void push_keys(lua_State *L, int table)
{
	lua_Integer count = 0;

	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		int type = lua_type(L, -2);

		if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
			luaL_error(L, "pairs has no order for a key that is a %s", lua_typename(L, type));
		lua_pushvalue(L, -2);
		lua_rawseti(L, -4, ++count);
	}
	library_sort_list(L, -1, count, key_less);
}

/* Upvalues: the table that is read, the list of keys, the position. */
static int next_pair(lua_State *L)
{
	lua_Integer position = lua_tointeger(L, lua_upvalueindex(3));

	for (;;) {
		lua_settop(L, 0);
		if (lua_rawgeti(L, lua_upvalueindex(2), ++position) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, 1);
		if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
			break;
	}
	lua_pushinteger(L, position);
	lua_replace(L, lua_upvalueindex(3));
	return 2;
}

RAISES static int base_pairs(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	data_push_inside(L, 1);
	push_keys(L, 2);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_pair, 3);
	lua_pushvalue(L, 1);
	lua_pushnil(L);
	return 3;
}

RAISES static int base_print(lua_State *L)
{
	struct frames frames;
	int count = lua_gettop(L);
	luaL_Buffer line;
	size_t length;
	json_t *note;

	luaL_buffinit(L, &line);
	for (int i = 1; i <= count; i++) {
		if (i > 1)
			luaL_addchar(&line, '\t');
		library_text(L, i, NULL);
		luaL_addvalue(&line);
	}
	luaL_pushresult(&line);
	lua_tolstring(L, -1, &length);
	sandbox_charge(L, length + 64);
	failure_frames(L, 0, &frames);
	note = json_pack("{s:o}", "text", utf8_json(lua_tostring(L, -1), length));
	if (frames.count)
		json_object_set_new(note, "span", span_json(frames.places[0]));
	json_array_append_new(sandbox_of(L)->notes, note);
	return 0;
}

const struct luaL_Reg library_base[] = {
	{"assert", base_assert},
	{"error", base_error},
	{"pairs", base_pairs},
	{"setmetatable", base_setmetatable},
	{"print", base_print},
	{"tostring", base_tostring},
	{NULL, NULL},
};
