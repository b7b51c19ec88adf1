/* Reading statements into steps; which file knows which is said in read.c. */
#ifndef INTERLOCK_CONVERT_READ_H
#define INTERLOCK_CONVERT_READ_H

#include "convert/convert.h"
#include "convert/source.h"
#include "hazard/state.h"

/* One statement while it is read, and the part of it that is read now (one command of ALTER TABLE). */
struct reader {
	struct lint *lint; /* its model is as it was before the statement */
	struct conversion *out;
	struct arena *arena;
	struct source source;
	size_t from, end; /* the tokens of the part */
	int line;         /* where the part begins */
	const char *sql;  /* the part, as a statement of its own */
	struct relation *relation;
	const char *table; /* as a plan writes it */
};

/* Adds a step for the part that is read; the words say what it does, for people. */
struct draft *add_step(struct reader *r, const char *primitive, enum rank rank, const char *words, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds the part as sql_step; `undo` NULL: nothing takes it back. */
struct draft *add_sql(struct reader *r, const char *undo, const char *reason);
/* The same for SQL of its own. */
struct draft *add_own_sql(struct reader *r, const char *sql, const char *undo, const char *reason);
/* The table that the part is about. */
void read_on(struct reader *r, const PgQuery__RangeVar *range);
/* The part that is read from here on: tokens [from, end); `sql` NULL: their text. */
void read_part(struct reader *r, size_t from, size_t end, const char *sql);

/* Names as a plan writes them. */
const char *plain_name(struct reader *r, const char *name);
const char *relation_name(struct reader *r, const PgQuery__RangeVar *range);
const char *list_relation_name(struct reader *r, PgQuery__Node *const *words, size_t count);
/* "a, b", each quoted where SQL wants it. */
const char *column_names(struct reader *r, PgQuery__Node *const *words, size_t count);

/* The step of this file that makes the constraint or index, not left out; NULL: none. */
struct draft *made_before(struct reader *r, const char *name);

/* Is it known that the table has no key, by which rows and their old values could be found again? */
bool lacks_key(const struct reader *r);

void convert_alter_table(struct reader *r, const PgQuery__Node *node);
void convert_add_column(struct reader *r, const PgQuery__ColumnDef *definition);
void convert_column_type(struct reader *r, const PgQuery__AlterTableCmd *command);
/* The column in a new type, through a second one; false: it can't be, or nobody can look.  `value` NULL: as it is.
 */
struct second_column {
	const char *column, *type, *value;
	bool may_lose; /* there may be values that the new type can't hold */
};
bool convert_second_column(struct reader *r, const struct second_column *of);
/* A constraint of the relation as ALTER TABLE or a new column names it; *column NULL: of the table. */
struct constraint_part {
	const PgQuery__Constraint *constraint;
	const char *column;
	size_t from, end; /* its tokens */
};
void convert_constraint(struct reader *r, const struct constraint_part *part);
void convert_validate(struct reader *r, const char *name);
void convert_drop_constraint(struct reader *r, const PgQuery__AlterTableCmd *command);
/* What follows a column of which every row gets a value by a backfill. */
struct fill {
	const char *column, *value;
	bool not_null;
};
void convert_fill(struct reader *r, const struct fill *fill);
/* "cascade", "set null", …; NULL: no action. */
const char *action_word(const char *code);

void convert_create_table(struct reader *r, const PgQuery__Node *node);
void convert_create_index(struct reader *r, const PgQuery__Node *node);
void convert_create_view(struct reader *r, const PgQuery__Node *node);
void convert_create_enum(struct reader *r, const PgQuery__Node *node);
void convert_alter_enum(struct reader *r, const PgQuery__Node *node);
void convert_create_sequence(struct reader *r, const PgQuery__Node *node);
void convert_create_schema(struct reader *r, const PgQuery__Node *node);
void convert_create_extension(struct reader *r, const PgQuery__Node *node);
void convert_create_other(struct reader *r, const PgQuery__Node *node);

void convert_drop(struct reader *r, const PgQuery__Node *node);
void convert_truncate(struct reader *r, const PgQuery__Node *node);
void convert_rename(struct reader *r, const PgQuery__Node *node);

void convert_update(struct reader *r, const PgQuery__Node *node);
void convert_delete(struct reader *r, const PgQuery__Node *node);
void convert_insert(struct reader *r, const PgQuery__Node *node);

/* The triggers of backfills that name the column hang on it until the plan is done: ends them before it goes. */
void convert_end_fills(struct reader *r, const char *column);

void convert_comment(struct reader *r, const PgQuery__Node *node);
void convert_grant(struct reader *r, const PgQuery__Node *node);
/* A DO block that only guards a statement against what is there already becomes steps; false: it is another one.
 */
bool convert_guarded(struct reader *r);
/* The statement that the model is at (lint->statement). */
void convert_statement(struct lint *lint, const PgQuery__Node *node, struct conversion *out);
void convert_any(struct reader *r, const PgQuery__Node *node);

#endif
