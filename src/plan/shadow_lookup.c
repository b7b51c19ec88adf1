/* The plan's lookup as the SQL of a column. */
#include "plan/shadow_lookup.h"

#include <string.h>

static bool look_again(const struct shadow_plan *plan, const struct facts *facts, struct arena *arena,
                       struct shadow_lookup *made)
{
	*made = (struct shadow_lookup){.copy = *plan->copy};
	if (!lookup_in(plan->copy))
		return false;
	made->plan = (struct fill_plan){
		.of = {.table = plan->live}, .set = plan->copy, .where = plan->only_rows ? plan->only_rows : "true"};
	row_table_read(record_get(facts->now, "columns"), arena, &made->plan.of);
	looking_of_copy(&made->plan, facts, arena, &made->looking);
	return true;
}

void shadow_lookup_take_back(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct shadow_lookup made;
	const struct row_column *column;

	if (!look_again(plan, facts, stmts->arena, &made))
		return;
	/* A value that came back by copy_back is in use. */
	column = row_column_named(&made.plan.of, lookup_in(plan->copy)->column);
	if (column && made.looking.type && strcmp(column->type, made.looking.type) == 0)
		made.looking.column = ident_quoted(stmts->arena, column->name);
	lookup_take_back_first(&made.looking, stmts);
}

void shadow_lookup_forget(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct shadow_lookup made;

	if (look_again(plan, facts, stmts->arena, &made))
		lookup_forget_theirs(&made.looking, stmts);
}

bool shadow_lookup_of(const struct shadow_plan *plan, const struct facts *facts, struct stmts *stmts,
                      struct shadow_lookup *made)
{
	struct arena *arena = stmts->arena;
	struct assignment *items;

	if (!look_again(plan, facts, arena, made))
		return true;
	if (!made->looking.found) {
		stmts_refuse(stmts, "give the table that is looked into a key, and a unique index on what is matched",
		             "the lookup in copy can't be made of what %s is now", made->looking.theirs);
		stmts->refusal_option = "copy";
		return false;
	}
	items = arena_array(arena, struct assignment, plan->copy->count);
	for (size_t i = 0; i < plan->copy->count; i++) {
		items[i] = plan->copy->items[i];
		if (items[i].lookup)
			items[i] = (struct assignment){.column = items[i].column, .value = made->looking.found};
	}
	made->copy.items = items;
	made->text = copied_lookup_text(&made->looking, arena);
	return true;
}
