/* Syntax trees by libpg_query's parser; the walk reads protobuf-c's descriptions of the messages. */
#include "sql/tree.h"

#include <string.h>
#include <sys/resource.h>

#include <pg_query.h>

#include "base/buf.h"
#include "sql/parse.h"

/* More than a token costs of the stack while libpg_query packs and unpacks a tree (NOT NOT NOT …: 1,900 bytes). */
enum { STACK_PER_TOKEN = 3000 };

static size_t tokens_max(void)
{
	struct rlimit stack;

	if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur == RLIM_INFINITY ||
	    stack.rlim_cur / STACK_PER_TOKEN > SQL_EXPRESSION_TOKENS_MAX)
		return SQL_EXPRESSION_TOKENS_MAX;
	return (size_t)(stack.rlim_cur / STACK_PER_TOKEN);
}

static bool check_tokens(const char *text, const struct tree_form *form, const struct tokens *tokens,
                         struct err *err)
{
	if (tokens->count == 0)
		return err_set(err, EXIT_OWN, "the text is empty where %s is expected", form->what);
	if (tokens->count > tokens_max())
		return err_set(err, EXIT_OWN, "the text has %zu tokens; %zu is the most", tokens->count, tokens_max());
	return scan_check_closings(text, tokens, err);
}

/* The parser counts characters of the whole statement; what it misses after the text is the text's end. */
static void set_parser_error(const char *text, const struct tree_form *form, const PgQueryError *error,
                             struct err *err)
{
	int before = (int)strlen(form->before), length = scan_character(text, strlen(text)) - 1;
	int position = error->cursorpos - before;

	if (error->cursorpos > 0 && position > length) {
		err_set(err, EXIT_OWN, "syntax error at end of input");
		position = length + 1;
	} else {
		err_set(err, EXIT_OWN, "%s", error->message);
	}
	err->position = error->cursorpos > 0 && position > 0 ? position : 0;
}

static bool parse(const char *text, const struct tree_form *form, struct tree *tree, struct err *err)
{
	struct buf whole = {0};
	PgQueryProtobufParseResult parsed;
	bool ok;

	buf_add(&whole, form->before);
	buf_add(&whole, text);
	buf_add(&whole, form->after);
	parsed = pg_query_parse_protobuf(buf_text(&whole));
	ok = !parsed.error;
	if (ok)
		tree->result = pg_query__parse_result__unpack(NULL, parsed.parse_tree.len,
		                                              (const uint8_t *)(const void *)parsed.parse_tree.data);
	else
		set_parser_error(text, form, parsed.error, err);
	pg_query_free_protobuf_parse_result(parsed);
	buf_release(&whole);
	if (ok && !tree->result)
		return err_set(err, EXIT_OWN, "the text is nested too deeply");
	if (ok && tree->result->n_stmts == 0)
		return err_set(err, EXIT_OWN, "the text is empty where %s is expected", form->what);
	return ok;
}

bool tree_parse(const char *text, const struct tree_form *form, struct tree *tree, struct err *err)
{
	*tree = (struct tree){.shift = strlen(form->before)};
	if (scan_tokens(text, &tree->arena, &tree->tokens, err) && check_tokens(text, form, &tree->tokens, err) &&
	    parse(text, form, tree, err))
		return true;
	tree_release(tree);
	return false;
}

void tree_release(struct tree *tree)
{
	if (tree->result)
		pg_query__parse_result__free_unpacked(tree->result, NULL);
	arena_release(&tree->arena);
	*tree = (struct tree){0};
}

const PgQuery__Node *tree_statement(const struct tree *tree)
{
	return tree->result->n_stmts == 1 ? tree->result->stmts[0]->stmt : NULL;
}

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *quantifier = (const char *)message + field->quantifier_offset;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(const void *)quantifier == field->id;
	return true;
}

static void visit_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        tree_visitor visitor, void *context)
{
	const void *member = (const char *)message + field->offset;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || !is_present(message, field))
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
		const ProtobufCMessage *const *items = *(const ProtobufCMessage *const *const *)member;

		for (size_t i = 0; i < count; i++)
			tree_visit(items[i], visitor, context);
	} else if (*(const ProtobufCMessage *const *)member) {
		tree_visit(*(const ProtobufCMessage *const *)member, visitor, context);
	}
}

void tree_visit(const ProtobufCMessage *message, tree_visitor visitor, void *context)
{
	if (!visitor(message, context))
		return;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		visit_field(message, &message->descriptor->fields[i], visitor, context);
}

void tree_visit_node(const PgQuery__Node *node, tree_visitor visitor, void *context)
{
	if (node)
		tree_visit(&node->base, visitor, context);
}

const char *tree_string(const PgQuery__Node *node)
{
	return node && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : NULL;
}
