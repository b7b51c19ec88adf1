/* The statements of an index, and its names on partitions. */
#include "plan/indexes.h"

#include <jansson.h>
#include <string.h>

#include "base/sha256.h"

enum { NAME_ROOM = 63 };

const char *index_text(const struct index_plan *index, const char *how, const char *name, const char *on,
                       struct arena *arena)
{
	return arena_printf(arena, "CREATE %sINDEX %s%s ON %s %s", index->unique ? "UNIQUE " : "", how,
	                    ident_quoted(arena, name), on, index->body);
}

struct stmt *index_build(const struct index_plan *index, const struct relname *on, const char *name,
                         struct stmts *stmts)
{
	struct stmt *stmt =
		stmts_add(stmts, STMT_OUTSIDE, "%s",
	              index_text(index, "CONCURRENTLY ", name, relname_quoted(stmts->arena, on), stmts->arena));

	stmt_lock(stmts, stmt, on, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "reads the table twice and waits for older transactions; readers and writers go on";
	return stmt;
}

const struct culprits *index_duplicates(const struct unique_values *values, struct arena *arena)
{
	struct culprits *c = arena_alloc(arena, sizeof(*c));
	struct buf columns = {0}, where = {0};

	for (size_t i = 0; i < values->count; i++) {
		buf_addf(&columns, "%s%s", i ? ", " : "", values->columns[i]);
		if (!values->nulls_are_equal)
			buf_addf(&where, "%s%s IS NOT NULL", where.length ? " AND " : " WHERE ", values->columns[i]);
	}
	if (values->where)
		buf_addf(&where, "%s(%s)", where.length ? " AND " : " WHERE ", values->where);
	c->query = arena_printf(arena, "SELECT %s, count(*) AS rows FROM %s%s GROUP BY %s HAVING count(*) > 1",
	                        buf_text(&columns), values->table, buf_text(&where), buf_text(&columns));
	c->what = "values that more than one row has";
	c->help = "merge or delete these rows, and stop what writes them, then run again";
	buf_release(&columns);
	buf_release(&where);
	return c;
}

void index_verify(const struct culprits *duplicates, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_ALONE, "%s LIMIT %d", duplicates->query, VERIFY_ROWS);

	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->culprits = duplicates;
}

void index_drop(const struct relname *table, const char *name, struct stmts *stmts)
{
	struct relname index = {table->schema, name};
	struct stmt *stmt =
		stmts_add(stmts, STMT_OUTSIDE, "DROP INDEX CONCURRENTLY %s", relname_quoted(stmts->arena, &index));

	stmt_lock(stmts, stmt, table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "waits for transactions that use it; readers and writers go on";
}

/* <partition>_<columns>_idx; where that has to be cut, a hash keeps it apart from its siblings. */
static const char *partition_name(const struct index_plan *index, const char *partition, struct arena *arena)
{
	const char *rest = index->name, *label = index->label, *end = arena_printf(arena, "_%s", label);
	size_t table = strlen(index->table.name), length;
	char hash[65];

	if (strncmp(rest, index->table.name, table) == 0 && rest[table] == '_')
		rest += table + 1;
	length = strlen(rest);
	if (length > strlen(end) && strcmp(rest + length - strlen(end), end) == 0)
		rest = arena_strndup(arena, rest, length - strlen(end));
	if (strlen(partition) + strlen(rest) + strlen("_") + strlen(end) > NAME_ROOM) {
		sha256_hex(partition, strlen(partition), hash);
		label = arena_printf(arena, "%.8s%s", hash, end);
	}
	return ident_derived(arena, partition, rest, label);
}

static const char *text_of(json_t *entry, const char *key, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(entry, key)));
}

size_t index_partitions(const struct index_plan *index, const struct record *facts, struct arena *arena,
                        struct index_partition **partitions)
{
	const char *text = record_get(facts, "partitions");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t count = json_array_size(list), i;

	*partitions = arena_array(arena, struct index_partition, count + 1);
	json_array_foreach(list, i, entry)
	{
		struct index_partition *p = &(*partitions)[i];
		const char *kind = json_string_value(json_object_get(entry, "kind"));

		p->table.schema = text_of(entry, "schema", arena);
		p->table.name = text_of(entry, "table", arena);
		p->parent_schema = text_of(entry, "parent_schema", arena);
		p->parent = text_of(entry, "parent", arena);
		p->index = partition_name(index, p->table.name, arena);
		p->status = text_of(json_object_get(entry, "indexes"), p->index, arena);
		p->leaf = strcmp(kind, "p") != 0;
		p->foreign = strcmp(kind, "f") == 0;
		p->top = json_is_true(json_object_get(entry, "top"));
	}
	json_decref(list);
	return count;
}

bool index_has_status(const struct index_partition *partition, const char *status)
{
	return partition->status && strcmp(partition->status, status) == 0;
}

bool index_foreign_refused(const struct index_partition *partitions, size_t count, const char *what,
                           struct stmts *stmts)
{
	for (size_t i = 0; i < count; i++) {
		if (!partitions[i].foreign)
			continue;
		stmts_refuse(stmts, arena_printf(stmts->arena, "create %s on each of the other partitions", what),
		             "partition %s is a foreign table, which can't have an index",
		             relname_quoted(stmts->arena, &partitions[i].table));
		return true;
	}
	return false;
}

void index_attach(const struct index_plan *index, const struct index_partition *partition, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct relname parent = {partition->parent_schema, index->name},
				   child = {partition->table.schema, partition->index};

	if (!partition->top)
		parent.name = partition_name(index, partition->parent, arena);
	stmts_add(stmts, STMT_TOGETHER, "ALTER INDEX %s ATTACH PARTITION %s", relname_quoted(arena, &parent),
	          relname_quoted(arena, &child));
}
