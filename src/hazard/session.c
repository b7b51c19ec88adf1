/* Transactions that a file begins and ends, and the settings that its statements run with. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hazard/statements.h"
#include "sql/tree.h"

static void tell_nested(struct lint *lint, const char *what, const char *server)
{
	const struct effect effect = {.rule = "nested-transaction", .severity = SEVERITY_WARNING};

	effect_detail(lint, effect_add(lint, &effect, "%s", what), "PostgreSQL only warns: %s", server);
}

static void begin(struct lint *lint)
{
	if (lint->transaction.open && lint->transaction.wrapped)
		tell_nested(lint, "BEGIN in a file that its tool runs in a transaction",
		            "there is already a transaction in progress (25001)");
	else if (lint->transaction.open)
		tell_nested(lint, "BEGIN inside a transaction", "there is already a transaction in progress (25001)");
	else
		transaction_begin(lint, lint->statement->line, false);
}

static void end(struct lint *lint, const char *what)
{
	if (!lint->transaction.open)
		tell_nested(lint, text_of(lint, "%s outside of any transaction", what),
		            "there is no transaction in progress (25P01)");
	else if (lint->transaction.wrapped)
		tell_nested(lint, text_of(lint, "%s ends the transaction that the tool began", what),
		            "what follows is committed statement by statement");
	transaction_end(lint);
}

void read_transaction(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__TransactionStmt *t = node->transaction_stmt;
	int line = lint->statement->line;

	switch (t->kind) {
	case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
	case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
		begin(lint);
		break;
	case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
	case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
		end(lint, t->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT ? "COMMIT" : "ROLLBACK");
		if (t->chain)
			transaction_begin(lint, line, false);
		break;
	case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
		transaction_end(lint);
		break;
	default:
		break;
	}
}

void check_uncommitted(struct lint *lint)
{
	const struct effect effect = {
		.rule = "uncommitted-transaction", .severity = SEVERITY_ERROR, .help = "COMMIT at the end"};
	struct diag *diag;

	if (!lint->transaction.open || lint->transaction.wrapped)
		return;
	diag = effect_add(lint, &effect, "the transaction that begins in line %d never ends", lint->transaction.line);
	effect_detail(lint, diag,
	              "whoever runs this file disconnects, and everything since then is undone without a word");
}

/* A constant of SET as its text; NULL: none. */
static const char *value_text(struct lint *lint, const PgQuery__Node *node)
{
	while (node && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (!node || node->node_case != PG_QUERY__NODE__NODE_A_CONST)
		return NULL;
	if (node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
		return text_of(lint, "%d", node->a_const->ival->ival);
	if (node->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL)
		return node->a_const->fval->fval;
	return node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL ? node->a_const->sval->sval : NULL;
}

static void set(struct lint *lint, struct setting *setting, enum tri value, bool local)
{
	if (!local) {
		setting->session = value;
		setting->has_local = false;
	} else if (lint->transaction.open) { /* outside of one, SET LOCAL does nothing */
		setting->local = value;
		setting->has_local = true;
	}
}

static enum tri is_utc(const char *zone)
{
	static const char *const names[] = {"utc", "etc/utc", "gmt",       "etc/gmt", "zulu", "universal",
	                                    "uct", "etc/uct", "greenwich", "0",       NULL};

	for (size_t i = 0; zone && names[i]; i++)
		if (strcasecmp(zone, names[i]) == 0)
			return TRI_YES;
	return zone ? TRI_NO : TRI_UNKNOWN;
}

void read_setting(struct lint *lint, const char *name, const char *value, bool local)
{
	if (!name)
		return;
	if (strcasecmp(name, "lock_timeout") == 0)
		set(lint, &lint->lock_timeout, tri_of(value && strtod(value, NULL) > 0), local);
	else if (strcasecmp(name, "timezone") == 0)
		set(lint, &lint->utc, is_utc(value), local);
	else if (strcasecmp(name, "search_path") == 0 && value && *value == '\0') {
		static const char *const nothing[] = {NULL};

		lint->schema.path = nothing;
	}
}

static void set_path(struct lint *lint, const PgQuery__VariableSetStmt *statement)
{
	const char **path = arena_array(&lint->arena, const char *, statement->n_args + 1);
	size_t count = 0;

	for (size_t i = 0; i < statement->n_args; i++) {
		const char *name = value_text(lint, statement->args[i]);

		if (name && strcmp(name, "$user") != 0 && *name)
			path[count++] = arena_strdup(&lint->arena, name);
	}
	lint->schema.path = path;
}

void read_set(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__VariableSetStmt *statement = node->variable_set_stmt;
	bool gives = statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE;
	const char *value = gives && statement->n_args > 0 ? value_text(lint, statement->args[0]) : NULL;

	if (gives && strcasecmp(statement->name, "search_path") == 0) {
		set_path(lint, statement);
		return;
	}
	if (statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
		lint->lock_timeout = lint->begins.lock_timeout;
		lint->utc = lint->begins.utc;
		lint->schema.path = lint->begins.path;
		return;
	}
	if (gives) {
		read_setting(lint, statement->name, value, statement->is_local);
		return;
	}
	if (strcasecmp(statement->name, "lock_timeout") == 0)
		lint->lock_timeout = lint->begins.lock_timeout;
	else if (strcasecmp(statement->name, "timezone") == 0)
		lint->utc = lint->begins.utc;
	else if (strcasecmp(statement->name, "search_path") == 0)
		lint->schema.path = lint->begins.path;
}
