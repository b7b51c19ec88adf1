/*
 * DO $$ BEGIN ALTER TABLE …; EXCEPTION WHEN duplicate_object THEN null; END $$,
 * as generators write it: steps do nothing where the thing is there anyway, so
 * its statements become steps like others.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "convert/read.h"
#include "sql/body.h"
#include "sql/trial.h"

static const char *find_word(const char *text, const char *word)
{
	for (; *text; text++)
		if (strncasecmp(text, word, strlen(word)) == 0)
			return text;
	return NULL;
}

/* Is what stands behind EXCEPTION nothing but "it is there already, which is fine"? */
static bool is_guard(const char *text)
{
	const char *at = find_word(text, "exception"), *then;
	struct buf words = {0};
	bool guard;

	if (!at || find_word(at + 1, "exception") || !(then = find_word(at, "then")))
		return false;
	for (const char *c = then + strlen("then"); *c && *c != '$'; c++)
		if (!isspace((unsigned char)*c) && *c != ';')
			buf_add_char(&words, (char)tolower((unsigned char)*c));
	guard = strcmp(buf_text(&words), "nullend") == 0;
	buf_release(&words);
	at += strlen("exception");
	at += strspn(at, " \t\r\n");
	if (!guard || strncasecmp(at, "when", 4) != 0)
		return false;
	at += 4;
	at += strspn(at, " \t\r\n");
	return strncasecmp(at, "duplicate_", strlen("duplicate_")) == 0 && !find_word(at, " or ");
}

static bool makes_something(const PgQuery__Node *node)
{
	return node->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT ||
	       node->node_case == PG_QUERY__NODE__NODE_CREATE_ENUM_STMT ||
	       node->node_case == PG_QUERY__NODE__NODE_CREATE_STMT ||
	       node->node_case == PG_QUERY__NODE__NODE_INDEX_STMT;
}

/* The one statement of a text that makes something; NULL: it is something else. */
static const PgQuery__Node *only_statement(struct reader *r, const char *text)
{
	struct err err = {0};
	PgQuery__ParseResult *tree = statement_parse(text, &err);

	err_release(&err);
	if (!tree)
		return NULL;
	lint_keep_tree(r->lint, tree);
	return tree->n_stmts == 1 && makes_something(tree->stmts[0]->stmt) ? tree->stmts[0]->stmt : NULL;
}

bool convert_guarded(struct reader *r)
{
	const struct script_statement *whole = r->lint->statement;
	const PgQuery__Node *node;
	struct body body;
	struct script_statement inside = *whole;
	const char *at;

	if (!is_guard(whole->text) || !body_read(whole->text, r->arena, &body) || body.dynamic || body.count != 1 ||
	    find_word(whole->text, " if ") || !(node = only_statement(r, body.statements[0])))
		return false;
	inside.text = body.statements[0];
	at = strstr(whole->text, inside.text);
	for (const char *c = whole->text; at && c < at; c++)
		inside.line += *c == '\n';
	r->lint->statement = &inside;
	convert_statement(r->lint, node, r->out);
	r->lint->statement = whole;
	return true;
}
