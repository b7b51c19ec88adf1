/* An index, built while readers and writers go on, on ordinary and on partitioned tables. */
#include <string.h>

#include "plan/columns.h"
#include "plan/family.h"
#include "plan/indexes.h"

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

/* Its plain columns; what an expression names is for the server to find. */
static const char *columns_of(const struct column_list *columns, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, columns->count);
	size_t count = 0;

	for (size_t i = 0; i < columns->count; i++)
		if (columns->items[i].column)
			names[count++] = columns->items[i].column;
	return array_literal(names, count, arena);
}

/* ---- What is there ---- */

/* clang-format off */

#define NO_METHOD "NOT EXISTS (SELECT FROM pg_catalog.pg_am m WHERE m.amname = $4::text AND m.amtype = 'i')"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", idx AS (" SQL_INDEX("rel") "), " SQL_TAKEN
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN rel.relkind NOT IN ('r', 'p', 'm') THEN 'conflict'"
	" WHEN idx.indexrelid IS NOT NULL THEN 'compare' WHEN taken.oid IS NOT NULL THEN 'conflict'"
	" WHEN l.lacking IS NOT NULL OR " NO_METHOD " THEN 'missing' WHEN l.virtual IS NOT NULL THEN 'conflict' ELSE 'absent' END"
	" AS state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p', 'm') THEN " SQL_IS_A("rel.relkind")
	" WHEN idx.indexrelid IS NULL AND taken.oid IS NOT NULL THEN " SQL_IS_TAKEN
	" WHEN l.lacking IS NOT NULL THEN " SQL_NO_COLUMN("l.lacking")
	" WHEN " NO_METHOD " THEN 'no access method ' || pg_catalog.quote_ident($4::text) ELSE l.virtual END AS found,"
	" CASE WHEN rel.relkind NOT IN ('r', 'p', 'm') THEN 'a table or materialized view'"
	" WHEN taken.oid IS NOT NULL AND idx.indexrelid IS NULL THEN 'index ' || pg_catalog.quote_ident($3::text)"
	" || ' on ' || " SQL_NAME("$1", "$2") " WHEN l.virtual IS NOT NULL THEN " SQL_STORED_COLUMNS " END AS expected,"
	" CASE WHEN rel.oid IS NULL OR rel.relkind NOT IN ('r', 'p', 'm') THEN 'table' WHEN taken.oid IS NOT NULL THEN 'name'"
	" WHEN l.lacking = ANY ($5::text[]) THEN 'columns' WHEN l.lacking IS NOT NULL THEN 'include' WHEN " NO_METHOD " THEN 'using'"
	" ELSE 'columns' END AS option,"
	" rel.relkind, " SQL_OWNER_FACTS ","
	" idx.indexrelid IS NOT NULL AS there, idx.indisvalid AS valid, " SQL_INDEX_PARTITIONS " AS partitions"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN idx ON true LEFT JOIN taken ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NOT NULL THEN " SQL_LACKING("$5::text[] || $6::text[]") " END,"
	" " SQL_VIRTUAL("$5::text[] || $6::text[]") ") l(lacking, virtual)";

static const char compare[] =
	"WITH " SQL_REL ", " SQL_TWIN ", idx AS (" SQL_INDEX("rel") "), new AS (" SQL_INDEX("twin") ")"
	" SELECT CASE WHEN found <> expected OR builder IS NOT NULL THEN 'conflict' WHEN indisvalid THEN 'done'"
	" ELSE 'partial' END AS state, found || CASE WHEN builder IS NOT NULL THEN ', being built by process ' || builder"
	" WHEN NOT indisvalid THEN ', invalid' ELSE '' END AS found, expected, 'columns' AS option"
	" FROM (SELECT " SQL_INDEX_DEFINITION("idx") " AS found, " SQL_INDEX_DEFINITION("new") " AS expected, idx.indisvalid,"
	" CASE WHEN NOT idx.indisvalid THEN " SQL_INDEX_BUILDER("idx") " END AS builder FROM idx, new) pair";

/* clang-format on */

static struct index_plan plan_of(const struct create_index_args *args, struct arena *arena)
{
	struct index_plan index = {args->table, index_name(args, arena), "idx", NULL, args->unique};
	struct buf body = {0};

	buf_add(&body, "USING ");
	ident_quote(&body, args->using ? args->using : "btree");
	buf_addf(&body, " (%s)", args->columns.text);
	if (args->include.count)
		buf_addf(&body, " INCLUDE (%s)", args->include.text);
	if (args->where)
		buf_addf(&body, " WHERE (%s)", sql_normalize(args->where, arena));
	index.body = arena_strdup(arena, buf_text(&body));
	buf_release(&body);
	return index;
}

static void probe(const void *step, struct probe *probe)
{
	const struct create_index_args *args = step;
	struct arena *arena = probe->arena;
	struct index_plan index = plan_of(args, arena);
	const char *twin = ident_quoted(arena, args->table.name);

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->table.schema, args->table.name, index.name, args->using ? args->using : "btree",
	               columns_of(&args->columns, arena), columns_of(&args->include, arena)},
		.count = 6};
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE %s (LIKE %s)", twin, relname_quoted(arena, &args->table));
	probe->scratch[probe->scratch_count++] =
		index_text(&index, "", index.name, arena_printf(arena, "pg_temp.%s", twin), arena);
	probe->compare = probe->query;
	probe->compare.sql = compare;
	probe->compare.count = 3;
}

