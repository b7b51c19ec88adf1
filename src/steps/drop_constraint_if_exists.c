/* The end of a constraint that nothing depends on; undo adds it again while readers and writers go on. */
#include <jansson.h>
#include <string.h>

#include "plan/again.h"
#include "plan/constraints.h"
#include "plan/dependents.h"
#include "plan/indexes.h"

struct drop_constraint_args {
	struct relname table;
	const char *constraint;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_constraint_args, table),
     .help = "the table that loses the constraint"},
	{.name = "constraint",
     .kind = OPTION_NAME,
     .required = true,
     .offset = offsetof(struct drop_constraint_args, constraint),
     .help = "the check, foreign key, unique, primary key or exclusion constraint that goes"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_constraint_args *)step)->table;
	return true;
}

/* clang-format off */

#define WHAT "'constraint ' || pg_catalog.quote_ident($3::text) || ' of ' || " SQL_NAME("$1", "$2")

#define COLUMNS_OF(con) \
	"(SELECT pg_catalog.json_agg(a.attname ORDER BY u.n)::text FROM pg_catalog.unnest(" con ".conkey)" \
	" WITH ORDINALITY u(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = " con ".conrelid AND a.attnum = u.attnum)"

/* A publication that sends updates or deletes, and needs the primary key to say of which row. */
#define PUBLICATION \
	"(SELECT p.pubname FROM pg_catalog.pg_publication_tables t JOIN pg_catalog.pg_publication p USING (pubname)" \
	" WHERE t.schemaname = $1::text AND t.tablename = $2::text AND (p.pubupdate OR p.pubdelete) AND con.contype = 'p'" \
	" AND (SELECT c.relreplident FROM pg_catalog.pg_class c WHERE c.oid = rel.oid) = 'd' ORDER BY 1 LIMIT 1)"

#define OBSTACLE \
	"CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") \
	" WHEN con.contype = 'n' THEN " WHAT " || ' is the NOT NULL of column ' || (SELECT pg_catalog.quote_ident(a.attname)" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = con.conrelid AND a.attnum = con.conkey[1])" \
	" WHEN con.contype = 't' THEN " WHAT " || ' is a trigger'" \
	" WHEN con.coninhcount > 0 OR con.conparentid <> 0 THEN " WHAT " || ' is inherited from '" \
	" || (SELECT pg_catalog.string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno)" \
	" FROM pg_catalog.pg_inherits h WHERE h.inhrelid = con.conrelid)" \
	" WHEN idx.indisreplident THEN " WHAT " || ' is its replica identity'" \
	" WHEN " PUBLICATION " IS NOT NULL THEN " WHAT " || ' tells publication ' || pg_catalog.quote_ident(" PUBLICATION ")" \
	" || ' which row is meant'" SQL_OBSTACLES(WHAT) " END"

#define HELP \
	"CASE con.contype WHEN 'n' THEN 'drop_not_null takes it away' WHEN 't' THEN 'DROP TRIGGER, in a sql_step, takes it away'" \
	" ELSE CASE WHEN con.coninhcount > 0 OR con.conparentid <> 0 THEN 'drop it there'" \
	" WHEN idx.indisreplident OR " PUBLICATION " IS NOT NULL" \
	" THEN 'give the table another one first, with ALTER TABLE … REPLICA IDENTITY' END END"

/* Why it can't be added again. */
#define LOST \
	"CASE WHEN con.contype = 'x' OR con.contype IN ('p', 'u') AND idx.method <> 'btree'" \
	" THEN 'PostgreSQL knows no way to add it while readers and writers go on'" \
	" WHEN con.contype IN ('p', 'u') AND rel.relkind = 'p'" \
	" THEN 'on a partitioned table PostgreSQL knows no way to add it while readers and writers go on'" \
	" WHEN con.contype IN ('p', 'u') AND " SQL_INDEX_AGAIN("idx", "idx") " IS NULL" \
	" THEN 'the tablespace of its index can''t be told' END"

