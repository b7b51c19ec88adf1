/* The prepared statements of one session, found by their SQL text. */
#ifndef INTERLOCK_DB_STATEMENTS_H
#define INTERLOCK_DB_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct statement {
	char *sql;
	char name[16]; /* il_1, il_2, …; never used twice in a session */
	bool known;    /* the server has confirmed it */
};

/* Sorted by text.  A zeroed struct is empty. */
struct statements {
	struct statement **list;
	size_t count, room;
	int last; /* the number of the newest name */
};

/* NULL when there is none; borrowed until it is forgotten. */
struct statement *statements_find(const struct statements *statements, const char *sql);
/* Adds one that is not there yet, with a new name; not yet known. */
struct statement *statements_add(struct statements *statements, const char *sql);
void statements_forget(struct statements *statements, const char *sql);
/* Forgets those that the server has not confirmed. */
void statements_forget_unknown(struct statements *statements);
void statements_release(struct statements *statements);

#endif
