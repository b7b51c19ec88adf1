/* Reading a migration: its statements are cut, parsed, looked up in the catalogue, and read one by one. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "hazard/catalogue.h"
#include "hazard/ignore.h"
#include "hazard/statements.h"
#include "sql/body.h"
#include "sql/scan.h"
#include "sql/trial.h"

/* One file while it is read. */
struct file {
	struct script script;
	bool *crashes;
	PgQuery__ParseResult **trees; /* NULL where a statement does not parse */
	struct err *errors;
};

void lint_keep_tree(struct lint *lint, PgQuery__ParseResult *result)
{
	if (lint->trees.count == lint->trees.room) {
		lint->trees.room = lint->trees.room * 2 + 64;
		lint->trees.items = xrealloc(lint->trees.items, lint->trees.room * sizeof(*lint->trees.items));
	}
	lint->trees.items[lint->trees.count++] = result;
}

struct lint *lint_new(const struct lint_options *options, struct conn *conn)
{
	struct lint *lint = xcalloc(1, sizeof(*lint));

	lint->options = *options;
	lint->conn = conn;
	schema_init(&lint->schema, &lint->arena);
	lint->schema.complete = conn != NULL;
	lint->server_version = options->server_version ? options->server_version
	                       : conn                  ? conn_server_version(conn)
	                                               : LINT_SERVER_DEFAULT;
	lint->lock_timeout.session = TRI_NO;
	lint->utc.session = TRI_UNKNOWN;
	return lint;
}

void lint_free(struct lint *lint)
{
	for (size_t i = 0; i < lint->trees.count; i++)
		pg_query__parse_result__free_unpacked(lint->trees.items[i], NULL);
	free(lint->trees.items);
	arena_release(&lint->arena);
	free(lint);
}

/* Grows a list of names by one. */
static void add_name(struct lint *lint, const char *const **names, size_t *count, const char *name)
{
	const char **more;

	if (!name || !*name)
		return;
	if ((*count & (*count + 1)) == 0) { /* full at 0, 1, 3, 7, … */
		more = arena_array(&lint->arena, const char *, *count * 2 + 2);
		if (*count > 0)
			memcpy(more, *names, *count * sizeof(*more));
		*names = more;
	}
	((const char **)(uintptr_t)*names)[(*count)++] = arena_strdup(&lint->arena, name);
}

/* What later statements make matters to earlier ones: a view in a renamed table's place, a constraint made anew.
 */
static void look_ahead(struct lint *lint, const PgQuery__Node *node)
{
	if (node->node_case == PG_QUERY__NODE__NODE_VIEW_STMT)
		add_name(lint, &lint->made_views, &lint->made_view_count, node->view_stmt->view->relname);
	if (node->node_case == PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT)
		add_name(lint, &lint->made_schemas, &lint->made_schema_count, node->create_schema_stmt->schemaname);
	if (node->node_case == PG_QUERY__NODE__NODE_CREATE_POLICY_STMT)
		add_name(lint, &lint->made_policies, &lint->made_policy_count, node->create_policy_stmt->table->relname);
	if (node->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT)
		return;
	for (size_t i = 0; i < node->alter_table_stmt->n_cmds; i++) {
		const PgQuery__AlterTableCmd *command = node->alter_table_stmt->cmds[i]->alter_table_cmd;

		if (command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint)
			add_name(lint, &lint->added_constraints, &lint->added_constraint_count,
			         command->def->constraint->conname);
	}
}

static bool parse(struct lint *lint, struct file *file, struct err *err)
{
	const struct script *script = &file->script;

	file->crashes = arena_array(&lint->arena, bool, script->statement_count + 1);
	file->trees = arena_array(&lint->arena, PgQuery__ParseResult *, script->statement_count + 1);
	file->errors = arena_array(&lint->arena, struct err, script->statement_count + 1);
	if (!trial_parse(script, file->crashes, err))
		return false;
	for (size_t i = 0; i < script->statement_count; i++) {
		if (file->crashes[i])
			continue;
		file->trees[i] = statement_parse(script->statements[i].text, &file->errors[i]);
		if (file->trees[i])
			lint_keep_tree(lint, file->trees[i]);
	}
	return true;
}

