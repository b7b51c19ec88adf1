/*
 * What is different between two compiled plans, for people: block, step,
 * option, was and is.  Positions, files and what the author did not write make
 * no difference, as in the hash.
 */
#ifndef INTERLOCK_PLAN_DIFFERENCE_H
#define INTERLOCK_PLAN_DIFFERENCE_H

#include <stdbool.h>

#include "plan/plan.h"

enum difference_kind { DIFFERENCE_NEW, DIFFERENCE_GONE, DIFFERENCE_CHANGED };
const char *difference_kind_name(enum difference_kind kind); /* "new", "gone", "changed" */

struct difference {
	enum difference_kind kind;
	const struct block *block; /* of the older plan, or of the newer where it is new; NULL: a setting */
	const struct step *step;   /* likewise; NULL: the block itself */
	const char *option;        /* "label" for a block's; NULL unless something changed inside of it */
	const char *was, *is;      /* its values as text; NULL: it has none */
	bool early;                /* it concerns the blocks before `boundary` of the older plan */
};

/* In the order of the plans; strings live in the arena, blocks and steps in their plans. */
struct differences {
	struct difference *items;
	size_t count, room;
	bool any_early;
	int first_early; /* the earliest block of the older plan that an early one concerns */
};

/*
 * Compares.  Without an early difference the newer plan begins with the same
 * `boundary` blocks, and their steps have the same numbers.
 */
void differences_find(const struct plan *was, const struct plan *is, int boundary, struct arena *arena,
                      struct differences *out);

/* "phase "index", step 3  add index …: columns was "nick", is "name"" */
const char *difference_text(const struct difference *difference, struct arena *arena);

/* Do the two blocks, or steps, say the same? */
bool block_equal(const struct plan *a, const struct block *in_a, const struct plan *b, const struct block *in_b);
bool step_equal(const struct plan *a, const struct step *in_a, const struct plan *b, const struct step *in_b);

#endif
