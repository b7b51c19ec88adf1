/* Volatility of expressions, the columns they name, conditions that always hold. */
#include "hazard/expression.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "sql/tree.h"

enum { INLINING_DEPTH = 10 };

struct search {
	struct lint *lint;
	enum tri answer;
	const char *culprit;
	int depth;
};

static void search_in(struct search *search, const PgQuery__Node *expr);

/* A function is as volatile as the catalogue or the file says; one in SQL as its body is. */
static enum tri function_volatile(struct search *search, const char *schema, const char *name)
{
	const struct function *function = NULL;
	enum tri builtin = builtin_volatile(name);

	if (!schema || strcmp(schema, "pg_catalog") != 0)
		function = schema_function(&search->lint->schema, schema, name);
	if (!schema && builtin != TRI_UNKNOWN && (!function || !function->here))
		function = NULL;
	if (!function && search->lint->schema.complete)
		function = schema_function(&search->lint->schema, "pg_catalog", name);
	if (!function)
		return builtin;
	if (function->volatility != 'v')
		return TRI_NO;
	if (function->body && search->depth < INLINING_DEPTH) {
		struct search inner = {.lint = search->lint, .depth = search->depth + 1};

		search_in(&inner, function->body);
		return inner.answer;
	}
	return TRI_YES;
}

static bool visit_call(const ProtobufCMessage *message, void *context)
{
	struct search *search = context;
	const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)(const void *)message;
	const char *schema, *name;
	enum tri answer;

	if (message->descriptor != &pg_query__func_call__descriptor)
		return true;
	name = list_name(call->funcname, call->n_funcname, &schema);
	answer = name ? function_volatile(search, schema, name) : TRI_UNKNOWN;
	if (answer == TRI_YES ? search->answer != TRI_YES : answer == TRI_UNKNOWN && search->answer == TRI_NO)
		search->culprit = arena_strdup(&search->lint->arena, name);
	search->answer = tri_or(search->answer, answer);
	return true;
}

static void search_in(struct search *search, const PgQuery__Node *expr)
{
	tree_visit_node(expr, visit_call, search);
}

enum tri expression_volatile(struct lint *lint, const PgQuery__Node *expr, const char **culprit)
{
	struct search search = {.lint = lint};

	search_in(&search, expr);
	*culprit = search.culprit;
	return search.answer;
}

