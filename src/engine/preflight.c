/* The catalogue is asked, and the person, before the first statement of a stretch of blocks. */
#include "engine/preflight.h"

#include <string.h>

#include "check/check.h"
#include "engine/tx.h"

enum { BUILDS_MAX = 100 }; /* so that a plan of a thousand steps does not begin a second later */

/* The first block from `from` on that may make the run wait, or the end. */
static size_t next_stop(const struct plan *plan, size_t from)
{
	while (from < plan->block_count && plan->blocks[from].kind == BLOCK_PHASE)
		from++;
	return from;
}

static size_t count_steps(const struct plan *plan, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t b = from; b < to; b++)
		count += plan->blocks[b].step_count;
	return count;
}

/* What the run has done already; NULL for a run that is to begin. */
static const struct record *const *found_before(struct session *s, const struct plan *plan)
{
	const struct record **before = arena_array(&s->arena, const struct record *, plan->step_count);

	for (size_t i = 0; s->steps && i < plan->step_count; i++)
		before[i] = s->steps[i].before;
	return before;
}

static const bool *done_steps(struct session *s, const struct plan *plan)
{
	bool *done = arena_array(&s->arena, bool, plan->step_count);

	for (size_t i = 0; s->steps && i < plan->step_count; i++)
		done[i] = s->steps[i].state && strcmp(s->steps[i].state, "done") == 0;
	return done;
}

static bool turned_down(const struct plan *plan, const struct diags *findings, struct err *err)
{
	enum exit_code code = EXIT_STEP;

	for (const struct diag *diag = findings->first; diag; diag = diag->next)
		if (diag->severity == SEVERITY_ERROR && strcmp(diag->rule, "expectation") != 0)
			code = EXIT_REJECTED;
	return err_set(err, code, "plan \"%s\" was not run; nothing was changed", plan->name);
}

/* What is in the way may have been made by somebody who has taken over the run meanwhile. */
static bool still_ours(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch nothing = {.arena = &arena};
	bool ours = s->run.id == 0 || tx_run(s, &nothing, NULL, err);

	arena_release(&arena);
	return ours;
}

bool preflight(struct session *s, const struct plan *plan, size_t from, struct diags *findings, struct err *err)
{
	size_t to = next_stop(plan, from), before = findings->errors;
	struct catalogue_check check;
	bool ok;

	s->fresh = arena_array(&s->arena, struct facts, plan->step_count);
	check = (struct catalogue_check){.conn = s->worker,
	                                 .plan = plan,
	                                 .from = from,
	                                 .to = to,
	                                 .done = done_steps(s, plan),
	                                 .before = found_before(s, plan),
	                                 .run = s->run.id,
	                                 .builds = count_steps(plan, from, to) <= BUILDS_MAX,
	                                 .arena = &s->arena,
	                                 .facts = s->fresh,
	                                 .diags = findings};
	ok = check_catalogue(&check, err);
	if (ok && findings->errors > before)
		return still_ours(s, err) && turned_down(plan, findings, err);
	ok = ok &&
	     (!s->listener || !s->listener->confirm || s->listener->confirm(s->listener->arg, plan, from, to, err));
	if (ok)
		s->checked_to = to;
	return ok;
}
