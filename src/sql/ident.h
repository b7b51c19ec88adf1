/*
 * Names: reading them as SQL does, quoting them as SQL wants.  Names are kept
 * unquoted and folded ("Order Items" without its quotes, ORDERS as orders).
 */
#ifndef INTERLOCK_SQL_IDENT_H
#define INTERLOCK_SQL_IDENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct relname {
	const char *schema; /* "public" when the text had none */
	const char *name;
};

/*
 * Reads `schema.name` or `name`, each part bare (folded to lower case) or in
 * double quotes.  NULL on success, else one sentence on what is wrong (static
 * or in the arena): empty part, unbalanced quote, a part over 63 bytes, more
 * than two parts, or a bare name with characters that need quotes; that last
 * sentence shows the quoted form.
 */
const char *ident_parse_relname(const char *text, struct arena *arena, struct relname *out);
/* The same for a single name, such as a column. */
const char *ident_parse_name(const char *text, struct arena *arena, const char **out);

/* Appends the name, in double quotes where SQL needs them (keywords included). */
void ident_quote(struct buf *out, const char *name);
/* Appends schema.name, each part quoted where needed; always with the schema. */
void ident_quote_relname(struct buf *out, const struct relname *name);
/* Appends 'text' as a literal that means the same whatever standard_conforming_strings is. */
void ident_quote_literal(struct buf *out, const char *text);

/* The three above as strings in an arena. */
const char *ident_quoted(struct arena *arena, const char *name);
const char *relname_quoted(struct arena *arena, const struct relname *name);
const char *literal_quoted(struct arena *arena, const char *text);

bool relname_equal(const struct relname *a, const struct relname *b);

/*
 * A name for something derived, cut so that it fits into 63 bytes as
 * PostgreSQL's own makeObjectName() does: <first>_<second>_<label>, the longer
 * of the first two parts shortened first, never in the middle of a UTF-8
 * character.  `second` may be NULL.
 */
const char *ident_derived(struct arena *arena, const char *first, const char *second, const char *label);

#endif
