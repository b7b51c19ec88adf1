/*
 * A plain SQL migration becomes plans: its statements are read into steps of
 * plans, the steps grouped into concerns that have nothing to do with each
 * other, ordered into phases, and written as Lua.
 */
#ifndef INTERLOCK_CONVERT_CONVERT_H
#define INTERLOCK_CONVERT_CONVERT_H

#include "base/buf.h"
#include "convert/draft.h"
#include "hazard/lint.h"

struct conversion {
	struct arena arena;
	struct draft *first, *last;
	const char *search_path; /* for SQL that names no schema; NULL: the usual one does */
	size_t concern_count;    /* plans that it takes */
	struct diags *left_out;  /* notes on statements that no plan has */
	const char *path;
};
/* A zeroed struct is none. */
void conversion_release(struct conversion *conversion);

/*
 * Reads one migration.  diags gets an error for what can't be read, as lint
 * tells it (cannot-check), and a note for each statement that belongs into no
 * plan.  false: the server failed.
 */
bool convert_text(struct lint *lint, const char *path, const char *text, struct conversion *conversion,
                  struct diags *diags, struct err *err);

/* Which plan each step belongs to; sets concern_count.  false: EXIT_INTERRUPTED. */
bool convert_group(struct conversion *conversion, struct err *err);
/* In which of its plan's blocks each step stands.  false: EXIT_INTERRUPTED. */
bool convert_order(struct conversion *conversion, struct err *err);

/* What a plan is called, and what its file says of where it comes from. */
struct plan_head {
	const char *name; /* a good name for a plan */
	const char *file; /* the SQL */
	size_t concern;
	const char *others; /* the other plans of the same file, as "a, b"; NULL: none */
};
/* Appends the Lua of one plan. */
void convert_write(struct buf *out, const struct conversion *conversion, const struct plan_head *head);

#endif
