/* ALTER COLUMN TYPE: in one step where nothing is rewritten, else through a second column. */
#include <string.h>

#include "convert/read.h"
#include "sql/ident.h"

static const char *type_words(struct reader *r, const PgQuery__ColumnDef *d)
{
	size_t from = source_token_at(&r->source, d->type_name->location);
	size_t end = source_find(&r->source, from, r->end, "using");
	size_t collate = source_find(&r->source, from, end, "collate");

	return source_slice(&r->source, from, collate);
}

static struct draft *change_type(struct reader *r, const PgQuery__AlterTableCmd *command, const char *type)
{
	const PgQuery__ColumnDef *d = command->def->column_def;
	const char *column = plain_name(r, command->name);
	size_t using = source_find(&r->source, r->from, r->end, "using");
	struct draft *draft = add_step(r, "change_type", RANK_EXPAND, "change %s.%s to %s", r->table, column, type);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_text(draft, "type", type);
	if (d->coll_clause && d->coll_clause->n_collname == 1)
		draft_text(draft, "collation", column_names(r, d->coll_clause->collname, 1));
	if (using < r->end)
		draft_sql(draft, "using", source_slice(&r->source, using + 1, r->end));
	draft_name(draft, command->name);
	return draft;
}

void convert_column_type(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	const char *type = type_words(r, command->def->column_def);
	struct draft *draft = change_type(r, command, type);

	if (!r->lint->conn)
		draft_decide(
			r->arena, draft,
			"change_type runs only where nothing is written anew, which the type that the column has now "
			"decides: convert with the database, or interlock check, says so.  Otherwise: a second column, "
			"sync_columns, backfill, rename_swap_column");
}
