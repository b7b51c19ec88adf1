/* Default, NOT NULL, comment and their like, from one column to another and back. */
#include "plan/column_traits.h"

#include <string.h>

#include "plan/defaults.h"
#include "plan/not_null.h"

static struct stmt *alter(const struct column_swap *swap, const char *column, const char *change,
                          struct stmts *stmts)
{
	const struct column_default of = {.table = swap->table, .column = column};

	return default_alter(&of, change, stmts);
}

static const char *carried(const struct record *facts, const char *left, const char *came)
{
	return record_get(facts, came) ? NULL : record_get(facts, left);
}

const char *column_default_carried(const struct record *facts)
{
	return carried(facts, "left_default", "came_default");
}

static bool not_null_carried(const struct record *facts)
{
	return record_true(facts, "left_not_null") && !record_true(facts, "came_not_null");
}

static void comment(const struct column_swap *swap, const char *column, const char *text, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "COMMENT ON COLUMN %s.%s IS %s", relname_quoted(arena, &swap->table),
	              ident_quoted(arena, column), text ? literal_quoted(arena, text) : "NULL");

	stmt_lock(stmts, stmt, &swap->table, LOCK_SHARE_UPDATE_EXCLUSIVE);
}

static void own_sequence(const struct column_swap *swap, const char *sequence, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "ALTER SEQUENCE %s OWNED BY %s.%s", sequence,
	          relname_quoted(stmts->arena, &swap->table), ident_quoted(stmts->arena, swap->column));
}

/* What nothing fills any more must not stop writers. */
static void let_go(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	if (record_true(facts->now, "kept_alike"))
		return;
	if (record_get(facts->now, "left_default"))
		alter(swap, swap->aside, "DROP DEFAULT", stmts);
	if (record_true(facts->now, "left_not_null"))
		alter(swap, swap->aside, "DROP NOT NULL", stmts)->note = "nothing fills it from here on";
}

void column_traits_carry(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *value = column_default_carried(facts->now), *sequence = record_get(facts->now, "left_sequence");
	const char *target = carried(facts->now, "left_target", "came_target");
	const char *text = carried(facts->now, "left_comment", "came_comment");

	if (value)
		alter(swap, swap->column, arena_printf(arena, "SET DEFAULT %s", value), stmts);
	if (value && sequence)
		own_sequence(swap, sequence, stmts);
	if (not_null_carried(facts->now))
		alter(swap, swap->column, "SET NOT NULL", stmts)->note =
			"brief: a validated check proves it, so no row is read";
	if (target)
		alter(swap, swap->column, arena_printf(arena, "SET STATISTICS %s", target), stmts);
	if (text)
		comment(swap, swap->column, text, stmts);
	again_add(record_get(facts->now, "grants"), stmts);
	let_go(swap, facts, stmts);
}

/* ---- Undo ---- */

bool column_traits_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	const char *value = column_default_carried(facts->before), *now = record_get(facts->now, "left_default");
	struct arena *arena = stmts->arena;

	if (!value || (now && strcmp(now, value) == 0))
		return false;
	stmts_refuse(
		stmts,
		arena_printf(arena,
	                 "bring it back by hand, then undo again: ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s",
	                 relname_quoted(arena, &swap->table), ident_quoted(arena, swap->column), value),
		"the default of column %s of %s was changed since by somebody else: it is %s",
		ident_quoted(arena, swap->column), relname_quoted(arena, &swap->table), now ? now : "gone");
	return true;
}

void column_traits_bring_back(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *value = record_get(facts->before, "left_default");
	const char *sequence = record_get(facts->before, "left_sequence");

	if (column_default_carried(facts->before))
		alter(swap, swap->aside, "DROP DEFAULT", stmts);
	if (value && !record_get(facts->now, "came_default"))
		alter(swap, swap->column, arena_printf(arena, "SET DEFAULT %s", value), stmts);
	if (column_default_carried(facts->before) && sequence)
		own_sequence(swap, sequence, stmts);
	if (not_null_carried(facts->before) && record_true(facts->now, "left_not_null"))
		alter(swap, swap->aside, "DROP NOT NULL", stmts);
	if (carried(facts->before, "left_target", "came_target"))
		alter(swap, swap->aside, "SET STATISTICS -1", stmts);
	if (carried(facts->before, "left_comment", "came_comment"))
		comment(swap, swap->aside, NULL, stmts);
	again_add(record_get(facts->before, "revokes"), stmts);
}

/* The column with the name that undo gives it; NOT NULL is set without the help of facts. */
static struct not_null not_null_of(const struct column_swap *swap, const char *column, const struct facts *facts,
                                   struct stmts *stmts)
{
	return (struct not_null){.table = swap->table, .column = column, .facts = facts, .stmts = stmts};
}

void column_traits_verify(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	struct not_null it = not_null_of(swap, swap->arriving, facts, stmts);

	if (!record_true(facts->before, "left_not_null") || record_true(facts->now, "came_not_null"))
		return;
	not_null_verify(&it);
	stmts->last->note = "rows written since that have no value in the old column; there must be none";
}

void column_traits_finish(const struct column_swap *swap, bool is_not_null, const struct facts *facts,
                          struct stmts *stmts)
{
	struct facts none = {.server_version = facts->server_version, .run = facts->run, .undoing = true};
	struct not_null it = not_null_of(swap, swap->column, &none, stmts);

	if (record_true(facts->before, "left_not_null") && !is_not_null)
		not_null_set(&it, record_get(facts->before, "left_not_null_constraint"));
}
