/* An index, built while readers and writers go on, on ordinary and on partitioned tables. */
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "plan/probes.h"

enum { NAME_ROOM = 63 };

struct create_index_args {
	struct relname table;
	struct column_list columns, include;
	const char *name, *where, *using;
	bool unique;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct create_index_args, table),
     .help = "the table, partitioned table or materialized view"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .required = true,
     .offset = offsetof(struct create_index_args, columns),
     .help = "columns and expressions, as inside CREATE INDEX (…)"},
	{.name = "name",
     .kind = OPTION_NAME,
     .offset = offsetof(struct create_index_args, name),
     .help = "its name; PostgreSQL's own choice where it is left out"},
	{.name = "unique",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct create_index_args, unique),
     .help = "no two rows may be equal in it"},
	{.name = "where",
     .kind = OPTION_PREDICATE,
     .offset = offsetof(struct create_index_args, where),
     .help = "which rows it holds; all where it is left out"},
	{.name = "using",
     .kind = OPTION_NAME,
     .offset = offsetof(struct create_index_args, using),
     .default_value = "btree",
     .help = "the access method"},
	{.name = "include",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct create_index_args, include),
     .help = "columns that it carries along without ordering by them"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct create_index_args *)step)->table;
	return true;
}

/* ---- Its name ---- */

/* A column's own name; that of a function around it; "expr" for all other expressions. */
static void add_column_name(struct buf *out, const struct index_column *column)
{
	const char *start = column->text, *end = start;

	if (column->column) {
		buf_add(out, column->column);
		return;
	}
	for (; *end && strchr("abcdefghijklmnopqrstuvwxyz0123456789_.", *end); end++)
		if (*end == '.')
			start = end + 1;
	if (*end == '(' && end > start)
		buf_add_bytes(out, start, (size_t)(end - start));
	else
		buf_add(out, "expr");
}

/* As PostgreSQL chooses it: <table>_<columns>_idx. */
static const char *index_name(const struct create_index_args *args, struct arena *arena)
{
	struct buf columns = {0};
	const char *name;

	if (args->name)
		return args->name;
	for (size_t i = 0; i < args->columns.count + args->include.count; i++) {
		buf_add(&columns, i ? "_" : "");
		add_column_name(&columns, i < args->columns.count ? &args->columns.items[i]
		                                                  : &args->include.items[i - args->columns.count]);
	}
	name = ident_derived(arena, args->table.name, buf_text(&columns), "idx");
	buf_release(&columns);
	return name;
}

/* On a partition: <partition>_<columns>_idx; where that has to be cut, a hash keeps it apart from its siblings. */
static const char *partition_index_name(const struct create_index_args *args, const char *partition,
                                        struct arena *arena)
{
	const char *name = index_name(args, arena), *rest = name, *label = "idx";
	size_t table = strlen(args->table.name), length;
	char hash[65];

	if (strncmp(name, args->table.name, table) == 0 && name[table] == '_')
		rest = name + table + 1;
	length = strlen(rest);
	if (length > 4 && strcmp(rest + length - 4, "_idx") == 0)
		rest = arena_strndup(arena, rest, length - 4);
	if (strlen(partition) + strlen(rest) + strlen("__idx") > NAME_ROOM) {
		sha256_hex(partition, strlen(partition), hash);
		label = arena_printf(arena, "%.8s_idx", hash);
	}
	return ident_derived(arena, partition, rest, label);
}

/* ---- What is there ---- */

/* clang-format off */

/* The index $3 of relation `relation`. */
#define INDEX(relation) \
	"SELECT i.*, c.relname, t.relname AS table_name FROM " relation " x" \
	" JOIN pg_catalog.pg_index i ON i.indrelid = x.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid" \
	" JOIN pg_catalog.pg_class t ON t.oid = i.indrelid" \
	" WHERE c.relname = $3::text"

/* What pg_get_indexdef() says after the names. */
#define TABLE_PART(i) "'.' || pg_catalog.quote_ident(" i ".table_name)"
#define DEFINITION(i) \
	"CASE WHEN " i ".indisunique THEN 'unique ' ELSE '' END || 'index ' || pg_catalog.quote_ident(" i ".relname)" \
	" || pg_catalog.substr(pg_catalog.pg_get_indexdef(" i ".indexrelid)," \
	" pg_catalog.strpos(pg_catalog.pg_get_indexdef(" i ".indexrelid), " TABLE_PART(i) " || ' USING ')" \
	" + pg_catalog.length(" TABLE_PART(i) "))"

