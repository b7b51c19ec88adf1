/*
 * Rows that a step inserts, kept so that undo deletes exactly these: a table of
 * the registry holds a copy of each as it was inserted, written by the same
 * statement.  Undo takes nothing away that anybody wrote since: where a row was
 * changed, or others refer to it, it stops and names them.  Like an archive it
 * is kept for a while, and then nothing tells any more which rows they were.
 *
 * The fragments are read with search_path = pg_catalog, pg_temp after the CTEs
 * `rel` and `key` (SQL_BEST_KEY) of plan/probes.h.
 */
#ifndef INTERLOCK_PLAN_INSERTED_H
#define INTERLOCK_PLAN_INSERTED_H

#include "plan/step.h"

/* clang-format off */

/* Where the rows are: the table, and its partitions. */
#define SQL_INSERTED_TABLES "SELECT rel.oid UNION SELECT t.relid::oid FROM pg_catalog.pg_partition_tree(rel.oid) t"

/*
 * The columns of the answer that inserted_take_back() reads.  Of foreign keys
 * to the table, to a table that it is a partition of, or to one of its own
 * partitions, only those that would not stop a DELETE at once.
 */
#define SQL_INSERTED_FACTS \
	"rel.oid IS NOT NULL AS there, CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") " END" \
	" AS instead, key.names AS key_names, (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name'," \
	" pg_catalog.quote_ident(a.attname), 'type', " SQL_TYPE("a") ", 'default', " SQL_EXPRESSION("a") ", 'generated', a.attgenerated <> '')" \
	" ORDER BY a.attnum)::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0" \
	" AND NOT a.attisdropped) AS columns," \
	" (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('table', k.conrelid::regclass::text," \
	" 'own', k.conrelid = rel.oid, 'match', (SELECT pg_catalog.string_agg('c.' || pg_catalog.quote_ident(ca.attname)" \
	" || ' = t.' || pg_catalog.quote_ident(ta.attname), ' AND ' ORDER BY u.n)" \
	" FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) WITH ORDINALITY u(c, t, n)" \
	" JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.c" \
	" JOIN pg_catalog.pg_attribute ta ON ta.attrelid = k.confrelid AND ta.attnum = u.t)) ORDER BY k.conname, k.oid)::text" \
	" FROM pg_catalog.pg_constraint k WHERE k.confrelid IN (" SQL_INSERTED_TABLES ") AND k.contype = 'f'" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint u WHERE u.oid = k.conparentid AND u.confrelid IN (" \
	SQL_INSERTED_TABLES ")) AND (k.confdeltype NOT IN ('a', 'r') OR k.condeferrable)) AS referrers," \
	" (SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace WHERE n.nspname = 'interlock' AND c.relkind = 'r'" \
	" AND c.relname ~ '^inserted_[0-9]+_[0-9]+$') AS inserted"

/* The first of several columns (text[]) that takes no value. */
#define SQL_INSERTED_COMPUTED(names) \
	"(SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attname = ANY (" names ")" \
	" AND a.attnum > 0 AND (a.attgenerated <> '' OR a.attidentity = 'a') ORDER BY a.attnum LIMIT 1)"

/* A constraint of the table that is no arbiter of ON CONFLICT, if anybody asks. */
#define SQL_INSERTED_DEFERRABLE(asked) \
	"(SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c" \
	" ON c.oid = i.indexrelid WHERE i.indrelid = rel.oid AND " asked "::boolean AND NOT i.indimmediate ORDER BY 1 LIMIT 1)"

/* clang-format on */

/*
 * true, with the refusal set: the role may not write there.  The probe says
 * `role`, and as `may_insert` whether it may insert.
 */
bool inserted_refused(const struct relname *into, const struct facts *facts, struct stmts *stmts);
/* interlock.inserted_<run>_<number> */
const char *inserted_table(const struct facts *facts, struct arena *arena);
/* Are the rows there already?  They come and go together with it: an undo that was cut short has left both. */
bool inserted_already(const struct facts *facts, struct arena *arena);
/* Makes it, empty, with the columns of the table. */
void inserted_make(const struct relname *into, const struct facts *facts, struct stmts *stmts);
/* Its time is over: it goes, the rows stay. */
void inserted_expire(const struct facts *facts, struct stmts *stmts);
/* Undo: the rows in it leave the table, and it goes. */
void inserted_take_back(const struct relname *into, const struct facts *facts, struct stmts *stmts);

#endif
