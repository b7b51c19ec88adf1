/* The state itself: memory and instruction budgets, and the one protected call into Lua. */
#include "plan/sandbox.h"

#include <lauxlib.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lua_data.h"
#include "plan/lua_failure.h"
#include "plan/lua_host.h"
#include "plan/lua_library.h"
#include "plan/lua_message.h"
#include "plan/utf8.h"

struct sandbox *sandbox_of(lua_State *L)
{
	return *(struct sandbox **)lua_getextraspace(L);
}

static void *allocate(void *context, void *old, size_t old_size, size_t size)
{
	struct sandbox *sandbox = context;
	size_t before = old ? old_size : 0;
	void *memory;

	if (size == 0) {
		free(old);
		sandbox->memory -= before;
		return NULL;
	}
	if (size > before && size - before > SANDBOX_MEMORY - sandbox->memory)
		return NULL;
	memory = realloc(old, size);
	if (memory)
		sandbox->memory = sandbox->memory - before + size;
	return memory;
}

/*
 * Looks at the budgets.  After one is spent the hook fires at every
 * instruction, so that no clean-up code of the plan can go on.
 */
RAISES static void count_steps(lua_State *L, lua_Debug *ar)
{
	struct sandbox *sandbox = sandbox_of(L);
	bool too_deep = lua_getstack(L, SANDBOX_CALLS, ar);

	sandbox->steps += sandbox->interval;
	if (sandbox->interval == 1)
		failure_stop(L);
	if (sandbox->steps < SANDBOX_STEPS && !too_deep)
		return;
	sandbox->interval = 1;
	lua_sethook(L, count_steps, LUA_MASKCOUNT, 1);
	if (too_deep)
		luaL_error(L, "stack overflow");
	failure_raise(L, "sandbox-limit", "is there a loop without an end?",
	              "the plan did not finish within %d million instructions", SANDBOX_STEPS / 1000000);
}

RAISES void sandbox_charge(lua_State *L, size_t bytes)
{
	struct sandbox *sandbox = sandbox_of(L);

	sandbox->output += bytes;
	if (sandbox->output > SANDBOX_OUTPUT)
		failure_raise(L, "sandbox-limit", NULL, "the plan holds more than 8 MiB of data");
}

/* Reports a problem of a text at one of its lines and stops. */
RAISES static void refuse_text(lua_State *L, struct span span, const struct message *message)
{
	struct failure failure = {
		.rule = message->rule, .summary = message->summary, .detail = message->detail, .help = message->help};

	failure_frames(L, 0, &failure.frames);
	failure_at(&failure.frames, span);
	failure_report(sandbox_of(L), &failure);
	failure_stop(L);
}

/* What is not a text at all. */
static const char *wrong_text(const char *text, size_t length)
{
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "the file begins with a byte order mark: save it as UTF-8 without one";
	if (length >= 1 && text[0] == LUA_SIGNATURE[0])
		return "the file is compiled Lua, not a text";
	if (memchr(text, '\0', length))
		return "the file holds a zero byte";
	return NULL;
}

/* The compiler writes "short name:line: " before its messages; a function of that name tells the short name. */
RAISES static int cut_line(lua_State *L, const char *chunk, const char **text)
{
	lua_Debug ar;
	size_t length;

	if (luaL_loadbufferx(L, "", 0, chunk, "t") != LUA_OK)
		return 1;
	lua_getinfo(L, ">S", &ar);
	length = strlen(ar.short_src);
	if (strncmp(*text, ar.short_src, length) != 0 || (*text)[length] != ':')
		return 1;
	*text += length + 1;
	return (int)strtol(*text, (char **)text, 10);
}

RAISES static void refuse_syntax(lua_State *L, const char *chunk, const char *path)
{
	const char *text = lua_tostring(L, -1);
	struct message message;
	int line;

	if (!text) { /* a limit of the compiler: the message handler has reported it */
		failure_stop(L);
		return;
	}
	line = cut_line(L, chunk, &text);
	message_from_compiler(text + strspn(text, ": "), &message);
	refuse_text(L, (struct span){path, line}, &message);
}

