/* Tables that can be read but not changed, and values that hold nothing. */
#include <lauxlib.h>
#include <string.h>

#include "plan/lua_data.h"
#include "plan/lua_failure.h"

/* Keys of metatables that no plan can name: what a table shows, what a value is called. */
static const char inside_key = 0, opaque_key = 0;

/* Is there a field under that private key in the metatable?  Pushes it if so. */
static bool push_private(lua_State *L, int index, const char *key)
{
	if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
		return false;
	lua_rawgetp(L, -1, key);
	lua_remove(L, -2);
	if (!lua_isnil(L, -1))
		return true;
	lua_pop(L, 1);
	return false;
}

void data_push_inside(lua_State *L, int index)
{
	index = lua_absindex(L, index);
	if (!push_private(L, index, &inside_key))
		lua_pushvalue(L, index);
}

bool data_is_sealed(lua_State *L, int index)
{
	bool sealed = push_private(L, index, &inside_key);

	if (sealed)
		lua_pop(L, 1);
	return sealed || data_opaque_name(L, index);
}

const char *data_opaque_name(lua_State *L, int index)
{
	const char *name;

	if (!push_private(L, index, &opaque_key))
		return NULL;
	name = lua_tostring(L, -1);
	lua_pop(L, 1);
	return name;
}

RAISES static int refuse_write(lua_State *L)
{
	const char *key = luaL_typename(L, 2);

	if (lua_type(L, 2) == LUA_TSTRING || lua_type(L, 2) == LUA_TNUMBER)
		key = lua_tostring(L, 2);
	return failure_raise(L, "lua-error",
	                     "what a library or a word of the language returns cannot be changed: copy it",
	                     "cannot assign to \"%.200s\": the table is read-only", key);
}

RAISES static int inside_length(lua_State *L)
{
	lua_pushinteger(L, luaL_len(L, lua_upvalueindex(1)));
	return 1;
}

static bool is_replaced(const char *key)
{
	static const char *const names[] = {"__index",     "__newindex", "__len",  "__pairs",
	                                    "__metatable", "__gc",       "__mode", "__close"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

/* From the metatable at `from` to the one on top: calls, operators, tostring. */
RAISES static void copy_metamethods(lua_State *L, int from)
{
	int to = lua_gettop(L);

	luaL_checkstack(L, 4, NULL);
	for (lua_pushnil(L); lua_next(L, from); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING || is_replaced(lua_tostring(L, -2)))
			continue;
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, to);
	}
}

RAISES static void push_seal_metatable(lua_State *L, int inside)
{
	bool had = lua_getmetatable(L, inside);
	int old = lua_gettop(L);

	lua_createtable(L, 0, 6);
	if (had) {
		copy_metamethods(L, old);
		lua_remove(L, old);
	}
	lua_pushvalue(L, inside);
	lua_rawsetp(L, -2, &inside_key);
	lua_pushvalue(L, inside);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushvalue(L, inside);
	lua_pushcclosure(L, inside_length, 1);
	lua_setfield(L, -2, "__len");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
}

RAISES void data_seal(lua_State *L)
{
	int inside = lua_gettop(L);

	luaL_checkstack(L, 8, NULL);
	lua_newtable(L);
	push_seal_metatable(L, inside);
	lua_setmetatable(L, -2);
	lua_remove(L, inside);
}

RAISES void data_push_opaque(lua_State *L, const char *what)
{
	luaL_checkstack(L, 4, NULL);
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	lua_pushstring(L, what);
	lua_rawsetp(L, -2, &opaque_key);
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}
