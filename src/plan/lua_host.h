/*
 * What the prelude gets from C: a table of functions and facts.  C does what
 * needs the stack, the parser or a file; what only composes is in
 * lua/prelude.lua.
 */
#ifndef INTERLOCK_PLAN_LUA_HOST_H
#define INTERLOCK_PLAN_LUA_HOST_H

#include "base/arena.h"
#include "base/err.h"
#include "plan/sandbox.h"

/* Pushes the table; `globals` is the index of the table that embedded code has for globals. */
RAISES void host_push(lua_State *L, int globals);
/* Pushes the function of a Lua file in the binary, such as "lua/prelude.lua". */
RAISES void host_push_embedded(lua_State *L, const char *path, int globals);

/* Memory that lives as long as its place on the Lua stack. */
struct scratch {
	struct arena arena;
	struct err err;
};
RAISES struct scratch *host_push_scratch(lua_State *L);

/* Functions of the table that have a file of their own. */
int host_kind(lua_State *L);        /* kind, value, choices -> nil, or what is wrong, rule */
int host_kinds(lua_State *L);       /* -> the names of all kinds */
int host_interpolate(lua_State *L); /* text, values -> text, or nil, what is wrong, help */
int host_module(lua_State *L);      /* library or nil, name -> function, path; or nil, what is wrong */

#endif
