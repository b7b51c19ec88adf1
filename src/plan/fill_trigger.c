/*
 * The triggers behind which rows are filled (engine.md 2): whatever is written
 * from now on is right when it is written, and follows later changes of what
 * its value was derived from.
 */
#include <string.h>

#include "plan/filling_old.h"
#include "plan/probes.h"

/* Does a value follow what it was derived from? */
static bool follows(const struct fill_plan *plan, const struct assignment *a)
{
	return !plan->is_volatile && !filling_reads_itself(a);
}

/* A row that needs it gets it; one that was not touched itself follows what it was derived from. */
static void add_column(const struct fill_plan *plan, const struct assignment *a, struct arena *arena,
                       struct buf *out)
{
	const char *column = ident_quoted(arena, a->column);
	const struct row_column *facts = row_column_named(&plan->of, a->column);
	const char *text = facts && !facts->comparable ? "::text" : "";
	struct buf changed = {0};

	if (plan->where)
		buf_add(out, "\tIF needed THEN\n");
	else
		buf_addf(out, "\tIF NEW.%s IS NULL THEN\n", column);
	buf_addf(out, "\t\tNEW.%s := ", column);
	row_add_value(&plan->of, a->value, "NEW", out);
	buf_add(out, plan->keep_old ? ";\n\t\tfilled := true;\n" : ";\n");
	if (follows(plan, a) && (!row_add_changed(&plan->of, a->value, arena, &changed) || changed.length)) {
		buf_addf(out, "\tELSIF TG_OP = 'UPDATE' AND NEW.%s%s IS NOT DISTINCT FROM OLD.%s%s", column, text, column,
		         text);
		if (changed.length)
			buf_addf(out, " AND (%s)", buf_text(&changed));
		buf_addf(out, "\n\t\tAND OLD.%s%s IS NOT DISTINCT FROM ", column, text);
		row_add_value(&plan->of, a->value, "OLD", out);
		buf_addf(out, "%s%s%s THEN\n\t\tNEW.%s := ", facts ? "::" : "", facts ? facts->type : "", text, column);
		row_add_value(&plan->of, a->value, "NEW", out);
		buf_add(out, ";\n");
	}
	buf_add(out, "\tEND IF;\n");
	buf_release(&changed);
}

static void add_needed(const struct fill_plan *plan, const struct facts *facts, struct arena *arena,
                       struct buf *out)
{
	const char *steady = filling_of(plan, facts, arena)->steady;

	buf_add(out, "\tneeded := ");
	row_add_value(&plan->of, steady ? arena_printf(arena, "(%s) AND %s", plan->where, steady) : plan->where, "NEW",
	              out);
	buf_add(out, ";\n");
}

static void add_function(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = filling_function(facts, arena);
	struct buf body = {0}, work = {0};

	buf_add(&body, "DECLARE\n");
	if (plan->where)
		buf_add(&body, "\tneeded boolean;\n");
	if (plan->keep_old)
		buf_add(&body, "\tfilled boolean := false;\n");
	row_add_declarations(&plan->of, plan->set, &body);
	if (plan->where)
		add_needed(plan, facts, arena, &work);
	for (size_t i = 0; i < plan->set->count; i++)
		add_column(plan, &plan->set->items[i], arena, &work);
	if (plan->keep_old)
		filling_old_record(plan, facts, &work);
	buf_add(&body, "BEGIN\n");
	row_add_protected(&plan->of, plan->set, buf_text(&work), "", &body);
	buf_add(&body, "\tRETURN NEW;\nEND");
	row_function_add(name, buf_text(&body), stmts);
	buf_release(&body);
	buf_release(&work);
}

/* When an UPDATE must be looked at, so that those of the filling itself call no function; "" where it is always.
 */
static const char *condition(const struct fill_plan *plan, struct arena *arena)
{
	struct buf out = {0};
	const char *where = plan->where ? row_condition(&plan->of, plan->where, arena) : NULL, *result = "";
	bool told = !plan->where || where;

	if (where)
		buf_addf(&out, "(%s)", where);
	for (size_t i = 0; i < plan->set->count && told; i++) {
		const struct assignment *a = &plan->set->items[i];
		struct buf changed = {0};

		if (!plan->where)
			buf_addf(&out, "%sNEW.%s IS NULL", out.length ? " OR " : "", ident_quoted(arena, a->column));
		told = !follows(plan, a) || row_add_changed(&plan->of, a->value, arena, &changed);
		if (changed.length)
			buf_addf(&out, " OR %s", buf_text(&changed));
		buf_release(&changed);
	}
	if (told)
		result = arena_printf(arena, " WHEN (%s)", buf_text(&out));
	buf_release(&out);
	return result;
}

void filling_add_triggers(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const struct row_triggers triggers = {.begin = filling_triggers(facts, arena),
	                                      .function = filling_function(facts, arena),
	                                      .when = condition(plan, arena),
	                                      .set = plan->set};

	add_function(plan, facts, stmts);
	row_triggers_add(&plan->of.table, &triggers, stmts);
}

void filling_drop_triggers(const struct relname *table, const struct facts *facts, struct stmts *stmts)
{
	row_triggers_drop(table, filling_triggers(facts, stmts->arena), filling_function(facts, stmts->arena), facts,
	                  stmts);
	filling_drop_emptier(false, facts, stmts);
}

void filling_take_triggers(const struct relname *table, const struct facts *facts, struct stmts *stmts)
{
	row_triggers_take(table, filling_triggers(facts, stmts->arena), filling_function(facts, stmts->arena), stmts);
}
