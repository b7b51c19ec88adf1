/* Diagnostics from inside Lua: where the author's code stands, and the message handler. */
#include "plan/lua_failure.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/lua_message.h"
#include "plan/utf8.h"

/* What is raised: an address that no plan can hold. */
static const char stopped = 0;

/* Is there a place of the author at this level? */
static bool place_at(lua_State *L, int level, struct span *out)
{
	lua_Debug ar;

	if (!lua_getstack(L, level, &ar) || !lua_getinfo(L, "Sl", &ar) || ar.source[0] != '@')
		return false;
	*out = (struct span){ar.source + 1, ar.currentline};
	return true;
}

/* Adds the place at a level, unless it is the same as the last: a recursion is one place. */
static void add_place(lua_State *L, int level, struct frames *frames)
{
	struct span span, *last = frames->count ? &frames->places[frames->count - 1] : NULL;

	if (place_at(L, level, &span) && !(last && last->line == span.line && strcmp(last->file, span.file) == 0))
		frames->places[frames->count++] = span;
}

/* lua_getstack() walks, so the end of a deep stack is found by halving. */
static int last_level(lua_State *L, int level)
{
	lua_Debug ar;
	int there = level, beyond = level + 1;

	while (lua_getstack(L, beyond, &ar)) {
		there = beyond;
		beyond *= 2;
	}
	while (there + 1 < beyond) {
		int middle = there + (beyond - there) / 2;

		if (lua_getstack(L, middle, &ar))
			there = middle;
		else
			beyond = middle;
	}
	return there;
}

void failure_frames(lua_State *L, int level, struct frames *out)
{
	enum { NEAR = 64 }; /* levels that are looked at one by one */
	int end = last_level(L, level), near = level + NEAR < end ? level + NEAR : end;

	out->count = 0;
	for (; level <= near && out->count < FRAMES_MAX; level++)
		add_place(L, level, out);
	if (level > end)
		return;
	if (out->count == FRAMES_MAX)
		out->count--;
	while (end >= level && !place_at(L, end, &(struct span){0}))
		end--;
	if (end >= level)
		add_place(L, end, out);
}

void failure_at(struct frames *frames, struct span span)
{
	if (frames->count < FRAMES_MAX)
		frames->count++;
	memmove(frames->places + 1, frames->places, (frames->count - 1) * sizeof(*frames->places));
	frames->places[0] = span;
}

json_t *span_json(struct span span)
{
	return json_pack("[o, i]", utf8_json(span.file, strlen(span.file)), span.line);
}

void failure_add(struct sandbox *sandbox, json_t *diag)
{
	sandbox->errors += strcmp(json_string_value(json_object_get(diag, "severity")), "error") == 0;
	if (json_array_size(sandbox->diags) < SANDBOX_PROBLEMS)
		json_array_append(sandbox->diags, diag);
	json_decref(diag);
}

static void set_text(json_t *diag, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(diag, key, utf8_json(text, strlen(text)));
}

/* The first line is the summary, each other one a detail. */
static void set_lines(json_t *diag, const struct failure *failure)
{
	const char *line = failure->summary;
	size_t length = strcspn(line, "\n");
	json_t *details = json_array();

	json_object_set_new(diag, "summary", utf8_json(line, length));
	for (line += length; *line; line += length) {
		line++;
		length = strcspn(line, "\n");
		if (length)
			json_array_append_new(details, utf8_json(line, length));
	}
	if (failure->detail && *failure->detail)
		json_array_append_new(details, utf8_json(failure->detail, strlen(failure->detail)));
	json_object_set_new(diag, "details", details);
}

void failure_report(struct sandbox *sandbox, const struct failure *failure)
{
	json_t *diag = json_pack("{s:s, s:s}", "severity", "error", "rule", failure->rule), *chain;

	set_lines(diag, failure);
	set_text(diag, "help", failure->help);
	if (failure->frames.count) {
		chain = json_array();
		json_object_set_new(diag, "span", span_json(failure->frames.places[0]));
		for (size_t i = 1; i < failure->frames.count; i++)
			json_array_append_new(chain, span_json(failure->frames.places[i]));
		json_object_set_new(diag, "chain", chain);
	}
	failure_add(sandbox, diag);
}

RAISES int failure_stop(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&stopped);
	return lua_error(L);
}

RAISES int failure_raise(lua_State *L, const char *rule, const char *help, const char *format, ...)
{
	struct failure failure = {.rule = rule, .help = help};
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	failure.summary = text;
	failure_frames(L, 0, &failure.frames);
	failure_report(sandbox_of(L), &failure);
	return failure_stop(L);
}

/* Lua writes "short name:line: " before its messages; the place goes elsewhere, so it is cut off. */
static const char *without_place(lua_State *L, const char *text)
{
	enum { LEVELS = 6 };
	lua_Debug ar;

	for (int level = 0; level < LEVELS && lua_getstack(L, level, &ar); level++) {
		char place[LUA_IDSIZE + 32];

		lua_getinfo(L, "Sl", &ar);
		snprintf(place, sizeof(place), "%s:%d: ", ar.short_src, ar.currentline);
		if (strncmp(text, place, strlen(place)) == 0)
			return text + strlen(place);
	}
	return text;
}

/* Everything that a plan raises on purpose was reported before, so a string is Lua's own. */
int failure_handler(lua_State *L)
{
	struct failure failure = {.rule = "lua-error"};
	struct message message;

	if (lua_type(L, 1) != LUA_TSTRING)
		return 1;
	message_from_lua(without_place(L, lua_tostring(L, 1)), &message);
	failure.rule = message.rule;
	failure.summary = message.summary;
	failure.detail = message.detail;
	failure.help = message.help;
	failure_frames(L, 0, &failure.frames);
	if (sandbox_of(L)->compiling)
		failure_at(&failure.frames, (struct span){sandbox_of(L)->compiling, 1});
	failure_report(sandbox_of(L), &failure);
	lua_pushlightuserdata(L, (void *)(uintptr_t)&stopped);
	return 1;
}
