/*
 * A value that is derived from itself, as lower(status), is only safe where
 * deriving it once more gives the same: batches are tried again, and triggers
 * see a row as often as it is written.  Rows of which that is not true are
 * never touched, and the step fails naming them.
 */
#include <string.h>

#include "plan/filling.h"
#include "sql/columns.h"

bool filling_reads_itself(const struct assignment *a, struct arena *arena)
{
	const char *const *names;
	size_t count = sql_columns(a->value, arena, &names);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], a->column) == 0)
			return true;
	return false;
}

static const struct assignment *assigned(const struct fill_plan *plan, const char *column)
{
	for (size_t i = 0; i < plan->set->count; i++)
		if (strcmp(plan->set->items[i].column, column) == 0)
			return &plan->set->items[i];
	return NULL;
}

/* The row as it would be, out of the row as it is; what the server computes is left to the next level. */
static void add_stored(const struct fill_plan *plan, struct buf *out)
{
	struct arena arena = {0};
	const char *separator = "";

	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < plan->column_count; i++) {
		const struct fill_column *column = &plan->columns[i];
		const struct assignment *a = assigned(plan, column->name);
		const char *name = ident_quoted(&arena, column->name);

		if (column->generated)
			continue;
		if (a)
			buf_addf(out, "%s(%s)::%s AS %s", separator, a->value, column->type, name);
		else
			buf_addf(out, "%s%s.%s AS %s", separator, ident_quoted(&arena, plan->table.name), name, name);
		separator = ", ";
	}
	buf_addf(out, ") AS %s", ident_quoted(&arena, plan->table.name));
	arena_release(&arena);
}

static void add_row_after(const struct fill_plan *plan, struct buf *out)
{
	struct arena arena = {0};

	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < plan->column_count; i++) {
		const struct fill_column *column = &plan->columns[i];
		const char *name = ident_quoted(&arena, column->name);

		buf_add(out, i ? ", " : "");
		if (column->generated)
			buf_addf(out, "(%s) AS ", column->generated);
		buf_add(out, name);
	}
	buf_add(out, " FROM ");
	add_stored(plan, out);
	buf_addf(out, ") AS %s", ident_quoted(&arena, plan->table.name));
	arena_release(&arena);
}

const char *filling_steady(const struct fill_plan *plan, const char *not_done, struct arena *arena)
{
	bool needed = false;
	struct buf out = {0};
	const char *result;

	for (size_t i = 0; i < plan->set->count; i++)
		needed |= filling_reads_itself(&plan->set->items[i], arena);
	if (!plan->where || !needed)
		return NULL;
	buf_addf(&out, "(SELECT (%s) IS NOT TRUE FROM ", not_done);
	add_row_after(plan, &out);
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
	stmt = stmts_add(stmts, STMT_ALONE, "SELECT %s FROM %s AS %s WHERE (%s) AND NOT %s LIMIT %d",
	                 shown ? shown : "*", relname_quoted(stmts->arena, &plan->table),
	                 ident_quoted(stmts->arena, plan->table.name), filling->needed, filling->steady, VERIFY_ROWS);
	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->wrong = "rows would be changed again each time, because their value is derived from itself";
	stmt->help = "write set and `where` so that a row that was set once is left alone";
	stmt->note = "rows that would change again each time; there must be none";
}
