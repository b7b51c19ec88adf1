/* The rules of plans, told from the plan alone. */
#include "check/check.h"

#include <ctype.h>
#include <string.h>

#include "check/swaps.h"
#include "plan/place.h"

static struct diag *finding(struct diags *diags, enum severity severity, const char *rule, const struct step *step,
                            const char *summary)
{
	struct diag *diag = diags_add(diags, severity, rule, step->span, "%s", summary);

	diag_chain(&diags->arena, diag, step->chain, step->chain_length);
	return diag;
}

/*
 * The class of a phase is that of its steps, verify aside; additive steps may
 * stand in a data phase.  Two classes that don't go together are reported at
 * the step that brings the second one in.
 */
static void check_classes(const struct block *block, struct diags *diags)
{
	enum step_class class = CLASS_VERIFY;

	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];
		enum step_class next = step_class_of(step);
		struct diag *diag;

		if (next == CLASS_VERIFY || next == class)
			continue;
		if (class == CLASS_VERIFY || (class == CLASS_ADDITIVE && next == CLASS_DATA)) {
			class = next;
			continue;
		}
		if (class == CLASS_DATA && next == CLASS_ADDITIVE)
			continue;
		diag = finding(diags, SEVERITY_ERROR, "mixed-concerns", step,
		               arena_printf(&diags->arena, "phase \"%s\" mixes %s and %s steps", block->label,
		                            step_class_name(class), step_class_name(next)));
		diag_detail(&diags->arena, diag, "%s is %s; what stands before it in the phase is %s", step->type->name,
		            step_class_name(next), step_class_name(class));
		diag_help(&diags->arena, diag, "give it a phase of its own, so that it can wait, and be undone, alone");
		return;
	}
}

static bool has_word(const char *label, const char *const *words)
{
	for (const char *at = label; *at;) {
		size_t length = 0;

		while (isalpha((unsigned char)at[length]))
			length++;
		for (size_t i = 0; length && words[i]; i++)
			if (strlen(words[i]) == length && strncasecmp(words[i], at, length) == 0)
				return true;
		at += length ? length : 1;
	}
	return false;
}

/* A phase that is named for adding and drops something is refused: nobody would look for it there. */
static void check_name(const struct block *block, struct diags *diags)
{
	static const char *const adding[] = {"add", "create", "expand", "verify", "check", "backfill", NULL};

	if (!has_word(block->label, adding))
		return;
	for (size_t i = 0; i < block->step_count; i++) {
		struct diag *diag;

		if (step_class_of(&block->steps[i]) != CLASS_DESTRUCTIVE)
			continue;
		diag = finding(diags, SEVERITY_ERROR, "misleading-name", &block->steps[i],
		               arena_printf(&diags->arena, "phase \"%s\" destroys something, which its name does not say",
		                            block->label));
		diag_help(&diags->arena, diag, "call the phase what it is, for example \"contract\"");
		return;
	}
}

/* What a step without a subject takes away (sql_step) no period can name. */
static bool names_unused(const struct block *block, const struct step *step)
{
	struct relname table;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return false;
	for (size_t i = 0; i < block->wait.safety.unused.count; i++)
		if (relname_equal(&block->wait.safety.unused.items[i], &table))
			return true;
	return false;
}

/*
 * May this destructive step stand here: behind a safety period that names its
 * table as unused, or behind a decision (gate, approval, rollout) and a safety
 * period?
 */
static bool is_behind_safety(const struct plan *plan, const struct block *block, const struct step *step)
{
	bool safety = false, named = false, decided = false;

	for (int b = 0; b < block->index; b++) {
		const struct block *before = &plan->blocks[b];

		decided |= before->kind == BLOCK_GATE || before->kind == BLOCK_APPROVAL || before->kind == BLOCK_ROLLOUT;
		safety |= before->kind == BLOCK_SAFETY_PERIOD;
		named |= before->kind == BLOCK_SAFETY_PERIOD && names_unused(before, step);
	}
	return named || (safety && decided);
}

static bool is_behind_period(const struct plan *plan, const struct block *block)
{
	for (int b = 0; b < block->index; b++)
		if (plan->blocks[b].kind == BLOCK_SAFETY_PERIOD)
			return true;
	return false;
}

static void check_destructive(const struct plan *plan, const struct block *block, struct diags *diags)
{
	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];
		struct diag *diag;

		if (step_class_of(step) != CLASS_DESTRUCTIVE || step->common.loses || is_behind_safety(plan, block, step))
			continue;
		diag = finding(diags, SEVERITY_ERROR, "destructive-before-safety", step,
		               arena_printf(&diags->arena, "%s takes something away %s", step->type->name,
		                            is_behind_period(plan, block) ? "that no safety period before it watches"
		                                                          : "with no safety period before it"));
		diag_detail(&diags->arena, diag, "whoever still uses it finds out when it is gone");
		diag_help(
			&diags->arena, diag,
			is_behind_period(plan, block)
				? "name its table in unused of the safety period, put a gate or approval before that, or say loses = "
				  "\"why this may go\""
				: "put a gate or approval and safety_period \"30 days\" { } before it, or say loses = \"why this may go\"");
	}
}

