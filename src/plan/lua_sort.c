/* A merge sort over a raw list: equal entries keep their order, so every run gives the same. */
#include <lauxlib.h>
#include <limits.h>

#include "plan/lua_library.h"

/* Is the entry at j less than the one at i? */
RAISES static bool goes_before(lua_State *L, int list, lua_Integer j, lua_Integer i, bool (*less)(lua_State *L))
{
	bool result;

	lua_rawgeti(L, list, j);
	lua_rawgeti(L, list, i);
	result = less(L);
	lua_pop(L, 2);
	return result;
}

/* Merges [low, middle) and [middle, high) of `from` into `to`. */
RAISES static void merge(lua_State *L, int from, const lua_Integer bounds[3], bool (*less)(lua_State *L))
{
	int to = from + 1;
	lua_Integer i = bounds[0], j = bounds[1];

	for (lua_Integer k = bounds[0]; k < bounds[2]; k++) {
		bool second = i >= bounds[1] || (j < bounds[2] && goes_before(L, from, j, i, less));

		lua_rawgeti(L, from, second ? j++ : i++);
		lua_rawseti(L, to, k);
	}
}

static lua_Integer at_most(lua_Integer value, lua_Integer limit)
{
	return value < limit ? value : limit;
}

RAISES static void copy_back(lua_State *L, int from, int to, lua_Integer length)
{
	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(L, from, i);
		lua_rawseti(L, to, i);
	}
}

/* The list and its working copy lie side by side on the stack: merge() goes from one to the next. */
RAISES void library_sort_list(lua_State *L, int list, lua_Integer length, bool (*less)(lua_State *L))
{
	int work;

	luaL_checkstack(L, 8, NULL);
	list = lua_absindex(L, list);
	lua_pushvalue(L, list);
	work = lua_gettop(L);
	lua_newtable(L);
	for (lua_Integer width = 1; width < length; width *= 2) {
		for (lua_Integer low = 1; low <= length; low += 2 * width) {
			lua_Integer bounds[3] = {low, at_most(low + width, length + 1), at_most(low + 2 * width, length + 1)};

			merge(L, work, bounds, less);
		}
		copy_back(L, work + 1, work, length);
	}
	lua_settop(L, work - 1);
}

static bool less_plain(lua_State *L)
{
	return lua_compare(L, -2, -1, LUA_OPLT);
}

/* The author's function is the second argument of table.sort. */
static bool less_by_function(lua_State *L)
{
	bool result;

	lua_pushvalue(L, 2);
	lua_pushvalue(L, -3);
	lua_pushvalue(L, -3);
	lua_call(L, 2, 1);
	result = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return result;
}

RAISES int library_sort(lua_State *L)
{
	lua_Integer length;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (!lua_isnoneornil(L, 2))
		luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	length = luaL_len(L, 1);
	luaL_argcheck(L, length < INT_MAX, 1, "array too big");
	lua_newtable(L);
	for (lua_Integer i = 1; i <= length; i++) {
		lua_geti(L, 1, i);
		lua_rawseti(L, 3, i);
	}
	library_sort_list(L, 3, length, lua_isnil(L, 2) ? less_plain : less_by_function);
	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(L, 3, i);
		lua_seti(L, 1, i);
	}
	return 0;
}
