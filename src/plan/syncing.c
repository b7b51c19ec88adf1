/* The function of the triggers that keep two shapes of the same thing alike. */
#include "plan/syncing.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Of several triggers on a table that of the earlier step fires first: PostgreSQL goes by their names. */
static const char *begin_of(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "~interlock_%lld_%04d_", (long long)facts->run, facts->number);
}

static const char *function_of(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.sync_%lld_%d", (long long)facts->run, facts->number);
}

/* "::text" for a column that has no = of its own. */
static const char *as_text(const struct row_table *of, const char *column)
{
	const struct row_column *facts = row_column_named(of, column);

	return facts && !facts->comparable ? "::text" : "";
}

/* "NEW.a IS DISTINCT FROM OLD.a OR …", of the columns that are set. */
static void add_changed(const struct row_table *of, const struct assignment_list *set, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < set->count; i++) {
		const char *name = ident_quoted(&arena, set->items[i].column), *text = as_text(of, set->items[i].column);

		buf_addf(out, "%sNEW.%s%s IS DISTINCT FROM OLD.%s%s", i ? " OR " : "", name, text, name, text);
	}
	arena_release(&arena);
}

/* Of a row that is inserted: what differs from the default was given. */
static void add_given(const struct row_table *of, const struct assignment_list *set, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < set->count; i++) {
		const struct row_column *column = row_column_named(of, set->items[i].column);
		const char *text = as_text(of, set->items[i].column);

		buf_addf(out, "%sNEW.%s%s IS DISTINCT FROM (%s)::%s%s", i ? " OR " : "",
		         ident_quoted(&arena, column->name), text, column->default_value ? column->default_value : "NULL",
		         column->type, text);
	}
	arena_release(&arena);
}

/* "NEW.a IS NULL OR …" */
static void add_null(const struct assignment_list *set, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < set->count; i++)
		buf_addf(out, "%sNEW.%s IS NULL", i ? " OR " : "", ident_quoted(&arena, set->items[i].column));
	arena_release(&arena);
}

/* Does each new column hold what the old ones say? */
static void add_agree(const struct sync_plan *plan, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < plan->forward->count; i++) {
		const struct assignment *a = &plan->forward->items[i];
		const char *text = as_text(&plan->of, a->column);

		buf_addf(out, "%sNEW.%s%s IS NOT DISTINCT FROM ", i ? " AND " : "", ident_quoted(&arena, a->column), text);
		row_add_value(&plan->of, a->value, "NEW", out);
		buf_addf(out, "::%s%s", row_column_named(&plan->of, a->column)->type, text);
	}
	arena_release(&arena);
}

static void add_assignments(const struct sync_plan *plan, const struct assignment_list *set, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < set->count; i++) {
		buf_addf(out, "\t\tNEW.%s := ", ident_quoted(&arena, set->items[i].column));
		row_add_value(&plan->of, set->items[i].value, "NEW", out);
		buf_add(out, ";\n");
	}
	arena_release(&arena);
}

static void add_clash(const struct sync_plan *plan, struct buf *out)
{
	struct arena arena = {0};
	const char *old = plan->back->items[0].column, *new = plan->forward->items[0].column;

	buf_addf(
		out,
		"\tIF old_side AND new_side THEN\n\t\tRAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = %s,"
		" HINT = %s;\n\tEND IF;\n",
		literal_quoted(&arena, arena_printf(&arena, "columns %s and %s of %s were set to values that do not agree",
	                                        ident_quoted(&arena, old), ident_quoted(&arena, new),
	                                        relname_quoted(&arena, &plan->of.table))),
		literal_quoted(&arena, "they mean the same in two shapes: set only one of them"));
	arena_release(&arena);
}

/* All columns of both sides. */
static struct assignment_list both_sides(const struct sync_plan *plan, struct arena *arena)
{
	struct assignment_list both = {arena_array(arena, struct assignment, plan->forward->count + plan->back->count),
	                               0};

	for (size_t i = 0; i < plan->forward->count; i++)
		both.items[both.count++] = plan->forward->items[i];
	for (size_t i = 0; i < plan->back->count; i++)
		both.items[both.count++] = plan->back->items[i];
	return both;
}

