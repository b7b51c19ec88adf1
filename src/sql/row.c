/* Column references found in the tree, and put back as tokens. */
#include "sql/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sql/tree.h"

static const struct tree_form form = {"an expression", "SELECT ", ""};

enum { REFERENCES_MAX = 1000 };

/* What the tree says about an expression; references by the byte at which they begin. */
struct reading {
	size_t shift, count;
	struct reference {
		size_t at, parts;
	} references[REFERENCES_MAX];
	bool query, star, full;
};

static void take(struct reading *reading, const PgQuery__ColumnRef *reference)
{
	if (reference->fields[reference->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR)
		reading->star = true;
	else if (reading->count == REFERENCES_MAX)
		reading->full = true;
	else
		reading->references[reading->count++] =
			(struct reference){(size_t)reference->location - reading->shift, reference->n_fields};
}

static bool see(const ProtobufCMessage *message, void *context)
{
	struct reading *reading = context;

	if (message->descriptor == &pg_query__sub_link__descriptor)
		reading->query = true;
	if (message->descriptor != &pg_query__column_ref__descriptor)
		return true;
	take(reading, (const PgQuery__ColumnRef *)(const void *)message);
	return false;
}

/* false: it is no expression. */
static bool read_expression(const char *expression, struct tree *tree, struct reading *reading)
{
	struct err err = {0};
	bool ok = tree_parse(expression, &form, tree, &err);

	err_release(&err);
	reading->shift = strlen(form.before);
	if (ok)
		tree_visit_node(tree_statement(tree), see, reading);
	return ok;
}

bool sql_has_query(const char *expression)
{
	struct reading reading = {0};
	struct tree tree;
	bool ok = read_expression(expression, &tree, &reading);

	if (ok)
		tree_release(&tree);
	return ok && reading.query;
}

bool sql_has_star(const char *expression)
{
	struct reading reading = {0};
	struct tree tree;
	bool ok = read_expression(expression, &tree, &reading);

	if (ok)
		tree_release(&tree);
	return ok && reading.star;
}

static bool is_comparison(const PgQuery__AExpr *expression)
{
	static const char *const operators[] = {"=", "<>", "<", ">", "<=", ">="};
	const char *name = expression->n_name == 1 ? tree_string(expression->name[0]) : NULL;

	for (size_t i = 0; name && i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strcmp(name, operators[i]) == 0)
			return true;
	return false;
}

static bool see_risk(const ProtobufCMessage *message, void *context)
{
	static const ProtobufCMessageDescriptor *const harmless[] = {
		&pg_query__node__descriptor,       &pg_query__raw_stmt__descriptor,     &pg_query__select_stmt__descriptor,
		&pg_query__res_target__descriptor, &pg_query__a__const__descriptor,     &pg_query__bool_expr__descriptor,
		&pg_query__null_test__descriptor,  &pg_query__boolean_test__descriptor, &pg_query__list__descriptor,
		&pg_query__integer__descriptor,    &pg_query__float__descriptor,        &pg_query__string__descriptor,
		&pg_query__boolean__descriptor,    &pg_query__column_ref__descriptor,
	};
	bool *risk = context;

	if (message->descriptor == &pg_query__a__expr__descriptor) {
		*risk |= !is_comparison((const PgQuery__AExpr *)(const void *)message);
		return true;
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (message->descriptor == harmless[i])
			return true;
	*risk = true;
	return false;
}

bool sql_cannot_fail(const char *expression)
{
	struct err err = {0};
	bool risk = false;
	struct tree tree;

	if (!tree_parse(expression, &form, &tree, &err)) {
		err_release(&err);
		return false;
	}
	tree_visit_node(tree_statement(&tree), see_risk, &risk);
	tree_release(&tree);
	return !risk;
}

static const struct reference *at_byte(const struct reading *reading, size_t byte)
{
	for (size_t i = 0; i < reading->count; i++)
		if (reading->references[i].at == byte)
			return &reading->references[i];
	return NULL;
}

/* The text between tokens stays as it is: comments too, so they end with their line. */
static void rewrite(const char *text, const struct tokens *tokens, const struct reading *reading, const char *row,
                    struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		const struct reference *reference = at_byte(reading, tokens->items[i].start);

		if (!reference)
			continue;
		buf_add_bytes(out, text + from, tokens->items[i].start - from);
		i += 2 * (reference->parts - 1); /* names and the points between them */
		buf_addf(out, "%s.", row);
		from = tokens->items[i].start;
	}
	buf_add(out, text + from);
}

const char *sql_on_row(const char *expression, const char *row, struct arena *arena)
{
	struct reading reading = {0};
	struct buf out = {0};
	const char *result = NULL;
	struct tree tree;

	if (!read_expression(expression, &tree, &reading))
		return NULL;
	if (!reading.query && !reading.star && !reading.full) {
		rewrite(expression, &tree.tokens, &reading, row, &out);
		result = arena_strdup(arena, buf_text(&out));
	}
	buf_release(&out);
	tree_release(&tree);
	return result;
}
