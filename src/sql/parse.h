/*
 * SQL texts of a plan, understood by PostgreSQL's own parser (libpg_query, the
 * grammar of PostgreSQL 15).  Nothing here knows a catalogue.
 *
 * Every function that checks a text returns true when the text is exactly one
 * thing of its kind; otherwise false with *err filled: summary (PostgreSQL's
 * own words), err->position (character from 1 in `text`, 0 if unknown).  A text
 * that needs more stack than there is, or is over SQL_TEXT_MAX bytes, is an
 * ordinary error.
 */
#ifndef INTERLOCK_SQL_PARSE_H
#define INTERLOCK_SQL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum { SQL_TEXT_MAX = 1 << 20, SQL_EXPRESSION_TOKENS_MAX = 10000 };

/* One expression, as in SELECT <text>: no second statement, no target list, no comma. */
bool sql_check_expression(const char *text, struct err *err);
/* One SELECT, VALUES, TABLE or WITH … SELECT; not INTO, no locking clause, nothing that writes (WITH … DELETE). */
bool sql_check_query(const char *text, struct err *err);
/* One type name as after `::`: `varchar(255)`, `app.mood[]`, `timestamptz(3)`. */
bool sql_check_type(const char *text, struct err *err);
/* One or more statements of any kind. */
bool sql_check_statements(const char *text, struct err *err);

/* One entry of a column list such as "a, lower(b), c DESC NULLS LAST". */
struct index_column {
	const char *text;   /* the entry as it was written, normalised */
	const char *column; /* its plain column, unquoted, or NULL for an expression */
	bool bare;          /* nothing but that: no DESC, no operator class */
};
/* As inside CREATE INDEX … ( <text> ). */
bool sql_parse_index_columns(const char *text, struct arena *arena, struct index_column **columns, size_t *count,
                             struct err *err);

/* One column or constraint of a table definition. */
struct table_element {
	const char *text;   /* as written, normalised, without foreign keys */
	const char *column; /* unquoted; NULL for a table constraint */
};
struct foreign_key {
	const char *name; /* NULL when the text gives none */
	const char *const *columns;
	size_t column_count;
	const char *schema, *table; /* the referenced table; schema NULL when not written */
	const char *const *referenced;
	size_t referenced_count;        /* 0: its primary key */
	char on_delete, on_update;      /* as in pg_constraint: a r c n d */
	const char *const *set_columns; /* ON DELETE SET NULL (…) */
	size_t set_column_count;        /* 0: all of them */
	bool match_full, deferrable, initially_deferred;
};
struct table_definition {
	struct table_element *elements;
	size_t element_count;
	struct foreign_key *foreign_keys;
	size_t foreign_key_count;
	bool has_like_or_inherits; /* LIKE … inside: not comparable */
};
/* As inside CREATE TABLE t ( <text> ). */
bool sql_parse_table_definition(const char *text, struct arena *arena, struct table_definition *out,
                                struct err *err);

/* `table` or `table(column, …)` as after REFERENCES. */
bool sql_parse_references(const char *text, struct arena *arena, struct foreign_key *out, struct err *err);

/*
 * The text as its tokens, single spaces between them (none around `.` and `::`,
 * inside parentheses, or before commas: `lower(a.b), c::text`), comments gone,
 * keywords and bare names in lower case; quoted names and literals as they were.  Two
 * texts that mean the same token by token become equal.  A text that does not
 * scan comes back unchanged.  The result needs no terminator: a trailing
 * semicolon is dropped.
 */
const char *sql_normalize(const char *text, struct arena *arena);

/*
 * The functions called in an expression or query, each once, schema-qualified
 * where they were; for volatility in the catalogue.  SQL's own words count as
 * pg_catalog's function of the same volatility (CURRENT_TIMESTAMP is now).
 */
struct function_call {
	const char *schema; /* NULL when not written */
	const char *name;
};
bool sql_functions(const char *expression, struct arena *arena, struct function_call **calls, size_t *count,
                   struct err *err);

#endif