/* The partitions that hold rows, with what they have of that constraint: nothing, or is it validated? */
#define LEAVES \
	"CASE WHEN rel.relkind = 'p' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname," \
	" 'table', c.relname, 'validated', k.convalidated) ORDER BY n.nspname, c.relname)::text" \
	" FROM pg_catalog.pg_partition_tree(rel.oid) t JOIN pg_catalog.pg_class c ON c.oid = t.relid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_constraint k" \
	" ON k.conrelid = c.oid AND k.conname = $3::text WHERE t.isleaf AND t.level > 0) END"

#define COMMENT \
	SQL_COMMENT_AGAIN("'CONSTRAINT ' || pg_catalog.quote_ident(con.conname) || ' ON ' || " SQL_NAME("$1", "$2"), \
	"pg_catalog.obj_description(con.oid, 'pg_constraint')")

static const char query[] =
	"WITH RECURSIVE " SQL_REL ", con AS (SELECT k.* FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid"
	" AND k.conname = $3::text), idx AS (SELECT i.*, c.relname, c.reltablespace, t.relname AS table_name, m.amname AS method"
	" FROM con JOIN pg_catalog.pg_index i ON i.indexrelid = con.conindid AND i.indrelid = con.conrelid"
	" AND con.contype IN ('p', 'u', 'x') JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
	" JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam),"
	" spare AS (SELECT i.indexrelid, i.indisvalid FROM rel JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid"
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relname = $3::text), "
	SQL_OBJ("pg_constraint", "con.oid", "con") ", " SQL_DEPENDENTS
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN o.obstacle IS NOT NULL THEN 'conflict'"
	" WHEN con.oid IS NULL THEN 'done' ELSE 'absent' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " ELSE coalesce(o.obstacle,"
	" " WHAT " || ': ' || pg_catalog.pg_get_constraintdef(con.oid)) END AS found,"
	" CASE WHEN rel.relkind NOT IN ('r', 'p') THEN 'a table' ELSE 'a constraint that nothing depends on' END AS expected,"
	" " SQL_BLAME("constraint") ","
	" " HELP " AS help, rel.relkind, con.contype AS kind, con.convalidated AS validated,"
	" pg_catalog.pg_get_constraintdef(con.oid) AS definition, con.condeferrable AS is_deferrable, con.condeferred AS deferred,"
	" " COLUMNS_OF("con") " AS columns, pn.nspname AS parent_schema, p.relname AS parent,"
	" " SQL_INDEX_BODY("idx", "idx") " AS body, " SQL_STATEMENTS("ARRAY[" COMMENT "]") " AS comment,"
	" " SQL_STATEMENTS(SQL_INDEX_DETAILS("idx", "idx")) " AS details, " LOST " AS lost,"
	" (SELECT spare.indisvalid FROM spare) AS spare_valid,"
	" (SELECT pg_catalog.pg_get_indexdef(spare.indexrelid) FROM spare) AS spare,"
	" pg_catalog.pg_get_indexdef(idx.indexrelid) AS index,"
	" (SELECT pg_catalog.json_agg(a.attname)::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0"
	" AND NOT a.attisdropped AND NOT a.attnotnull) AS nullable, " LEAVES " AS leaves, d.*, " SQL_CLEARABLE(WHAT)
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN con ON true LEFT JOIN idx ON true"
	" LEFT JOIN pg_catalog.pg_class p ON p.oid = nullif(con.confrelid, 0)"
	" LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace"
	" LEFT JOIN pg_catalog.pg_class own ON own.oid = rel.oid"
	" CROSS JOIN LATERAL (SELECT " SQL_DROP_FACTS("$3", "own.relowner", "own.relnamespace") ") d"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_constraint_args *args = step;

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->constraint}, .count = 3};
}

