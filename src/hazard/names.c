/* The names in a statement that a catalogue may know: relations, types, functions, schemas. */
#include <string.h>

#include "hazard/catalogue.h"
#include "sql/tree.h"

struct collector {
	struct names *names;
	struct arena *arena;
};

static void add(struct arena *arena, const char ***items, size_t *count, size_t *room, const char *name)
{
	if (!name || !*name)
		return;
	if (*count > 0 && strcmp((*items)[*count - 1], name) == 0)
		return;
	if (*count == *room) {
		const char **more = arena_array(arena, const char *, *room * 2 + 16);

		if (*count > 0)
			memcpy(more, *items, *count * sizeof(*more));
		*items = more;
		*room = *room * 2 + 16;
	}
	(*items)[(*count)++] = arena_strdup(arena, name);
}

#define ADD(kind, name) add(c->arena, &c->names->kind##s, &c->names->kind##_count, &c->names->kind##_room, name)

static void add_list(struct collector *c, const PgQuery__Node *object)
{
	const char *name, *schema = NULL;

	if (object->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
		name = list_name(object->type_name->names, object->type_name->n_names, &schema);
		ADD(type, name);
		return;
	}
	if (object->node_case != PG_QUERY__NODE__NODE_LIST)
		return;
	/* A table, an index; or a trigger or column, whose table stands before it: both words may be one. */
	for (size_t i = 0; i < object->list->n_items; i++)
		ADD(relation, tree_string(object->list->items[i]));
	for (size_t i = 0; i + 1 < object->list->n_items; i++)
		ADD(schema, tree_string(object->list->items[i]));
}

static bool visit(const ProtobufCMessage *message, void *context)
{
	struct collector *c = context;
	const char *schema = NULL, *name;

	if (message->descriptor == &pg_query__range_var__descriptor) {
		const PgQuery__RangeVar *range = (const PgQuery__RangeVar *)(const void *)message;

		ADD(relation, range->relname);
		ADD(schema, range->schemaname);
		return false;
	}
	if (message->descriptor == &pg_query__type_name__descriptor) {
		const PgQuery__TypeName *type = (const PgQuery__TypeName *)(const void *)message;

		name = list_name(type->names, type->n_names, &schema);
		if (!schema || strcmp(schema, "pg_catalog") != 0) {
			ADD(type, name);
			ADD(schema, schema);
		}
		return true;
	}
	if (message->descriptor == &pg_query__func_call__descriptor) {
		const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)(const void *)message;

		name = list_name(call->funcname, call->n_funcname, &schema);
		ADD(function, name);
		ADD(schema, schema);
	} else if (message->descriptor == &pg_query__constraint__descriptor) {
		ADD(relation, ((const PgQuery__Constraint *)(const void *)message)->indexname);
	}
	return true;
}

static void take_words(struct collector *c, PgQuery__Node *const *words, size_t count)
{
	const char *schema = NULL, *name = list_name(words, count, &schema);

	ADD(type, name);
	ADD(schema, schema);
}

void names_collect(struct names *names, struct arena *arena, const PgQuery__Node *node)
{
	struct collector collector = {names, arena}, *c = &collector;

	if (!node)
		return;
	tree_visit_node(node, visit, c);
	if (node->node_case == PG_QUERY__NODE__NODE_DROP_STMT)
		for (size_t i = 0; i < node->drop_stmt->n_objects; i++)
			add_list(c, node->drop_stmt->objects[i]);
	if (node->node_case == PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT)
		take_words(c, node->alter_domain_stmt->type_name, node->alter_domain_stmt->n_type_name);
	if (node->node_case == PG_QUERY__NODE__NODE_ALTER_ENUM_STMT)
		take_words(c, node->alter_enum_stmt->type_name, node->alter_enum_stmt->n_type_name);
}