#define BUILDER \
	"(SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p" \
	" WHERE p.index_relid = idx.indexrelid AND p.datname = pg_catalog.current_database())"

/* From the top down; of each partition the indexes that it has. */
#define PARTITIONS \
	"CASE WHEN rel.relkind = 'p' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(" \
	"'schema', n.nspname, 'table', c.relname, 'kind', c.relkind, 'parent_schema', m.nspname, 'parent', p.relname," \
	" 'top', p.oid = rel.oid, 'indexes', (SELECT pg_catalog.json_object_agg(x.relname, CASE" \
	" WHEN x.relispartition THEN 'attached' WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END)" \
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid))" \
	" ORDER BY t.level, n.nspname, c.relname)::text" \
	" FROM pg_catalog.pg_partition_tree(rel.oid) t JOIN pg_catalog.pg_class c ON c.oid = t.relid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class p ON p.oid = t.parentrelid" \
	" JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace WHERE t.level > 0) END"

static const char query[] =
	"WITH " SQL_REL ", idx AS (" INDEX("rel") "),"
	" taken AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $3::text)"
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN rel.relkind NOT IN ('r', 'p', 'm') THEN 'conflict'"
	" WHEN idx.indexrelid IS NOT NULL THEN 'compare' WHEN taken.oid IS NOT NULL THEN 'conflict' ELSE 'absent' END"
	" AS state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p', 'm') THEN " SQL_IS_A("rel.relkind")
	" WHEN idx.indexrelid IS NULL AND taken.oid IS NOT NULL THEN " SQL_NAME("$1", "$3") " || ' is '"
	" || coalesce((SELECT 'an index of ' || i.indrelid::regclass::text FROM pg_catalog.pg_index i"
	" WHERE i.indexrelid = taken.oid), 'no index') END AS found,"
	" CASE WHEN taken.oid IS NOT NULL AND idx.indexrelid IS NULL THEN 'index ' || pg_catalog.quote_ident($3::text)"
	" || ' on ' || " SQL_NAME("$1", "$2") " END AS expected, rel.relkind,"
	" idx.indexrelid IS NOT NULL AS there, idx.indisvalid AS valid, " PARTITIONS " AS partitions"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN idx ON true LEFT JOIN taken ON true";

static const char compare[] =
	"WITH " SQL_REL ", " SQL_TWIN ", idx AS (" INDEX("rel") "), new AS (" INDEX("twin") ")"
	" SELECT CASE WHEN found <> expected OR builder IS NOT NULL THEN 'conflict' WHEN indisvalid THEN 'done'"
	" ELSE 'partial' END AS state, found || CASE WHEN builder IS NOT NULL THEN ', being built by process ' || builder"
	" WHEN NOT indisvalid THEN ', invalid' ELSE '' END AS found, expected"
	" FROM (SELECT " DEFINITION("idx") " AS found, " DEFINITION("new") " AS expected, idx.indisvalid,"
	" CASE WHEN NOT idx.indisvalid THEN " BUILDER " END AS builder FROM idx, new) pair";

/* clang-format on */

/* "CREATE UNIQUE INDEX <how><name> ON <table> USING btree (a, b) INCLUDE (c) WHERE (d)" */
static const char *create_index(const struct create_index_args *args, const char *how, const char *name,
                                const char *table, struct arena *arena)
{
	struct buf sql = {0};
	const char *copy;

	buf_addf(&sql, "CREATE %sINDEX %s", args->unique ? "UNIQUE " : "", how);
	ident_quote(&sql, name);
	buf_addf(&sql, " ON %s USING ", table);
	ident_quote(&sql, args->using ? args->using : "btree");
	buf_addf(&sql, " (%s)", args->columns.text);
	if (args->include.count)
		buf_addf(&sql, " INCLUDE (%s)", args->include.text);
	if (args->where)
		buf_addf(&sql, " WHERE (%s)", sql_normalize(args->where, arena));
	copy = arena_strdup(arena, buf_text(&sql));
	buf_release(&sql);
	return copy;
}

