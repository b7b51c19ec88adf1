/*
 * One Lua state for one plan: how much it may use, what it has said so far,
 * and the door into it.  Everything here runs in the confined child process.
 */
#ifndef INTERLOCK_PLAN_SANDBOX_H
#define INTERLOCK_PLAN_SANDBOX_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "plan/load.h"
#include "plan/source.h"

/*
 * Marks every function that may leave by a Lua error.  Whoever calls one holds
 * nothing that needs releasing, or holds it in a userdata that releases it.
 */
#define RAISES

enum {
	SANDBOX_MEMORY = 64 << 20, /* bytes that Lua may hold */
	SANDBOX_STEPS = 5000000,   /* instructions, for a plan and all its libraries */
	SANDBOX_INTERVAL = 1000,   /* instructions between two looks at the budget */
	SANDBOX_CALLS = 10000,     /* of functions inside one another */
	SANDBOX_REPEAT = 10000,    /* of string.rep */
	SANDBOX_STRING = 1 << 20,  /* bytes that string.rep may make */
	SANDBOX_DEPTH = 32,        /* of tables in tables, as data */
	SANDBOX_OUTPUT = 8 << 20,  /* bytes of data */
	SANDBOX_PROBLEMS = 100     /* diagnostics */
};

struct sandbox {
	const struct load_request *request;
	size_t memory;         /* bytes that Lua holds */
	long steps;            /* instructions so far */
	int interval;          /* SANDBOX_INTERVAL, and 1 once the budget is spent */
	const char *compiling; /* the file whose text Lua's compiler reads, or NULL */
	size_t output;         /* bytes of data so far; see sandbox_charge() */
	json_t *diags, *notes, *files;
	size_t errors; /* among diags */
};

/* The sandbox that a state belongs to. */
struct sandbox *sandbox_of(lua_State *L);

/*
 * Evaluates a plan's text.  The result is { "plan": as in load.h, "diags": […] },
 * without "plan" where a diagnostic is an error; the caller owns it.
 */
json_t *sandbox_evaluate(const struct load_request *request, const struct source *source);

/* Notes that a file was read. */
void sandbox_list_file(struct sandbox *sandbox, const char *path, const struct source *source);

/* Counts bytes of data against SANDBOX_OUTPUT. */
RAISES void sandbox_charge(lua_State *L, size_t bytes);

/* Compiles a text and pushes the function.  Syntax errors are reported at `path`. */
RAISES void sandbox_compile(lua_State *L, const char *text, size_t length, const char *path);

#endif