static void collect_body(struct lint *lint, struct names *names, const char *text)
{
	struct body body;

	if (!body_read(text, &lint->arena, &body))
		return;
	for (size_t i = 0; i < body.count; i++) {
		struct err err = {0};
		PgQuery__ParseResult *tree = statement_parse(body.statements[i], &err);

		for (size_t k = 0; tree && k < tree->n_stmts; k++)
			names_collect(names, &lint->arena, tree->stmts[k]->stmt);
		if (tree)
			pg_query__parse_result__free_unpacked(tree, NULL);
		err_release(&err);
	}
}

/* Everything that the file names, asked for at once. */
static bool look_up(struct lint *lint, const struct file *file, struct err *err)
{
	struct names names = {0};

	for (size_t i = 0; i < file->script.statement_count; i++) {
		const PgQuery__ParseResult *tree = file->trees[i];

		for (size_t k = 0; tree && k < tree->n_stmts; k++) {
			look_ahead(lint, tree->stmts[k]->stmt);
			if (lint->conn)
				names_collect(&names, &lint->arena, tree->stmts[k]->stmt);
			if (lint->conn && tree->stmts[k]->stmt->node_case == PG_QUERY__NODE__NODE_DO_STMT)
				collect_body(lint, &names, file->script.statements[i].text);
		}
	}
	return !lint->conn || catalogue_load(lint, &names, err);
}

/* Words that only later versions know. */
static bool newer_syntax(const struct lint *lint)
{
	return lint->server_version >= 160000;
}

static void tell_unreadable(struct lint *lint, const struct file *file, size_t i)
{
	const struct err *why = &file->errors[i];
	struct effect effect = {.rule = "cannot-check", .severity = SEVERITY_ERROR, .location = why->position};
	struct diag *diag;

	lint->opaque = true;
	if (file->crashes[i]) {
		effect_add(lint, &effect, "the parser does not survive this statement: nothing about it was checked");
		return;
	}
	diag = effect_add(lint, &effect, "%s", why->diag.summary);
	effect_detail(lint, diag, "nothing about this statement was checked");
	if (newer_syntax(lint))
		effect_detail(lint, diag, "statements are read with the grammar of PostgreSQL 15, and the server is %d",
		              lint->server_version / 10000);
}

/* Marks of tools that keep the way back in the same file: what follows "down" is not this migration. */
static bool has_mark(const char *comment, const char *const *marks)
{
	comment += strspn(comment, " \t");
	for (size_t i = 0; marks[i]; i++)
		if (strncasecmp(comment, marks[i], strlen(marks[i])) == 0)
			return true;
	return false;
}

static const char *const down_marks[] = {"migrate:down", "+goose down",  "+migrate down",
                                         "!downs",       "rambler down", NULL};
static const char *const up_marks[] = {"migrate:up", "+goose up", "+migrate up", "!ups", "rambler up", NULL};
static const char *const alone_marks[] = {"migrate:up transaction:false", "+goose no transaction",
                                          "+migrate up notransaction", NULL};

static bool is_down(const struct script *script, int line)
{
	bool down = false;

	for (size_t i = 0; i < script->comment_count && script->comments[i].line < line; i++) {
		if (has_mark(script->comments[i].text, down_marks))
			down = true;
		else if (has_mark(script->comments[i].text, up_marks))
			down = false;
	}
	return down;
}

/* Does the tool that runs the file wrap it in a transaction?  Its marks say so, or the person does. */
static bool is_wrapped(const struct lint *lint, const struct script *script)
{
	bool wrapped = lint->options.in_transaction;

	for (size_t i = 0; i < script->comment_count; i++) {
		const char *text = script->comments[i].text;

		if (has_mark(text, alone_marks))
			return false;
		wrapped |= has_mark(text, up_marks) || strncmp(text, "> statement-breakpoint", 22) == 0;
	}
	return wrapped;
}

static bool has_marks(const struct script *script)
{
	for (size_t i = 0; i < script->comment_count; i++)
		if (has_mark(script->comments[i].text, down_marks))
			return true;
	return false;
}

