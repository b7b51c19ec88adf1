/* Where the file of a library is, and compiling it. */
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lua_failure.h"
#include "plan/lua_host.h"
#include "plan/lua_sources.h"
#include "plan/root.h"

static void library_path(lua_State *L, const char *library, const char *name, char *path, size_t size)
{
	char root[PATH_MAX];
	const char *lead = root, *slash = "/";

	root_find(sandbox_of(L)->request->path, root);
	if (strcmp(root, ".") == 0)
		lead = slash = "";
	else if (strcmp(root, "/") == 0)
		slash = "";
	if (library)
		snprintf(path, size, "%s%svendor/%s/%s.lua", lead, slash, library, name);
	else
		snprintf(path, size, "%s%slib/%s.lua", lead, slash, name);
}

RAISES static int standard_module(lua_State *L, const char *name)
{
	char path[256], shown[256];

	snprintf(path, sizeof(path), "lua/std/%s.lua", name);
	snprintf(shown, sizeof(shown), "std/%s.lua", name);
	for (const struct lua_source *source = lua_sources; source->path; source++)
		if (strcmp(source->path, path) == 0) {
			sandbox_compile(L, source->text, strlen(source->text), shown);
			lua_pushstring(L, shown);
			return 2;
		}
	lua_pushnil(L);
	lua_pushstring(L, "the standard library has no such file");
	return 2;
}

/* An owner for what was read, as the compiler may raise an error. */
RAISES static int release_source(lua_State *L)
{
	source_release(lua_touserdata(L, 1));
	return 0;
}

RAISES static struct source *push_source(lua_State *L)
{
	struct source *source = lua_newuserdatauv(L, sizeof(*source), 0);

	*source = (struct source){0};
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, release_source);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	return source;
}

/* library or nil, name -> function, path; or nil, what is wrong */
RAISES int host_module(lua_State *L)
{
	const char *library = luaL_optstring(L, 1, NULL), *name = luaL_checkstring(L, 2);
	char path[PATH_MAX + 256];
	struct source *source;

	luaL_checkstack(L, 8, NULL);
	if (library && strcmp(library, "std") == 0)
		return standard_module(L, name);
	library_path(L, library, name, path, sizeof(path));
	source = push_source(L);
	if (!source_read(path, source)) {
		lua_pushnil(L);
		lua_pushfstring(L, "%s: %s", path, source->why);
		return 2;
	}
	sandbox_list_file(sandbox_of(L), path, source);
	sandbox_compile(L, source->text, source->length, path);
	lua_pushstring(L, path);
	return 2;
}
