/* Questions about expressions: is it volatile, does a CHECK imply something, which columns does it name. */
#ifndef INTERLOCK_HAZARD_EXPRESSION_H
#define INTERLOCK_HAZARD_EXPRESSION_H

#include "hazard/state.h"

/*
 * Does a value computed by it differ from row to row?  Functions in SQL are
 * looked into, as the server does when it inlines them.  *culprit: the
 * function that decides it, where the answer is not no.
 */
enum tri expression_volatile(struct lint *lint, const PgQuery__Node *expr, const char **culprit);

/* Is it NULL written as a constant (or no expression at all)? */
bool expression_is_null(const PgQuery__Node *expr);

/* The plain columns that it names, in the arena. */
size_t expression_columns(struct arena *arena, const PgQuery__Node *expr, const char *const **columns);

/* Does a row that passes `check` have a value in the column?  As the server proves it for SET NOT NULL. */
bool implies_not_null(const PgQuery__Node *check, const char *column);
/* Does the check keep every row inside the bound FROM … TO or IN of a partition by that one column? */
bool implies_bound(const PgQuery__Node *check, const char *column, const PgQuery__PartitionBoundSpec *bound);
/* Does it keep every row outside of it? */
bool excludes_bound(const PgQuery__Node *check, const char *column, const PgQuery__PartitionBoundSpec *bound);

/* Does the condition of an UPDATE or DELETE hold for every row: none, TRUE, 1 = 1, NOT FALSE? */
bool always_true(const PgQuery__Node *condition);

/* The built-in functions, by name (builtin.c): TRI_YES volatile, TRI_NO not, TRI_UNKNOWN no built-in that is
 * known. */
enum tri builtin_volatile(const char *name);

/* Reads an expression; the tree lives as long as the lint.  NULL: it can't be read. */
const PgQuery__Node *expression_parse(struct lint *lint, const char *text);

/* The expression that a function in SQL gives: its body is SELECT and nothing more.  NULL: it is something else.
 */
const PgQuery__Node *function_expression(struct lint *lint, const char *body);

#endif
