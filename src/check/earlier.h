/*
 * What the steps before one in its plan will have changed or made by the time
 * it runs.  What stands against it now may be gone then, and what it misses
 * may have come: then it is judged in its place, and not before the run.
 */
#ifndef INTERLOCK_CHECK_EARLIER_H
#define INTERLOCK_CHECK_EARLIER_H

#include "check/check.h"

/* Has this run done it already? */
bool earlier_is_done(const struct catalogue_check *check, const struct step *step);

/*
 * Will a step that runs before this one, and is still to run, change what this
 * one stands on: SQL of the author's own, which may do anything, a step on the
 * same table, or, where that is not told by a table, any step?  Then this one
 * can only be judged in its place.  `ahead`: asked with what is made_ahead
 * there already, so that counts no more.
 */
bool earlier_changes(const struct catalogue_check *check, const struct step *step, bool ahead);

/* Will what it misses perhaps be there when it runs: changed, or made by an earlier step that is still to run? */
bool earlier_may_bring(const struct catalogue_check *check, const struct step *step);

/* The step that runs before this one, is still to run, and makes its table; NULL: none. */
const struct step *earlier_maker(const struct catalogue_check *check, const struct step *step);

/* Is an earlier step that is still to run SQL of the author's own, which may do anything? */
bool earlier_may_do_anything(const struct catalogue_check *check, const struct step *step);

/* Whose obstacles these are. */
struct earlier_obstructed {
	const struct catalogue_check *check;
	const struct step *step;
};
/*
 * Does an earlier step that is still to run work on what is in the way?  What
 * an archive keeps alive (`firm`: a column of a type) it does not clear away.
 * For dependents_cleared(); `obstructed` is one of the struct above.
 */
bool earlier_clears(void *obstructed, const struct relname *what, bool firm);

#endif
