/*
 * A value that is derived from itself, as lower(status), is only safe where
 * deriving it once more gives the same: batches are tried again, and triggers
 * see a row as often as it is written.  Rows of which that is not true are
 * never touched, and the step fails naming them.
 */
#include <string.h>

#include "plan/filling.h"
#include "sql/columns.h"

bool filling_reads_itself(const struct assignment *a)
{
	return sql_names_column(a->value, a->column);
}

const char *filling_steady(const struct fill_plan *plan, const char *not_done, struct arena *arena)
{
	bool needed = false;
	struct buf out = {0};
	const char *result;

	for (size_t i = 0; i < plan->set->count; i++)
		needed |= filling_reads_itself(&plan->set->items[i]);
	if (!plan->where || !needed)
		return NULL;
	buf_addf(&out, "(SELECT (%s) IS NOT TRUE FROM ", not_done);
	row_add_after(&plan->of, plan->set, NULL, &out);
	buf_add(&out, ")");
	result = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return result;
}

void filling_verify_steady(const struct fill_plan *plan, const struct filling *filling, const char *shown,
                           struct stmts *stmts)
{
	struct stmt *stmt;

	if (!filling->steady)
		return;
	stmt =
		stmts_add(stmts, STMT_ALONE, "SELECT %s FROM %s AS %s WHERE (%s) AND NOT %s LIMIT %d", shown ? shown : "*",
	              relname_quoted(stmts->arena, &plan->of.table), ident_quoted(stmts->arena, plan->of.table.name),
	              filling->needed, filling->steady, VERIFY_ROWS);
	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->wrong = "rows would be changed again each time, because their value is derived from itself";
	stmt->help = "write set and `where` so that a row that was set once is left alone";
	stmt->note = "rows that would change again each time; there must be none";
}
