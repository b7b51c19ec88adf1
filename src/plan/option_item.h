/* One option while it is decoded, and what is said of a value that is not what its kind wants. */
#ifndef INTERLOCK_PLAN_OPTION_ITEM_H
#define INTERLOCK_PLAN_OPTION_ITEM_H

#include "plan/option.h"

struct option_item {
	const struct option *option;
	json_t *value;
	void *field;
	const struct option_place *place;
	struct arena *arena;
	struct diags *diags;
	bool parsed; /* its SQL was found good before */
};

/* Fills the field, or says what is wrong. */
bool option_item_decode(const struct option_item *item);

/* The kinds that hold names or SQL, in option_sql.c. */
bool option_decode_relname(const struct option_item *item, json_t *value, struct relname *out);
bool option_decode_tables(const struct option_item *item);
bool option_decode_thing(const struct option_item *item);
bool option_decode_name(const struct option_item *item);
bool option_decode_columns(const struct option_item *item);
bool option_decode_set(const struct option_item *item);
/* lookup { … }, in option_lookup.c: false, after an error. */
bool option_decode_lookup(const struct option_item *item, const char *column, json_t *value, struct lookup *out);
/* What the author wrote, ready for hashing; the SQL in it through `canonical`.  The caller owns it. */
json_t *option_canonical_lookup(json_t *value, json_t *(*canonical)(json_t *set, struct arena *arena),
                                struct arena *arena);
bool option_decode_sql(const struct option_item *item);
/* { "a", "b" } as the text "a, b"; NULL: it is neither a list of texts nor a text. */
const char *option_columns_text(json_t *value, struct arena *arena);

/* false, after an error: `why` follows the option and whose it is ("must be one of …"). */
bool option_wrong(const struct option_item *item, const char *why);
/* false, after an error that says what a value of its kind has to be. */
bool option_wrong_type(const struct option_item *item);
/* false, after an error with PostgreSQL's words at the line inside the text. */
bool option_wrong_sql(const struct option_item *item, const char *text, const struct err *err);

#endif
