/* Splits a text into its statements and finds the tables that each one names. */
#include "sql/classify.h"

#include <string.h>

#include "sql/tree.h"
#include "sql/verb.h"

static const struct tree_form form = {"a statement", "", ""};

/* The tables of one statement, as they are found. */
struct collector {
	struct arena *arena;
	struct arena scratch;
	struct relname *tables;
	size_t count, room;
	const char **queries; /* the names that WITH gives */
	size_t query_count, query_room;
	bool recursive;
	const char *inside; /* the query of WITH that is being read: there, its own name is a table's */
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void add_table(struct collector *c, const char *schema, const char *name)
{
	schema = schema && *schema ? schema : NULL;
	for (size_t i = 0; i < c->count; i++)
		if (same(c->tables[i].schema, schema) && same(c->tables[i].name, name))
			return;
	if (c->count == c->room) {
		struct relname *more = arena_array(c->arena, struct relname, c->room * 2 + 4);

		if (c->count > 0)
			memcpy(more, c->tables, c->count * sizeof(*more));
		c->tables = more;
		c->room = c->room * 2 + 4;
	}
	c->tables[c->count++] = (struct relname){arena_strdup(c->arena, schema), arena_strdup(c->arena, name)};
}

static bool is_with_query(const struct collector *c, const PgQuery__RangeVar *range)
{
	if (*range->schemaname || (!c->recursive && same(c->inside, range->relname)))
		return false;
	for (size_t i = 0; i < c->query_count; i++)
		if (strcmp(c->queries[i], range->relname) == 0)
			return true;
	return false;
}

static bool collect_with(const ProtobufCMessage *message, void *context)
{
	struct collector *c = context;

	if (message->descriptor == &pg_query__with_clause__descriptor)
		c->recursive |= ((const PgQuery__WithClause *)(const void *)message)->recursive;
	if (message->descriptor != &pg_query__common_table_expr__descriptor)
		return true;
	if (c->query_count == c->query_room) {
		const char **more = arena_array(&c->scratch, const char *, c->query_room * 2 + 4);

		if (c->query_count > 0)
			memcpy(more, c->queries, c->query_count * sizeof(*more));
		c->queries = more;
		c->query_room = c->query_room * 2 + 4;
	}
	c->queries[c->query_count++] = ((const PgQuery__CommonTableExpr *)(const void *)message)->ctename;
	return true;
}

/*
 * A name in a FROM may be that of a WITH query; a name in a place for one
 * table only, such as INSERT INTO, never is.  Locking clauses name aliases.
 */
static bool collect_table(const ProtobufCMessage *message, void *context)
{
	struct collector *c = context;
	const PgQuery__RangeVar *range = (const PgQuery__RangeVar *)(const void *)message;

	if (message->descriptor == &pg_query__node__descriptor) {
		const PgQuery__Node *node = (const PgQuery__Node *)(const void *)message;

		return node->node_case != PG_QUERY__NODE__NODE_RANGE_VAR || !is_with_query(c, node->range_var);
	}
	if (message->descriptor == &pg_query__common_table_expr__descriptor) {
		const PgQuery__CommonTableExpr *with = (const PgQuery__CommonTableExpr *)(const void *)message;
		const char *outer = c->inside;

		c->inside = with->ctename;
		tree_visit_node(with->ctequery, collect_table, c);
		c->inside = outer;
		return false;
	}
	if (message->descriptor == &pg_query__range_var__descriptor)
		add_table(c, range->schemaname, range->relname);
	return message->descriptor != &pg_query__range_var__descriptor &&
	       message->descriptor != &pg_query__locking_clause__descriptor;
}

static bool is_table(PgQuery__ObjectType type)
{
	return type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ||
	       type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW || type == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE;
}

/* Things whose name is that of a table and one word more. */
static bool is_of_table(PgQuery__ObjectType type)
{
	return type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN || type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER ||
	       type == PG_QUERY__OBJECT_TYPE__OBJECT_RULE || type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY ||
	       type == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT;
}

/* DROP and COMMENT write a name as a list of words. */
static void add_object(struct collector *c, const PgQuery__Node *object, PgQuery__ObjectType type)
{
	size_t words;

	if (!object || object->node_case != PG_QUERY__NODE__NODE_LIST || !(is_table(type) || is_of_table(type)))
		return;
	words = object->list->n_items - is_of_table(type);
	if (words > 0)
		add_table(c, words > 1 ? tree_string(object->list->items[words - 2]) : NULL,
		          tree_string(object->list->items[words - 1]));
}

/* Sequences, indexes and composite types stand in a statement as tables do. */
static bool names_no_table(const PgQuery__Node *node)
{
	PgQuery__ObjectType type = PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;

	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
	case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
	case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
		return true;
	case PG_QUERY__NODE__NODE_REINDEX_STMT:
		return node->reindex_stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX;
	case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
		type = node->alter_table_stmt->objtype;
		break;
	case PG_QUERY__NODE__NODE_RENAME_STMT:
		type = node->rename_stmt->rename_type;
		break;
	case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
		type = node->alter_object_schema_stmt->object_type;
		break;
	case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
		type = node->alter_owner_stmt->object_type;
		break;
	case PG_QUERY__NODE__NODE_GRANT_STMT:
		type = node->grant_stmt->objtype;
		break;
	default:
		break;
	}
	return !is_table(type) && !is_of_table(type);
}

