/* Functions and triggers of ours, made anew with the names exchanged, or as they were before. */
#include "plan/column_keepers.h"

#include <string.h>

#include "plan/json_text.h"
#include "plan/syncing.h"
#include "sql/columns.h"
#include "sql/rename.h"

static const char *text_of(json_t *keeper, const char *key)
{
	const char *text = json_string_value(json_object_get(keeper, key));

	return text ? text : "";
}

static bool flag(json_t *keeper, const char *key)
{
	return json_is_true(json_object_get(keeper, key));
}

static json_t *keepers_of(const struct record *record)
{
	const char *list = record_get(record, "keepers");

	return list ? json_loads(list, 0, NULL) : NULL;
}

/* As this run found it, where it has exchanged its names before; undo brings that back. */
static json_t *as_before(json_t *before, json_t *keeper)
{
	json_t *entry;
	size_t i;

	json_array_foreach(before, i, entry)
	{
		if (strcmp(text_of(entry, "function"), text_of(keeper, "function")) == 0)
			return entry;
	}
	return NULL;
}

static bool concerned(json_t *keeper)
{
	return flag(keeper, "sets_leaving") || flag(keeper, "sets_arriving") || flag(keeper, "names_leaving") ||
	       flag(keeper, "names_arriving");
}

static bool falls_asleep(json_t *keeper)
{
	return strncmp(text_of(keeper, "function"), "fill_", strlen("fill_")) == 0 && flag(keeper, "sets_arriving") &&
	       flag(keeper, "names_leaving") && !flag(keeper, "sets_leaving");
}

/* ---- Columns and expressions under their new names ---- */

struct naming {
	const struct column_swap *swap;
	struct sql_renaming renamings[2];
	struct arena *arena;
};

static struct naming naming_of(const struct column_swap *swap, struct arena *arena)
{
	return (struct naming){swap, {{swap->column, swap->aside}, {swap->arriving, swap->column}}, arena};
}

static const char *named(const struct naming *n, const char *column)
{
	for (size_t i = 0; i < 2; i++)
		if (strcmp(n->renamings[i].from, column) == 0)
			return n->renamings[i].to;
	return column;
}

static const char *expression(const struct naming *n, const char *text)
{
	return text ? sql_rename_columns(text, n->renamings, 2, n->arena) : NULL;
}

/* false: it can't be said of the row, because it speaks of the row as a whole, say. */
static bool renamed_side(const struct naming *n, const struct row_table *of, const struct assignment_list *side,
                         struct assignment_list *out)
{
	out->items = arena_array(n->arena, struct assignment, side->count);
	out->count = side->count;
	for (size_t i = 0; i < side->count; i++) {
		const char *const *names;
		size_t count = sql_columns(side->items[i].value, n->arena, &names);

		for (size_t k = 0; k < count; k++)
			if (!row_column_named(of, names[k]))
				return false;
		out->items[i].column = named(n, side->items[i].column);
		out->items[i].value = expression(n, side->items[i].value);
		if (!out->items[i].value)
			return false;
	}
	return true;
}

static const char *renamed_checks(const struct naming *n, json_t *checks)
{
	json_t *list = json_array(), *entry;
	const char *result = NULL;
	size_t i;

	json_array_foreach(checks, i, entry)
	{
		const char *check = expression(n, json_string_value(entry));

		if (check)
			json_array_append_new(list, json_string(check));
	}
	if (json_array_size(list) > 0)
		result = json_text(list, n->arena);
	json_decref(list);
	return result;
}

/* The rows of the table as they will be. */
static void rename_row(const struct naming *n, const char *carried, struct row_table *of)
{
	struct row_column *columns = arena_array(n->arena, struct row_column, of->column_count);

	for (size_t i = 0; i < of->column_count; i++) {
		columns[i] = of->columns[i];
		if (carried && strcmp(columns[i].name, n->swap->arriving) == 0)
			columns[i].default_value = carried;
		columns[i].name = named(n, columns[i].name);
		columns[i].generated = expression(n, columns[i].generated);
	}
	of->columns = columns;
}

/* What a keeper of both columns does once they have exchanged names; false: that can't be said. */
static bool exchanged(const struct naming *n, json_t *keeper, const char *carried, const struct facts *facts,
                      struct sync_plan *plan)
{
	struct assignment_list *sides = arena_array(n->arena, struct assignment_list, 2);