static void probe(const void *step, struct probe *probe)
{
	const struct create_index_args *args = step;
	struct arena *arena = probe->arena;
	const char *name = index_name(args, arena), *twin = ident_quoted(arena, args->table.name);

	probe->query =
		(struct probe_query){.sql = query, .params = {args->table.schema, args->table.name, name}, .count = 3};
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE %s (LIKE %s)", twin, relname_quoted(arena, &args->table));
	probe->scratch[probe->scratch_count++] =
		create_index(args, "", name, arena_printf(arena, "pg_temp.%s", twin), arena);
	probe->compare = probe->query;
	probe->compare.sql = compare;
}

/* ---- There and back ---- */

static void build(const struct create_index_args *args, const struct relname *table, const char *name,
                  struct stmts *stmts)
{
	struct stmt *stmt =
		stmts_add(stmts, STMT_OUTSIDE, "%s",
	              create_index(args, "CONCURRENTLY ", name, relname_quoted(stmts->arena, table), stmts->arena));

	stmt_lock(stmts, stmt, table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "reads the table twice and waits for older transactions; readers and writers go on";
}

/* Without rows of its own, so quick; it becomes valid when every partition's index is attached. */
static void build_only(const struct create_index_args *args, const struct relname *table, const char *name,
                       struct stmts *stmts)
{
	const char *only = arena_printf(stmts->arena, "ONLY %s", relname_quoted(stmts->arena, table));
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "%s", create_index(args, "", name, only, stmts->arena));

	stmt_lock(stmts, stmt, table, LOCK_SHARE);
	stmt->note = "brief: an empty frame for the indexes of the partitions";
}