/* The other table of a foreign key; false: it is none, or refers to its own. */
static bool parent_of(const struct drop_constraint_args *args, const struct record *record, struct relname *parent)
{
	*parent = (struct relname){record_get(record, "parent_schema"), record_get(record, "parent")};
	return parent->name && !relname_equal(parent, &args->table);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_constraint_args *args = step;
	const char *lost = record_get(facts->now, "lost"), *table = relname_quoted(stmts->arena, &args->table);
	struct relname parent;
	struct stmt *stmt;

	if (drop_refused(arena_printf(stmts->arena, "table %s", table), true, facts, stmts))
		return;
	stmt = constraint_drop(&args->table, args->constraint, stmts);
	if (parent_of(args, facts->now, &parent))
		stmt_lock(stmts, stmt, &parent, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = drop_note(lost ? arena_printf(stmts->arena, "brief; no way back: %s", lost) : "brief", facts,
	                       stmts->arena);
}

/* ---- The way back ---- */

struct comeback {
	const struct drop_constraint_args *args;
	const struct facts *facts;
	struct stmts *stmts;
	const char *table, *name; /* quoted */
};

static bool was(const struct comeback *back, const char *kinds)
{
	const char *kind = record_get(back->facts->before, "kind");

	return kind && strchr(kinds, *kind);
}

/* For rows to come; `not_valid`: those that are there are not looked at. */
static struct stmt *add(const struct comeback *back, const struct relname *table, bool not_valid)
{
	struct relname parent;
	struct stmt *stmt = stmts_add(back->stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s%s",
	                              relname_quoted(back->stmts->arena, table), back->name,
	                              record_get(back->facts->before, "definition"), not_valid ? " NOT VALID" : "");

	stmt_lock(back->stmts, stmt, table, was(back, "f") ? LOCK_SHARE_ROW_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE);
	if (parent_of(back->args, back->facts->before, &parent))
		stmt_lock(back->stmts, stmt, &parent, LOCK_SHARE_ROW_EXCLUSIVE);
	stmt->note = "brief: existing rows are not looked at";
	return stmt;
}

static void validate(const struct comeback *back, const struct relname *table)
{
	struct relname parent;
	struct stmt *stmt = constraint_validate(table, back->args->constraint, back->stmts);

	if (parent_of(back->args, back->facts->before, &parent))
		stmt_lock(back->stmts, stmt, &parent, LOCK_ROW_SHARE);
}

/*
 * A foreign key of a partitioned table before PostgreSQL 18, which takes none
 * that is not validated: each partition by itself, and then the table finds
 * theirs and takes them for its own.
 */
static void add_by_partitions(const struct comeback *back)
{
	const char *text = record_get(back->facts->now, "leaves");
	json_t *leaves = text ? json_loads(text, 0, NULL) : NULL, *leaf;
	struct arena *arena = back->stmts->arena;
	size_t i;

	json_array_foreach(leaves, i, leaf)
	{
		json_t *validated = json_object_get(leaf, "validated");
		struct relname table = {arena_strdup(arena, json_string_value(json_object_get(leaf, "schema"))),
		                        arena_strdup(arena, json_string_value(json_object_get(leaf, "table")))};

		if (json_is_null(validated))
			add(back, &table, true);
		if (!json_is_true(validated))
			validate(back, &table);
	}
	json_decref(leaves);
	add(back, &back->args->table, false);
	again_add(record_get(back->facts->before, "comment"), back->stmts);
}

/* A check or a foreign key: first for rows to come, then for those that are there. */
static void add_and_validate(const struct comeback *back)
{
	const struct record *now = back->facts->now;
	bool validated = record_true(back->facts->before, "validated");
	const char *kind = record_get(now, "relkind");

	if (!record_get(now, "kind") && was(back, "f") && *kind == 'p' && back->facts->server_version < 180000) {
		add_by_partitions(back);
		return;
	}
	if (!record_get(now, "kind")) {
		add(back, &back->args->table, validated);
		again_add(record_get(back->facts->before, "comment"), back->stmts);
	}
	if (validated && !record_true(now, "validated"))
		validate(back, &back->args->table);
}

/* A unique or primary key: its index first. */
static void add_by_index(const struct comeback *back)
{
	const struct record *before = back->facts->before, *now = back->facts->now;
	struct index_plan index = {.table = back->args->table,
	                           .name = back->args->constraint,
	                           .body = record_get(before, "body"),
	                           .unique = true};
	struct stmt *stmt;

	if (record_get(now, "spare") && !record_true(now, "spare_valid"))
		index_drop(&index.table, index.name, back->stmts);
	if (!record_true(now, "spare_valid"))
		index_build(&index, &index.table, index.name, back->stmts);
	stmt = stmts_add(back->stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s%s",
	                 back->table, back->name, was(back, "p") ? "PRIMARY KEY" : "UNIQUE", back->name,
	                 record_true(before, "is_deferrable") ? " DEFERRABLE" : "",
	                 record_true(before, "deferred") ? " INITIALLY DEFERRED" : "");
	stmt_lock(back->stmts, stmt, &index.table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the index is there";
	again_add(record_get(before, "comment"), back->stmts);
	again_add(record_get(before, "details"), back->stmts);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Is what is there again the one that there was, but for rows that are still to be checked? */
static bool is_back(const struct comeback *back)
{
	const char *old = record_get(back->facts->before, "definition");

	return same(record_get(back->facts->now, "definition"), old) ||
	       same(record_get(back->facts->now, "definition"), arena_printf(back->stmts->arena, "%s NOT VALID", old));
}

/* A column of the primary key that accepts NULL now, quoted; NULL: none. */
static const char *nullable_key(const struct comeback *back)
{
	const char *column;

	for (size_t i = 0; was(back, "p"); i++) {
		column = again_text(record_get(back->facts->before, "columns"), i, back->stmts->arena);
		if (!column)
			break;
		if (again_holds(record_get(back->facts->now, "nullable"), column))
			return ident_quoted(back->stmts->arena, column);
	}
	return NULL;
}

static bool refused(const struct comeback *back)
{
	const char *lost = record_get(back->facts->before, "lost"), *column = nullable_key(back);
	const char *spare = record_get(back->facts->now, "spare");
	bool there = record_get(back->facts->now, "kind") != NULL;

	if (lost)
		stmts_refuse(back->stmts, "add it by hand, when the application can wait",
		             "constraint %s of %s is gone: %s", back->name, back->table, lost);
	else if (back->facts->state == STATE_MISSING)
		stmts_refuse(back->stmts, NULL, "table %s is gone", back->table);
	else if (there && !is_back(back))
		stmts_refuse(back->stmts, "rename or drop it, then undo again", "there is another constraint %s of %s",
		             back->name, back->table);
	else if (!there && spare && was(back, "pu") && !same(spare, record_get(back->facts->before, "index")))
		stmts_refuse(back->stmts, "rename or drop it, then undo again", "there is another index %s of %s",
		             back->name, back->table);
	else if (!there && column)
		stmts_refuse(back->stmts, "set it NOT NULL again first",
		             "column %s of %s, of the primary key, accepts NULL now", column, back->table);
	back->stmts->refusal_stays = lost != NULL;
	return back->stmts->refusal != NULL;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_constraint_args *args = step;
	struct comeback back = {args, facts, stmts, relname_quoted(stmts->arena, &args->table),
	                        ident_quoted(stmts->arena, args->constraint)};

	if (refused(&back))
		return;
	if (was(&back, "cf"))
		add_and_validate(&back);
	else if (!record_get(facts->now, "kind"))
		add_by_index(&back);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_constraint_args *args = step;

	buf_add(out, "drop constraint ");
	ident_quote(out, args->constraint);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
}

const struct step_type step_drop_constraint_if_exists = {
	.name = "drop_constraint_if_exists",
	.summary = "drops a constraint that nothing depends on",
	.example = "drop_constraint_if_exists { table = \"app.users\", constraint = \"works_for\",\n"
			   "                            loses = \"an org may go before its users since 4.0\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.orgs (id bigint PRIMARY KEY);\n"
		"CREATE TABLE app.users (id bigint PRIMARY KEY, org_id bigint CONSTRAINT works_for REFERENCES app.orgs ON DELETE CASCADE);\n"
		"COMMENT ON CONSTRAINT works_for ON app.users IS 'who they work for';\n"
		"INSERT INTO app.orgs VALUES (1);\n"
		"INSERT INTO app.users VALUES (1, 1), (2, NULL)",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_constraint_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly; of a foreign key also on the table that it refers to",
	.way_back =
		"a check or foreign key is added NOT VALID, then validated; a unique or primary key gets its index "
		"concurrently; an exclusion constraint, and a key of a partitioned table, stay gone",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
