/* What is set, and when a row is done. */
#include "plan/filling.h"

#include <string.h>

#include "plan/filling_old.h"
#include "plan/probes.h"

const char *filling_triggers(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "~interlock_%lld_%04d_", (long long)facts->run, facts->number);
}

const char *filling_function(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.fill_%lld_%d", (long long)facts->run, facts->number);
}

/* "total = (price * amount)"; without a condition each column keeps what it has. */
static void add_assignment(const struct fill_plan *plan, const struct assignment *a, struct buf *out)
{
	ident_quote(out, a->column);
	buf_add(out, " = ");
	if (plan->where || plan->set->count == 1) {
		buf_addf(out, "(%s)", a->value);
		return;
	}
	buf_add(out, "coalesce(");
	ident_quote(out, a->column);
	buf_addf(out, ", (%s))", a->value);
}

/* The column holds something else than it should; a value that is cut to its type can't be told apart for ever. */
static void add_difference(const struct fill_plan *plan, const struct assignment *a, struct buf *out)
{
	const struct row_column *column = row_column_named(&plan->of, a->column);
	const char *text = column && !column->comparable ? "::text" : "";

	ident_quote(out, a->column);
	buf_addf(out, "%s IS DISTINCT FROM (%s)", text, a->value);
	if (column)
		buf_addf(out, "::%s", column->type);
	buf_add(out, text);
}

/* "(where) AND total IS DISTINCT FROM (price * amount)" */
static void add_not_done(const struct fill_plan *plan, struct buf *out)
{
	if (plan->where)
		buf_addf(out, "(%s)%s", plan->where, plan->is_volatile ? "" : " AND (");
	for (size_t i = 0; i < plan->set->count; i++) {
		const struct assignment *a = &plan->set->items[i];

		if (plan->where && plan->is_volatile)
			break;
		buf_add(out, i ? " OR " : "");
		if (!plan->where) {
			ident_quote(out, a->column);
			buf_addf(out, " IS NULL");
		}
		if (!plan->where && !plan->is_volatile)
			buf_addf(out, " AND (%s) IS NOT NULL", a->value);
		if (plan->where)
			add_difference(plan, a, out);
	}
	if (plan->where && !plan->is_volatile)
		buf_add(out, ")");
}

static const char *taken(struct buf *buf, struct arena *arena)
{
	const char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

struct filling *filling_of(const struct fill_plan *plan, const struct facts *facts, struct arena *arena)
{
	struct filling *filling = arena_alloc(arena, sizeof(*filling));
	const char **names = arena_array(arena, const char *, plan->set->count);
	const char **quoted = arena_array(arena, const char *, plan->set->count);
	struct buf set = {0}, not_done = {0};

	for (size_t i = 0; i < plan->set->count; i++) {
		buf_add(&set, i ? ", " : "");
		add_assignment(plan, &plan->set->items[i], &set);
		names[i] = plan->set->items[i].column;
		quoted[i] = ident_quoted(arena, names[i]);
	}
	add_not_done(plan, &not_done);
	filling->table = plan->of.table;
	filling->set = taken(&set, arena);
	filling->needed = filling->not_done = taken(&not_done, arena);
	filling->steady = filling_steady(plan, filling->needed, arena);
	if (filling->steady)
		filling->not_done = arena_printf(arena, "(%s) AND %s", filling->needed, filling->steady);
	filling->triggers = filling_triggers(facts, arena);
	filling->columns = array_literal(names, plan->set->count, arena);
	filling->quoted = quoted;
	filling->column_count = plan->set->count;
	filling->triggers_sleep = plan->triggers_sleep;
	if (plan->keep_old) {
		filling->store = filling_store(facts, arena);
		filling->keys = record_get(facts->now, "key_columns");
	}
	return filling;
}
