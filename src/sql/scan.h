/*
 * A text as PostgreSQL's tokens, and what is easier said of tokens than of a
 * tree: how long a text is, that its parentheses match, where its commas are.
 * For the other files of this folder.
 */
#ifndef INTERLOCK_SQL_SCAN_H
#define INTERLOCK_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct token {
	size_t start, end; /* bytes [start, end) of the text */
	int kind;          /* PgQuery__Token */
	int keyword;       /* PgQuery__KeywordKind; 0 for what is no keyword */
};

/* The tokens of a text without its comments, in an arena. */
struct tokens {
	struct token *items;
	size_t count;
};

/* false: over SQL_TEXT_MAX bytes, or an unterminated literal and the like (err as in sql/parse.h). */
bool scan_tokens(const char *text, struct arena *arena, struct tokens *out, struct err *err);
/* Does every parenthesis and bracket close one that was opened?  Unclosed ones are left to the parser. */
bool scan_check_closings(const char *text, const struct tokens *tokens, struct err *err);
/* The token after the item that begins at `from`: a comma outside of all parentheses, or the end. */
size_t scan_item_end(const struct tokens *tokens, size_t from);

/* The tokens in the spacing of sql_normalize(). */
const char *scan_join(const char *text, const struct token *tokens, size_t count, struct arena *arena);

/* The character, from 1, that this byte of the text belongs to. */
int scan_character(const char *text, size_t byte);
/* A syntax error in PostgreSQL's words at this token; always false. */
bool scan_syntax_error(const char *text, const struct token *token, struct err *err);

#endif