	plan->of.table = n->swap->table;
	row_table_read(record_get(facts->now, "columns"), n->arena, &plan->of);
	if (!syncing_read(text_of(keeper, "source"), n->arena, plan) ||
	    !renamed_side(n, &plan->of, plan->forward, &sides[0]) ||
	    !renamed_side(n, &plan->of, plan->back, &sides[1]))
		return false;
	plan->forward = &sides[0];
	plan->back = &sides[1];
	plan->of.checks = renamed_checks(n, json_object_get(keeper, "checks"));
	rename_row(n, carried, &plan->of);
	return true;
}

/* ---- Statements ---- */

static bool goes_on(const struct naming *n, json_t *keeper, const struct facts *facts)
{
	struct sync_plan plan = {.both = NULL};

	return !concerned(keeper) || falls_asleep(keeper) ||
	       (flag(keeper, "alive") && exchanged(n, keeper, NULL, facts, &plan));
}

bool column_keepers_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	json_t *now = keepers_of(facts->now), *before = facts->undoing ? keepers_of(facts->before) : NULL, *keeper;
	struct naming naming = naming_of(swap, stmts->arena);
	const char *table = relname_quoted(stmts->arena, &swap->table);
	size_t i;

	json_array_foreach(now, i, keeper)
	{
		const char *column =
			flag(keeper, "sets_leaving") || !flag(keeper, "sets_arriving") ? swap->column : swap->arriving;

		if (as_before(before, keeper) || goes_on(&naming, keeper, facts))
			continue;
		stmts_refuse(stmts,
		             arena_printf(stmts->arena,
		                          "end that first: drop_sync { table = \"%s\", column = ... } names a column that"
		                          " it sets",
		                          table),
		             "triggers of interlock on %s, %s, work with column %s and could not go on", table,
		             json_string_value(json_array_get(json_object_get(keeper, "trigger_names"), 0)),
		             ident_quoted(stmts->arena, column));
		break;
	}
	json_decref(now);
	json_decref(before);
	return stmts->refusal != NULL;
}

static const char *function_of(json_t *keeper, struct arena *arena)
{
	return arena_printf(arena, "interlock.%s", ident_quoted(arena, text_of(keeper, "function")));
}

static void restore(const struct column_swap *swap, json_t *keeper, struct stmts *stmts)
{
	json_t *triggers = json_object_get(keeper, "triggers"), *names = json_object_get(keeper, "trigger_names");
	const char *table = relname_quoted(stmts->arena, &swap->table);

	stmts_add(stmts, STMT_TOGETHER, "%s", text_of(keeper, "source"));
	for (size_t i = 0; i < json_array_size(triggers); i++) {
		const char *text = json_string_value(json_array_get(triggers, i));

		stmts_add(stmts, STMT_TOGETHER, "CREATE OR REPLACE%s", text + strlen("CREATE"));
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table,
		          json_string_value(json_array_get(names, i)));
	}
}

static void exchange(const struct naming *n, json_t *keeper, const char *carried, const struct facts *facts,
                     struct stmts *stmts)
{
	struct sync_plan plan = {.both = NULL};

	if (falls_asleep(keeper)) {
		row_function_add(function_of(keeper, stmts->arena),
		                 "BEGIN\n\tRETURN NEW; -- nobody writes the old column any more\nEND", stmts);
		return;
	}
	if (exchanged(n, keeper, carried, facts, &plan))
		syncing_replace(&plan, arena_strdup(stmts->arena, text_of(keeper, "begin")),
		                function_of(keeper, stmts->arena), stmts);
}

void column_keepers_exchange(const struct column_swap *swap, const char *carried, const struct facts *facts,
                             struct stmts *stmts)
{
	json_t *now = keepers_of(facts->now), *before = facts->undoing ? keepers_of(facts->before) : NULL, *keeper;
	struct naming naming = naming_of(swap, stmts->arena);
	size_t i;

	json_array_foreach(now, i, keeper)
	{
		json_t *was = as_before(before, keeper);

		if (was && concerned(was))
			restore(swap, was, stmts);
		else if (!was && concerned(keeper))
			exchange(&naming, keeper, carried, facts, stmts);
	}
	json_decref(now);
	json_decref(before);
}
