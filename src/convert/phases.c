/*
 * In which block of its plan a step stands.  Blocks come in rounds of expand,
 * fill, constrain, switch and contract; a step stands in the first one of its
 * kind that is not before a step on which it builds, and most plans need one
 * round.
 */
#include "convert/phases.h"

#include <string.h>

#include "base/interrupt.h"

/* Names of columns and constraints mean something in a statement that has their table's name, too. */
static bool stand_alone(const struct draft *draft)
{
	for (size_t i = 0; i < draft->name_count; i++)
		if (draft->table && strcmp(draft->names[i], draft->table) == 0)
			return true;
	return draft->table == NULL;
}

/* Does the statement say one of the names that the step makes, fills or takes away? */
static bool says_name(const struct draft *statement, const struct draft *of)
{
	if (!stand_alone(of) && !mentions(statement->sql, of->table))
		return false;
	for (size_t i = 0; i < of->name_count; i++)
		if (mentions(statement->sql, of->names[i]))
			return true;
	return false;
}

/* On what it names; and what renames or takes away a thing comes behind whatever used it before. */
static bool builds_on(const struct draft *later, const struct draft *earlier)
{
	bool takes = later->rank == RANK_SWITCH || later->rank == RANK_CONTRACT;

	return says_name(later, earlier) || (takes && says_name(earlier, later));
}

/* The first block from `least` on in which a step of this rank may stand. */
static size_t block_from(size_t least, enum rank rank)
{
	for (size_t block = least;; block++) {
		enum block_kind kind = block_kind_of(block);

		if ((rank == RANK_EXPAND && (kind == BLOCK_EXPAND || kind == BLOCK_CONSTRAIN)) ||
		    (rank == RANK_FILL && kind == BLOCK_FILL) || (rank == RANK_SWITCH && kind == BLOCK_SWITCH) ||
		    (rank == RANK_CONTRACT && kind == BLOCK_CONTRACT))
			return block;
	}
}

/* What is taken away goes last, behind whatever else the plan does: it waits longest. */
static void put_off(struct conversion *conversion, struct draft *draft)
{
	size_t last = draft->block;

	for (const struct draft *d = conversion->first; d; d = d->next)
		if (!d->is_left_out && d->concern == draft->concern && d->block > last)
			last = d->block;
	for (const struct draft *d = draft->next; d; d = d->next)
		if (!d->is_left_out && d->concern == draft->concern && builds_on(d, draft) && d->rank != RANK_CONTRACT)
			return;
	draft->block = block_from(last, RANK_CONTRACT);
}

bool convert_order(struct conversion *conversion, struct err *err)
{
	for (struct draft *d = conversion->first; d; d = d->next) {
		size_t least = 0;

		for (const struct draft *before = conversion->first; before != d && interrupt_count() == 0;
		     before = before->next)
			if (!before->is_left_out && before->concern == d->concern && before->block > least &&
			    builds_on(d, before))
				least = before->block;
		d->block = block_from(least, d->rank);
	}
	for (struct draft *d = conversion->first; d && interrupt_count() == 0; d = d->next)
		if (!d->is_left_out && d->rank == RANK_CONTRACT)
			put_off(conversion, d);
	return interrupt_count() == 0 || err_set(err, EXIT_INTERRUPTED, "interrupted");
}
