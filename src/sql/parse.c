/*
 * Is a text exactly one expression, query, type, statement?  A text stands
 * where the grammar takes one such thing between words of ours, and those
 * words are then looked for in the tree where we put them.
 */
#include "sql/parse.h"

#include <string.h>

#include "sql/tree.h"

static const struct tree_form expression_form = {"an expression", "SELECT CASE WHEN ", "\nTHEN 0 END"};
static const struct tree_form type_form = {"a type", "SELECT CAST(NULL AS ", "\n)"};
static const struct tree_form query_form = {"a query", "", ""};
static const struct tree_form statements_form = {"a statement", "", ""};

/* The value of the only column of a SELECT, when it is of that kind. */
static const PgQuery__Node *only_value(const PgQuery__Node *statement, PgQuery__Node__NodeCase kind)
{
	const PgQuery__SelectStmt *select;
	const PgQuery__Node *value;

	if (!statement || statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return NULL;
	select = statement->select_stmt;
	if (select->n_target_list != 1 || select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
		return NULL;
	value = select->target_list[0]->res_target->val;
	return value->node_case == kind ? value : NULL;
}

/*
 * Our THEN directly after the text, as the first of our CASE: the grammar has
 * read all of the text as the one condition between them.
 */
static bool is_one_condition(const struct tree *tree, const char *text)
{
	const PgQuery__Node *value = only_value(tree_statement(tree), PG_QUERY__NODE__NODE_CASE_EXPR);
	const PgQuery__Node *result;

	if (!value || value->case_expr->location != (int)strlen("SELECT ") || value->case_expr->arg)
		return false;
	result = value->case_expr->args[0]->case_when->result;
	return result->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	       result->a_const->location == (int)(tree->shift + strlen(text) + strlen("\nTHEN "));
}

static bool parse_expression(const char *text, struct tree *tree, struct err *err)
{
	if (!tree_parse(text, &expression_form, tree, err))
		return false;
	if (is_one_condition(tree, text))
		return true;
	tree_release(tree);
	return err_set(err, EXIT_OWN, "the text is more than one expression");
}

bool sql_check_expression(const char *text, struct err *err)
{
	struct tree tree;

	if (!parse_expression(text, &tree, err))
		return false;
	tree_release(&tree);
	return true;
}

bool sql_check_type(const char *text, struct err *err)
{
	struct tree tree;
	const PgQuery__Node *value;
	bool ok;

	if (!tree_parse(text, &type_form, &tree, err))
		return false;
	value = only_value(tree_statement(&tree), PG_QUERY__NODE__NODE_TYPE_CAST);
	ok = value && !value->type_cast->type_name->setof;
	tree_release(&tree);
	return ok || err_set(err, EXIT_OWN, "the text is not the type of a column");
}

/* The first thing in a query that does more than read. */
static bool find_effect(const ProtobufCMessage *message, void *context)
{
	static const struct {
		const ProtobufCMessageDescriptor *descriptor;
		const char *what;
	} effects[] = {
		{&pg_query__insert_stmt__descriptor, "INSERT"},
		{&pg_query__update_stmt__descriptor, "UPDATE"},
		{&pg_query__delete_stmt__descriptor, "DELETE"},
		{&pg_query__merge_stmt__descriptor, "MERGE"},
		{&pg_query__into_clause__descriptor, "INTO"},
		{&pg_query__locking_clause__descriptor, "a locking clause"},
	};
	const char **found = context;

	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects) && !*found; i++)
		if (message->descriptor == effects[i].descriptor)
			*found = effects[i].what;
	return !*found;
}

static bool check_reads_only(const char *text, const struct tree *tree, struct err *err)
{
	const PgQuery__Node *statement = tree_statement(tree);
	const char *effect = NULL;

	for (size_t i = 0; i < tree->tokens.count; i++)
		if (tree->tokens.items[i].kind == ';')
			return scan_syntax_error(text, &tree->tokens.items[i], err);
	if (!statement || statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return err_set(err, EXIT_OWN, "the text is not a query: SELECT, VALUES, TABLE, or WITH and one of them");
	tree_visit_node(statement, find_effect, &effect);
	return !effect || err_set(err, EXIT_OWN, "the query does more than read: it contains %s", effect);
}

static bool parse_query(const char *text, struct tree *tree, struct err *err)
{
	if (!tree_parse(text, &query_form, tree, err))
		return false;
	if (check_reads_only(text, tree, err))
		return true;
	tree_release(tree);
	return false;
}

bool sql_check_query(const char *text, struct err *err)
{
	struct tree tree;

	if (!parse_query(text, &tree, err))
		return false;
	tree_release(&tree);
	return true;
}

bool sql_check_statements(const char *text, struct err *err)
{
	struct tree tree;

	if (!tree_parse(text, &statements_form, &tree, err))
		return false;
	tree_release(&tree);
	return true;
}

struct calls {
	struct arena *arena;
	struct function_call *items;
	size_t count, room;
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void add_call(struct calls *calls, const char *schema, const char *name)
{
	for (size_t i = 0; i < calls->count; i++)
		if (same(calls->items[i].schema, schema) && strcmp(calls->items[i].name, name) == 0)
			return;
	if (calls->count == calls->room) {
		struct function_call *more = arena_array(calls->arena, struct function_call, calls->room * 2 + 8);

		if (calls->count > 0)
			memcpy(more, calls->items, calls->count * sizeof(*more));
		calls->items = more;
		calls->room = calls->room * 2 + 8;
	}
	calls->items[calls->count++] =
		(struct function_call){arena_strdup(calls->arena, schema), arena_strdup(calls->arena, name)};
}

/* CURRENT_TIMESTAMP and its like are no calls to the parser; these functions have their volatility. */
static const char *value_function(PgQuery__SQLValueFunctionOp op)
{
	switch (op) {
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER:
		return "current_user";
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER:
		return "session_user";
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG:
		return "current_database";
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA:
		return "current_schema";
	default:
		return "now";
	}
}

static bool collect_call(const ProtobufCMessage *message, void *context)
{
	const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)(const void *)message;

	if (message->descriptor == &pg_query__func_call__descriptor)
		add_call(context, call->n_funcname > 1 ? tree_string(call->funcname[call->n_funcname - 2]) : NULL,
		         tree_string(call->funcname[call->n_funcname - 1]));
	if (message->descriptor == &pg_query__sqlvalue_function__descriptor)
		add_call(context, "pg_catalog",
		         value_function(((const PgQuery__SQLValueFunction *)(const void *)message)->op));
	return true;
}

static bool parse_expression_or_query(const char *text, struct tree *tree, struct err *err)
{
	struct err second = {0};
	bool ok = parse_expression(text, tree, err);

	if (!ok && (ok = parse_query(text, tree, &second)))
		err_release(err);
	err_release(&second);
	return ok;
}

bool sql_functions(const char *expression, struct arena *arena, struct function_call **calls, size_t *count,
                   struct err *err)
{
	struct calls found = {.arena = arena};
	struct tree tree;

	if (!parse_expression_or_query(expression, &tree, err))
		return false;
	tree_visit_node(tree_statement(&tree), collect_call, &found);
	tree_release(&tree);
	*calls = found.items;
	*count = found.count;
	return true;
}
