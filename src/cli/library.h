/*
 * A version of a library as it comes from its repository: which of its files
 * are taken, what they hold, and what it needs.  Nothing is written to the
 * plans' own folders here.
 */
#ifndef INTERLOCK_CLI_LIBRARY_H
#define INTERLOCK_CLI_LIBRARY_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/git.h"

enum { LIBRARY_FILES = 200 };

struct library_file {
	const char *name, *text;
	size_t length;
	char sha256[65];
};

struct library {
	const char *name, *source, *revision;
	char commit[65], tree[65];
	struct library_file *files;
	size_t count;
	size_t left_out;       /* entries of the repository that are not taken */
	const char *unusable;  /* one of them that was meant to be, by its name: "Keys.lua"; or NULL */
	json_t *needs;         /* by name: { revision, source, tree }, from the interlock.lock of the repository */
	const char *candidate; /* a temporary folder with the files, for struct load_candidate */
	struct git git;
	struct arena arena;
};

/* Fetches one; name, source and revision are set by the caller and stay theirs. */
bool library_fetch(struct library *library, struct err *err);
/* Loads each of its Lua files, in the sandbox; what is wrong is reported.  false: *err. */
bool library_loads(const struct library *library, const char *root, struct err *err);
/* Does it fit to the libraries that are pinned here?  false: *err says which ones contradict, and what to do. */
bool library_fits(const struct library *library, const json_t *pinned, struct err *err);
void library_release(struct library *library);

#endif
