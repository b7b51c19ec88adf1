/*
 * What one statement does, by the type of its node: the table behind
 * sql_classify().  For the other files of this folder.
 */
#ifndef INTERLOCK_SQL_VERB_H
#define INTERLOCK_SQL_VERB_H

#include <pg_query/pg_query.pb-c.h>

#include "base/arena.h"
#include "sql/classify.h"

/* Fills kind, verb and the flags of a statement. */
void verb_describe(const PgQuery__Node *node, struct arena *arena, struct statement *statement);
/* The name of what it makes without saying in which schema, quoted; NULL: nothing of the kind. */
const char *verb_unplaced(const PgQuery__Node *node, struct arena *arena);
/* "MATERIALIZED VIEW" */
const char *verb_object(PgQuery__ObjectType type);

/* The same for ALTER TABLE, by its subcommands: the most dangerous one names it. */
void verb_alter_table(const PgQuery__Node *node, struct arena *arena, struct statement *statement);

/* The same for what the words of a statement, beyond its type, say about its kind and flags. */
void verb_refine(const PgQuery__Node *node, struct statement *statement);
/* Is it EXPLAIN ANALYZE? */
bool verb_runs(const PgQuery__ExplainStmt *explain);

/* What a query does: it reads, creates (INTO), writes (WITH … DELETE), or calls what nobody knows. */
enum statement_kind verb_query_kind(const PgQuery__Node *query);

/* Is this a function of PostgreSQL's own that changes nothing?  The schema may be NULL. */
bool verb_is_harmless(const char *schema, const char *function);

#endif
