/*
 * What a plan may call: an allow-list of Lua's library, with functions of our
 * own where Lua's would hang, tell addresses, or differ from run to run.
 */
#ifndef INTERLOCK_PLAN_LUA_LIBRARY_H
#define INTERLOCK_PLAN_LUA_LIBRARY_H

#include <lauxlib.h>

#include "plan/sandbox.h"

/* Opens Lua's library and pushes the table of allowed names; nothing else stays reachable. */
RAISES void library_open(lua_State *L);
/* Makes the table on top, which is popped, the only globals of the code that is compiled from now on. */
RAISES void library_publish(lua_State *L);

/* The functions of our own.  Each file has its list. */
extern const struct luaL_Reg library_base[];

/* string.rep, and string.format around Lua's own as first upvalue. */
int library_rep(lua_State *L);
int library_format(lua_State *L);
/* table.sort: stable, so that equal entries keep their order. */
int library_sort(lua_State *L);

/* Pushes text as tostring() gives it, without addresses. */
RAISES const char *library_text(lua_State *L, int index, size_t *length);
/* Sorts a raw list of `length` entries: stable, by merging.  `less` compares the two values on top and leaves
 * them. */
RAISES void library_sort_list(lua_State *L, int list, lua_Integer length, bool (*less)(lua_State *L));

#endif
