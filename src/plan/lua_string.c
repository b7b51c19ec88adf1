/* string.rep with a limit, and string.format that tells no addresses. */
#include <lauxlib.h>
#include <string.h>

#include "plan/lua_failure.h"
#include "plan/lua_library.h"

/* Lua's own counts in C, where nothing can stop it. */
RAISES int library_rep(lua_State *L)
{
	size_t length, between, total;
	const char *text = luaL_checklstring(L, 1, &length);
	lua_Integer count = luaL_checkinteger(L, 2);
	const char *separator = luaL_optlstring(L, 3, "", &between);
	luaL_Buffer buffer;

	if (count > SANDBOX_REPEAT)
		failure_raise(L, "sandbox-limit", NULL, "string.rep repeats at most 10,000 times");
	total = count > 0 ? (size_t)count * (length + between) - between : 0;
	if (total > SANDBOX_STRING)
		failure_raise(L, "sandbox-limit", NULL, "string.rep makes at most 1 MiB");
	luaL_buffinitsize(L, &buffer, total);
	while (count-- > 0) {
		luaL_addlstring(&buffer, text, length);
		if (count > 0)
			luaL_addlstring(&buffer, separator, between);
	}
	luaL_pushresult(&buffer);
	return 1;
}

/* The conversion letter of the next directive, or NUL; moves behind it. */
static char next_conversion(const char **at, const char *end)
{
	while (*at < end) {
		if (*(*at)++ != '%')
			continue;
		while (*at < end && **at && strchr("-+ #0123456789.", **at))
			(*at)++;
		if (*at == end)
			return '\0';
		if (*(*at)++ != '%')
			return (*at)[-1];
	}
	return '\0';
}

RAISES int library_format(lua_State *L)
{
	size_t length;
	const char *at = luaL_checklstring(L, 1, &length), *end = at + length;
	int argument = 1;
	char conversion;

	luaL_checkstack(L, 4, NULL);
	while ((conversion = next_conversion(&at, end)) != '\0') {
		if (conversion == 'p')
			luaL_error(L, "string.format has no '%%p' here: addresses differ in every run");
		if (++argument <= lua_gettop(L) && conversion == 's') {
			library_text(L, argument, NULL);
			lua_replace(L, argument);
		}
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}
