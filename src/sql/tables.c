/* Names of tables in the syntax tree of a query. */
#include "sql/tables.h"

#include <string.h>

#include "sql/tree.h"

static const struct tree_form form = {"a query", "", ""};

struct names {
	struct arena *arena;
	struct relname *items;
	size_t count, room;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void add_name(struct names *names, const char *schema, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (same_text(names->items[i].schema, schema) && same_text(names->items[i].name, name))
			return;
	if (names->count == names->room) {
		struct relname *more = arena_array(names->arena, struct relname, names->room * 2 + 8);

		if (names->count > 0)
			memcpy(more, names->items, names->count * sizeof(*more));
		names->items = more;
		names->room = names->room * 2 + 8;
	}
	names->items[names->count++] =
		(struct relname){arena_strdup(names->arena, schema), arena_strdup(names->arena, name)};
}

static bool collect(const ProtobufCMessage *message, void *context)
{
	const PgQuery__RangeVar *table = (const PgQuery__RangeVar *)(const void *)message;

	if (message->descriptor != &pg_query__range_var__descriptor)
		return true;
	add_name(context, *table->schemaname ? table->schemaname : NULL, table->relname);
	return false;
}

size_t sql_tables(const char *query, struct arena *arena, const struct relname **tables)
{
	struct names names = {.arena = arena};
	struct err err = {0};
	struct tree tree;

	if (tree_parse(query, &form, &tree, &err)) {
		tree_visit_node(tree_statement(&tree), collect, &names);
		tree_release(&tree);
	}
	err_release(&err);
	*tables = names.items;
	return names.count;
}
