/* A sorted array of statements; each has a place of its own, so that pointers last. */
#include "db/statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* The index of the first text that is not before this one. */
static size_t place_of(const struct statements *statements, const char *sql)
{
	size_t low = 0, high = statements->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(statements->list[middle]->sql, sql) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct statement *statements_find(const struct statements *statements, const char *sql)
{
	size_t place = place_of(statements, sql);

	if (place == statements->count || strcmp(statements->list[place]->sql, sql) != 0)
		return NULL;
	return statements->list[place];
}

struct statement *statements_add(struct statements *statements, const char *sql)
{
	size_t place = place_of(statements, sql);
	struct statement *statement = xcalloc(1, sizeof(*statement));

	statement->sql = xstrdup(sql);
	snprintf(statement->name, sizeof(statement->name), "il_%d", ++statements->last);
	if (statements->count == statements->room) {
		statements->room = statements->room * 2 + 8;
		statements->list = xrealloc(statements->list, statements->room * sizeof(*statements->list));
	}
	memmove(statements->list + place + 1, statements->list + place,
	        (statements->count - place) * sizeof(*statements->list));
	statements->list[place] = statement;
	statements->count++;
	return statement;
}

static void remove_at(struct statements *statements, size_t place)
{
	free(statements->list[place]->sql);
	free(statements->list[place]);
	statements->count--;
	memmove(statements->list + place, statements->list + place + 1,
	        (statements->count - place) * sizeof(*statements->list));
}

void statements_forget(struct statements *statements, const char *sql)
{
	if (statements_find(statements, sql))
		remove_at(statements, place_of(statements, sql));
}

void statements_forget_unknown(struct statements *statements)
{
	for (size_t i = statements->count; i-- > 0;)
		if (!statements->list[i]->known)
			remove_at(statements, i);
}

void statements_release(struct statements *statements)
{
	while (statements->count)
		remove_at(statements, statements->count - 1);
	free(statements->list);
	*statements = (struct statements){0};
}
