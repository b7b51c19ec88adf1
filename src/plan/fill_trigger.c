/*
 * The triggers behind which rows are filled (engine.md 2): whatever is written
 * from now on is right when it is written, and follows later changes of what
 * its value was derived from.
 */
#include <string.h>

#include "plan/again.h"
#include "plan/filling_old.h"
#include "plan/probes.h"
#include "sql/columns.h"
#include "sql/row.h"

static bool has_generated(const struct fill_plan *plan)
{
	for (size_t i = 0; i < plan->column_count; i++)
		if (plan->columns[i].generated)
			return true;
	return false;
}

/* The columns of row `row`; generated ones, which the server computes later, by their expressions. */
static void add_row(const struct fill_plan *plan, const char *row, struct buf *out)
{
	if (!has_generated(plan)) {
		buf_addf(out, "(SELECT %s.*) AS ", row);
		ident_quote(out, plan->table.name);
		return;
	}
	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < plan->column_count; i++) {
		const struct fill_column *column = &plan->columns[i];

		buf_add(out, i ? ", " : "");
		if (column->generated)
			buf_addf(out, "(%s) AS ", column->generated);
		ident_quote(out, column->name);
	}
	buf_addf(out, " FROM (SELECT %s.*) AS ", row);
	ident_quote(out, plan->table.name);
	buf_add(out, ") AS ");
	ident_quote(out, plan->table.name);
}

/* "(SELECT (price * amount) FROM (SELECT NEW.*) AS orders)" */
static void add_value(const struct fill_plan *plan, const char *expression, const char *row, struct buf *out)
{
	buf_addf(out, "(SELECT (%s) FROM ", expression);
	add_row(plan, row, out);
	buf_add(out, ")");
}

/* The columns that a value is derived from.  false: it may be any of them. */
static bool inputs_of(const struct fill_plan *plan, const struct assignment *a, struct arena *arena,
                      const struct fill_column ***inputs, size_t *count)
{
	const char *const *names;
	size_t named = sql_columns(a->value, arena, &names);

	*inputs = arena_array(arena, const struct fill_column *, named + plan->column_count);
	*count = 0;
	for (size_t i = 0; i < named; i++) {
		(*inputs)[*count] = fill_column_named(plan, names[i]);
		if (!(*inputs)[(*count)++])
			return false; /* the table itself: its whole row */
	}
	return !sql_has_star(a->value);
}

/* A generated column changes when what it is generated from does. */
static bool expand(const struct fill_plan *plan, const struct fill_column **inputs, size_t *count,
                   struct arena *arena)
{
	size_t given = *count;

	for (size_t i = 0; i < given; i++) {
		const char *const *names;
		size_t named = inputs[i]->generated ? sql_columns(inputs[i]->generated, arena, &names) : 0;

		for (size_t n = 0; n < named; n++) {
			const struct fill_column *column = fill_column_named(plan, names[n]);
			size_t at = 0;

			while (at < *count && inputs[at] != column)
				at++;
			if (!column)
				return false;
			if (at == *count)
				inputs[(*count)++] = column;
		}
	}
	return true;
}

/* "NEW.price IS DISTINCT FROM OLD.price OR …"; false: nothing tells which, so it may always be. */
static bool add_changed(const struct fill_plan *plan, const struct assignment *a, struct arena *arena,
                        struct buf *out)
{
	const struct fill_column **inputs;
	size_t count;

	if (!inputs_of(plan, a, arena, &inputs, &count) || !expand(plan, inputs, &count, arena))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *name = ident_quoted(arena, inputs[i]->name), *text = inputs[i]->comparable ? "" : "::text";

		if (!inputs[i]->generated)
			buf_addf(out, "%sNEW.%s%s IS DISTINCT FROM OLD.%s%s", out->length ? " OR " : "", name, text, name,
			         text);
	}
	return true;
}

/* Does a value follow what it was derived from? */
static bool follows(const struct fill_plan *plan, const struct assignment *a, struct arena *arena)
{
	return !plan->is_volatile && !filling_reads_itself(a, arena);
}

/* A row that needs it gets it; one that was not touched itself follows what it was derived from. */
static void add_column(const struct fill_plan *plan, const struct assignment *a, struct arena *arena,
                       struct buf *out)
{
	const char *column = ident_quoted(arena, a->column);
	const struct fill_column *facts = fill_column_named(plan, a->column);
	const char *text = facts && !facts->comparable ? "::text" : "";
	struct buf changed = {0};

