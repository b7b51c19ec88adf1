/* Switches of tables, told from the plan alone: was the shadow copied and compared before, and is there time to go
 * back? */
#include "check/swaps.h"

#include <string.h>

#include "plan/swapping.h"

/* Is it a step of that primitive about these two tables? */
static bool is_about(const struct step *step, const char *primitive, const struct swap_pair *pair)
{
	struct arena arena = {0};
	struct relname live, shadow;
	bool both = strcmp(step->type->name, primitive) == 0 && step->type->subject(step->args, &live) &&
	            relname_equal(&live, &pair->live);

	if (both && step->type->other_subject)
		both = step->type->other_subject(step->args, &shadow) && relname_equal(&shadow, &pair->shadow);
	else if (both)
		both = step->type->stands_on(step->args, 0, &arena, &shadow) && relname_equal(&shadow, &pair->shadow);
	arena_release(&arena);
	return both;
}

static bool stands_before(const struct plan *plan, const struct step *swap, const char *primitive,
                          const struct swap_pair *pair)
{
	for (int n = 1; n < swap->number; n++)
		if (is_about(plan_step(plan, n), primitive, pair))
			return true;
	return false;
}

static void not_copied(const struct step *step, const struct swap_pair *pair, struct diags *diags)
{
	struct arena *arena = &diags->arena;
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, "swap-without-copy", step->span,
	                              "no parallel_table before it makes %s for %s",
	                              relname_quoted(arena, &pair->shadow), relname_quoted(arena, &pair->live));

	diag_chain(arena, diag, step->chain, step->chain_length);
	diag_detail(arena, diag, "what is written to %s would not be in the table that takes its place",
	            relname_quoted(arena, &pair->live));
	diag_help(arena, diag,
	          "parallel_table { live = …, shadow = … }, backfill { shadow = … } and expect_same_rows come first");
}

static void not_verified(const struct step *step, const struct swap_pair *pair, struct diags *diags)
{
	struct arena *arena = &diags->arena;
	const char *live = relname_quoted(arena, &pair->live), *shadow = relname_quoted(arena, &pair->shadow);
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, "unverified-swap", step->span,
	                              "%s is never compared with %s before it takes its place", shadow, live);

	diag_chain(arena, diag, step->chain, step->chain_length);
	diag_detail(arena, diag, "a copy that is wrong in a few rows looks like one that is right");
	diag_help(arena, diag, "expect_same_rows { live = \"%s\", shadow = \"%s\" } in a phase before the switch",
	          live, shadow);
}

/* The retired table follows until the plan is done: with nothing behind the switch that is at once. */
static void no_time(const struct plan *plan, const struct block *block, const struct step *step,
                    const struct swapping *swapping, struct diags *diags)
{
	struct diag *diag;

	if (!swapping->sync_back || (size_t)block->index + 1 < plan->block_count)
		return;
	diag = diags_add(diags, SEVERITY_WARNING, "swap-ends-at-once", step->span,
	                 "the plan is done with the switch, and the retired table follows no longer than that");
	diag_chain(&diags->arena, diag, step->chain, step->chain_length);
	diag_help(&diags->arena, diag,
	          "put safety_period \"30 days\" { unused = \"%s\" } behind it: until it is over undo loses nothing",
	          relname_quoted(&diags->arena, &swapping->pairs[0].retired));
}

static void check_step(const struct plan *plan, const struct block *block, const struct step *step,
                       struct diags *diags)
{
	const struct swapping *swapping = step->type->swaps(step->args, &diags->arena);

	for (size_t i = 0; i < swapping->count; i++)
		if (!stands_before(plan, step, "parallel_table", &swapping->pairs[i]))
			not_copied(step, &swapping->pairs[i], diags);
		else if (!stands_before(plan, step, "expect_same_rows", &swapping->pairs[i]))
			not_verified(step, &swapping->pairs[i], diags);
	no_time(plan, block, step, swapping, diags);
}

void check_swaps(const struct plan *plan, const struct block *block, struct diags *diags)
{
	for (size_t i = 0; i < block->step_count; i++)
		if (block->steps[i].type->swaps)
			check_step(plan, block, &block->steps[i], diags);
}
