/*
 * A diagnostic: one thing that is wrong or worth knowing, with its place, its
 * reason and the way out.  Every message to a person is one; how it looks is
 * decided where it is printed (cli/report.h).
 *
 * Style of the texts: lower case, no full stop, what failed first, the
 * subject in double quotes.
 */
#ifndef INTERLOCK_BASE_DIAG_H
#define INTERLOCK_BASE_DIAG_H

#include <stddef.h>

#include "base/arena.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

/* A place in a source file; line 0 means no place, and file is then NULL. */
struct span {
	const char *file;
	int line;
};

struct diag {
	enum severity severity;
	const char *rule;    /* for `interlock help RULE`; NULL when no rule is behind it */
	const char *summary; /* one line */
	struct span span;
	const struct span *chain; /* from the innermost caller outwards, when a library made the step */
	size_t chain_length;
	const char **details; /* each is printed as a line "= …" */
	size_t detail_count;
	const char *help; /* what to do; NULL when there is nothing to say */
	const char *sql;  /* the statement that it is about, or NULL */
	struct diag *next;
};

/* Diagnostics in the order they were found.  A zeroed struct is an empty list. */
struct diags {
	struct arena arena;
	struct diag *first, *last;
	size_t errors, warnings;
};

/* Appends one; the result is borrowed, for diag_detail() and diag_help(). */
struct diag *diags_add(struct diags *diags, enum severity severity, const char *rule, struct span span,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Appends a deep copy. */
void diags_append(struct diags *diags, const struct diag *diag);
/* It turned out to matter less, or more. */
void diags_weigh(struct diags *diags, struct diag *diag, enum severity severity);
void diags_release(struct diags *diags);

/* Add to one diagnostic; the memory comes from the arena that it lives in. */
void diag_detail(struct arena *arena, struct diag *diag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_help(struct arena *arena, struct diag *diag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the callers, copied into the arena. */
void diag_chain(struct arena *arena, struct diag *diag, const struct span *chain, size_t length);

/* Deep copy into an arena. */
struct diag *diag_copy(struct arena *arena, const struct diag *diag);

const char *severity_name(enum severity severity);

#endif
