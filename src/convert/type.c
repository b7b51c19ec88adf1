/* ALTER COLUMN TYPE: in one step where nothing is written anew, else through a second column (second_column.c). */
#include <string.h>

#include "convert/read.h"
#include "hazard/statements.h"
#include "sql/ident.h"

static const char *type_words(struct reader *r, const PgQuery__ColumnDef *d)
{
	size_t from = source_token_at(&r->source, d->type_name->location);
	size_t end = source_find(&r->source, from, r->end, "using");
	size_t collate = source_find(&r->source, from, end, "collate");

	return source_slice(&r->source, from, collate);
}

static const char *using_words(struct reader *r)
{
	size_t using = source_find(&r->source, r->from, r->end, "using");

	return using < r->end ? source_slice(&r->source, using + 1, r->end) : NULL;
}

static bool says_work(const struct diags *found)
{
	static const char *const rules[] = {"alter-type-rewrite",      "alter-type-index-rebuild",
	                                    "alter-type-recheck-scan", "alter-type-fk",
	                                    "dependent-view",          "partition-key-type"};

	for (const struct diag *d = found->first; d; d = d->next)
		for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
			if (d->severity != SEVERITY_NOTE && d->rule && strcmp(d->rule, rules[i]) == 0)
				return true;
	return false;
}

/* What lint would say of it decides; the model stays as it was. */
static bool works_on_rows(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	struct lint *lint = r->lint;
	struct column *column = relation_column_known(&lint->schema, r->relation, command->name);
	const struct alteration alteration = {.relation = r->relation, .command = command};
	const struct type type = column->type;
	struct diags *diags = lint->diags, found = {0};
	struct diag *told = lint->timeout_told;
	long waits = lint->waits_without_timeout;
	bool works;

	lint->diags = &found;
	read_column_type(lint, &alteration);
	works = says_work(&found);
	lint->diags = diags;
	lint->timeout_told = told;
	lint->waits_without_timeout = waits;
	column->type = type;
	diags_release(&found);
	return works;
}

static bool may_lose(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	const struct column *column = relation_column(r->relation, command->name);
	const struct type to = type_read(command->def->column_def->type_name, r->arena);

	return !column || type_change(&column->type, &to, TRI_UNKNOWN, r->lint->server_version).loses != TRI_NO;
}

static struct draft *change_type(struct reader *r, const PgQuery__AlterTableCmd *command, const char *type)
{
	const PgQuery__ColumnDef *d = command->def->column_def;
	const char *column = plain_name(r, command->name);
	struct draft *draft = add_step(r, "change_type", RANK_EXPAND, "change %s.%s to %s", r->table, column, type);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_text(draft, "type", type);
	if (d->coll_clause && d->coll_clause->n_collname == 1)
		draft_text(draft, "collation", column_names(r, d->coll_clause->collname, 1));
	draft_sql(draft, "using", using_words(r));
	draft_name(draft, command->name);
	return draft;
}

void convert_column_type(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	const PgQuery__ColumnDef *d = command->def->column_def;
	const char *type = type_words(r, d);
	struct draft *draft;

	if (r->relation->here && !r->relation->filled) {
		draft = add_sql(r, NULL, "the table is new and has no rows yet");
		draft_name(draft, command->name);
		return;
	}
	if (r->lint->conn && works_on_rows(r, command) && !d->coll_clause &&
	    convert_second_column(r,
	                          &(struct second_column){command->name, type, using_words(r), may_lose(r, command)}))
		return;
	draft = change_type(r, command, type);
	if (!r->lint->conn)
		draft_decide(
			r->arena, draft,
			"change_type runs only where nothing is written anew, which the type that the column has now "
			"decides: convert with the database, or interlock check, says so.  Otherwise: a second column, "
			"sync_columns, backfill, rename_swap_column");
	else if (works_on_rows(r, command))
		draft_decide(
			r->arena, draft,
			"this writes or reads all rows, which change_type refuses, and a second column "
			"can't take over for this one here (it is in a primary key, computed, or shares an index with another "
			"one that changes): a parallel_table of the new shape can");
}
