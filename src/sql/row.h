/*
 * An expression over one table, made to speak of a row that has a name of its
 * own: NEW and OLD in the condition of a trigger, where no query may stand.
 */
#ifndef INTERLOCK_SQL_ROW_H
#define INTERLOCK_SQL_ROW_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * The expression with `row` before each column, instead of its table where it
 * names one: "lower(orders.status) = state" is "lower(NEW.status) = NEW.state".
 * NULL where that can't be said: it holds a query, names the whole row, or is
 * no expression.
 */
const char *sql_on_row(const char *expression, const char *row, struct arena *arena);

/* Does the expression hold a query, as EXISTS (…) or (SELECT …)? */
bool sql_has_query(const char *expression);

/*
 * Is it made of nothing but columns, constants, comparisons and AND, OR, NOT,
 * so that no row can make it fail?
 */
bool sql_cannot_fail(const char *expression);

/* Does it name all columns at once, as orders.* does? */
bool sql_has_star(const char *expression);

#endif
