/* What can't be read in full: DO blocks (their written statements can), procedures, functions called for their
 * effects. */
#include <string.h>

#include "hazard/statements.h"
#include "sql/body.h"
#include "sql/trial.h"

void tell_opaque(struct lint *lint, const char *what, enum severity severity)
{
	const struct effect effect = {.rule = "opaque-sql", .severity = severity};
	struct diag *diag;

	if (severity == SEVERITY_WARNING)
		lint->opaque = true;
	diag = effect_add(lint, &effect, "what %s does can't be told from its text", what);
	effect_detail(lint, diag,
	              severity == SEVERITY_NOTE
	                  ? "its statements were checked as if each of them runs; its conditions were not"
	                  : "whatever it does was not checked");
}

static void read_inner(struct lint *lint, const char *text)
{
	const struct script_statement inner = {text, lint->inside, lint->inside}, *outer = lint->statement;
	struct err err = {0};
	PgQuery__ParseResult *result = statement_parse(text, &err);

	if (!result) {
		err_release(&err);
		lint->opaque = true;
		return;
	}
	lint_keep_tree(lint, result);
	lint->statement = &inner;
	for (size_t i = 0; i < result->n_stmts; i++)
		read_statement(lint, result->stmts[i]->stmt);
	lint->statement = outer;
}

void read_do(struct lint *lint, const PgQuery__Node *node)
{
	bool own = !lint->transaction.open;
	struct body body;

	(void)node;
	if (!body_read(lint->statement->text, &lint->arena, &body)) {
		tell_opaque(lint, "this DO block", SEVERITY_WARNING);
		return;
	}
	tell_opaque(lint, body.dynamic ? "a DO block that puts its statements together when it runs" : "this DO block",
	            body.dynamic ? SEVERITY_WARNING : SEVERITY_NOTE);
	if (own)
		transaction_begin(lint, lint->statement->line, false);
	lint->inside = lint->statement->line;
	for (size_t i = 0; i < body.count; i++)
		read_inner(lint, body.statements[i]);
	lint->inside = 0;
	if (own)
		transaction_end(lint);
}

void read_call(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__CallStmt *call = node->call_stmt;
	const char *schema, *name = NULL;

	if (call->funccall)
		name = list_name(call->funccall->funcname, call->funccall->n_funcname, &schema);
	tell_opaque(lint, text_of(lint, "procedure %s()", name ? name : ""), SEVERITY_WARNING);
}
