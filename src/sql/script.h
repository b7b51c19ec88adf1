/*
 * A file of SQL, as migration tools and psql read it, cut into its statements
 * and comments by its characters alone: a statement that does not parse spoils
 * no other.  What belongs to psql (\connect, the rows after COPY … FROM stdin)
 * is left out.
 */
#ifndef INTERLOCK_SQL_SCRIPT_H
#define INTERLOCK_SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct script_statement {
	const char *text; /* without its semicolon and the comments before it */
	int line;         /* of its first word, from 1 */
	int last_line;
};

struct script_comment {
	const char *text; /* without -- or the signs around it */
	int line;
	bool alone; /* nothing but blanks stands before it on its line */
};

struct script {
	struct script_statement *statements;
	size_t statement_count, statement_room;
	struct script_comment *comments;
	size_t comment_count, comment_room;
	int open_line; /* of a literal, comment or parenthesis that has no end; 0: all have one */
};

/* Everything lives in the arena. */
void script_split(const char *text, struct arena *arena, struct script *script);

#endif
