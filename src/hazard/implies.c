/*
 * What a CHECK proves: that a column has a value, that rows lie inside or outside the bound of a partition.
 * Less than the server's own prover, and never more: constants are compared as numbers, and as texts only
 * where both look alike (dates of ISO's form).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hazard/expression.h"
#include "sql/tree.h"

static bool is_column(const PgQuery__Node *node, const char *column)
{
	const char *name;

	while (node && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (!node || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields == 0)
		return false;
	name = tree_string(node->column_ref->fields[node->column_ref->n_fields - 1]);
	return name && strcmp(name, column) == 0;
}

static bool is_op(const PgQuery__BoolExpr *expr, PgQuery__BoolExprType type)
{
	return expr->boolop == type;
}

bool implies_not_null(const PgQuery__Node *check, const char *column)
{
	if (!check)
		return false;
	if (check->node_case == PG_QUERY__NODE__NODE_NULL_TEST)
		return check->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL &&
		       check->null_test->arg->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
		       is_column(check->null_test->arg, column);
	if (check->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
	    is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR))
		for (size_t i = 0; i < check->bool_expr->n_args; i++)
			if (implies_not_null(check->bool_expr->args[i], column))
				return true;
	return false;
}

/* A constant as its text; false: it is something else. */
static bool constant(const PgQuery__Node *node, char *out, size_t size)
{
	while (node && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (!node || node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull)
		return false;
	switch (node->a_const->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		snprintf(out, size, "%d", node->a_const->ival->ival);
		return true;
	case PG_QUERY__A__CONST__VAL_FVAL:
		snprintf(out, size, "%s", node->a_const->fval->fval);
		return true;
	case PG_QUERY__A__CONST__VAL_SVAL:
		snprintf(out, size, "%s", node->a_const->sval->sval);
		return strlen(node->a_const->sval->sval) < size;
	default:
		return false;
	}
}

/* Two dates or timestamps of one form, the shorter one at midnight. */
static bool look_alike(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (isdigit((unsigned char)*a) ? !isdigit((unsigned char)*b) : *a != *b)
			return false;
	return true;
}

/* -1, 0, 1; 2: they can't be compared here. */
static int compare(const char *a, const char *b)
{
	char *end_a, *end_b;
	double x = strtod(a, &end_a), y = strtod(b, &end_b);
	int order;

	if (*a && *b && !*end_a && !*end_b)
		return (x > y) - (x < y);
	if (strcmp(a, b) == 0)
		return 0;
	if (!isdigit((unsigned char)*a) || !look_alike(a, b))
		return 2;
	order = strcmp(a, b);
	if ((strncmp(a, b, strlen(a)) == 0 || strncmp(a, b, strlen(b)) == 0)) {
		const char *rest = strlen(a) > strlen(b) ? a + strlen(b) : b + strlen(a);

		return rest[strspn(rest, " T0:.+")] ? (order > 0) - (order < 0) : 0;
	}
	return (order > 0) - (order < 0);
}

/* A comparison of the column with a constant, the column on the left. */
struct comparison {
	const char *op;
	char value[128];
};

static bool read_comparison(const PgQuery__Node *node, const char *column, struct comparison *out)
{
	static const char *const turned[][2] = {{"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}, {"=", "="}};
	const PgQuery__AExpr *expr;
	const char *op;

	if (!node || node->node_case != PG_QUERY__NODE__NODE_A_EXPR ||
	    node->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP)
		return false;
	expr = node->a_expr;
	op = expr->n_name > 0 ? tree_string(expr->name[expr->n_name - 1]) : NULL;
	for (size_t i = 0; op && i < sizeof(turned) / sizeof(turned[0]); i++) {
		if (strcmp(turned[i][0], op) != 0)
			continue;
		if (is_column(expr->lexpr, column) && constant(expr->rexpr, out->value, sizeof(out->value)))
			out->op = turned[i][0];
		else if (is_column(expr->rexpr, column) && constant(expr->lexpr, out->value, sizeof(out->value)))
			out->op = turned[i][1];
		else
			return false;
		return true;
	}
	return false;
}

/* The limit of FROM or TO; false: MINVALUE, MAXVALUE, or something that is no constant. */
static bool limit(PgQuery__Node *const *datums, size_t count, bool *unlimited, char *out, size_t size)
{
	const PgQuery__Node *node = count == 1 ? datums[0] : NULL;

	*unlimited = false;
	if (node && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) { /* MINVALUE is read as a name */
		const char *name = node->column_ref->n_fields == 1 ? tree_string(node->column_ref->fields[0]) : NULL;

		*unlimited = name && (strcmp(name, "minvalue") == 0 || strcmp(name, "maxvalue") == 0);
		return false;
	}
	return constant(node, out, size);
}

/* Does one of the ANDed parts keep the column on that side of the limit? */
static bool keeps(const PgQuery__Node *check, const char *column, const char *limit_text, bool above)
{
	struct comparison c;
	int order;

	if (!check)
		return false;
	if (check->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
		bool is_and = is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR);

		if (is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR))
			return false;
		for (size_t i = 0; i < check->bool_expr->n_args; i++)
			if (keeps(check->bool_expr->args[i], column, limit_text, above) == is_and)
				return is_and;
		return !is_and;
	}
	if (check->node_case == PG_QUERY__NODE__NODE_A_EXPR &&
	    check->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN && is_column(check->a_expr->lexpr, column) &&
	    check->a_expr->rexpr->node_case == PG_QUERY__NODE__NODE_LIST) {
		if (!constant(check->a_expr->rexpr->list->items[above ? 0 : 1], c.value, sizeof(c.value)))
			return false;
		order = compare(c.value, limit_text);
		return above ? order == 0 || order == 1 : order == -1;
	}
	if (!read_comparison(check, column, &c))
		return false;
	order = compare(c.value, limit_text);
	if (order == 2)
		return false;
	if (above) /* column >= limit */
		return (strcmp(c.op, ">=") == 0 || strcmp(c.op, ">") == 0 || strcmp(c.op, "=") == 0) && order >= 0;
	if (strcmp(c.op, "<") == 0) /* column < limit */
		return order <= 0;
	return (strcmp(c.op, "<=") == 0 || strcmp(c.op, "=") == 0) && order < 0;
}

static bool is_listed(const PgQuery__Node *value, const PgQuery__PartitionBoundSpec *bound)
{
	char text[128], other[128];

	if (!constant(value, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < bound->n_listdatums; i++)
		if (constant(bound->listdatums[i], other, sizeof(other)) && compare(text, other) == 0)
			return true;
	return false;
}

/* The values of `column IN (…)`, `column = ANY (ARRAY[…])`: are all of them listed (or none, if that is wanted)?
 */
static bool values_listed(const PgQuery__Node *values, const PgQuery__PartitionBoundSpec *bound, bool wanted)
{
	PgQuery__Node *const *items = NULL;
	size_t count = 0;

	while (values && values->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		values = values->type_cast->arg;
	if (values && values->node_case == PG_QUERY__NODE__NODE_LIST)
		items = values->list->items, count = values->list->n_items;
	else if (values && values->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR)
		items = values->a_array_expr->elements, count = values->a_array_expr->n_elements;
	for (size_t i = 0; i < count; i++) {
		char text[128];

		if (!constant(items[i], text, sizeof(text)) || is_listed(items[i], bound) != wanted)
			return false;
	}
	return count > 0;
}

static bool list_decides(const PgQuery__Node *check, const char *column, const PgQuery__PartitionBoundSpec *bound,
                         bool inside)
{
	const PgQuery__AExpr *expr;

	if (!check)
		return false;
	if (check->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
		bool is_and = is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR);

		if (is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR))
			return false;
		for (size_t i = 0; i < check->bool_expr->n_args; i++)
			if (list_decides(check->bool_expr->args[i], column, bound, inside) == is_and)
				return is_and;
		return !is_and;
	}
	if (check->node_case != PG_QUERY__NODE__NODE_A_EXPR || !is_column(check->a_expr->lexpr, column))
		return false;
	expr = check->a_expr;
	if (expr->n_name != 1 || !tree_string(expr->name[0]))
		return false;
	if (strcmp(tree_string(expr->name[0]), "=") == 0) {
		char text[128];

		if (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP)
			return constant(expr->rexpr, text, sizeof(text)) && is_listed(expr->rexpr, bound) == inside;
		return (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
		        expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY) &&
		       values_listed(expr->rexpr, bound, inside);
	}
	if (inside || strcmp(tree_string(expr->name[0]), "<>") != 0)
		return false;
	if (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP)
		return bound->n_listdatums == 1 && is_listed(expr->rexpr, bound);
	return (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
	        expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL) &&
	       values_listed(expr->rexpr, bound, true) && bound->n_listdatums == 1;
}

bool implies_bound(const PgQuery__Node *check, const char *column, const PgQuery__PartitionBoundSpec *bound)
{
	char low[128], high[128];
	bool no_low, no_high, has_low, has_high;

	if (bound->is_default || !column)
		return false;
	if (bound->n_listdatums > 0)
		return list_decides(check, column, bound, true);
	has_low = limit(bound->lowerdatums, bound->n_lowerdatums, &no_low, low, sizeof(low));
	has_high = limit(bound->upperdatums, bound->n_upperdatums, &no_high, high, sizeof(high));
	if ((!has_low && !no_low) || (!has_high && !no_high))
		return false;
	return (no_low || keeps(check, column, low, true)) && (no_high || keeps(check, column, high, false));
}

/* Each of ORed parts, and one of ANDed parts, must keep the row below the bound or above it. */
static bool outside(const PgQuery__Node *check, const char *column, const char *low, const char *high)
{
	if (check->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
		bool is_and = is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR);

		if (is_op(check->bool_expr, PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR))
			return false;
		for (size_t i = 0; i < check->bool_expr->n_args; i++)
			if (outside(check->bool_expr->args[i], column, low, high) == is_and)
				return is_and;
		return !is_and;
	}
	return (low && keeps(check, column, low, false)) || (high && keeps(check, column, high, true));
}

bool excludes_bound(const PgQuery__Node *check, const char *column, const PgQuery__PartitionBoundSpec *bound)
{
	char low[128], high[128];
	bool no_low, no_high, has_low, has_high;

	if (!check || !column || bound->is_default)
		return false;
	if (bound->n_listdatums > 0)
		return list_decides(check, column, bound, false);
	has_low = limit(bound->lowerdatums, bound->n_lowerdatums, &no_low, low, sizeof(low));
	has_high = limit(bound->upperdatums, bound->n_upperdatums, &no_high, high, sizeof(high));
	return outside(check, column, has_low ? low : NULL, has_high ? high : NULL);
}
