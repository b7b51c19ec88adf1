/* Which verify steps a run has come to, and what becomes of each. */
#include "engine/reverify.h"

#include <string.h>

#include "engine/copy.h"
#include "engine/exec.h"

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

			if (step->type->class != CLASS_VERIFY || !has_come_to(s, step))
				continue;
			if (exec_interrupted(err) || !verify_step(s, step, tell, end, err))
				return false;
		}
	}
	return true;
}
