/* Statement for statement, in the order of the plan. */
#include "check/sql_hazards.h"

#include <string.h>

#include "hazard/hazard.h"
#include "hazard/lint.h"
#include "plan/place.h"

/* Of those about locks: what run itself sees to, with bounded waits and attempts. */
static const char *const seen_to[] = {"missing-lock-timeout", "cic-lock-timeout", "invalid-index-left", NULL};

/* The statements of a step; NULL: it is none that has any. */
static const char *statements_of(const struct step *step)
{
	for (const struct option *o = step->type->options; o->name; o++)
		if (o->kind == OPTION_STATEMENTS)
			return *(const char *const *)((const char *)step->args + o->offset);
	return NULL;
}

static bool is_told(const struct diag *diag)
{
	const struct hazard *hazard = diag->rule ? hazard_find(diag->rule) : NULL;

	for (size_t i = 0; seen_to[i]; i++)
		if (hazard && strcmp(hazard->id, seen_to[i]) == 0)
			return false;
	return hazard && (hazard->class == HAZARD_WORK || hazard->class == HAZARD_LOCK) &&
	       diag->severity != SEVERITY_NOTE;
}

/* The first character of that line, from 1, that is no space. */
static int position_of(const char *text, int line)
{
	const char *at = text;

	while (line > 1 && (at = strchr(at, '\n'))) {
		at++;
		line--;
	}
	return at ? (int)(at + strspn(at, " \t\n") - text) + 1 : 1;
}

static void take(struct catalogue_check *g, const struct step *step, const char *sql, const struct diags *found)
{
	for (const struct diag *diag = found->first; diag; diag = diag->next) {
		struct diag ours = *diag;

		if (!is_told(diag))
			continue;
		ours.severity = SEVERITY_WARNING; /* who wrote it out, and who approves it, may want just that */
		ours.span = place_of_sql(step, sql, position_of(sql, diag->span.line));
		ours.chain = step->chain;
		ours.chain_length = step->chain_length;
		diags_append(g->diags, &ours);
	}
}

static bool check_step(struct catalogue_check *g, struct lint *lint, const struct step *step, struct err *err)
{
	const char *sql = statements_of(step);
	struct diags found = {.errors = 0};
	bool ok = !sql || lint_text(lint, step->span.file ? step->span.file : g->plan->name, sql, &found, err);

	if (ok && sql)
		take(g, step, sql, &found);
	diags_release(&found);
	return ok;
}

bool check_sql_hazards(struct catalogue_check *g, struct err *err)
{
	const struct lint_options options = {.in_transaction = true};
	struct lint *lint = NULL;
	bool ok = true;

	for (size_t b = g->from; b < g->to; b++)
		for (size_t i = 0; i < g->plan->blocks[b].step_count && ok; i++) {
			const struct step *step = &g->plan->blocks[b].steps[i];

			if (!statements_of(step) || (g->done && g->done[step->number - 1]))
				continue;
			if (!lint)
				lint = lint_new(&options, g->conn);
			ok = check_step(g, lint, step, err);
		}
	if (lint)
		lint_free(lint);
	return ok;
}
