/* The Lua files inside the binary: lua/prelude.lua and lua/std/. */
#ifndef INTERLOCK_PLAN_LUA_SOURCES_H
#define INTERLOCK_PLAN_LUA_SOURCES_H

struct lua_source {
	const char *path; /* "lua/std/keys.lua" */
	const char *text;
};
extern const struct lua_source lua_sources[]; /* ends with a NULL path; generated */

#endif
