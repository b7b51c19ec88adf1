/*
 * The default of a column: what it is here and below (a change reaches the
 * partitions, and the tables that inherit), and the way back to what it was.
 */
#ifndef INTERLOCK_PLAN_DEFAULTS_H
#define INTERLOCK_PLAN_DEFAULTS_H

#include "plan/below.h"
#include "plan/columns.h"
#include "plan/step.h"

/* clang-format off */

/* Does the column make its values in another way? */
#define SQL_TAKES_NO_DEFAULT "(col.attidentity <> '' OR col.attgenerated <> '')"

/* What default_restore() reads, as columns of the answer; after the CTEs `rel`, `col` and `below`. */
#define SQL_DEFAULT_FACTS \
	SQL_EXPRESSION("col") " AS column_default, col.attnum IS NOT NULL AS there, " \
	SQL_BELOW_LIST(SQL_EXPRESSION("a"), "JOIN pg_catalog.pg_attribute a ON a.attrelid = b.oid" \
	" AND a.attname = $3::text AND NOT a.attisdropped") " AS below_defaults"

/* clang-format on */

/* false, after an error at the option "default": its expression names a column, as a text without its quotes does.
 */
bool default_is_free(const char *expression, const struct option_place *place, struct diags *diags);

/* The default of a column, as a step left it. */
struct column_default {
	struct relname table;
	const char *column;
	const char *left; /* the expression as the server has it; NULL: none */
	bool unknown;     /* the server's words for it are not known, because it is not there */
};

/* Adds ALTER TABLE … ALTER COLUMN … and what follows. */
struct stmt *default_alter(const struct column_default *d, const char *change, struct stmts *stmts);
/* What preview says of it; `before` may be NULL. */
const char *default_note(const char *before, struct arena *arena);
/*
 * Back to what it was before, here and below.  What is no longer as the step
 * left it was changed by somebody else, and is refused by name.
 */
void default_restore(const struct column_default *d, const struct facts *facts, struct stmts *stmts);

#endif
