/* PostgreSQL's words for privileges: which there are on what, and reading those of a plan. */
#ifndef INTERLOCK_PLAN_PRIVILEGES_H
#define INTERLOCK_PLAN_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/option.h"
#include "sql/object.h"

enum { PRIVILEGES_MAX = 10 };

/* The words, in lower case and NULL-terminated, on a thing of that kind; NULL: there are none. */
const char *const *privileges_of(enum object_kind kind, bool columns);
bool privileges_are_of_tables(const char *const *words);
bool privilege_is_among(const char *word, const char *const *words);

/* On which other things there is a privilege of that name, for people; NULL: on none. */
const char *privilege_is_on(const char *word, const char *const *words, struct arena *arena);

/* What a plan gives, one by one and in lower case; "select, update" is two. */
struct privileges {
	const char *items[PRIVILEGES_MAX];
	size_t count;
	bool all, too_many;
};
struct privileges privileges_read(const struct text_list *texts, struct arena *arena);

#endif
