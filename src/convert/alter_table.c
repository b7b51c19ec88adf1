/* ALTER TABLE: each of its commands becomes steps of its own. */
#include <string.h>

#include "convert/read.h"
#include "sql/ident.h"

/* "ALTER TABLE app.users ALTER COLUMN …", as a statement of its own. */
static void take_command(struct reader *r, size_t head_end, size_t from, size_t end)
{
	const char *head = source_slice(&r->source, 0, head_end), *command = source_slice(&r->source, from, end);

	read_part(r, from, end, arena_printf(r->arena, "%s %s", head, command));
}

static void set_default(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	const char *column = plain_name(r, command->name), *value = NULL;
	size_t at = source_find(&r->source, r->from, r->end, "default");
	struct draft *draft;

	if (!command->def) {
		draft = add_step(r, "drop_default", RANK_EXPAND, "drop the default of %s.%s", r->table, column);
	} else {
		value = source_slice(&r->source, at + 1, r->end);
		draft = add_step(r, "set_default", RANK_EXPAND, "set the default of %s.%s", r->table, column);
	}
	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_sql(draft, "default", value);
	draft_name(draft, command->name);
}

static void not_null(struct reader *r, const PgQuery__AlterTableCmd *command, const char *primitive)
{
	const char *column = plain_name(r, command->name);
	struct draft *draft =
		add_step(r, primitive, RANK_EXPAND, "%s of %s.%s",
	             strcmp(primitive, "set_not_null") == 0 ? "set NOT NULL" : "drop NOT NULL", r->table, column);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_name(draft, command->name);
}

static void drop_column(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	const char *column = plain_name(r, command->name);
	struct draft *draft;

	convert_end_fills(r, command->name);
	draft = add_step(r, "drop_column_if_exists", RANK_CONTRACT, "drop column %s of %s", column, r->table);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	if (lacks_key(r))
		draft_decide(r->arena, draft, "%s has no key, by which the values could be kept: they are lost", r->table);
	else
		draft_text(draft, "archive", "90 days");
	draft_name(draft, command->name);
	if (command->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
		draft_decide(r->arena, draft,
		             "CASCADE would take along what depends on the column; this step refuses then and names it: "
		             "drop that first, in steps of its own");
}

static void row_security(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	bool enable = command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity;

	add_sql(r,
	        enable ? arena_printf(r->arena, "ALTER TABLE %s DISABLE ROW LEVEL SECURITY", r->table)
	               : arena_printf(r->arena, "ALTER TABLE %s ENABLE ROW LEVEL SECURITY", r->table),
	        NULL);
}

static void other_command(struct reader *r)
{
	struct draft *draft = add_sql(r, NULL, NULL);

	draft_decide(r->arena, draft,
	             "no primitive does this: interlock lint says what it does to whoever uses the "
	             "table meanwhile, and undo = false that nothing takes it back");
}

static void read_constraint_part(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	convert_constraint(
		r, &(struct constraint_part){.constraint = command->def->constraint, .from = r->from, .end = r->end});
}

static void read_command(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	switch (command->subtype) {
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
		convert_add_column(r, command->def->column_def);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
		set_default(r, command);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
		not_null(r, command, "set_not_null");
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
		not_null(r, command, "drop_not_null");
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
		drop_column(r, command);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
		convert_column_type(r, command);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
		read_constraint_part(r, command);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
		convert_validate(r, command->name);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
		convert_drop_constraint(r, command);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
		row_security(r, command);
		break;
	default:
		other_command(r);
	}
}

void convert_alter_table(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
	size_t head, at;

	read_on(r, alter->relation);
	if (alter->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
		convert_any(r, node);
		return;
	}
	head = source_behind_name(&r->source, source_token_at(&r->source, alter->relation->location));
	while (source_is(&r->source, head, "*") || source_is(&r->source, head, ")"))
		head++;
	at = head;
	for (size_t i = 0; i < alter->n_cmds; i++) {
		size_t end = source_item_end(&r->source, at, r->source.tokens.count);

		take_command(r, head, at, end);
		read_command(r, alter->cmds[i]->alter_table_cmd);
		at = end + 1;
	}
}
