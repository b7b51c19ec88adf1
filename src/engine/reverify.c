/* Which verify steps a run has come to, and what becomes of each. */
#include "engine/reverify.h"

#include <string.h>

#include "engine/copy.h"
#include "engine/exec.h"
#include "plan/swapping.h"

/* Done, or what the run failed at. */
static bool has_come_to(const struct session *s, const struct step *step)
{
	const struct step_row *row = &s->steps[step->number - 1];

	return row->state && (strcmp(row->state, "done") == 0 || row->message);
}

static bool any_in(const struct session *s, const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++)
		if (block->steps[i].type->class == CLASS_VERIFY && has_come_to(s, &block->steps[i]))
			return true;
	return false;
}

static bool is_done(const struct step_row *row)
{
	return row->state && strcmp(row->state, "done") == 0;
}

/* Does the verification read that table? */
static bool reads(const struct step *step, const struct relname *table)
{
	const struct facts facts = {.number = step->number, .archive_rows = -1};
	struct arena arena = {0};
	struct stmts stmts = {.arena = &arena};
	struct relname base;
	bool found = false;

	for (size_t n = 0; step->type->stands_on && step->type->stands_on(step->args, n, &arena, &base); n++)
		found |= relname_equal(&base, table);
	exec_plan_step(step, VERIFY, &facts, &stmts);
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next)
		for (size_t l = 0; l < stmt->lock_count; l++)
			found |= relname_equal(&stmt->locks[l].table, table);
	arena_release(&arena);
	return found;
}

/* The switch behind it, of this run, by which the shadow that it is about lost that name; NULL: there is none. */
static const struct step *switched_since(const struct session *s, const struct step *step)
{
	for (size_t n = (size_t)step->number + 1; n <= s->plan->step_count; n++) {
		const struct step *later = plan_step(s->plan, (int)n);
		struct arena arena = {0};
		const struct swapping *g = later->type->swaps ? later->type->swaps(later->args, &arena) : NULL;
		bool found = false;

		for (size_t i = 0; g && i < g->count && s->steps[n - 1].created && is_done(&s->steps[n - 1]); i++)
			found |= reads(step, &g->pairs[i].shadow);
		arena_release(&arena);
		if (found)
			return later;
	}
	return NULL;
}

static void tell_past(struct session *s, const struct step *step, const struct step *since)
{
	struct arena arena = {0};

	session_say(s, step, STEP_NOTES, 0,
	            arena_printf(&arena, "not asked again: \"%s\" since then", step_text(since, &arena)));
	arena_release(&arena);
}

static bool verify_step(struct session *s, const struct step *step, void (*tell)(const struct err *failure),
                        struct reverify_end *end, struct err *err)
{
	int64_t begin = loop_now();

	if (exec_step(s, step, VERIFY, err)) {
		end->held++;
		return true;
	}
	/* Without a session, or without the lease, there is nothing to go on with. */
	if (err->code != EXIT_STEP || s->lease_lost || conn_lost(s->worker))
		return false;
	end->failed++;
	session_say(s, step, STEP_FAILED, loop_now() - begin, NULL);
	tell(err);
	err_release(err);
	return true;
}

bool run_reverify(struct session *s, void (*tell)(const struct err *failure), struct reverify_end *end,
                  struct err *err)
{
	*end = (struct reverify_end){0};
	if (!copy_drain_all(s, err))
		return false;
	for (size_t b = 0; b < s->plan->block_count; b++) {
		const struct block *block = &s->plan->blocks[b];

		if (!any_in(s, block))
			continue;
		if (s->listener)
			s->listener->block(s->listener->arg, block, false);
		for (size_t i = 0; i < block->step_count; i++) {
			const struct step *step = &block->steps[i];

			const struct step *since;

			if (step->type->class != CLASS_VERIFY || !has_come_to(s, step))
				continue;
			since = switched_since(s, step);
			if (since) {
				tell_past(s, step, since);
				end->past++;
				continue;
			}
			if (exec_interrupted(err) || !verify_step(s, step, tell, end, err))
				return false;
		}
	}
	return true;
}
