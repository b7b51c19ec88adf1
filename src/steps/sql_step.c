/* SQL as it is: parsed, classified and shown, for what no primitive does. */
#include <string.h>

#include "base/err.h"
#include "plan/probes.h"
#include "sql/classify.h"

struct sql_step_args {
	const char *sql, *undo, *reason;
};

static const struct option options[] = {
	{.name = "sql",
     .kind = OPTION_STATEMENTS,
     .required = true,
     .offset = offsetof(struct sql_step_args, sql),
     .help = "the statements; they run in one transaction"},
	{.name = "undo",
     .kind = OPTION_UNDO,
     .required = true,
     .offset = offsetof(struct sql_step_args, undo),
     .help = "the statements that take them back, or false where nothing can"},
	{.name = "reason",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct sql_step_args, reason),
     .help = "what it is for, and why no primitive does it"},
	OPTION_END,
};

/* The statements of a text; compiling the plan has shown that it parses. */
struct script {
	struct statement *items;
	size_t count;
};

static struct script script_of(const char *text, struct arena *arena)
{
	struct script script = {0};
	struct err err = {0};

	if (!*text || !sql_classify(text, arena, &script.items, &script.count, &err))
		script.count = 0;
	err_release(&err);
	return script;
}

/* ---- What is refused ---- */

static const char *problem_of(const struct statement *statement, size_t count, const char **rule)
{
	if (statement->transaction_control) {
		*rule = "sql-transaction-control";
		return "begins or ends a transaction, and the transactions here are Interlock's";
	}
	if (statement->builds_index_concurrently) {
		*rule = "use-the-primitive";
		return "can leave an invalid index, which only create_index_if_missing notices and repairs";
	}
	if (statement->outside_transaction && count > 1) {
		*rule = "concurrently-in-transaction";
		return "can't run in a transaction, and so not together with other statements";
	}
	if (statement->cascades) {
		*rule = "cascade";
		return "takes along what depends on it, whatever that is by then";
	}
	return NULL;
}

static const char *help_for(const char *rule)
{
	if (strcmp(rule, "sql-transaction-control") == 0)
		return "leave it out: the statements of one sql_step are one transaction";
	if (strcmp(rule, "use-the-primitive") == 0)
		return "use create_index_if_missing { table = …, columns = … }";
	if (strcmp(rule, "cascade") == 0)
		return "drop what depends on it first, by name";
	return "give it a sql_step of its own";
}

static bool check_script(const char *option, const char *text, const struct option_place *place,
                         struct diags *diags)
{
	struct script script = script_of(text, &diags->arena);
	bool ok = true;

	for (size_t i = 0; i < script.count; i++) {
		const char *rule, *problem = problem_of(&script.items[i], script.count, &rule);
		struct diag *diag;

		if (!problem)
			continue;
		diag = option_error(place, diags, rule, option, "%s %s", script.items[i].verb, problem);
		diag->sql = script.items[i].text;
		diag_help(&diags->arena, diag, "%s", help_for(rule));
		ok = false;
	}
	return ok;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct sql_step_args *args = step;
	bool ok = check_script("sql", args->sql, place, diags);

	return check_script("undo", args->undo, place, diags) && ok;
}

/* ---- What it is ---- */

/* What can't be told from the text may write, as a function called by SELECT may. */
static enum step_class class_of_kind(enum statement_kind kind)
{
	switch (kind) {
	case STATEMENT_ADDITIVE:
		return CLASS_ADDITIVE;
	case STATEMENT_SWITCH:
		return CLASS_SWITCH;
	case STATEMENT_DESTRUCTIVE:
		return CLASS_DESTRUCTIVE;
	default:
		return CLASS_DATA;
	}
}

/* That of the gravest statement. */
static enum step_class class_of(const void *step)
{
	static const int gravity[] = {
		[CLASS_ADDITIVE] = 0, [CLASS_VERIFY] = 0, [CLASS_DATA] = 1, [CLASS_SWITCH] = 2, [CLASS_DESTRUCTIVE] = 3};
	struct arena arena = {0};
	struct script script = script_of(((const struct sql_step_args *)step)->sql, &arena);
	enum step_class gravest = CLASS_ADDITIVE;

