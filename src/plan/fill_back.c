/*
 * Undo of a filling that kept no old values, of columns that were NULL: rows
 * that hold what they were filled with are NULL again, while the triggers see
 * to it that what is derived does not survive a change of what it was derived
 * from.  What somebody wrote stays.
 */
#include <string.h>

#include "plan/again.h"
#include "plan/filling.h"

/* "total IS NOT DISTINCT FROM (price * amount)::bigint" */
static void add_derived(const struct fill_plan *plan, const struct assignment *a, struct buf *out)
{
	const struct row_column *column = row_column_named(&plan->of, a->column);
	const char *text = column->comparable ? "" : "::text";
	struct arena arena = {0};

	buf_addf(out, "%s%s IS NOT DISTINCT FROM (%s)::%s%s", ident_quoted(&arena, a->column), text, a->value,
	         column->type, text);
	arena_release(&arena);
}

static const struct filling *emptying_of(const struct fill_plan *plan, const struct facts *facts,
                                         struct arena *arena)
{
	struct filling *filling = filling_of(plan, facts, arena);
	struct buf set = {0}, holds = {0};

	for (size_t i = 0; i < plan->set->count; i++) {
		const struct assignment *a = &plan->set->items[i];
		const char *name = ident_quoted(arena, a->column);

		buf_addf(&set, "%s%s = CASE WHEN ", i ? ", " : "", name);
		add_derived(plan, a, &set);
		buf_addf(&set, " THEN NULL ELSE %s END", name);
		buf_addf(&holds, "%s%s IS NOT NULL AND ", i ? " OR " : "", name);
		add_derived(plan, a, &holds);
	}
	filling->set = arena_strdup(arena, buf_text(&set));
	filling->needed = filling->not_done = arena_strdup(arena, buf_text(&holds));
	filling->steady = NULL;
	buf_release(&set);
	buf_release(&holds);
	return filling;
}

static const char *emptier(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.empty_%lld_%d", (long long)facts->run, facts->number);
}

/*
 * The triggers do this instead of filling: a derived value goes when what it is
 * derived from changes.  Replacing them waits for whoever is writing.
 */
static void replace_triggers(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	const struct row_triggers triggers = {.begin = filling_triggers(facts, stmts->arena),
	                                      .function = emptier(facts, stmts->arena),
	                                      .when = "",
	                                      .set = plan->set};
	struct buf body = {0}, work = {0};

	buf_add(&body, "DECLARE\n");
	row_add_declarations(&plan->of, plan->set, &body);
	buf_add(&body, "BEGIN\n\tIF TG_OP = 'INSERT' THEN\n\t\tRETURN NEW;\n\tEND IF;\n");
	for (size_t i = 0; i < plan->set->count; i++) {
		const struct assignment *a = &plan->set->items[i];
		const struct row_column *column = row_column_named(&plan->of, a->column);
		const char *name = ident_quoted(stmts->arena, a->column), *text = column->comparable ? "" : "::text";

		buf_addf(&work, "\tIF NEW.%s%s IS NOT DISTINCT FROM OLD.%s%s AND OLD.%s%s IS NOT DISTINCT FROM ", name,
		         text, name, text, name, text);
		row_add_value(&plan->of, a->value, "OLD", &work);
		buf_addf(&work, "::%s%s THEN\n\t\tNEW.%s := NULL;\n\tEND IF;\n", column->type, text, name);
	}
	row_add_protected(&plan->of, plan->set, buf_text(&work), "", &body);
	buf_add(&body, "\tRETURN NEW;\nEND");
	row_function_add(triggers.function, buf_text(&body), stmts);
	row_triggers_add(&plan->of.table, &triggers, stmts);
	buf_release(&body);
	buf_release(&work);
}

/* Can its values be told from others, and go? */
static bool can_go(const struct fill_plan *plan)
{
	for (size_t i = 0; i < plan->set->count; i++) {
		const struct row_column *column = row_column_named(&plan->of, plan->set->items[i].column);

		if (!column || column->not_null)
			return false;
	}
	return !plan->where && !plan->is_volatile && !plan->keep_old;
}

bool filling_empty(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	const struct filling *filling;
	struct stmt *stmt;

	/* Nobody knows what is derived once the triggers are gone. */
	if (!can_go(plan) || record_true(facts->now, "synced") ||
	    !row_triggers_there(filling_triggers(facts, stmts->arena), facts, stmts->arena))
		return false;
	filling = emptying_of(plan, facts, stmts->arena);
	stmts_add(stmts, STMT_TOGETHER, "DELETE FROM interlock.chunk WHERE run = %lld AND step = %d",
	          (long long)facts->run, facts->number);
	replace_triggers(plan, facts, stmts);
	stmt = stmts_add(stmts, STMT_BATCHES, "UPDATE %s SET %s WHERE %s",
	                 relname_quoted(stmts->arena, &plan->of.table), filling->set, filling->not_done);
	stmt->filling = filling;
	stmt->slow = true;
	stmt->note = "values that rows were filled with, in short batches; what somebody wrote stays";
	return true;
}

void filling_drop_emptier(bool made, const struct facts *facts, struct stmts *stmts)
{
	const char *function = emptier(facts, stmts->arena);

	if (made || again_holds(record_get(facts->now, "functions"), function + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", function);
}
