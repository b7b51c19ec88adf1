/*
 * Values of a plan as data: sealed tables that plans can read but not change,
 * copies of what an author wrote, and JSON.  Tables are read raw.
 */
#ifndef INTERLOCK_PLAN_LUA_DATA_H
#define INTERLOCK_PLAN_LUA_DATA_H

#include "plan/sandbox.h"

/*
 * Replaces the table on top by an empty one through which it can be read, but
 * not written.  What its metatable says about calls and operators stays.
 */
RAISES void data_seal(lua_State *L);
/* Pushes the table that is read when the one at `index` is: the inside of a sealed table, else itself. */
void data_push_inside(lua_State *L, int index);
/* Is it sealed, or a value that data_push_opaque() made? */
bool data_is_sealed(lua_State *L, int index);

/* Pushes a new value that holds nothing and is called `what` in messages ("a step"). */
RAISES void data_push_opaque(lua_State *L, const char *what);
/* That name, or NULL for any other value. */
const char *data_opaque_name(lua_State *L, int index);

/*
 * Pushes a checked deep copy of the value at `index`: nil, booleans, numbers,
 * text, lists and objects of these.  Anything else is an error at the author's
 * place; `subject` says whose value it is ("add_check").
 */
RAISES void data_copy(lua_State *L, int index, const char *subject);

/* Marks the table on top as a list, so that it is one in JSON even when it is empty. */
RAISES void data_mark_list(lua_State *L);
/* JSON of a value built by data_copy() and the prelude; NULL: it is larger than SANDBOX_OUTPUT. */
json_t *data_to_json(lua_State *L, int index);

#endif