static void find_tables(const PgQuery__Node *node, struct arena *arena, struct statement *statement)
{
	struct collector c = {.arena = arena};

	if (names_no_table(node))
		return;
	tree_visit_node(node, collect_with, &c);
	tree_visit_node(node, collect_table, &c);
	if (node->node_case == PG_QUERY__NODE__NODE_DROP_STMT)
		for (size_t i = 0; i < node->drop_stmt->n_objects; i++)
			add_object(&c, node->drop_stmt->objects[i], node->drop_stmt->remove_type);
	if (node->node_case == PG_QUERY__NODE__NODE_COMMENT_STMT)
		add_object(&c, node->comment_stmt->object, node->comment_stmt->objtype);
	if (node->node_case == PG_QUERY__NODE__NODE_SEC_LABEL_STMT)
		add_object(&c, node->sec_label_stmt->object, node->sec_label_stmt->objtype);
	arena_release(&c.scratch);
	statement->tables = c.tables;
	statement->table_count = c.count;
}

/* The tokens of a statement: from its place to that of the next, without semicolons. */
static void take_text(const char *text, const struct tree *tree, size_t i, struct arena *arena,
                      struct statement *statement)
{
	const struct token *tokens = tree->tokens.items;
	size_t start = (size_t)tree->result->stmts[i]->stmt_location, first = 0, end;
	size_t next = i + 1 < tree->result->n_stmts ? (size_t)tree->result->stmts[i + 1]->stmt_location : strlen(text);

	while (first < tree->tokens.count && (tokens[first].start < start || tokens[first].kind == ';'))
		first++;
	for (end = first; end < tree->tokens.count && tokens[end].start < next; end++)
		continue;
	while (end > first && tokens[end - 1].kind == ';')
		end--;
	statement->text = scan_join(text, tokens + first, end - first, arena);
	statement->offset = first < tree->tokens.count ? tokens[first].start : start;
}

bool sql_classify(const char *text, struct arena *arena, struct statement **statements, size_t *count,
                  struct err *err)
{
	struct tree tree;

	if (!tree_parse(text, &form, &tree, err))
		return false;
	*count = tree.result->n_stmts;
	*statements = arena_array(arena, struct statement, *count);
	for (size_t i = 0; i < *count; i++) {
		const PgQuery__Node *node = tree.result->stmts[i]->stmt;
		struct statement *statement = &(*statements)[i];

		take_text(text, &tree, i, arena, statement);
		verb_describe(node, arena, statement);
		statement->unplaced = verb_unplaced(node, arena);
		find_tables(node, arena, statement);
	}
	tree_release(&tree);
	return true;
}

const char *statement_kind_name(enum statement_kind kind)
{
	static const char *const names[] = {"read", "additive", "data", "switch", "destructive", "opaque"};

	return names[kind];
}
