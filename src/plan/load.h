/*
 * From a Lua file to raw data, in a child process that has no connection, no
 * input, a time limit, a memory limit, and only the allowed library functions.
 * The only caller of Lua.  What comes back is not checked yet: plan/plan.h
 * does that.
 */
#ifndef INTERLOCK_PLAN_LOAD_H
#define INTERLOCK_PLAN_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"

/* A library that is read from another folder than vendor/NAME, and not compared with its pin. */
struct load_candidate {
	const char *library, *folder;
};

struct load_request {
	const char *path;              /* the plan file */
	const char *root;              /* where libraries are; NULL: found from the path */
	const char *const *primitives; /* names that become step constructors; NULL-terminated */
	const char *const *set_names;  /* --set NAME=VALUE; NULL-terminated, parallel to set_values */
	const char *const *set_values;
	const struct load_candidate *candidate; /* may be NULL */
	const char *module;                     /* for library_load(): as require has it, "team.keys" */
};

/*
 * Evaluates the file.  true: *raw is the plan as data, owned by the caller:
 *
 *   { "name": "orders_v2", "span": S,
 *     "settings": { "title": "…", … },
 *     "parameters": { "tenant": "acme" },
 *     "blocks": [ { "kind": "phase" | "gate" | "approval" | "safety_period" | "rollout", "label": "…", "span": S,
 *                   "options": { … },                      -- of all but phases
 *                   "steps": [ { "do": "add_column_if_missing", "options": { … }, "span": S, "chain": [ S… ] } ] }
 * ], "notes": [ { "text": "…", "span": S } ],             -- print() "files": [ { "path": "lib/keys.lua",
 * "sha256": "…" } ] }   -- every file that was read, the plan first S = [ "path as shown", line ]
 *
 * A "chain" lists the callers of a step made inside a library, from the
 * innermost outwards, its last entry in the plan file.
 *
 * false: the reasons are in diags (rules lua-syntax, lua-error, unknown-name,
 * sandbox-limit, no-plan, duplicate-block, fragment-order, …), unless the file
 * could not be read at all: then *err is set, EXIT_OWN.
 */
bool plan_load(const struct load_request *request, json_t **raw, struct diags *diags, struct err *err);

/*
 * Loads a library instead of a plan, and calls each of its functions until it
 * comes to its options.  path and root only say where libraries are.  *raw is
 *
 *   { "functions": [ { "name": "table",
 *       "options": [ { "name": "batch", "kind": "integer", "optional": true, "default": 5000, "help": "…" } ] } ]
 * }
 *
 * by name; a function that declares no options has none.
 */
bool library_load(const struct load_request *request, json_t **raw, struct diags *diags, struct err *err);

#endif
