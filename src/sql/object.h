/*
 * Things of a database as COMMENT ON names them: "table app.users", "function
 * app.f(int)", "constraint c on app.t".  A text is read by PostgreSQL's own
 * parser, and the SQL of it is written anew, so nothing else can be in it.
 */
#ifndef INTERLOCK_SQL_OBJECT_H
#define INTERLOCK_SQL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum object_kind {
	OBJECT_TABLE,
	OBJECT_FOREIGN_TABLE,
	OBJECT_VIEW,
	OBJECT_MATERIALIZED_VIEW,
	OBJECT_INDEX,
	OBJECT_SEQUENCE,
	OBJECT_COLUMN,
	OBJECT_CONSTRAINT, /* of a table */
	OBJECT_TRIGGER,
	OBJECT_POLICY,
	OBJECT_RULE,
	OBJECT_TYPE,
	OBJECT_DOMAIN,
	OBJECT_DOMAIN_CONSTRAINT,
	OBJECT_FUNCTION,
	OBJECT_PROCEDURE,
	OBJECT_STATISTICS,
	OBJECT_SCHEMA,
	OBJECT_EXTENSION,
	OBJECT_RELATION /* a table, view or the like that was named without its kind; never read by sql_parse_object()
	                 */
};
/* "materialized view"; both kinds of constraints are a "constraint". */
const char *object_kind_name(enum object_kind kind);

struct sql_object {
	enum object_kind kind;
	const char *text;         /* as it was written, in the spacing of sql_normalize() */
	const char *schema;       /* "public" where the text has none; NULL: it lives in no schema */
	const char *name;         /* of the thing, or of the table, type that it belongs to */
	const char *member;       /* the column, constraint, trigger, policy or rule; else NULL */
	const char *const *types; /* of a function's arguments, as SQL: a name without a schema stays so */
	size_t type_count;
	bool has_types; /* false: no parentheses were written */
};

/* Reads one; false with *err as in sql/parse.h. */
bool sql_parse_object(const char *text, struct arena *arena, struct sql_object *out, struct err *err);

/* Appends it as COMMENT ON takes it: "COLUMN app.users.email". */
void object_write(struct buf *out, const struct sql_object *object);
const char *object_written(struct arena *arena, const struct sql_object *object);

#endif
