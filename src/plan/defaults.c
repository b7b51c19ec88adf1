/* The way back of a default, table by table. */
#include "plan/defaults.h"

#include <string.h>

#include "sql/columns.h"

/* A table whose default may have to go back. */
struct place {
	const struct relname *table;
	const char *only; /* "ONLY " where those below have their own turn */
	const char *now, *before;
};

bool default_is_free(const char *expression, const struct option_place *place, struct diags *diags)
{
	const char *const *columns;
	struct diag *diag;

	if (sql_columns(expression, &diags->arena, &columns) == 0)
		return true;
	diag = option_error(place, diags, "bad-option", "default",
	                    "without quotes %s is a column, and a default can't look at columns", columns[0]);
	diag_help(&diags->arena, diag, "a text has quotes of its own: default = \"'%s'\"", columns[0]);
	return false;
}

struct stmt *default_alter(const struct column_default *d, const char *change, struct stmts *stmts)
{
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ALTER COLUMN %s %s",
	              relname_quoted(stmts->arena, &d->table), ident_quoted(stmts->arena, d->column), change);

	stmt_lock(stmts, stmt, &d->table, LOCK_ACCESS_EXCLUSIVE);
	return stmt;
}

const char *default_note(const char *before, struct arena *arena)
{
	return arena_printf(arena, "brief: for rows to come%s%s", before ? "; it was " : "", before ? before : "");
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool put_back(const struct column_default *d, const struct place *place, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *column = ident_quoted(arena, d->column), *table = relname_quoted(arena, place->table);
	const char *before = place->before ? arena_printf(arena, "SET DEFAULT %s", place->before) : "DROP DEFAULT";

	if (same(place->now, place->before))
		return true;
	if (d->unknown || !same(place->now, d->left)) {
		stmts_refuse(stmts,
		             arena_printf(arena,
		                          "bring it back by hand, then undo again: ALTER TABLE %s ALTER COLUMN %s %s",
		                          table, column, before),
		             "the default of column %s of %s was changed since by somebody else: it is %s", column, table,
		             place->now ? place->now : "gone");
		return false;
	}
	/* LOCK TABLE reaches those below. */
	stmt_lock(
		stmts,
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s%s ALTER COLUMN %s %s", place->only, table, column, before),
		&d->table, LOCK_ACCESS_EXCLUSIVE);
	return true;
}

void default_restore(const struct column_default *d, const struct facts *facts, struct stmts *stmts)
{
	struct below_table *now, *before;
	size_t count = below_tables(record_get(facts->now, "below_defaults"), stmts->arena, &now);
	size_t known = below_tables(record_get(facts->before, "below_defaults"), stmts->arena, &before);
	struct place place = {&d->table, count ? "ONLY " : "", record_get(facts->now, "column_default"),
	                      record_get(facts->before, "column_default")};
	const char *above = place.before;

	if (!record_true(facts->now, "there") || !put_back(d, &place, stmts))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct below_table *was = below_find(before, known, &now[i].table);

		place.table = &now[i].table;
		place.now = now[i].value;
		place.before = was ? was->value : above; /* a new partition took it from above */
		if (!put_back(d, &place, stmts))
			return;
	}
}
