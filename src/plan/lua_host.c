/* The table of functions for the prelude. */
#include "plan/lua_host.h"

#include <lauxlib.h>
#include <string.h>

#include "base/suggest.h"
#include "plan/lua_data.h"
#include "plan/lua_failure.h"
#include "plan/lua_sources.h"

RAISES static void push_span(lua_State *L, struct span span)
{
	lua_createtable(L, 2, 0);
	lua_pushstring(L, span.file);
	lua_rawseti(L, -2, 1);
	lua_pushinteger(L, span.line);
	lua_rawseti(L, -2, 2);
}

/* The author's places from the innermost call outwards, each { file, line }. */
RAISES static int host_frames(lua_State *L)
{
	struct frames frames;

	failure_frames(L, 0, &frames);
	lua_createtable(L, (int)frames.count, 0);
	for (size_t i = 0; i < frames.count; i++) {
		push_span(L, frames.places[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* The name by which the innermost function of the author was called, or nil. */
RAISES static int host_caller(lua_State *L)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sn", &ar);
		if (ar.source[0] != '@')
			continue;
		lua_pushstring(L, ar.name);
		return 1;
	}
	return 0;
}

/* A diagnostic in the form of sandbox_evaluate()'s, as a table; its lists are lists without holes. */
RAISES static int host_report(lua_State *L)
{
	json_t *diag;

	luaL_checktype(L, 1, LUA_TTABLE);
	diag = data_to_json(L, 1);
	if (diag)
		failure_add(sandbox_of(L), diag);
	return 0;
}

RAISES static int host_stop(lua_State *L)
{
	return failure_stop(L);
}

RAISES static int call_entry(lua_State *L)
{
	luaL_checkstack(L, 2, NULL);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

/*
 * Wraps a function that plans call.  Lua forgets the line of `return f(…)`
 * when f is a Lua function, but not when it is a C function.
 */
RAISES static int host_entry(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_pushcclosure(L, call_entry, 1);
	return 1;
}

/* Marks a table as a list and returns it. */
RAISES static int host_list(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	data_mark_list(L);
	return 1;
}

/* value, subject -> a checked copy */
RAISES static int host_copy(lua_State *L)
{
	const char *subject = luaL_checkstring(L, 2);

	data_copy(L, 1, subject);
	return 1;
}

/* table, original -> a sealed table that shows it, with the original's metatable */
RAISES static int host_seal(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (lua_getmetatable(L, 2))
		lua_setmetatable(L, 1);
	lua_settop(L, 1);
	data_seal(L);
	return 1;
}

RAISES static int host_is_sealed(lua_State *L)
{
	lua_pushboolean(L, data_is_sealed(L, 1));
	return 1;
}

RAISES static int host_opaque(lua_State *L)
{
	data_push_opaque(L, luaL_checkstring(L, 1));
	return 1;
}

RAISES static int host_rawset(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 0;
}

/* name -> the function of lua/NAME.lua in the binary; upvalue: its globals */
RAISES static int host_include(lua_State *L)
{
	host_push_embedded(L, lua_pushfstring(L, "lua/%s.lua", luaL_checkstring(L, 1)), lua_upvalueindex(1));
	return 1;
}

RAISES void host_push_embedded(lua_State *L, const char *path, int globals)
{
	for (const struct lua_source *source = lua_sources; source->path; source++) {
		if (strcmp(source->path, path) != 0)
			continue;
		if (luaL_loadbufferx(L, source->text, strlen(source->text), "=[interlock]", "t") != LUA_OK)
			lua_error(L);
		lua_pushvalue(L, globals);
		lua_setupvalue(L, -2, 1);
		return;
	}
	luaL_error(L, "%s is not in the binary", path);
}

/* word, list of words -> the one that was meant, or nil */
RAISES static int host_suggest(lua_State *L)
{
	const char *word = luaL_checkstring(L, 1), *words[256];
	size_t count = 0;

	luaL_checktype(L, 2, LUA_TTABLE);
	for (lua_Integer i = 1; count < 256 && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
		words[count++] = lua_tostring(L, -1);
		lua_pop(L, 1);
	}
	lua_pushstring(L, suggest(word, words, count));
	return 1;
}

/* function, argument -> does it return?  What it reports is dropped. */
RAISES static int host_try(lua_State *L)
{
	struct sandbox *sandbox = sandbox_of(L);
	size_t errors = sandbox->errors, diags = json_array_size(sandbox->diags);
	int status;

	lua_settop(L, 2);
	status = lua_pcall(L, 1, 0, 0);
	if (sandbox->interval == 1) /* a budget is spent: that is not for us to forgive */
		return failure_stop(L);
	while (json_array_size(sandbox->diags) > diags)
		json_array_remove(sandbox->diags, json_array_size(sandbox->diags) - 1);
	sandbox->errors = errors;
	lua_pushboolean(L, status == LUA_OK);
	return 1;
}

RAISES static int release_scratch(lua_State *L)
{
	struct scratch *scratch = lua_touserdata(L, 1);

	arena_release(&scratch->arena);
	err_release(&scratch->err);
	return 0;
}

RAISES struct scratch *host_push_scratch(lua_State *L)
{
	struct scratch *scratch;

	luaL_checkstack(L, 4, NULL);
	scratch = lua_newuserdatauv(L, sizeof(*scratch), 0);
	memset(scratch, 0, sizeof(*scratch));
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, release_scratch);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	return scratch;
}

RAISES static void push_words(lua_State *L, const char *const *words)
{
	lua_newtable(L);
	for (lua_Integer i = 0; words && words[i]; i++) {
		lua_pushstring(L, words[i]);
		lua_rawseti(L, -2, i + 1);
	}
}

/* --set: the last of one name wins, as in psql. */
RAISES static void push_values(lua_State *L, const struct load_request *request)
{
	lua_newtable(L);
	for (size_t i = 0; request->set_names && request->set_names[i]; i++) {
		lua_pushstring(L, request->set_values[i]);
		lua_setfield(L, -2, request->set_names[i]);
	}
}

RAISES void host_push(lua_State *L, int globals)
{
	static const struct luaL_Reg functions[] = {
		{"frames", host_frames},       {"caller", host_caller}, {"report", host_report},
		{"stop", host_stop},           {"try", host_try},       {"entry", host_entry},
		{"list", host_list},           {"copy", host_copy},     {"seal", host_seal},
		{"is_sealed", host_is_sealed}, {"opaque", host_opaque}, {"suggest", host_suggest},
		{"kind", host_kind},           {"kinds", host_kinds},   {"interpolate", host_interpolate},
		{"module", host_module},       {"rawset", host_rawset}, {NULL, NULL},
	};
	const struct load_request *request = sandbox_of(L)->request;

	luaL_checkstack(L, 8, NULL);
	luaL_newlib(L, functions);
	lua_pushvalue(L, globals);
	lua_pushcclosure(L, host_include, 1);
	lua_setfield(L, -2, "include");
	lua_pushstring(L, request->path);
	lua_setfield(L, -2, "path");
	push_words(L, request->primitives);
	lua_setfield(L, -2, "primitives");
	push_values(L, request);
	lua_setfield(L, -2, "values");
}
