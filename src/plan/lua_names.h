/* What of Lua's own library a plan may call, for the files that tell editors. */
#ifndef INTERLOCK_PLAN_LUA_NAMES_H
#define INTERLOCK_PLAN_LUA_NAMES_H

struct lua_names {
	const char *library;      /* "string"; NULL: the names stand by themselves */
	const char *const *names; /* NULL-terminated */
	const char *const *ours;  /* the same, of functions that are not Lua's own but do the same */
};
extern const struct lua_names lua_names[]; /* ends with NULL names */

#endif