static void drop(const struct relname *table, const char *name, struct stmts *stmts)
{
	struct relname index = {table->schema, name};
	struct stmt *stmt =
		stmts_add(stmts, STMT_OUTSIDE, "DROP INDEX CONCURRENTLY %s", relname_quoted(stmts->arena, &index));

	stmt_lock(stmts, stmt, table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "waits for transactions that use it; readers and writers go on";
}

/* One partition, as the probe tells of it. */
struct partition {
	struct relname table;
	const char *parent_schema, *parent;
	const char *index;  /* the name that ours has on it */
	const char *status; /* attached, valid, invalid; NULL: there is none */
	bool leaf, foreign, top;
};

/* Copies them into the arena, parents before their children. */
static size_t partitions_of(const struct create_index_args *args, const struct facts *facts, struct arena *arena,
                            struct partition **out)
{
	const char *text = record_get(facts->now, "partitions");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t count = json_array_size(list), i;

	*out = arena_array(arena, struct partition, count + 1);
	json_array_foreach(list, i, entry)
	{
		struct partition *p = &(*out)[i];
		const char *kind = json_string_value(json_object_get(entry, "kind"));

		p->table.schema = arena_strdup(arena, json_string_value(json_object_get(entry, "schema")));
		p->table.name = arena_strdup(arena, json_string_value(json_object_get(entry, "table")));
		p->parent_schema = arena_strdup(arena, json_string_value(json_object_get(entry, "parent_schema")));
		p->parent = arena_strdup(arena, json_string_value(json_object_get(entry, "parent")));
		p->index = partition_index_name(args, p->table.name, arena);
		p->status =
			arena_strdup(arena, json_string_value(json_object_get(json_object_get(entry, "indexes"), p->index)));
		p->leaf = strcmp(kind, "p") != 0;
		p->foreign = strcmp(kind, "f") == 0;
		p->top = json_is_true(json_object_get(entry, "top"));
	}
	json_decref(list);
	return count;
}

static bool has_status(const struct partition *partition, const char *status)
{
	return partition->status && strcmp(partition->status, status) == 0;
}

static void build_on_partition(const struct create_index_args *args, const struct partition *partition,
                               struct stmts *stmts)
{
	if (!partition->leaf) {
		if (!partition->status)
			build_only(args, &partition->table, partition->index, stmts);
		return;
	}
	if (has_status(partition, "invalid"))
		drop(&partition->table, partition->index, stmts);
	if (!partition->status || has_status(partition, "invalid"))
		build(args, &partition->table, partition->index, stmts);
}

static void attach(const struct create_index_args *args, const struct partition *partition, struct stmts *stmts)
{
	struct relname parent = {partition->parent_schema, NULL}, child = {partition->table.schema, partition->index};

	parent.name = partition->top ? index_name(args, stmts->arena)
	                             : partition_index_name(args, partition->parent, stmts->arena);
	stmts_add(stmts, STMT_TOGETHER, "ALTER INDEX %s ATTACH PARTITION %s", relname_quoted(stmts->arena, &parent),
	          relname_quoted(stmts->arena, &child));
}

/* The frames from the top down, the leaves, then all is attached from the bottom up. */
static void build_partitioned(const struct create_index_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct partition *partitions;
	size_t count = partitions_of(args, facts, stmts->arena, &partitions);

	for (size_t i = 0; i < count; i++)
		if (partitions[i].foreign) {
			stmts_refuse(stmts, "create the index on each of the other partitions",
			             "partition %s is a foreign table, which can't have an index",
			             relname_quoted(stmts->arena, &partitions[i].table));
			return;
		}
	if (!record_true(facts->now, "there"))
		build_only(args, &args->table, index_name(args, stmts->arena), stmts);
	for (int leaf = 0; leaf < 2; leaf++)
		for (size_t i = 0; i < count; i++)
			if (partitions[i].leaf == leaf)
				build_on_partition(args, &partitions[i], stmts);
	for (size_t i = count; i-- > 0;)
		if (!has_status(&partitions[i], "attached"))
			attach(args, &partitions[i], stmts);
}

static bool is_partitioned(const struct facts *facts)
{
	const char *kind = record_get(facts->now, "relkind");

	return kind && *kind == 'p';
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_index_args *args = step;
	const char *name = index_name(args, stmts->arena);

	if (is_partitioned(facts)) {
		build_partitioned(args, facts, stmts);
		return;
	}
	if (facts->state == STATE_PARTIAL)
		drop(&args->table, name, stmts);
	build(args, &args->table, name, stmts);
}

/* What is not attached yet goes one by one; the rest goes with the index of the whole table. */
static void drop_partitioned(const struct create_index_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct relname index = {args->table.schema, index_name(args, stmts->arena)};
	struct partition *partitions;
	size_t count = partitions_of(args, facts, stmts->arena, &partitions);
	struct stmt *stmt;

	for (size_t i = count; i-- > 0;) {
		struct relname frame = {partitions[i].table.schema, partitions[i].index};

		if (!partitions[i].status || has_status(&partitions[i], "attached"))
			continue;
		if (partitions[i].leaf)
			drop(&partitions[i].table, partitions[i].index, stmts);
		else
			stmt_lock(stmts,
			          stmts_add(stmts, STMT_TOGETHER, "DROP INDEX %s", relname_quoted(stmts->arena, &frame)),
			          &partitions[i].table, LOCK_ACCESS_EXCLUSIVE);
	}
	if (!record_true(facts->now, "there"))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP INDEX %s", relname_quoted(stmts->arena, &index));
	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief, but on the table and all its partitions: PostgreSQL knows no other way";
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_index_args *args = step;

	if (facts->state == STATE_CONFLICT)
		stmts_refuse(stmts, "drop it by hand", "the index is no longer what this run made: %s",
		             record_get(facts->now, "found"));
	else if (is_partitioned(facts))
		drop_partitioned(args, facts, stmts);
	else if (record_true(facts->now, "there"))
		drop(&args->table, index_name(args, stmts->arena), stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct create_index_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "create %sindex %s on %s (%s)", args->unique ? "unique " : "",
	         ident_quoted(&arena, index_name(args, &arena)), relname_quoted(&arena, &args->table),
	         args->columns.text);
	arena_release(&arena);
}

const struct step_type step_create_index_if_missing = {
	.name = "create_index_if_missing",
	.summary =
		"builds an index while readers and writers go on, and repairs an invalid one of the same definition",
	.example = "create_index_if_missing { table = \"app.orders\", columns = \"customer_id, created_at DESC\",\n"
			   "                          where = \"status <> 'done'\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.orders (id bigint PRIMARY KEY, customer_id bigint, created_at timestamptz, status text);\n"
		"INSERT INTO app.orders SELECT n, n % 10, now(), 'open' FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_index_args),
	.options = options,
	.locks = "SHARE UPDATE EXCLUSIVE on the table, or on one partition after the other, while it is built; on a "
			 "partitioned table also SHARE, briefly",
	.way_back = "drops the index concurrently; on a partitioned table with ACCESS EXCLUSIVE, briefly",
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