/* ---- There and back ---- */

/* Without rows of its own, so quick; it becomes valid when every partition's index is attached. */
static void build_only(const struct index_plan *index, const struct relname *table, const char *name,
                       struct stmts *stmts)
{
	const char *only = arena_printf(stmts->arena, "ONLY %s", relname_quoted(stmts->arena, table));
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "%s", index_text(index, "", name, only, stmts->arena));

	stmt_lock(stmts, stmt, table, LOCK_SHARE);
	stmt->note = "brief: an empty frame for the indexes of the partitions";
}

static void build_on_partition(const struct index_plan *index, const struct index_partition *partition,
                               struct stmts *stmts)
{
	if (!partition->leaf) {
		if (!partition->status)
			build_only(index, &partition->table, partition->index, stmts);
		return;
	}
	if (index_has_status(partition, "invalid"))
		index_drop(&partition->table, partition->index, stmts);
	if (!partition->status || index_has_status(partition, "invalid"))
		index_build(index, &partition->table, partition->index, stmts);
}

/* The frames from the top down, the leaves, then all is attached from the bottom up. */
static void build_partitioned(const struct index_plan *index, const struct facts *facts, struct stmts *stmts)
{
	struct index_partition *partitions;
	size_t count = index_partitions(index, facts->now, stmts->arena, &partitions);

	if (index_foreign_refused(partitions, count, "the index", stmts))
		return;
	if (!record_true(facts->now, "there"))
		build_only(index, &index->table, index->name, stmts);
	for (int leaf = 0; leaf < 2; leaf++)
		for (size_t i = 0; i < count; i++)
			if (partitions[i].leaf == leaf)
				build_on_partition(index, &partitions[i], stmts);
	for (size_t i = count; i-- > 0;)
		if (!index_has_status(&partitions[i], "attached"))
			index_attach(index, &partitions[i], stmts);
}

static bool is_partitioned(const struct facts *facts)
{
	const char *kind = record_get(facts->now, "relkind");

	return kind && *kind == 'p';
}

/* NULL: it is not unique, or over expressions. */
static const struct culprits *duplicates(const struct create_index_args *args, const struct facts *facts,
                                         struct arena *arena)
{
	const char *kind = record_get(facts->now, "relkind"), *table = relname_quoted(arena, &args->table);
	const char **columns = arena_array(arena, const char *, args->columns.count);
	struct unique_values values = {.table = table, .columns = columns, .count = args->columns.count};

	for (size_t i = 0; i < args->columns.count; i++) {
		if (!args->unique || !args->columns.items[i].column)
			return NULL;
		columns[i] = ident_quoted(arena, args->columns.items[i].column);
	}
	if (kind && *kind == 'r')
		values.table = arena_printf(arena, "ONLY %s", table);
	if (args->where)
		values.where = sql_normalize(args->where, arena);
	return index_duplicates(&values, arena);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct index_plan index = plan_of(step, stmts->arena);
	const struct culprits *culprits = duplicates(step, facts, stmts->arena);

	if (owner_refused(facts, stmts))
		return;
	if (culprits)
		index_verify(culprits, stmts);
	if (is_partitioned(facts)) {
		build_partitioned(&index, facts, stmts);
		return;
	}
	if (facts->state == STATE_PARTIAL)
		index_drop(&index.table, index.name, stmts);
	index_build(&index, &index.table, index.name, stmts)->culprits = culprits;
}

/* What is not attached yet goes one by one; the rest goes with the index of the whole table. */
static void drop_partitioned(const struct index_plan *index, const struct facts *facts, struct stmts *stmts)
{
	struct relname whole = {index->table.schema, index->name};
	struct index_partition *partitions;
	size_t count = index_partitions(index, facts->now, stmts->arena, &partitions);
	struct stmt *stmt;

	for (size_t i = count; i-- > 0;) {
		struct relname frame = {partitions[i].table.schema, partitions[i].index};

		if (!partitions[i].status || index_has_status(&partitions[i], "attached"))
			continue;
		if (partitions[i].leaf)
			index_drop(&partitions[i].table, partitions[i].index, stmts);
		else
			stmt_lock(stmts,
			          stmts_add(stmts, STMT_TOGETHER, "DROP INDEX %s", relname_quoted(stmts->arena, &frame)),
			          &partitions[i].table, LOCK_ACCESS_EXCLUSIVE);
	}
	if (!record_true(facts->now, "there"))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP INDEX %s", relname_quoted(stmts->arena, &whole));
	stmt_lock(stmts, stmt, &index->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief, but on the table and all its partitions: PostgreSQL knows no other way";
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct index_plan index = plan_of(step, stmts->arena);

	if (facts->state == STATE_CONFLICT)
		stmts_refuse(stmts, "drop it by hand", "the index is no longer what this run made: %s",
		             record_get(facts->now, "found"));
	else if (is_partitioned(facts))
		drop_partitioned(&index, facts, stmts);
	else if (record_true(facts->now, "there"))
		index_drop(&index.table, index.name, stmts);
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