	if (plan->where)
		buf_add(out, "\tIF needed THEN\n");
	else
		buf_addf(out, "\tIF NEW.%s IS NULL THEN\n", column);
	buf_addf(out, "\t\tNEW.%s := ", column);
	add_value(plan, a->value, "NEW", out);
	buf_add(out, plan->keep_old ? ";\n\t\tfilled := true;\n" : ";\n");
	if (follows(plan, a, arena) && (!add_changed(plan, a, arena, &changed) || changed.length)) {
		buf_addf(out, "\tELSIF TG_OP = 'UPDATE' AND NEW.%s%s IS NOT DISTINCT FROM OLD.%s%s", column, text, column,
		         text);
		if (changed.length)
			buf_addf(out, " AND (%s)", buf_text(&changed));
		buf_addf(out, "\n\t\tAND OLD.%s%s IS NOT DISTINCT FROM ", column, text);
		add_value(plan, a->value, "OLD", out);
		buf_addf(out, "%s%s%s THEN\n\t\tNEW.%s := ", facts ? "::" : "", facts ? facts->type : "", text, column);
		add_value(plan, a->value, "NEW", out);
		buf_add(out, ";\n");
	}
	buf_add(out, "\tEND IF;\n");
	buf_release(&changed);
}

/* Its own rights, not those of whoever writes to the table: their statements must not fail for ours. */
static void add_function(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = filling_function(facts, arena);
	struct buf body = {0};

	if (plan->where || plan->keep_old)
		buf_add(&body, "DECLARE\n");
	if (plan->where)
		buf_add(&body, "\tneeded boolean;\n");
	if (plan->keep_old)
		filling_old_declare(plan, &body);
	buf_add(&body, "BEGIN\n");
	if (plan->where) {
		const char *steady = filling_of(plan, facts, arena)->steady;

		buf_add(&body, "\tneeded := ");
		add_value(plan, steady ? arena_printf(arena, "(%s) AND %s", plan->where, steady) : plan->where, "NEW",
		          &body);
		buf_add(&body, ";\n");
	}
	for (size_t i = 0; i < plan->set->count; i++)
		add_column(plan, &plan->set->items[i], arena, &body);
	if (plan->keep_old)
		filling_old_record(plan, facts, &body);
	buf_add(&body, "\tRETURN NEW;\nEND");
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
	          " SET search_path FROM CURRENT AS $interlock$\n#variable_conflict use_column\n%s $interlock$",
	          name, buf_text(&body));
	stmts_add(stmts, STMT_TOGETHER, "REVOKE EXECUTE ON FUNCTION %s() FROM PUBLIC", name);
	buf_release(&body);
}

/* When an UPDATE must be looked at, so that those of the filling itself call no function; "" where it is always.
 */
static const char *condition(const struct fill_plan *plan, struct arena *arena)
{
	struct buf out = {0};
	const char *where = plan->where ? sql_on_row(plan->where, "NEW", arena) : NULL, *result = "";
	bool told = !plan->where || where;

	if (where)
		buf_addf(&out, "(%s)", where);
	for (size_t i = 0; i < plan->set->count && told; i++) {
		const struct assignment *a = &plan->set->items[i];
		struct buf changed = {0};

		if (!plan->where)
			buf_addf(&out, "%sNEW.%s IS NULL", out.length ? " OR " : "", ident_quoted(arena, a->column));
		told = !follows(plan, a, arena) || add_changed(plan, a, arena, &changed);
		if (changed.length)
			buf_addf(&out, " OR %s", buf_text(&changed));
		buf_release(&changed);
	}
	if (told)
		result = arena_printf(arena, " WHEN (%s)", buf_text(&out));
	buf_release(&out);
	return result;
}

static void add_trigger(const struct fill_plan *plan, const char *name, const char *event, const char *when,
                        const char *function, struct stmts *stmts)
{
	const char *table = relname_quoted(stmts->arena, &plan->table), *quoted = ident_quoted(stmts->arena, name);

	stmt_lock(stmts,
	          stmts_add(stmts, STMT_TOGETHER,
	                    "CREATE OR REPLACE TRIGGER %s BEFORE %s ON %s FOR EACH ROW%s EXECUTE FUNCTION %s()",
	                    quoted, event, table, when, function),
	          &plan->table, LOCK_SHARE_ROW_EXCLUSIVE);
	/* Also for what is replayed from another server. */
	stmt_lock(stmts, stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, quoted),
	          &plan->table, LOCK_SHARE_ROW_EXCLUSIVE);
}

void filling_add_triggers(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *begin = filling_triggers(facts, arena), *function = filling_function(facts, arena);

	add_function(plan, facts, stmts);
	add_trigger(plan, arena_printf(arena, "%si", begin), "INSERT", "", function, stmts);
	stmts->last->note = "brief: readers go on; from here on each row is right when it is written";
	add_trigger(plan, arena_printf(arena, "%su", begin), "UPDATE", condition(plan, arena), function, stmts);
}

void filling_drop_triggers(const struct relname *table, const struct facts *facts, struct stmts *stmts)
{
	static const char *const kinds[] = {"i", "u"};
	struct arena *arena = stmts->arena;
	const char *begin = filling_triggers(facts, arena);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *name = arena_printf(arena, "%s%s", begin, kinds[i]);

		if (again_holds(record_get(facts->now, "ours"), name))
			stmt_lock(stmts,
			          stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s", ident_quoted(arena, name),
			                    relname_quoted(arena, table)),
			          table, LOCK_ACCESS_EXCLUSIVE);
	}
	if (again_holds(record_get(facts->now, "functions"), filling_function(facts, arena) + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", filling_function(facts, arena));
}
