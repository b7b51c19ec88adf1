/*
 * interlock.lock: which bytes the files of each library under vendor/ have.
 *
 *   { "format": 1, "libraries": { "keys": {
 *       "source": "…", "revision": "v1.2", "commit": "<40 hex>", "tree": "<SHA-256>",
 *       "files": { "text.lua": "<SHA-256>", … },
 *       "needs": { "other": { "revision": "…", "tree": "…" }, … } } } }
 *
 * Here it is read, and asked about one file; cli/library_lock.h writes it.
 */
#ifndef INTERLOCK_PLAN_PINS_H
#define INTERLOCK_PLAN_PINS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { PINS_FORMAT = 1, PINS_NAME_MAX = 63 };

/* Of what names of files are made, which do not begin with a dot. */
#define PINS_PRINTED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

/* "ROOT/vendor", without "./" before it: as messages show it. */
void pins_path(const char *root, const char *below, char *path, size_t size);

/* Small letters, digits and "_", and not "std": can a library have that name? */
bool pins_name_is_good(const char *name);
/* The same with ".lua" behind it. */
bool pins_file_is_lua(const char *file);

/* The libraries of ROOT/interlock.lock by name, owned by the caller; empty where there is none.  NULL: *why not.
 */
json_t *pins_read(const char *root, const char **why);
/* The same of a text that is no file of ours. */
json_t *pins_parse(const char *text, size_t length, const char **why);

/* The hash over the names and hashes of all files: what sha256sum prints of them, hashed. */
void pins_tree(const json_t *files, char hex[65]);

struct pin_problem {
	const char *rule;
	char summary[PATH_MAX + 128], help[PATH_MAX + 256];
};
/* Is this file of a library what is pinned?  false: the problem. */
bool pins_allow(const char *root, const char *library, const char *file, const char *sha256,
                struct pin_problem *problem);

#endif
