/*
 * How the Lua side says that something is wrong: a diagnostic is added to the
 * sandbox, then one fixed value is raised, which carries nothing.  Errors that
 * Lua itself raises become diagnostics in the message handler.
 */
#ifndef INTERLOCK_PLAN_LUA_FAILURE_H
#define INTERLOCK_PLAN_LUA_FAILURE_H

#include "base/diag.h"
#include "plan/sandbox.h"

enum { FRAMES_MAX = 16 };

/* Places in the author's files, from the innermost call outwards; where there are more, the last is the outermost.
 */
struct frames {
	struct span places[FRAMES_MAX];
	size_t count;
};

/* Those at and outside of stack level `level`; the prelude and C functions are no places. */
void failure_frames(lua_State *L, int level, struct frames *out);

/* Puts a place before the others. */
void failure_at(struct frames *frames, struct span span);

struct failure {
	const char *rule;
	const char *summary;       /* a second line and further ones become details */
	const char *detail, *help; /* or NULL */
	struct frames frames;
};
/* Adds an error.  Frees nothing and raises nothing. */
void failure_report(struct sandbox *sandbox, const struct failure *failure);
/* Adds a diagnostic that is complete; takes it over. */
void failure_add(struct sandbox *sandbox, json_t *diag);

/* Leaves the evaluation; what is wrong has been reported. */
RAISES int failure_stop(lua_State *L);
/* Reports at the innermost place of the author and stops.  help may be NULL. */
RAISES int failure_raise(lua_State *L, const char *rule, const char *help, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The message handler of the one protected call. */
int failure_handler(lua_State *L);

/* [ "file", line ] */
json_t *span_json(struct span span);

#endif
