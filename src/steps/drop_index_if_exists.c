/* The end of an index, while readers and writers go on; undo builds it again. */
#include <string.h>

#include "plan/again.h"
#include "plan/dependents.h"
#include "plan/indexes.h"

struct drop_index_args {
	struct relname index;
};

static const struct option options[] = {
	{.name = "index",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct drop_index_args, index),
     .help = "the index that goes"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *index)
{
	*index = ((const struct drop_index_args *)step)->index;
	return true;
}

/* clang-format off */

#define WHAT "'index ' || idx.name"

#define OBSTACLE \
	"CASE WHEN rel.oid IS NOT NULL AND idx.indexrelid IS NULL THEN " SQL_IS_A("rel.relkind") \
	" WHEN idx.constraint_name IS NOT NULL THEN " WHAT " || ' belongs to constraint ' || idx.constraint_name || ' of '" \
	" || idx.indrelid::regclass::text WHEN idx.relispartition THEN " WHAT " || ' is part of index '" \
	" || (SELECT h.inhparent::regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = idx.indexrelid)" \
	" WHEN idx.indisreplident THEN " WHAT " || ' is the replica identity of ' || idx.indrelid::regclass::text" \
	SQL_OBSTACLES(WHAT) " END"

#define HELP \
	"CASE WHEN idx.indexrelid IS NULL THEN " SQL_DROPPED_BY("rel.relkind") \
	" WHEN idx.constraint_name IS NOT NULL THEN 'drop_constraint_if_exists takes both away'" \
	" WHEN idx.relispartition THEN 'it goes with that one, never alone'" \
	" WHEN idx.indisreplident THEN 'give the table another one first, with ALTER TABLE … REPLICA IDENTITY' END"

/* Why it can't be built again as it is. */
#define LOST \
	"CASE WHEN idx.relkind = 'I' THEN 'it lies on a partitioned table, where create_index_if_missing builds it again'" \
	" WHEN idx.indexrelid IS NOT NULL AND " SQL_INDEX_AGAIN("idx", "idx") " IS NULL THEN 'its tablespace can''t be told' END"

static const char query[] =
	"WITH RECURSIVE " SQL_REL ", idx AS (SELECT i.*, c.relname, c.relkind, c.reltablespace, c.relispartition, c.relowner,"
	" c.relnamespace, " SQL_NAME("$1", "$2") " AS name, n.nspname AS table_schema, t.relname AS table_name,"
	" (SELECT pg_catalog.quote_ident(k.conname) FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid"
	" AND k.contype IN ('p', 'u', 'x') LIMIT 1) AS constraint_name"
	" FROM rel JOIN pg_catalog.pg_index i ON i.indexrelid = rel.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
	" JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace), "
	SQL_OBJ("pg_class", "idx.indexrelid", "idx") ", " SQL_DEPENDENTS
	" SELECT CASE WHEN rel.oid IS NULL THEN 'done' WHEN o.obstacle IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" coalesce(o.obstacle, pg_catalog.pg_get_indexdef(idx.indexrelid)) AS found,"
	" CASE WHEN idx.indexrelid IS NULL THEN 'an index' ELSE 'an index that nothing depends on' END AS expected,"
	" 'index' AS option,"
	" " HELP " AS help, idx.relkind AS kind, idx.table_schema, idx.table_name, idx.indisvalid AS valid,"
	" idx.indisunique AS is_unique, " SQL_INDEX_BUILDER("idx") " AS builder,"
	" " SQL_INDEX_AGAIN("idx", "idx") " AS definition, " SQL_INDEX_BODY("idx", "idx") " AS body,"
	" " SQL_STATEMENTS(SQL_INDEX_DETAILS("idx", "idx")) " AS details, " LOST " AS lost, d.*, " SQL_CLEARABLE(WHAT)
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN idx ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_DROP_FACTS("$2", "idx.relowner", "idx.relnamespace") ") d"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_index_args *args = step;

	probe->query =
		(struct probe_query){.sql = query, .params = {args->index.schema, args->index.name}, .count = 2};
}

/* The table that it is, or was, on; without a name where nobody has looked yet. */
static struct relname table_of(const struct record *record)
{
	return (struct relname){record_get(record, "table_schema"), record_get(record, "table_name")};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_index_args *args = step;
	const char *index = relname_quoted(stmts->arena, &args->index), *kind = record_get(facts->now, "kind");
	struct relname table = table_of(facts->now);
	struct stmt *stmt;

	if (drop_refused(arena_printf(stmts->arena, "index %s", index), false, facts, stmts))
		return;
	if (kind && *kind == 'I') {
		stmt = stmts_add(stmts, STMT_TOGETHER, "DROP INDEX %s", index);
		stmt_lock(stmts, stmt, &table, LOCK_ACCESS_EXCLUSIVE);
		stmt->note = "brief, but on the table and all its partitions: PostgreSQL knows no other way; no way back";
	} else if (table.name) {
		index_drop(&table, args->index.name, stmts);
	} else {
		stmts_add(stmts, STMT_OUTSIDE, "DROP INDEX CONCURRENTLY %s", index);
	}
}

/* What an undo that was cut short has left of it is built anew. */
static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_index_args *args = step;
	const char *name = relname_quoted(stmts->arena, &args->index), *lost = record_get(facts->before, "lost");
	const char *was = record_get(facts->before, "definition"), *is = record_get(facts->now, "definition");
	const char *builder = record_get(facts->now, "builder");
	struct index_plan index = {.table = table_of(facts->before),
	                           .name = args->index.name,
	                           .body = record_get(facts->before, "body"),
	                           .unique = record_true(facts->before, "is_unique")};

	if (lost)
		stmts_refuse(stmts, NULL, "index %s can't be built again as it was: %s", name, lost);
	else if (facts->state != STATE_DONE && (!is || strcmp(was, is) != 0))
		stmts_refuse(stmts, "rename or drop it, then undo again",
		             "there is something else again by the name of %s", name);
	else if (builder)
		stmts_refuse(stmts, "wait until it is there", "index %s is being built by process %s", name, builder);
	stmts->refusal_stays = lost != NULL;
	if (stmts->refusal || !record_true(facts->before, "valid"))
		return; /* an invalid one is nothing to have back */
	if (is && !record_true(facts->now, "valid"))
		index_drop(&index.table, index.name, stmts);
	if (!record_true(facts->now, "valid"))
		index_build(&index, &index.table, index.name, stmts);
	again_add(record_get(facts->before, "details"), stmts);
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "drop index ");
	ident_quote_relname(out, &((const struct drop_index_args *)step)->index);
}

const struct step_type step_drop_index_if_exists = {
	.name = "drop_index_if_exists",
	.summary = "drops an index that no constraint and no foreign key needs, while readers and writers go on",
	.example = "drop_index_if_exists { index = \"app.orders_status_idx\", loses = \"no query uses it\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, status text);\n"
			 "INSERT INTO app.orders SELECT n, 'open' FROM generate_series(1, 100) n;\n"
			 "CREATE INDEX orders_status_idx ON app.orders (status, lower(status) DESC) WHERE status <> 'done';\n"
			 "COMMENT ON INDEX app.orders_status_idx IS 'for the list of open ones'",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_index_args),
	.options = options,
	.locks = "SHARE UPDATE EXCLUSIVE on the table while older transactions end; ACCESS EXCLUSIVE, briefly, on a "
			 "partitioned one",
	.way_back =
		"builds it again from its definition, concurrently, with its comment; on a partitioned table there "
		"is none",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
