/* A switch under way: what engine/swap.c, swap_hold.c and swap_rename.c share. */
#ifndef INTERLOCK_ENGINE_SWAP_WORK_H
#define INTERLOCK_ENGINE_SWAP_WORK_H

#include "engine/carried.h"
#include "engine/pair.h"
#include "engine/work.h"
#include "plan/swapping.h"

/* One of the pairs. */
struct swapped {
	struct pair pair;
	const char *live;       /* quoted, with its schema, as the next two */
	const char *comes;      /* gets the live name: the shadow; back, the retired table */
	const char *goes;       /* what the table that has the live name will be called */
	const char *declared;   /* JSON: foreign keys that the plan gives the shadow */
	struct carried carried; /* as it was kept when it switched; before that as it is asked */
	const char *portrait;   /* of the live table, when the locks were had */
};

struct swap {
	struct work *w;
	const struct swapping *g;
	bool back;
	struct swapped *pairs; /* one for each of g->pairs */
	size_t count;
	struct table_lock *locks;
	size_t lock_count;
	bool stuck;         /* the last round left rows that find nothing where they are looked up */
	int64_t held_since; /* loop_now() */
};

/* What the queries of plan/carry.h are asked with about pair i. */
struct carry_question swap_question(const struct swap *swap, size_t i);

/* Asks without locks what goes over, for these; false, too, where something can't. */
bool swap_foresee(struct swap *swap, struct err *err);

/*
 * Opens the transaction, takes the locks, brings over what is left in the
 * logs, and asks again what goes over.  What is open after any other outcome
 * than DONE is rolled back.
 */
enum outcome swap_hold(struct swap *swap, struct err *err);

/* Everything else of the transaction, and COMMIT. */
enum outcome swap_rename(struct swap *swap, struct err *err);

#endif
