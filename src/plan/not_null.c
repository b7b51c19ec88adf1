/* The statements to NOT NULL and back. */
#include "plan/not_null.h"

#include <string.h>

#include "plan/constraints.h"

const char *not_null_helper(const char *column, struct arena *arena)
{
	return ident_derived(arena, "__il", column, "not_null");
}

static struct stmt *alter(const struct not_null *n, const struct relname *table, const char *change)
{
	struct stmt *stmt =
		stmts_add(n->stmts, STMT_TOGETHER, "ALTER TABLE %s %s", relname_quoted(n->stmts->arena, table), change);

	stmt_lock(n->stmts, stmt, &n->table, LOCK_ACCESS_EXCLUSIVE);
	return stmt;
}

static const struct culprits *culprits(const struct not_null *n, const char *help)
{
	struct arena *arena = n->stmts->arena;
	const char *column = ident_quoted(arena, n->column), *shown = record_get(n->facts->now, "shown");
	struct culprits *c = arena_alloc(arena, sizeof(*c));

	c->query = arena_printf(arena, "SELECT %s FROM %s WHERE %s IS NULL", shown ? shown : "*",
	                        relname_quoted(arena, &n->table), column);
	c->what = arena_printf(arena, "rows with NULL in %s", column);
	c->help = help;
	return c;
}

bool not_null_refused(const struct not_null *n)
{
	if (!record_true(n->facts->now, "column_is_row"))
		return false;
	stmts_refuse(n->stmts, "use sql_step, at a time when the table may be locked while it is read",
	             "column %s of %s is of a row type, whose NULLs no CHECK can rule out beforehand",
	             ident_quoted(n->stmts->arena, n->column), relname_quoted(n->stmts->arena, &n->table));
	return true;
}

static void add_helper(const struct not_null *n, const struct relname *table)
{
	struct arena *arena = n->stmts->arena;
	const char *helper = ident_quoted(arena, not_null_helper(n->column, arena));
	struct stmt *stmt = stmts_add(
		n->stmts, STMT_TOGETHER,
		"ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID",
		relname_quoted(arena, table), helper, helper, ident_quoted(arena, n->column));

	stmt_lock(n->stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: existing rows are not looked at";
}

static void validate_helper(const struct not_null *n)
{
	struct arena *arena = n->stmts->arena;
	const char *helper = not_null_helper(n->column, arena);
	struct culprits *c =
		(struct culprits *)culprits(n, "give these rows a value, and what writes them, then run again");

	c->withdraw = constraint_withdrawal(&n->table, helper, arena);
	constraint_validate(&n->table, helper, n->stmts)->culprits = c;
}

static void drop_helper(const struct not_null *n, const struct relname *table)
{
	const char *helper = ident_quoted(n->stmts->arena, not_null_helper(n->column, n->stmts->arena));

	alter(n, table, arena_printf(n->stmts->arena, "DROP CONSTRAINT %s", helper))->note =
		"brief: the check is needed no more";
}

/* What an undo that was cut short has left below. */
static void drop_below(const struct not_null *n)
{
	struct below_table *tables;
	size_t count = below_tables(record_get(n->facts->now, "below_helper"), n->stmts->arena, &tables);

	for (size_t i = 0; i < count; i++)
		drop_helper(n, &tables[i].table);
}

void not_null_clean(const struct not_null *n)
{
	if (record_get(n->facts->now, "helper"))
		drop_helper(n, &n->table);
	drop_below(n);
}

void not_null_set(const struct not_null *n, const char *constraint)
{
	struct arena *arena = n->stmts->arena;
	const char *helper = record_get(n->facts->now, "helper"),
			   *unvalidated = record_get(n->facts->now, "unvalidated");
	bool proven = record_true(n->facts->now, "proven"), ours = helper && strcmp(helper, "other") != 0;

	if (not_null_refused(n))
		return;
	if (unvalidated) {
		constraint_validate(&n->table, unvalidated, n->stmts)->culprits =
			culprits(n, "give these rows a value, then run again");
		not_null_clean(n);
		return;
	}
	drop_below(n);
	if (!proven && !ours)
		add_helper(n, &n->table);
	if (!proven && !(ours && strcmp(helper, "validated") == 0))
		validate_helper(n);
	/* Two statements: in one, the CHECK would be gone before it can prove anything, and all rows be read. */
	alter(n, &n->table,
	      constraint ? arena_printf(arena, "ADD %s", constraint)
	                 : arena_printf(arena, "ALTER COLUMN %s SET NOT NULL", ident_quoted(arena, n->column)))
		->note = "brief: a validated check proves it, so no row is read";
	if (!proven || helper)
		drop_helper(n, &n->table);
}

void not_null_verify(const struct not_null *n)
{
	const struct culprits *c =
		culprits(n, "nothing was changed; give these rows a value if the column shall be NOT NULL again");
	struct stmt *stmt = stmts_add(n->stmts, STMT_ALONE, "%s LIMIT %d", c->query, VERIFY_ROWS);

	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->culprits = c;
}

/*
 * Those below that were NOT NULL by themselves stay so.  Before PostgreSQL 18
 * nothing tells theirs from what the table above gave them, so it has to be
 * proven anew what their rows hold.
 */
static size_t keep_below(const struct not_null *n, struct below_table **kept)
{
	struct arena *arena = n->stmts->arena;
	struct below_table *now;
	size_t there = below_tables(record_get(n->facts->now, "below_not_null"), arena, &now), count = 0;
	size_t before = below_tables(record_get(n->facts->before, "below_not_null"), arena, kept);

	for (size_t i = 0; i < before && n->facts->server_version < 180000; i++)
		if (below_find(now, there, &(*kept)[i].table))
			(*kept)[count++] = (*kept)[i];
	for (size_t i = 0; i < count; i++) {
		add_helper(n, &(*kept)[i].table);
		constraint_validate(&(*kept)[i].table, not_null_helper(n->column, arena), n->stmts);
	}
	return count;
}

void not_null_unset(const struct not_null *n)
{
	struct arena *arena = n->stmts->arena;
	const char *column = ident_quoted(arena, n->column), *needed = record_get(n->facts->now, "needed");
	struct below_table *kept;
	size_t count;

	if (record_true(n->facts->before, "column_not_null") || !record_true(n->facts->now, "column_not_null")) {
		not_null_clean(n);
		return;
	}
	if (needed) {
		stmts_refuse(n->stmts, "take that away first, or leave the column NOT NULL",
		             "column %s of %s can't accept NULL again: %s", column, relname_quoted(arena, &n->table),
		             needed);
		return;
	}
	count = keep_below(n, &kept);
	alter(n, &n->table, arena_printf(arena, "ALTER COLUMN %s DROP NOT NULL", column));
	if (record_get(n->facts->now, "helper"))
		drop_helper(n, &n->table);
	for (size_t i = 0; i < count; i++) {
		alter(n, &kept[i].table, arena_printf(arena, "ALTER COLUMN %s SET NOT NULL", column));
		drop_helper(n, &kept[i].table);
	}
}
