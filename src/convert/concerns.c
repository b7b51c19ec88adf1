/*
 * Which steps belong together: those that change one table, and those of
 * which one names what the other makes or changes.  Each group is a plan.
 */
#include <string.h>

#include "base/interrupt.h"
#include "base/xalloc.h"
#include "convert/convert.h"

static bool names_it(const struct draft *by, const struct draft *of)
{
	if (of->table && mentions(by->sql, of->table))
		return true;
	for (size_t i = 0; !of->table && i < of->name_count; i++)
		if (mentions(by->sql, of->names[i]))
			return true;
	return false;
}

static bool are_connected(const struct draft *a, const struct draft *b)
{
	if (a->stands_apart != b->stands_apart)
		return false;
	return a->joins_all || (a->line == b->line && strcmp(a->sql, b->sql) == 0) || names_it(a, b) || names_it(b, a);
}

/* Every step of one group gets the number of the other. */
static void join(const struct conversion *conversion, size_t from, size_t to)
{
	for (struct draft *d = conversion->first; d; d = d->next)
		if (d->concern == from)
			d->concern = to;
}

/* A data dump has a step for each of very many rows: whoever gave the wrong file can stop here. */
static void connect(const struct conversion *conversion)
{
	for (struct draft *a = conversion->first; a; a = a->next)
		for (struct draft *b = a->next; b && interrupt_count() == 0; b = b->next)
			if (!a->is_left_out && !b->is_left_out && a->concern != b->concern && are_connected(a, b))
				join(conversion, b->concern > a->concern ? b->concern : a->concern,
				     b->concern > a->concern ? a->concern : b->concern);
}

/* Numbers without gaps, in the order of the file. */
static void renumber(struct conversion *conversion)
{
	size_t next = 0;

	for (struct draft *d = conversion->first; d; d = d->next) {
		size_t was = d->concern;

		if (d->is_left_out || was < next)
			continue;
		if (was != next && interrupt_count() == 0)
			join(conversion, was, next);
		next++;
	}
	conversion->concern_count = next;
}

bool convert_group(struct conversion *conversion, struct err *err)
{
	size_t number = 0;

	for (struct draft *d = conversion->first; d; d = d->next)
		d->concern = number++;
	connect(conversion);
	for (struct draft *d = conversion->first; d; d = d->next)
		d->concern = d->is_left_out ? number : d->concern;
	renumber(conversion);
	return interrupt_count() == 0 || err_set(err, EXIT_INTERRUPTED, "interrupted");
}