RAISES void sandbox_compile(lua_State *L, const char *text, size_t length, const char *path)
{
	struct message message = {.rule = "lua-syntax"};
	const char *why = wrong_text(text, length), *chunk;

	luaL_checkstack(L, 8, NULL);
	if (why) {
		strncpy(message.summary, why, sizeof(message.summary) - 1);
		refuse_text(L, (struct span){path, 1}, &message);
	}
	chunk = lua_pushfstring(L, "@%s", path);
	sandbox_of(L)->compiling = path;
	if (luaL_loadbufferx(L, text, length, chunk, "t") != LUA_OK)
		refuse_syntax(L, chunk, path);
	sandbox_of(L)->compiling = NULL;
	lua_remove(L, -2);
}

/*
 * Runs the prelude with the allowed names at `words` as its globals.  Pushes
 * its words, and the functions that end a plan and that document a library.
 */
RAISES static void run_prelude(lua_State *L, int words)
{
	host_push_embedded(L, "lua/prelude.lua", words);
	host_push(L, words);
	lua_call(L, 1, 3);
}

/* Pushes the finished plan, or what a library offers. */
RAISES static int evaluate(lua_State *L)
{
	const struct source *source = lua_touserdata(L, 1);
	bool documents = sandbox_of(L)->request->module;
	int words = 2, finish = documents ? 5 : 4;

	library_open(L);
	run_prelude(L, words);
	for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, words);
	}
	lua_pushvalue(L, words);
	library_publish(L);
	sandbox_compile(L, source->text, source->length, sandbox_of(L)->request->path);
	lua_call(L, 0, documents);
	lua_pushvalue(L, finish);
	lua_insert(L, -1 - documents);
	lua_call(L, documents, 1);
	return 1;
}

/* What ended the evaluation before the message handler could say so. */
static void explain_status(struct sandbox *sandbox, int status)
{
	struct failure failure = {.rule = "sandbox-limit", .summary = "the plan needs more memory than 64 MiB"};

	if (status == LUA_ERRERR)
		failure.summary = "the plan calls itself too deeply";
	failure.frames = (struct frames){.places = {{sandbox->request->path, 1}}, .count = 1};
	if (!sandbox->errors)
		failure_report(sandbox, &failure);
}

/* The plan as data, with what was gathered beside it; NULL after a diagnostic. */
static json_t *take_plan(struct sandbox *sandbox, lua_State *L)
{
	struct failure failure = {.rule = "sandbox-limit",
	                          .summary = "the plan holds more than 8 MiB of data",
	                          .frames = {.places = {{sandbox->request->path, 1}}, .count = 1}};
	json_t *plan = data_to_json(L, -1);

	if (!plan) {
		failure_report(sandbox, &failure);
		return NULL;
	}
	json_object_set(plan, "notes", sandbox->notes);
	json_object_set(plan, "files", sandbox->files);
	return plan;
}

void sandbox_list_file(struct sandbox *sandbox, const char *path, const struct source *source)
{
	json_t *entry = json_pack("{s:o, s:s}", "path", utf8_json(path, strlen(path)), "sha256", source->sha256);

	json_array_append_new(sandbox->files, entry);
}

/* The state is not closed: the process ends, and a plan's code must not run again in between. */
json_t *sandbox_evaluate(const struct load_request *request, const struct source *source)
{
	struct sandbox sandbox = {.request = request,
	                          .interval = SANDBOX_INTERVAL,
	                          .diags = json_array(),
	                          .notes = json_array(),
	                          .files = json_array()};
	json_t *result = json_object(), *plan = NULL;
	lua_State *L;
	int status;

	setlocale(LC_ALL, "C");
	sandbox_list_file(&sandbox, request->path, source);
	L = lua_newstate(allocate, &sandbox);
	*(struct sandbox **)lua_getextraspace(L) = &sandbox;
	lua_gc(L,
	       LUA_GCSTOP); /* a plan is short-lived: the collector runs when the limit is reached, and not before */
	lua_sethook(L, count_steps, LUA_MASKCOUNT, SANDBOX_INTERVAL);
	lua_pushcfunction(L, failure_handler);
	lua_pushcfunction(L, evaluate);
	lua_pushlightuserdata(L, (void *)(uintptr_t)source);
	status = lua_pcall(L, 1, 1, 1);
	if (status == LUA_OK && !sandbox.errors)
		plan = take_plan(&sandbox, L);
	else
		explain_status(&sandbox, status);
	if (plan)
		json_object_set_new(result, "plan", plan);
	json_object_set_new(result, "diags", sandbox.diags);
	return result;
}
