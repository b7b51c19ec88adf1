/*
 * A text as libpg_query's syntax tree: parsed within limits, released, and
 * walked without a line per type of node.  For the other files of this folder.
 */
#ifndef INTERLOCK_SQL_TREE_H
#define INTERLOCK_SQL_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <pg_query/pg_query.pb-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "sql/scan.h"

/* What a text is read as: "an expression", and the words around it that make it a statement. */
struct tree_form {
	const char *what, *before, *after;
};

/* A zeroed struct is no tree. */
struct tree {
	PgQuery__ParseResult *result;
	struct arena arena;
	struct tokens tokens; /* of the text alone */
	size_t shift;         /* bytes before the text: a node's location less this is an offset in the text */
};

/*
 * Reads the text in its form.  Errors as in sql/parse.h: empty texts, texts
 * over the limits, and those that close a parenthesis of the form's own.
 */
bool tree_parse(const char *text, const struct tree_form *form, struct tree *tree, struct err *err);
void tree_release(struct tree *tree);
/* The only statement, or NULL when there are none or several. */
const PgQuery__Node *tree_statement(const struct tree *tree);

/* Sees a message before the messages inside it; false: not the ones inside. */
typedef bool (*tree_visitor)(const ProtobufCMessage *message, void *context);
void tree_visit(const ProtobufCMessage *message, tree_visitor visitor, void *context);
/* The same for a node, which may be NULL. */
void tree_visit_node(const PgQuery__Node *node, tree_visitor visitor, void *context);

/* The text of a String node, else NULL. */
const char *tree_string(const PgQuery__Node *node);

#endif
