/*
 * An index, built and dropped while readers and writers go on: what is there
 * of it, on a table and on the partitions of a table, and the statements.  A
 * primitive decides when, and what stands on it.
 *
 * The fragments are read with search_path = pg_catalog, pg_temp; $1 schema,
 * $2 table, $3 the name of the index.
 */
#ifndef INTERLOCK_PLAN_INDEXES_H
#define INTERLOCK_PLAN_INDEXES_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/probes.h"
#include "plan/step.h"

/* clang-format off */

/* The body of a CTE: index $3 of relation `relation` (`rel`, `twin`). */
#define SQL_INDEX(relation) \
	"SELECT i.*, c.relname, t.relname AS table_name FROM " relation " x" \
	" JOIN pg_catalog.pg_index i ON i.indrelid = x.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid" \
	" JOIN pg_catalog.pg_class t ON t.oid = i.indrelid" \
	" WHERE c.relname = $3::text"

/* CTE `taken`: whatever has that name in the schema. */
#define SQL_TAKEN \
	"taken AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $3::text)"

/* "app.orders_idx is an index of app.orders", of `taken` */
#define SQL_IS_TAKEN \
	SQL_NAME("$1", "$3") " || ' is ' || coalesce((SELECT 'an index of ' || i.indrelid::regclass::text" \
	" FROM pg_catalog.pg_index i WHERE i.indexrelid = taken.oid), 'no index')"

/* What pg_get_indexdef() says after the names, as "unique index x USING btree (a)". */
#define SQL_INDEX_TABLE(i) "'.' || pg_catalog.quote_ident(" i ".table_name)"
#define SQL_INDEX_DEFINITION(i) \
	"CASE WHEN " i ".indisunique THEN 'unique ' ELSE '' END || 'index ' || pg_catalog.quote_ident(" i ".relname)" \
	" || pg_catalog.substr(pg_catalog.pg_get_indexdef(" i ".indexrelid)," \
	" pg_catalog.strpos(pg_catalog.pg_get_indexdef(" i ".indexrelid), " SQL_INDEX_TABLE(i) " || ' USING ')" \
	" + pg_catalog.length(" SQL_INDEX_TABLE(i) "))"

/* The process that builds index `i`, or NULL. */
#define SQL_INDEX_BUILDER(i) \
	"(SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p" \
	" WHERE p.index_relid = " i ".indexrelid AND p.datname = pg_catalog.current_database())"

/* For index_partitions(): from the top down; of each partition the indexes that it has. */
#define SQL_INDEX_PARTITIONS \
	"CASE WHEN rel.relkind = 'p' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(" \
	"'schema', n.nspname, 'table', c.relname, 'kind', c.relkind, 'parent_schema', m.nspname, 'parent', p.relname," \
	" 'top', p.oid = rel.oid, 'indexes', (SELECT pg_catalog.json_object_agg(x.relname, CASE" \
	" WHEN x.relispartition THEN 'attached' WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint k" \
	" WHERE k.conindid = x.oid AND k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x')) THEN 'constraint'" \
	" WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END)" \
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid))" \
	" ORDER BY t.level, n.nspname, c.relname)::text" \
	" FROM pg_catalog.pg_partition_tree(rel.oid) t JOIN pg_catalog.pg_class c ON c.oid = t.relid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class p ON p.oid = t.parentrelid" \
	" JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace WHERE t.level > 0) END"

/* clang-format on */

/* An index of a plan. */
struct index_plan {
	struct relname table;
	const char *name;  /* on the table itself */
	const char *label; /* at the end of the names that are chosen for it: "idx", "key" */
	const char *body;  /* "USING btree (a, b) WHERE (c)" */
	bool unique;
};

/* "CREATE UNIQUE INDEX <how><name> ON <on> USING …"; `how` is "CONCURRENTLY " or "", `on` may begin with ONLY. */
const char *index_text(const struct index_plan *index, const char *how, const char *name, const char *on,
                       struct arena *arena);
/* Builds it on that table (the plan's, or a partition) under that name. */
struct stmt *index_build(const struct index_plan *index, const struct relname *on, const char *name,
                         struct stmts *stmts);
/*
 * What stands in the way of a unique one: values of `columns` that more than
 * one row of the table (in SQL, perhaps with ONLY) has, where `where` is true
 * (NULL: of all).  Rows with NULL are equal to none unless nulls_are_equal.
 */
struct unique_values {
	const char *table;
	const char *const *columns; /* quoted */
	size_t count;
	const char *where;
	bool nulls_are_equal;
};
const struct culprits *index_duplicates(const struct unique_values *values, struct arena *arena);
/* Asks for them before anything is built. */
void index_verify(const struct culprits *duplicates, struct stmts *stmts);
void index_drop(const struct relname *table, const char *name, struct stmts *stmts);

/* One partition, as the probe tells of it. */
struct index_partition {
	struct relname table;
	const char *parent_schema, *parent;
	const char *index; /* the name that ours has on it */
	const char
		*status; /* attached, constraint (it has one, and is not attached), valid, invalid; NULL: there is none */
	bool leaf, foreign, top;
};

/* Copies the fact `partitions` of the record into the arena, parents before their children. */
size_t index_partitions(const struct index_plan *index, const struct record *facts, struct arena *arena,
                        struct index_partition **partitions);
bool index_has_status(const struct index_partition *partition, const char *status);
/* true, with the refusal set, where one is a foreign table; `what` as "the index". */
bool index_foreign_refused(const struct index_partition *partitions, size_t count, const char *what,
                           struct stmts *stmts);
/* Attaches the one of the partition to the one above it. */
void index_attach(const struct index_plan *index, const struct index_partition *partition, struct stmts *stmts);

#endif