/* Told from the plan alone: what a step with a probe takes back depends on what it finds. */
static bool has_way_back(const struct step *step)
{
	const struct facts facts = {.number = step->number, .archive_rows = -1};
	struct arena arena = {0};
	struct stmts stmts = {.arena = &arena};

	if (!step->type->reverse || step->type->probe)
		return step->type->reverse != NULL;
	step->type->reverse(step->args, &facts, &stmts);
	arena_release(&arena);
	return stmts.refusal == NULL;
}

/* Does undo take it back together with what it adds to?  Not where it stops in between. */
static bool goes_with_another(const struct plan *plan, const struct block *block, const struct step *step)
{
	const struct step *base = plan_added_to(plan, step);

	if (!base)
		return false;
	for (int b = plan_block_of(plan, base)->index + 1; b < block->index; b++)
		if (plan->blocks[b].kind != BLOCK_PHASE)
			return false;
	return true;
}

static void check_reversal(const struct plan *plan, const struct block *block, struct diags *diags)
{
	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];
		struct diag *diag;

		if (step->type->class == CLASS_VERIFY || has_way_back(step) || goes_with_another(plan, block, step))
			continue;
		diag = finding(diags, SEVERITY_NOTE, "missing-reversal", step,
		               arena_printf(&diags->arena, "%s has no way back", step->type->name));
		diag_help(&diags->arena, diag, "undo stops here");
	}
}

/* Do new things of the plan's own SQL that name no schema go where nothing of the application's belongs? */
static bool makes_in_catalog(const struct plan *plan)
{
	static const char catalog[] = "pg_catalog";
	const char *first = plan->settings.search_path + strspn(plan->settings.search_path, " \t\"");
	const char *behind = first + strlen(catalog);

	return strncasecmp(first, catalog, strlen(catalog)) == 0 && (!*behind || strchr(" \t\",", *behind));
}

/* "public.visits"; an extension says it behind its name. */
static const char *with_schema(const struct unplaced *thing, struct arena *arena)
{
	bool behind = strcmp(thing->verb, "CREATE EXTENSION") == 0;

	return arena_printf(arena, behind ? "%s SCHEMA public" : "public.%s", thing->name);
}

static void say_unplaced(const struct plan *plan, const struct step *step, const struct unplaced *thing,
                         struct diags *diags)
{
	struct diag *diag =
		finding(diags, SEVERITY_ERROR, "unqualified-create", step,
	            arena_printf(&diags->arena, "%s %s does not say in which schema, and would be made in pg_catalog",
	                         thing->verb, thing->name));

	diag->span = place_of_piece(step, thing->option, thing->sql);
	diag_detail(&diags->arena, diag, "the plan's search_path is %s: new things go to the first of these",
	            plan->settings.search_path);
	diag_help(&diags->arena, diag, "name the schema, as in %s; or begin the plan's search_path with it",
	          with_schema(thing, &diags->arena));
}

static void check_places(const struct plan *plan, const struct block *block, struct diags *diags)
{
	struct unplaced thing;

	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];

		if (!step->type->unplaced || !makes_in_catalog(plan))
			continue;
		for (size_t n = 0; step->type->unplaced(step->args, n, &thing, &diags->arena); n++)
			say_unplaced(plan, step, &thing, diags);
	}
}

static void check_block(const struct plan *plan, const struct block *block, struct diags *diags)
{
	struct diag *diag;

	if (block->kind != BLOCK_PHASE)
		return;
	if (block->step_count == 0) {
		diag = diags_add(diags, SEVERITY_WARNING, "empty-phase", block->span, "phase \"%s\" has no steps",
		                 block->label);
		diag_help(&diags->arena, diag, "remove it, or was a comma forgotten?");
	}
	check_places(plan, block, diags);
	check_classes(block, diags);
	check_name(block, diags);
	check_destructive(plan, block, diags);
	check_reversal(plan, block, diags);
	check_swaps(plan, block, diags);
}

void check_plan(const struct plan *plan, struct diags *diags)
{
	if (plan->block_count == 0)
		diags_add(diags, SEVERITY_WARNING, "empty-phase", plan->span, "plan \"%s\" has no phases", plan->name);
	for (size_t b = 0; b < plan->block_count; b++)
		check_block(plan, &plan->blocks[b], diags);
}
