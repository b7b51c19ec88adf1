/* New names: switched behind a gate, and with a view of a table's old name for the release that goes on using it.
 */
#include "convert/read.h"
#include "sql/ident.h"

static void rename_table(struct reader *r, const PgQuery__RenameStmt *rename)
{
	const char *to = plain_name(r, rename->newname);
	struct draft *draft;

	draft = add_step(r, "rename_table", RANK_SWITCH, "rename %s to %s", r->table, to);
	draft_text(draft, "table", r->table);
	draft_text(draft, "to", to);
	draft_word(draft, "keep_view", "true");
	draft_name(draft, rename->relation->relname);
	draft_name(draft, rename->newname);
	draft = add_step(r, "drop_view_if_exists", RANK_CONTRACT, "drop the view of the old name %s", r->table);
	draft_text(draft, "view", r->table);
	draft_name(draft, rename->newname);
	draft_remark(r->arena, draft, "the view that kept the old name alive");
}

static void rename_column(struct reader *r, const PgQuery__RenameStmt *rename)
{
	const char *column = plain_name(r, rename->subname), *to = plain_name(r, rename->newname);
	struct draft *draft;

	convert_end_fills(r, rename->subname);
	draft = add_step(r, "rename_column", RANK_SWITCH, "rename %s.%s to %s", r->table, column, to);
	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_text(draft, "to", to);
	draft_name(draft, rename->subname);
	draft_name(draft, rename->newname);
	draft_decide(
		r->arena, draft,
		"statements that name the old column fail from here on, those that name the new one before: where no "
		"moment of that is acceptable, add a second column, keep both alike with sync_columns, and drop the "
		"old one when nobody uses it");
}

void convert_rename(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__RenameStmt *rename = node->rename_stmt;
	struct draft *draft;

	if (rename->relation)
		read_on(r, rename->relation);
	if (rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && rename->relation) {
		rename_table(r, rename);
		return;
	}
	if (rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN &&
	    rename->relation_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && rename->relation) {
		rename_column(r, rename);
		return;
	}
	draft = add_sql(r, NULL, NULL);
	if (rename->relation)
		draft_name(draft, rename->relation->relname);
	draft_name(draft, rename->subname);
	draft_name(draft, rename->newname);
}
