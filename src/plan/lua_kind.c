/* The kinds of options that libraries name: is a value one of them?  And sql(), psql's interpolation. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "plan/lua_failure.h"
#include "plan/lua_host.h"
#include "sql/ident.h"
#include "sql/interpolate.h"
#include "sql/parse.h"

/* Each check of a text: NULL, or what is wrong with it (in the scratch). */
typedef const char *(*text_check)(const char *text, struct scratch *scratch);

static const char *from_err(bool ok, struct scratch *scratch)
{
	return ok ? NULL : scratch->err.diag.summary;
}

static const char *check_table(const char *text, struct scratch *scratch)
{
	struct relname name;

	return ident_parse_relname(text, &scratch->arena, &name);
}

static const char *check_name(const char *text, struct scratch *scratch)
{
	const char *name;

	return ident_parse_name(text, &scratch->arena, &name);
}

static const char *check_columns(const char *text, struct scratch *scratch)
{
	struct index_column *columns;
	size_t count;

	return from_err(sql_parse_index_columns(text, &scratch->arena, &columns, &count, &scratch->err), scratch);
}

static const char *check_type(const char *text, struct scratch *scratch)
{
	return from_err(sql_check_type(text, &scratch->err), scratch);
}

static const char *check_expression(const char *text, struct scratch *scratch)
{
	return from_err(sql_check_expression(text, &scratch->err), scratch);
}

static const char *check_query(const char *text, struct scratch *scratch)
{
	return from_err(sql_check_query(text, &scratch->err), scratch);
}

static const char *check_statements(const char *text, struct scratch *scratch)
{
	return from_err(sql_check_statements(text, &scratch->err), scratch);
}

static const char *check_interval(const char *text, struct scratch *scratch)
{
	int64_t milliseconds;

	(void)scratch;
	return interval_parse(text, &milliseconds) ? NULL : "write it as \"50 ms\" or \"30 days\"";
}

static const char *check_version(const char *text, struct scratch *scratch)
{
	(void)scratch;
	return *text && strspn(text, "0123456789.") == strlen(text) && *text != '.' ? NULL : "write it as \"5.3.0\"";
}

/* LUA_TNONE: any type. */
static const struct kind {
	const char *name;
	int type;
	const char *wants; /* what a value must be */
	text_check check;
	bool sql;
} kinds[] = {
	{"table", LUA_TSTRING, "the name of a table, \"schema.table\"", check_table, false},
	{"column", LUA_TSTRING, "the name of a column", check_name, false},
	{"column list", LUA_TSTRING, "columns, { \"a\", \"b\" } or \"a, b DESC\"", check_columns, true},
	{"identifier", LUA_TSTRING, "a name", check_name, false},
	{"type", LUA_TSTRING, "a type, as \"varchar(255)\"", check_type, true},
	{"sql expression", LUA_TSTRING, "an SQL expression, as a string", check_expression, true},
	{"sql predicate", LUA_TSTRING, "an SQL condition, as a string", check_expression, true},
	{"sql query", LUA_TSTRING, "a SELECT, as a string", check_query, true},
	{"sql statements", LUA_TSTRING, "SQL statements, as a string", check_statements, true},
	{"interval", LUA_TSTRING, "a length of time, as \"50 ms\" or \"30 days\"", check_interval, false},
	{"version", LUA_TSTRING, "a version, as \"5.3.0\"", check_version, false},
	{"text", LUA_TSTRING, "a text", NULL, false},
	{"choice", LUA_TSTRING, "one of its words", NULL, false},
	{"integer", LUA_TNUMBER, "a whole number", NULL, false},
	{"boolean", LUA_TBOOLEAN, "true or false", NULL, false},
	{"any", LUA_TNONE, "a value", NULL, false},
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* Has the value at index 2 the kind's type?  A whole number is an integer, not 1.0. */
static bool has_type(lua_State *L, const struct kind *kind)
{
	return kind->type == LUA_TNONE ||
	       (lua_type(L, 2) == kind->type && (kind->type != LUA_TNUMBER || lua_isinteger(L, 2)));
}

RAISES static int check_text(lua_State *L, const struct kind *kind)
{
	const char *text = lua_tostring(L, 2), *why;
	struct scratch *scratch;

	if (strlen(text) != lua_rawlen(L, 2)) {
		lua_pushliteral(L, "holds a zero byte");
		return 1;
	}
	scratch = host_push_scratch(L);
	why = kind->check(text, scratch);
	if (!why)
		return 0;
	lua_pushfstring(L, "is not %s: %s", kind->sql ? kind->name : kind->wants, why);
	lua_pushstring(L, kind->sql ? "bad-sql" : "bad-option");
	return 2;
}

RAISES int host_kinds(lua_State *L)
{
	lua_createtable(L, (int)(sizeof(kinds) / sizeof(*kinds)), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		lua_pushstring(L, kinds[i].name);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* kind, value -> nothing; or what is wrong with the value and a rule; or false for an unknown kind */
RAISES int host_kind(lua_State *L)
{
	const struct kind *kind = find_kind(luaL_checkstring(L, 1));

	lua_settop(L, 2);
	if (!kind) {
		lua_pushboolean(L, false);
		return 1;
	}
	if (!has_type(L, kind)) {
		lua_pushfstring(L, "must be %s", kind->wants);
		lua_pushliteral(L, "bad-option");
		return 2;
	}
	return kind->check ? check_text(L, kind) : 0;
}

/* The variables of sql(), whose strings the Lua stack holds. */
struct variables {
	const char **names, **values;
	size_t count;
};

static const char *find_variable(const char *name, void *context)
{
	const struct variables *variables = context;

	for (size_t i = 0; i < variables->count; i++)
		if (strcmp(variables->names[i], name) == 0)
			return variables->values[i];
	return NULL;
}

/* From the checked copy at `table`: texts stay there, numbers and booleans become text in the arena. */
RAISES static void collect(lua_State *L, int table, struct arena *arena, struct variables *out)
{
	size_t room = 0;

	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
		room++;
	out->names = arena_array(arena, const char *, room + 1);
	out->values = arena_array(arena, const char *, room + 1);
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING || lua_istable(L, -1))
			failure_raise(L, "bad-value", "sql takes a text and a table of names with their values",
			              "a value of sql is a list or has no name");
		out->names[out->count] = lua_tostring(L, -2);
		if (lua_isboolean(L, -1))
			out->values[out->count++] = lua_toboolean(L, -1) ? "true" : "false";
		else if (lua_type(L, -1) == LUA_TSTRING)
			out->values[out->count++] = lua_tostring(L, -1);
		else
			out->values[out->count++] = arena_strdup(arena, luaL_tolstring(L, -1, NULL)), lua_pop(L, 1);
	}
}

RAISES int host_interpolate(lua_State *L)
{
	struct variables variables = {0};
	const char *text = luaL_checkstring(L, 1), *result;
	struct scratch *scratch;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	scratch = host_push_scratch(L);
	collect(L, 2, &scratch->arena, &variables);
	if (sql_interpolate(text, find_variable, &variables, &scratch->arena, &result, &scratch->err)) {
		lua_pushstring(L, result);
		return 1;
	}
	lua_pushnil(L);
	lua_pushstring(L, scratch->err.diag.summary);
	lua_pushstring(L, scratch->err.diag.help);
	return 3;
}