static void read_one(struct lint *lint, const struct file *file, size_t i)
{
	const PgQuery__ParseResult *tree = file->trees[i];

	lint->statement = &file->script.statements[i];
	if (!tree)
		tell_unreadable(lint, file, i);
	for (size_t k = 0; tree && k < tree->n_stmts; k++) {
		if (lint->listener)
			lint->listener(lint, tree->stmts[k]->stmt, lint->listener_context);
		read_statement(lint, tree->stmts[k]->stmt);
	}
	transaction_statement_done(lint);
}

static void tell_waits(struct lint *lint)
{
	if (lint->waits_without_timeout > 1)
		effect_detail(lint, lint->timeout_told, "%ld statements of this file wait like this",
		              lint->waits_without_timeout);
}

/* What can only be told when all has been read. */
static void finish(struct lint *lint, const struct script *script)
{
	if (script->statement_count == 0)
		return;
	check_uncommitted(lint);
	transaction_end(lint);
	tell_waits(lint);
	advise_foreign_keys(lint);
	lint->statement = &script->statements[0];
	check_concerns(lint);
}

/* What the file before made is there now, and holds rows unless all files are deployed at once. */
static void begin_file(struct lint *lint, const char *path)
{
	lint->path = path;
	lint->changes = lint->last_change = NULL;
	lint->waits_without_timeout = 0;
	lint->timeout_told = NULL;
	lint->first_transaction = lint->transaction.number + 1;
	transaction_end(lint);
	lint->lock_timeout = lint->begins.lock_timeout;
	lint->utc = lint->begins.utc;
	lint->schema.path = lint->begins.path;
	for (struct relation *r = lint->schema.relations; r; r = r->next) {
		r->concerns = 0;
		if (!r->here || r->dropped || lint->options.assume_new)
			continue;
		r->here = false;
		r->rows = r->bytes = -1;
		for (struct column *c = r->columns; c; c = c->next)
			c->added = false;
	}
}

static void tell_open(struct lint *lint, const struct script *script)
{
	const struct script_statement place = {"", script->open_line, script->open_line};
	const struct effect effect = {.rule = "cannot-check", .severity = SEVERITY_ERROR};

	if (script->open_line == 0)
		return;
	lint->statement = &place;
	effect_add(lint, &effect, "a literal, comment or parenthesis that begins here has no end");
	lint->statement = NULL;
}

/* The statements that are meant to run, for whoever tries them out. */
static bool try_out(struct lint *lint, const struct script *script, const char *path, struct err *err)
{
	struct script_statement *run = arena_array(&lint->arena, struct script_statement, script->statement_count + 1);
	struct lint_file file = {path, run, 0, is_wrapped(lint, script)};
	bool down = has_marks(script);

	if (!lint->options.trial)
		return true;
	for (size_t i = 0; i < script->statement_count; i++)
		if (!down || !is_down(script, script->statements[i].line))
			run[file.count++] = script->statements[i];
	return lint->options.trial->file(lint->options.trial->arg, &file, &lint->found, err);
}

bool lint_text(struct lint *lint, const char *path, const char *text, struct diags *diags, struct err *err)
{
	struct file file = {0};
	bool down, ok;

	script_split(text, &lint->arena, &file.script);
	if (!lint->begins.path) {
		lint->begins.path = lint->schema.path;
		lint->begins.lock_timeout = lint->lock_timeout;
		lint->begins.utc = lint->utc;
		if (lint->conn && !catalogue_settings(lint, err))
			return false;
	}
	begin_file(lint, path);
	lint->diags = &lint->found;
	ok = parse(lint, &file, err) && look_up(lint, &file, err);
	if (ok) {
		down = has_marks(&file.script);
		tell_open(lint, &file.script);
		if (file.script.statement_count > 0 && is_wrapped(lint, &file.script))
			transaction_begin(lint, file.script.statements[0].line, true);
		for (size_t i = 0; i < file.script.statement_count; i++)
			if (!down || !is_down(&file.script, file.script.statements[i].line))
				read_one(lint, &file, i);
		finish(lint, &file.script);
		ok = try_out(lint, &file.script, path, err);
		ignore_apply(&file.script, path, &lint->found, diags);
	}
	for (size_t i = 0; file.errors && i < file.script.statement_count; i++)
		err_release(&file.errors[i]);
	diags_release(&lint->found);
	return ok;
}