/* Which side did the statement write? */
static void add_sides(const struct sync_plan *plan, struct buf *out)
{
	buf_add(out, "\tIF TG_OP = 'INSERT' THEN\n\t\told_side := ");
	add_given(&plan->of, plan->back, out);
	buf_add(out, ";\n\t\tnew_side := ");
	add_given(&plan->of, plan->forward, out);
	buf_add(out, ";\n\tELSE\n\t\told_side := ");
	add_changed(&plan->of, plan->back, out);
	buf_add(out, ";\n\t\tnew_side := ");
	add_changed(&plan->of, plan->forward, out);
	buf_add(out, ";\n\tEND IF;\n");
}

/* A new column whose value can't be had is unknown, and not what it was before. */
static const char *unknown(const struct sync_plan *plan, const char *back, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	buf_addf(&out, "\t\tIF NOT (%s) THEN\n", back);
	for (size_t i = 0; i < plan->forward->count; i++)
		buf_addf(&out, "\t\t\tNEW.%s := NULL;\n", ident_quoted(arena, plan->forward->items[i].column));
	buf_add(&out, "\t\tEND IF;\n");
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static json_t *recipe_side(const struct assignment_list *side)
{
	json_t *list = json_array();

	for (size_t i = 0; i < side->count; i++)
		json_array_append_new(list, json_pack("[s, s]", side->items[i].column, side->items[i].value));
	return list;
}

/* What the plan says, in the first line of the function: whoever renames the columns makes it anew from that. */
static void add_recipe(const struct sync_plan *plan, struct buf *out)
{
	json_t *recipe = json_pack("{s: o, s: o, s: s}", "forward", recipe_side(plan->forward), "back",
	                           recipe_side(plan->back), "both", plan->both);
	char *text = json_dumps(recipe, JSON_COMPACT);

	buf_addf(out, SYNC_RECIPE "%s\n", text);
	free(text);
	json_decref(recipe);
}

static struct assignment_list read_side(json_t *list, struct arena *arena)
{
	size_t count = json_array_size(list);
	struct assignment_list side = {arena_array(arena, struct assignment, count), count};

	for (size_t i = 0; i < count; i++) {
		json_t *pair = json_array_get(list, i);

		side.items[i].column = arena_strdup(arena, json_string_value(json_array_get(pair, 0)));
		side.items[i].value = arena_strdup(arena, json_string_value(json_array_get(pair, 1)));
	}
	return side;
}

bool syncing_read(const char *source, struct arena *arena, struct sync_plan *plan)
{
	const char *line = source ? strstr(source, "\n" SYNC_RECIPE) : NULL;
	json_t *recipe = line ? json_loads(line + strlen("\n" SYNC_RECIPE), JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	struct assignment_list *sides = arena_array(arena, struct assignment_list, 2);

	if (!recipe)
		return false;
	sides[0] = read_side(json_object_get(recipe, "forward"), arena);
	sides[1] = read_side(json_object_get(recipe, "back"), arena);
	plan->forward = &sides[0];
	plan->back = &sides[1];
	plan->both = arena_strdup(arena, json_string_value(json_object_get(recipe, "both")));
	json_decref(recipe);
	return plan->forward->count > 0 && plan->back->count > 0 && plan->both;
}

static const char *body(const struct sync_plan *plan, struct arena *arena)
{
	const char *back = strcmp(plan->both, "old") == 0 ? "new_side AND NOT old_side" : "new_side", *text;
	struct assignment_list both = both_sides(plan, arena);
	struct buf out = {0}, work = {0};

	add_recipe(plan, &out);
	buf_add(&out, "DECLARE\n\told_side boolean;\n\tnew_side boolean;\n");
	row_add_declarations(&plan->of, &both, &out);
	buf_add(&out, "BEGIN\n\tBEGIN\n\t\tIF ");
	add_agree(plan, &out);
	buf_add(
		&out,
		" THEN\n\t\t\tRETURN NEW;\n\t\tEND IF;\n\tEXCEPTION WHEN OTHERS THEN NULL; -- then they don't\n\tEND;\n");
	add_sides(plan, &out);
	if (strcmp(plan->both, "error") == 0)
		add_clash(plan, &out);
	buf_addf(&work, "\tIF %s THEN\n", back);
	add_assignments(plan, plan->back, &work);
	buf_add(&work, "\tELSE\n");
	add_assignments(plan, plan->forward, &work);
	buf_add(&work, "\tEND IF;\n");
	row_add_protected(&plan->of, &both, buf_text(&work), unknown(plan, back, arena), &out);
	buf_add(&out, "\tRETURN NEW;\nEND");
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	buf_release(&work);
	return text;
}

/* Has that changed which the value is derived from?  false: nothing tells. */
static bool add_inputs(const struct sync_plan *plan, const struct assignment *a, struct arena *arena,
                       struct buf *out)
{
	bool told = true;

	if (!a->lookup)
		return row_add_changed(&plan->of, a->value, arena, out);
	for (size_t i = 0; i < a->lookup->match.count && told; i++)
		told = row_add_changed(&plan->of, a->lookup->match.items[i].value, arena, out);
	return told;
}

/* Which UPDATE can make the two sides differ; "" where nothing tells. */
static const char *condition(const struct sync_plan *plan, struct arena *arena)
{
	struct buf out = {0};
	const char *result = "";
	bool told = true;

	add_null(plan->forward, &out);
	buf_add(&out, " OR ");
	add_changed(&plan->of, plan->forward, &out);
	buf_add(&out, " OR ");
	add_changed(&plan->of, plan->back, &out);
	for (size_t i = 0; i < plan->forward->count && told; i++) {
		struct buf inputs = {0};

		told = add_inputs(plan, &plan->forward->items[i], arena, &inputs);
		if (inputs.length)
			buf_addf(&out, " OR %s", buf_text(&inputs));
		buf_release(&inputs);
	}
	if (told)
		result = arena_printf(arena, " WHEN (%s)", buf_text(&out));
	buf_release(&out);
	return result;
}

void syncing_replace(const struct sync_plan *plan, const char *begin, const char *function, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct assignment_list both = both_sides(plan, arena);
	const struct row_triggers triggers = {
		.begin = begin, .function = function, .when = condition(plan, arena), .set = &both};

	row_function_add(triggers.function, body(plan, arena), stmts);
	row_triggers_add(&plan->of.table, &triggers, stmts);
}

void syncing_add(const struct sync_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	syncing_replace(plan, begin_of(facts, stmts->arena), function_of(facts, stmts->arena), stmts);
}

void syncing_drop(const struct relname *table, const struct facts *facts, struct stmts *stmts)
{
	row_triggers_drop(table, begin_of(facts, stmts->arena), function_of(facts, stmts->arena), facts, stmts);
}

bool syncing_stands(const struct facts *facts, struct arena *arena)
{
	return row_triggers_stand(begin_of(facts, arena), facts, arena);
}

void syncing_verify_pair(const struct sync_plan *plan, const char *shown, struct stmts *stmts)
{
	struct buf forward = {0}, back = {0}, differs = {0};
	struct arena *arena = stmts->arena;
	struct stmt *stmt;

	row_add_after(&plan->of, plan->forward, NULL, &forward);
	row_add_after(&plan->of, plan->back, buf_text(&forward), &back);
	for (size_t i = 0; i < plan->forward->count; i++) {
		const struct assignment *a = &plan->forward->items[i];
		const char *text = as_text(&plan->of, a->column);

		buf_addf(&differs, "%s%s%s IS DISTINCT FROM (%s)::%s%s", i ? " OR " : "", ident_quoted(arena, a->column),
		         text, a->value, row_column_named(&plan->of, a->column)->type, text);
	}
	stmt = stmts_add(stmts, STMT_ALONE, "SELECT %s FROM %s AS %s WHERE (SELECT %s FROM %s) LIMIT %d",
	                 shown ? shown : "*", relname_quoted(arena, &plan->of.table),
	                 ident_quoted(arena, plan->of.table.name), buf_text(&differs), buf_text(&back), VERIFY_ROWS);
	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->wrong = "forward, back and forward again ends at another value for rows that are there";
	stmt->help = "say which side wins where both are written: both = \"old\", \"new\" or \"error\"";
	stmt->note = "rows that change on the way there and back; there must be none";
	buf_release(&forward);
	buf_release(&back);
	buf_release(&differs);
}
