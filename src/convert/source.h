/* The words of one statement, cut by PostgreSQL's own tokens and by the places that its tree gives. */
#ifndef INTERLOCK_CONVERT_SOURCE_H
#define INTERLOCK_CONVERT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "sql/scan.h"

struct source {
	struct arena *arena;
	const char *text;
	struct tokens tokens;
};

/* false: it has no tokens, which no statement that parsed has. */
bool source_open(struct source *source, const char *text, struct arena *arena);

/* The text of the tokens [from, end), as it was written. */
const char *source_slice(const struct source *source, size_t from, size_t end);
/* The first token at or behind this byte. */
size_t source_token_at(const struct source *source, int location);
/* Is the token this word, in any case and without quotes? */
bool source_is(const struct source *source, size_t token, const char *word);
/* The first token from `from` on, before `end`, that is this word outside of all parentheses; `end`: there is
 * none. */
size_t source_find(const struct source *source, size_t from, size_t end, const char *word);
/* The first parenthesis from `from` on; `end`: there is none. */
size_t source_open_paren(const struct source *source, size_t from, size_t end);
/* The token that closes the parenthesis at `open`. */
size_t source_close_paren(const struct source *source, size_t open);
/* What stands between a parenthesis and its end. */
const char *source_inside(const struct source *source, size_t open);
/* The token behind a name that begins here: schema.name. */
size_t source_behind_name(const struct source *source, size_t token);
/* The last token of the item (up to a comma outside of parentheses, or `end`) that begins at `from`, and one more.
 */
size_t source_item_end(const struct source *source, size_t from, size_t end);

#endif