	for (size_t i = 0; i < script.count; i++) {
		enum step_class class = class_of_kind(script.items[i].kind);

		if (gravity[class] > gravity[gravest])
			gravest = class;
	}
	arena_release(&arena);
	return gravest;
}

/* The *n-th of one option; else *n is less by how many it has. */
static bool find_unplaced(const char *option, const char *text, size_t *n, struct unplaced *thing,
                          struct arena *arena)
{
	struct script script = script_of(text, arena);

	for (size_t i = 0; i < script.count; i++) {
		const struct statement *statement = &script.items[i];

		if (!statement->unplaced || (*n)--)
			continue;
		*thing = (struct unplaced){option, statement->text, statement->verb, statement->unplaced};
		return true;
	}
	return false;
}

static bool unplaced(const void *step, size_t n, struct unplaced *thing, struct arena *arena)
{
	const struct sql_step_args *args = step;

	return find_unplaced("sql", args->sql, &n, thing, arena) ||
	       find_unplaced("undo", args->undo, &n, thing, arena);
}

/* ---- What it does ---- */

static bool is_created(const struct script *script, size_t before, const struct relname *table)
{
	for (size_t i = 0; i < before; i++)
		if (strncmp(script->items[i].verb, "CREATE TABLE", strlen("CREATE TABLE")) == 0 &&
		    script->items[i].table_count > 0 && strcmp(script->items[i].tables[0].name, table->name) == 0)
			return true;
	return false;
}

/* ALTER TABLE is taken to need the strongest lock; on a table that may not be there it waits for itself. */
static void lock_altered(struct stmts *stmts, struct stmt *stmt, const struct script *script, size_t at)
{
	const struct statement *statement = &script->items[at];
	struct relname table;

	if (strncmp(statement->verb, "ALTER TABLE", strlen("ALTER TABLE")) != 0 || statement->table_count == 0 ||
	    strncmp(statement->text, "alter table if exists", strlen("alter table if exists")) == 0)
		return;
	table = statement->tables[0];
	if (!table.schema)
		table.schema = "public";
	if (!is_created(script, at, &table))
		stmt_lock(stmts, stmt, &table, LOCK_ACCESS_EXCLUSIVE);
}

static void add_script(const char *text, struct stmts *stmts)
{
	struct script script = script_of(text, stmts->arena);

	for (size_t i = 0; i < script.count; i++) {
		const struct statement *statement = &script.items[i];
		bool outside = statement->outside_transaction;
		struct stmt *stmt = stmts_add(stmts, outside ? STMT_OUTSIDE : STMT_TOGETHER, "%s", statement->text);

		stmt->slow = outside;
		if (!outside)
			lock_altered(stmts, stmt, &script, i);
	}
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)facts;
	add_script(((const struct sql_step_args *)step)->sql, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct sql_step_args *args = step;

	(void)facts;
	if (*args->undo)
		add_script(args->undo, stmts);
	else
		stmts_refuse(stmts, "what it did has to be taken back by hand", "the plan says undo = false: %s",
		             args->reason ? args->reason : "nothing takes these statements back");
}

static void describe(const void *step, struct buf *out)
{
	const struct sql_step_args *args = step;
	struct arena arena = {0};
	struct script script = script_of(args->sql, &arena);

	for (size_t i = 0; i < script.count; i++)
		buf_addf(out, "%s%s", i ? "; " : "", script.items[i].verb);
	if (args->reason)
		buf_addf(out, ": %s", args->reason);
	arena_release(&arena);
}

const struct step_type step_sql_step = {
	.name = "sql_step",
	.summary = "runs SQL of your own in one transaction, with the SQL that takes it back",
	.example = "sql_step { sql = [[ ALTER TABLE app.users SET (fillfactor = 90) ]],\n"
			   "           undo = [[ ALTER TABLE app.users RESET (fillfactor) ]],\n"
			   "           reason = \"room for HOT updates\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY)",
	.class = CLASS_DATA,
	.size = sizeof(struct sql_step_args),
	.options = options,
	.locks =
		"what its statements take; for ALTER TABLE the lock is waited for as in every other step, and is ACCESS "
		"EXCLUSIVE",
	.way_back = "runs the statements of undo; with undo = false there is none",
	.check = check,
	.unplaced = unplaced,
	.class_of = class_of,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
