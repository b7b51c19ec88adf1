/* Column references in the syntax tree of an expression. */
#include "sql/columns.h"

#include <string.h>

#include "sql/tree.h"

static const struct tree_form form = {"an expression", "SELECT ", ""};

struct names {
	struct arena *arena;
	const char **items;
	size_t count, room;
};

static void add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	if (names->count == names->room) {
		const char **more = arena_array(names->arena, const char *, names->room * 2 + 8);

		if (names->count > 0)
			memcpy(more, names->items, names->count * sizeof(*more));
		names->items = more;
		names->room = names->room * 2 + 8;
	}
	names->items[names->count++] = arena_strdup(names->arena, name);
}

static bool collect(const ProtobufCMessage *message, void *context)
{
	const PgQuery__ColumnRef *reference = (const PgQuery__ColumnRef *)(const void *)message;
	const char *name;

	if (message->descriptor != &pg_query__column_ref__descriptor)
		return true;
	name = tree_string(reference->fields[reference->n_fields - 1]);
	if (name)
		add_name(context, name);
	return false;
}

size_t sql_columns(const char *expression, struct arena *arena, const char *const **columns)
{
	struct names names = {.arena = arena};
	struct err err = {0};
	struct tree tree;

	if (tree_parse(expression, &form, &tree, &err)) {
		tree_visit_node(tree_statement(&tree), collect, &names);
		tree_release(&tree);
	}
	err_release(&err);
	*columns = names.items;
	return names.count;
}

bool sql_names_column(const char *expression, const char *column)
{
	struct arena arena = {0};
	const char *const *names;
	size_t count = sql_columns(expression, &arena, &names);
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found |= strcmp(names[i], column) == 0;
	arena_release(&arena);
	return found;
}
