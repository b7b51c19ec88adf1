/* The steps before one in its plan: which are still to run, and touch what it touches. */
#include "check/earlier.h"

#include "check/ahead.h"

bool earlier_is_done(const struct catalogue_check *g, const struct step *step)
{
	return g->done && g->done[step->number - 1];
}

/* Is there what it would make already, so that nothing will come from it? */
static bool earlier_is_there(const struct catalogue_check *g, const struct step *step)
{
	const struct facts *facts = &g->facts[step->number - 1];

	return facts->now && facts->state == STATE_DONE;
}

/* Does an earlier step change another table that this one stands on? */
static bool changes_base(const struct catalogue_check *g, const struct step *earlier, const struct step *step)
{
	struct relname base;

	for (size_t n = 0; step->type->stands_on && step->type->stands_on(step->args, n, g->arena, &base); n++)
		if (step_type_changes(earlier->type, earlier->args, &base))
			return true;
	return false;
}

bool earlier_changes(const struct catalogue_check *g, const struct step *step, bool ahead)
{
	struct relname table, other;
	bool subject = step->type->subject && step->type->subject(step->args, &table);
	bool second = step->type->other_subject && step->type->other_subject(step->args, &other);
	bool by_names = step->type->stands_on_names && step->type->stands_on_names(step->args);

	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(g->plan, n);

		if (earlier_is_done(g, earlier) || step_class_of(earlier) == CLASS_VERIFY ||
		    (ahead && earlier->type->made_ahead))
			continue;
		if (!earlier->type->probe || (by_names && !earlier->type->leaves_names && !earlier_is_there(g, earlier)))
			return true;
		if ((subject && step_type_changes(earlier->type, earlier->args, &table)) ||
		    (second && step_type_changes(earlier->type, earlier->args, &other)) || changes_base(g, earlier, step))
			return true;
	}
	return false;
}

bool earlier_may_bring(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++)
		if (ahead_brings(g, plan_step(g->plan, n), step))
			return true;
	return earlier_changes(g, step, false);
}

const struct step *earlier_maker(const struct catalogue_check *g, const struct step *step)
{
	struct relname table;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return NULL;
	for (int n = step->number - 1; n >= 1; n--) {
		const struct step *earlier = plan_step(g->plan, n);

		if (earlier->type->creates && earlier->type->creates(earlier->args, &table))
			return earlier_is_done(g, earlier) ? NULL : earlier;
	}
	return NULL;
}

bool earlier_clears(void *arg, const struct relname *what, bool firm)
{
	const struct earlier_obstructed *o = arg;

	for (int n = 1; n < o->step->number; n++) {
		const struct step *earlier = plan_step(o->check->plan, n);
		bool keeps = earlier->type->kept_for && earlier->type->kept_for(earlier->args) > 0;

		if (!earlier_is_done(o->check, earlier) && !earlier_is_there(o->check, earlier) &&
		    step_class_of(earlier) != CLASS_VERIFY && !(firm && keeps) &&
		    step_type_changes(earlier->type, earlier->args, what))
			return true;
	}
	return false;
}

bool earlier_may_do_anything(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++)
		if (!earlier_is_done(g, plan_step(g->plan, n)) && !plan_step(g->plan, n)->type->probe)
			return true;
	return false;
}
