/* Where the file of a library is, whether it may be used, and compiling it. */
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "plan/lua_failure.h"
#include "plan/lua_host.h"
#include "plan/lua_sources.h"
#include "plan/pins.h"
#include "plan/root.h"

struct place {
	char root[PATH_MAX], file[PINS_NAME_MAX + 8], path[PATH_MAX];
	bool is_tried;
};

/* Where the file is. */
static void library_path(lua_State *L, const char *library, const char *name, struct place *place)
{
	const struct load_request *request = sandbox_of(L)->request;
	char below[PINS_NAME_MAX * 2 + 64];

	if (request->root)
		snprintf(place->root, sizeof(place->root), "%s", request->root);
	else
		root_find(request->path, place->root);
	snprintf(place->file, sizeof(place->file), "%s.lua", name);
	if (library)
		snprintf(below, sizeof(below), "vendor/%s/%s", library, place->file);
	else
		snprintf(below, sizeof(below), "lib/%s", place->file);
	pins_path(place->root, below, place->path, sizeof(place->path));
	place->is_tried = library && request->candidate && strcmp(request->candidate->library, library) == 0;
	if (place->is_tried)
		snprintf(place->path, sizeof(place->path), "%s/%s", request->candidate->folder, place->file);
}

/* Instead of a module: nil, why, and the name that may be meant. */
RAISES static int no_standard_module(lua_State *L, const char *name)
{
	const char *names[64];
	size_t count = 0;

	luaL_checkstack(L, 70, NULL);
	for (const struct lua_source *source = lua_sources; source->path && count < 64; source++)
		if (strncmp(source->path, "lua/std/", 8) == 0)
			names[count++] = lua_pushlstring(L, source->path + 8, strlen(source->path) - 8 - strlen(".lua"));
	lua_pushnil(L);
	lua_pushstring(L, "the standard library has no such file: interlock help std");
	lua_pushstring(L, suggest(name, names, count));
	return 3;
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
	return no_standard_module(L, name);
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
	struct pin_problem problem;
	struct source *source;
	struct place place;

	luaL_checkstack(L, 8, NULL);
	if (library && strcmp(library, "std") == 0)
		return standard_module(L, name);
	if (strlen(name) > PINS_NAME_MAX || (library && strlen(library) > PINS_NAME_MAX))
		return failure_raise(L, "bad-library-name", NULL, "the name of a library has at most %d characters",
		                     PINS_NAME_MAX);
	library_path(L, library, name, &place);
	source = push_source(L);
	if (!source_read(place.path, source)) {
		lua_pushnil(L);
		lua_pushfstring(L, "%s: %s", place.path, source->why);
		return 2;
	}
	if (library && !place.is_tried && !pins_allow(place.root, library, place.file, source->sha256, &problem))
		return failure_raise(L, problem.rule, problem.help, "%s", problem.summary);
	sandbox_list_file(sandbox_of(L), place.path, source);
	sandbox_compile(L, source->text, source->length, place.path);
	lua_pushstring(L, place.path);
	return 2;
}
