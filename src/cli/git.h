/*
 * The git program, as the one transport of libraries: a bare copy of a
 * repository in a temporary folder, and questions about it.  Nothing is checked
 * out, so nothing in the repository becomes a file before its name and size
 * were looked at.
 */
#ifndef INTERLOCK_CLI_GIT_H
#define INTERLOCK_CLI_GIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct git {
	char folder[200]; /* temporary, in TMPDIR or /tmp; "" before git_fetch() */
};

/* Copies the repository at `source`: a folder, or what git knows as a URL.  EXIT_OWN. */
bool git_fetch(struct git *git, const char *source, struct err *err);
/* The commit of a branch, tag or commit; 40 hexadecimal digits (64 in repositories of SHA-256). */
bool git_commit(const struct git *git, const char *revision, char commit[65], struct err *err);
/* The entries at the top of a commit, each ended by a NUL: "mode type hash size\tname". */
bool git_entries(const struct git *git, const char *commit, struct buf *out, struct err *err);
/* The bytes of a file, by its hash. */
bool git_blob(const struct git *git, const char *hash, struct buf *out, struct err *err);
/* Removes the temporary folder. */
void git_release(struct git *git);

#endif