bool expression_is_null(const PgQuery__Node *expr)
{
	while (expr && expr->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		expr = expr->type_cast->arg;
	return !expr || (expr->node_case == PG_QUERY__NODE__NODE_A_CONST && expr->a_const->isnull);
}

struct columns {
	struct arena *arena;
	const char **names;
	size_t count, room;
};

static bool visit_column(const ProtobufCMessage *message, void *context)
{
	struct columns *columns = context;
	const PgQuery__ColumnRef *ref = (const PgQuery__ColumnRef *)(const void *)message;
	const char *name;

	if (message->descriptor != &pg_query__column_ref__descriptor)
		return true;
	name = ref->n_fields > 0 ? tree_string(ref->fields[ref->n_fields - 1]) : NULL;
	if (!name || has_name(columns->names, columns->count, name))
		return false;
	if (columns->count == columns->room) {
		const char **more = arena_array(columns->arena, const char *, columns->room * 2 + 4);

		if (columns->count > 0)
			memcpy(more, columns->names, columns->count * sizeof(*more));
		columns->names = more;
		columns->room = columns->room * 2 + 4;
	}
	columns->names[columns->count++] = arena_strdup(columns->arena, name);
	return false;
}

size_t expression_columns(struct arena *arena, const PgQuery__Node *expr, const char *const **names)
{
	struct columns columns = {.arena = arena};

	tree_visit_node(expr, visit_column, &columns);
	*names = columns.names;
	return columns.count;
}

/* A constant's text, for telling whether two are equal; NULL: it is none. */
static const char *constant_text(const PgQuery__Node *node, char *room, size_t size)
{
	while (node && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (!node || node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull)
		return NULL;
	if (node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
		snprintf(room, size, "%d", node->a_const->ival->ival);
	else if (node->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL)
		return node->a_const->boolval->boolval ? "true" : "false";
	else if (node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL)
		return node->a_const->sval->sval;
	else
		return NULL;
	return room;
}

static bool equal_constants(const PgQuery__AExpr *expr)
{
	char left[16], right[16];
	const char *a = constant_text(expr->lexpr, left, sizeof(left)),
			   *b = constant_text(expr->rexpr, right, sizeof(right)), *op;

	op = expr->n_name == 1 ? tree_string(expr->name[0]) : NULL;
	if (!a || !b || !op)
		return false;
	return strcmp(op, "=") == 0 ? strcmp(a, b) == 0 : strcmp(op, "<>") == 0 && strcmp(a, b) != 0;
}

static bool same_column(const PgQuery__Node *a, const PgQuery__Node *b)
{
	if (!a || !b || a->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || b->node_case != a->node_case ||
	    a->column_ref->n_fields != b->column_ref->n_fields)
		return false;
	for (size_t i = 0; i < a->column_ref->n_fields; i++) {
		const char *x = tree_string(a->column_ref->fields[i]), *y = tree_string(b->column_ref->fields[i]);

		if (!x || !y || strcmp(x, y) != 0)
			return false;
	}
	return true;
}

static bool always(const PgQuery__Node *node, bool wanted);

static bool always_bool(const PgQuery__BoolExpr *expr, bool wanted)
{
	bool is_and = expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;

	if (expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
		return expr->n_args == 1 && always(expr->args[0], !wanted);
	for (size_t i = 0; i < expr->n_args; i++)
		if (always(expr->args[i], wanted) != (is_and == wanted))
			return is_and != wanted;
	return is_and == wanted;
}

/* Is it TRUE (or FALSE, if that is wanted) for every row? */
static bool always(const PgQuery__Node *node, bool wanted)
{
	char room[16];
	const char *text;

	if (!node)
		return false;
	if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR)
		return always_bool(node->bool_expr, wanted);
	if (node->node_case == PG_QUERY__NODE__NODE_NULL_TEST && expression_is_null(node->null_test->arg))
		return wanted == (node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL);
	if (node->node_case == PG_QUERY__NODE__NODE_NULL_TEST &&
	    constant_text(node->null_test->arg, room, sizeof(room)))
		return wanted == (node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL);
	if (node->node_case == PG_QUERY__NODE__NODE_A_EXPR &&
	    node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP) {
		if (same_column(node->a_expr->lexpr, node->a_expr->rexpr))
			return wanted && node->a_expr->n_name == 1 && tree_string(node->a_expr->name[0]) &&
			       strcmp(tree_string(node->a_expr->name[0]), "=") == 0;
		return wanted && equal_constants(node->a_expr);
	}
	text = constant_text(node, room, sizeof(room));
	if (!text)
		return false;
	if (node->node_case != PG_QUERY__NODE__NODE_A_CONST && node->node_case != PG_QUERY__NODE__NODE_TYPE_CAST)
		return false;
	return wanted ? strcmp(text, "true") == 0 || strcmp(text, "t") == 0
	              : strcmp(text, "false") == 0 || strcmp(text, "f") == 0;
}

bool always_true(const PgQuery__Node *condition)
{
	return !condition || always(condition, true);
}

const PgQuery__Node *expression_parse(struct lint *lint, const char *text)
{
	static const struct tree_form form = {"an expression", "SELECT ", ""};
	struct tree *tree = arena_alloc(&lint->arena, sizeof(*tree));
	const PgQuery__Node *statement;
	struct err err = {0};

	if (!text || !tree_parse(text, &form, tree, &err)) {
		err_release(&err);
		return NULL;
	}
	lint_keep_tree(lint, tree->result);
	arena_release(&tree->arena);
	statement = tree_statement(tree);
	if (!statement || statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
	    statement->select_stmt->n_target_list != 1 || statement->select_stmt->n_from_clause > 0)
		return NULL;
	return statement->select_stmt->target_list[0]->res_target->val;
}

const PgQuery__Node *function_expression(struct lint *lint, const char *body)
{
	size_t blanks = strspn(body, " \t\r\n"), length;
	const char *text = body + blanks;

	if (strncasecmp(text, "select", 6) != 0 || !strchr(" \t\r\n(", text[6]))
		return NULL;
	text += 6;
	length = strcspn(text, ";");
	if (text[length] && text[length + 1 + strspn(text + length + 1, " \t\r\n;")])
		return NULL;
	return expression_parse(lint, arena_strndup(&lint->arena, text, length));
}
