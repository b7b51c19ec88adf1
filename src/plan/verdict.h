/*
 * Verifications that are judged by what rows say: the form of their answer,
 * and their queries in a few words.
 *
 * A statement with `verdict` gives at least one row of the columns
 *   holds    boolean
 *   result   for people when it holds ("17 rows"), kept in the registry; or NULL
 *   problem  what is wrong when it does not hold
 *   detail   more about that, a line in each row; or NULL
 * of which the first three are read from the first row.
 */
#ifndef INTERLOCK_PLAN_VERDICT_H
#define INTERLOCK_PLAN_VERDICT_H

#include <stdbool.h>

#include "plan/step.h"

/* Appends one, in a transaction of its own, without a limit of time; the result is borrowed. */
struct stmt *verdict_add(struct stmts *stmts, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes which tables a query reads, so that a wait can name who holds them. */
void verdict_reads(struct stmts *stmts, struct stmt *stmt, const char *query);

/* For stands_on_names: what a query reads any earlier step may make or change. */
bool verdict_stands_on_names(const void *args);

/* A query cut to a few words: "SELECT id FROM app.orders WHERE total ..." */
const char *query_shown(const char *query, struct arena *arena);

#endif
