/*
 * Tables that take the place of others in one transaction (engine.md 6), as
 * the plan says it: the live one gets its retired name, the shadow that of the
 * live one.
 */
#ifndef INTERLOCK_PLAN_SWAPPING_H
#define INTERLOCK_PLAN_SWAPPING_H

#include "plan/option.h"
#include "sql/ident.h"

struct swap_pair {
	struct relname live, shadow, retired; /* all in one schema */
};

struct swapping {
	const struct swap_pair *pairs;
	size_t count;
	bool sync_back;          /* the retired tables follow, so that they can come back */
	struct text_list leaves; /* what may stay behind with the retired table */
};

#endif
