/* The allow-list, and globals that can be read but not written. */
#include "plan/lua_library.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "plan/lua_data.h"
#include "plan/lua_failure.h"
#include "plan/lua_names.h"

static const char *const from_base[] = {"ipairs", "select", "type", "tonumber", NULL};
static const char *const from_string[] = {"byte",  "char",  "find", "gmatch", "gsub", "len",
                                          "lower", "match", "sub",  "upper",  NULL};
static const char *const from_table[] = {"concat", "insert", "pack", "remove", "unpack", NULL};
static const char *const from_math[] = {"abs",  "ceil", "floor", "max",        "min",        "tointeger",
                                        "type", "fmod", "huge",  "maxinteger", "mininteger", NULL};

/* In place of Lua's: each has its file. */
static const char *const own_base[] = {"assert", "error", "pairs", "setmetatable", "print", "tostring", NULL};
static const char *const own_string[] = {"rep", "format", NULL};
static const char *const own_table[] = {"sort", NULL};
static const char *const own_math[] = {NULL};

const struct lua_names lua_names[] = {
	{NULL, from_base, own_base},
	{"string", from_string, own_string},
	{"table", from_table, own_table},
	{"math", from_math, own_math},
	{.names = NULL},
};

/* Lua's other names, for a message that says so. */
static const char *const not_offered[] = {
	"_G",     "collectgarbage", "coroutine",  "debug", "dofile",   "getmetatable", "io",
	"load",   "loadfile",       "next",       "os",    "package",  "pcall",        "rawequal",
	"rawget", "rawlen",         "rawset",     "utf8",  "warn",     "xpcall",       "dump",
	"move",   "random",         "randomseed", "pack",  "packsize", "unpack",       NULL,
};

RAISES static const char *nearest(lua_State *L, int table, const char *word)
{
	const char *names[256];
	size_t count = 0;

	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
		if (lua_type(L, -2) == LUA_TSTRING && count < sizeof(names) / sizeof(*names))
			names[count++] = lua_tostring(L, -2);
	return suggest(word, names, count);
}

static bool is_in(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* Upvalues: the table of names, and what comes before a name ("string."). */
RAISES static int unknown_name(lua_State *L)
{
	const char *prefix = lua_tostring(L, lua_upvalueindex(2)), *near;
	const char *word = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	char help[200] = "";

	if (is_in(not_offered, word))
		return failure_raise(L, "unknown-name",
		                     "a plan is only data: it is evaluated without files, clock, network and chance",
		                     "\"%s%s\" is a part of Lua that plans do not have", prefix, word);
	near = nearest(L, lua_upvalueindex(1), word);
	if (near)
		snprintf(help, sizeof(help), "did you mean \"%s%s\"?", prefix, near);
	return failure_raise(L, "unknown-name", help, "there is nothing called \"%s%.200s\"", prefix, word);
}

RAISES static int read_name(lua_State *L)
{
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	return unknown_name(L);
}

RAISES static int refuse_name(lua_State *L)
{
	const char *prefix = lua_tostring(L, lua_upvalueindex(2));
	const char *word = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);

	if (*prefix)
		return failure_raise(L, "global-assignment", NULL,
		                     "cannot assign to \"%s%.200s\": the library is read-only", prefix, word);
	return failure_raise(L, "global-assignment", "use local: \"local x = …\", \"local function f() … end\"",
	                     "cannot assign to \"%.200s\": there are no global variables", word);
}

RAISES static void push_closure(lua_State *L, lua_CFunction function, int names, const char *prefix)
{
	lua_pushvalue(L, names);
	lua_pushstring(L, prefix);
	lua_pushcclosure(L, function, 2);
}

/* Replaces the table on top by one that reads it, refuses writes, and answers unknown names. */
RAISES static void make_strict(lua_State *L, const char *prefix)
{
	int names = lua_gettop(L);

	luaL_checkstack(L, 8, NULL);
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	push_closure(L, read_name, names, prefix);
	lua_setfield(L, -2, "__index");
	push_closure(L, refuse_name, names, prefix);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_remove(L, names);
}

/* From the table on top to the one at `to`. */
RAISES static void take(lua_State *L, const char *const *names, int to)
{
	for (; *names; names++) {
		lua_getfield(L, -1, *names);
		lua_setfield(L, to, *names);
	}
}

RAISES static void open_one(lua_State *L, const char *name, lua_CFunction opener)
{
	lua_pushcfunction(L, opener);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
}

/* Methods of strings are the allowed functions, and nobody gets at their metatable. */
RAISES static void protect_strings(lua_State *L, int names)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	push_closure(L, read_name, names, "string.");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

RAISES static void open_string(lua_State *L, int words)
{
	int names = words + 1;

	lua_newtable(L);
	open_one(L, LUA_STRLIBNAME, luaopen_string);
	take(L, from_string, names);
	lua_pushcfunction(L, library_rep);
	lua_setfield(L, names, "rep");
	lua_getfield(L, -1, "format");
	lua_pushcclosure(L, library_format, 1);
	lua_setfield(L, names, "format");
	lua_pop(L, 1);
	protect_strings(L, names);
	make_strict(L, "string.");
	lua_setfield(L, words, "string");
}

RAISES static void open_table(lua_State *L, int words)
{
	lua_newtable(L);
	open_one(L, LUA_TABLIBNAME, luaopen_table);
	take(L, from_table, words + 1);
	lua_pop(L, 1);
	lua_pushcfunction(L, library_sort);
	lua_setfield(L, -2, "sort");
	make_strict(L, "table.");
	lua_setfield(L, words, "table");
}

RAISES static void open_math(lua_State *L, int words)
{
	lua_newtable(L);
	open_one(L, LUA_MATHLIBNAME, luaopen_math);
	take(L, from_math, words + 1);
	lua_pop(L, 1);
	make_strict(L, "math.");
	lua_setfield(L, words, "math");
}

RAISES void library_open(lua_State *L)
{
	int words;

	luaL_checkstack(L, 20, NULL);
	lua_newtable(L);
	words = lua_gettop(L);
	open_one(L, LUA_GNAME, luaopen_base);
	take(L, from_base, words);
	lua_pop(L, 1);
	luaL_setfuncs(L, library_base, 0);
	open_string(L, words);
	open_table(L, words);
	open_math(L, words);
}

RAISES void library_publish(lua_State *L)
{
	make_strict(L, "");
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
