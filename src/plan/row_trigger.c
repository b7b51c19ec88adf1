/* Expressions over the rows of a trigger, and the columns of a table as its probe tells them. */
#include "plan/row_trigger.h"

#include <jansson.h>
#include <string.h>

#include "plan/again.h"
#include "sql/columns.h"
#include "sql/row.h"

const struct row_column *row_column_named(const struct row_table *of, const char *name)
{
	for (size_t i = 0; i < of->column_count; i++)
		if (strcmp(of->columns[i].name, name) == 0)
			return &of->columns[i];
	return NULL;
}

bool row_table_has(const struct row_table *of, const struct assignment_list *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!row_column_named(of, set->items[i].column))
			return false;
	return true;
}

static void read_column(json_t *entry, struct arena *arena, struct row_column *column)
{
	column->name = arena_strdup(arena, json_string_value(json_object_get(entry, "name")));
	column->type = arena_strdup(arena, json_string_value(json_object_get(entry, "type")));
	column->generated = arena_strdup(arena, json_string_value(json_object_get(entry, "generated")));
	column->default_value = arena_strdup(arena, json_string_value(json_object_get(entry, "default")));
	column->not_null = json_is_true(json_object_get(entry, "not_null"));
	column->comparable = json_is_true(json_object_get(entry, "comparable"));
}

void row_table_read(const char *list, struct arena *arena, struct row_table *of)
{
	json_t *columns = list ? json_loads(list, 0, NULL) : NULL, *entry;
	struct row_column *items = arena_array(arena, struct row_column, json_array_size(columns));
	size_t i;

	json_array_foreach(columns, i, entry) read_column(entry, arena, &items[i]);
	of->columns = items;
	of->column_count = json_array_size(columns);
	json_decref(columns);
}

static bool has_generated(const struct row_table *of)
{
	for (size_t i = 0; i < of->column_count; i++)
		if (of->columns[i].generated)
			return true;
	return false;
}

/* The columns of row `row`; generated ones, which the server computes later, by their expressions. */
static void add_row(const struct row_table *of, const char *row, struct buf *out)
{
	if (!has_generated(of)) {
		buf_addf(out, "(SELECT %s.*) AS ", row);
		ident_quote(out, of->table.name);
		return;
	}
	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < of->column_count; i++) {
		const struct row_column *column = &of->columns[i];

		buf_add(out, i ? ", " : "");
		if (column->generated)
			buf_addf(out, "(%s) AS ", column->generated);
		ident_quote(out, column->name);
	}
	buf_addf(out, " FROM (SELECT %s.*) AS ", row);
	ident_quote(out, of->table.name);
	buf_add(out, ") AS ");
	ident_quote(out, of->table.name);
}

void row_add_value(const struct row_table *of, const char *expression, const char *row, struct buf *out)
{
	buf_addf(out, "(SELECT (%s) FROM ", expression);
	add_row(of, row, out);
	buf_add(out, ")");
}

/* The columns that a value is derived from.  false: it may be any of them. */
static bool inputs_of(const struct row_table *of, const char *expression, struct arena *arena,
                      const struct row_column ***inputs, size_t *count)
{
	const char *const *names;
	size_t named = sql_columns(expression, arena, &names);

	*inputs = arena_array(arena, const struct row_column *, named + of->column_count);
	*count = 0;
	for (size_t i = 0; i < named; i++) {
		(*inputs)[*count] = row_column_named(of, names[i]);
		if (!(*inputs)[(*count)++])
			return false; /* the table itself: its whole row */
	}
	return !sql_has_star(expression);
}

/* A generated column changes when what it is generated from does. */
static bool expand(const struct row_table *of, const struct row_column **inputs, size_t *count,
                   struct arena *arena)
{
	size_t given = *count;

	for (size_t i = 0; i < given; i++) {
		const char *const *names;
		size_t named = inputs[i]->generated ? sql_columns(inputs[i]->generated, arena, &names) : 0;

		for (size_t n = 0; n < named; n++) {
			const struct row_column *column = row_column_named(of, names[n]);
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

bool row_add_changed(const struct row_table *of, const char *expression, struct arena *arena, struct buf *out)
{
	const struct row_column **inputs;
	size_t count;

	if (!inputs_of(of, expression, arena, &inputs, &count) || !expand(of, inputs, &count, arena))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *name = ident_quoted(arena, inputs[i]->name), *text = inputs[i]->comparable ? "" : "::text";

		if (!inputs[i]->generated)
			buf_addf(out, "%sNEW.%s%s IS DISTINCT FROM OLD.%s%s", out->length ? " OR " : "", name, text, name,
			         text);
	}
	return true;
}

static const struct assignment *assigned(const struct assignment_list *set, const char *column)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i].column, column) == 0)
			return &set->items[i];
	return NULL;
}

/* Columns that hold what they are given; what the server computes is left to the next level. */
static void add_stored(const struct row_table *of, const struct assignment_list *set, const char *source,
                       struct buf *out)
{
	struct arena arena = {0};
	const char *separator = "", *alias = ident_quoted(&arena, of->table.name);

	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < of->column_count; i++) {
		const struct row_column *column = &of->columns[i];
		const struct assignment *a = assigned(set, column->name);
		const char *name = ident_quoted(&arena, column->name);

		if (column->generated)
			continue;
		if (a)
			buf_addf(out, "%s(%s)::%s AS %s", separator, a->value, column->type, name);
		else
			buf_addf(out, "%s%s.%s AS %s", separator, alias, name, name);
		separator = ", ";
	}
	buf_addf(out, "%s%s) AS %s", source ? " FROM " : "", source ? source : "", alias);
	arena_release(&arena);
}

void row_add_after(const struct row_table *of, const struct assignment_list *set, const char *source,
                   struct buf *out)
{
	buf_add(out, "(SELECT ");
	for (size_t i = 0; i < of->column_count; i++) {
		const struct row_column *column = &of->columns[i];

		buf_add(out, i ? ", " : "");
		if (column->generated)
			buf_addf(out, "(%s) AS ", column->generated);
		ident_quote(out, column->name);
	}
	buf_add(out, " FROM ");
	add_stored(of, set, source, out);
	buf_add(out, ") AS ");
	ident_quote(out, of->table.name);
}

const char *row_condition(const struct row_table *of, const char *expression, struct arena *arena)
{
	const char *const *names;
	size_t count = sql_columns(expression, arena, &names);

	if (!sql_cannot_fail(expression))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct row_column *column = row_column_named(of, names[i]);

		if (!column || column->generated)
			return NULL;
	}
	return sql_on_row(expression, "NEW", arena);
}

void row_add_declarations(const struct row_table *of, const struct assignment_list *set, struct buf *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < set->count; i++)
		buf_addf(out, "\t\"~was_%zu\" %s := NEW.%s;\n", i + 1, row_column_named(of, set->items[i].column)->type,
		         ident_quoted(&arena, set->items[i].column));
	arena_release(&arena);
}

/* A value of ours that a CHECK refuses is as good as none. */
static void add_checks(const struct row_table *of, struct buf *out)
{
	struct arena arena = {0};
	const char *check;

	for (size_t i = 0; (check = again_text(of->checks, i, &arena)); i++) {
		buf_addf(out, "%s", i ? " OR " : "\tIF ");
		row_add_value(of, check, "NEW", out);
		buf_add(out, " IS FALSE");
		if (!again_text(of->checks, i + 1, &arena))
			buf_add(out, " THEN\n\t\tRAISE check_violation;\n\tEND IF;\n");
	}
	arena_release(&arena);
}

void row_add_protected(const struct row_table *of, const struct assignment_list *set, const char *work,
                       const char *otherwise, struct buf *out)
{
	struct arena arena = {0};

	buf_addf(out, "\tBEGIN\n%s", work);
	add_checks(of, out);
	buf_add(out, "\tEXCEPTION WHEN OTHERS THEN\n");
	for (size_t i = 0; i < set->count; i++)
		buf_addf(out, "\t\tNEW.%s := \"~was_%zu\";\n", ident_quoted(&arena, set->items[i].column), i + 1);
	buf_addf(out, "%s\tEND;\n", otherwise);
	arena_release(&arena);
}

void row_function_add(const char *name, const char *body, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
	          " SET search_path FROM CURRENT AS $interlock$\n#variable_conflict use_column\n%s $interlock$",
	          name, body);
	stmts_add(stmts, STMT_TOGETHER, "REVOKE EXECUTE ON FUNCTION %s() FROM PUBLIC", name);
}

static void add_trigger(const struct relname *table, const char *name, const char *event, const char *call,
                        struct stmts *stmts)
{
	const char *quoted = relname_quoted(stmts->arena, table);

	name = ident_quoted(stmts->arena, name);
	stmt_lock(stmts,
	          stmts_add(stmts, STMT_TOGETHER, "CREATE OR REPLACE TRIGGER %s BEFORE %s EXECUTE FUNCTION %s", name,
	                    event, call),
	          table, LOCK_SHARE_ROW_EXCLUSIVE);
	stmts->last->note = "brief: readers go on; from here on each row is right when it is written";
	/* Also for what is replayed from another server. */
	stmt_lock(stmts, stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", quoted, name),
	          table, LOCK_SHARE_ROW_EXCLUSIVE);
}

void row_triggers_add(const struct relname *table, const struct row_triggers *triggers, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *on = arena_printf(arena, "ON %s FOR EACH ROW", relname_quoted(arena, table)), *call;
	struct buf columns = {0};

	for (size_t i = 0; i < triggers->set->count; i++)
		buf_addf(&columns, "%s%s", i ? ", " : "", literal_quoted(arena, triggers->set->items[i].column));
	call = arena_printf(arena, "%s(%s)", triggers->function, buf_text(&columns));
	buf_release(&columns);
	add_trigger(table, arena_printf(arena, "%si", triggers->begin), arena_printf(arena, "INSERT %s", on), call,
	            stmts);
	add_trigger(table, arena_printf(arena, "%su", triggers->begin),
	            arena_printf(arena, "UPDATE %s%s", on, triggers->when), call, stmts);
}

static const char *const kinds[] = {"i", "u"};

static void drop_trigger(const struct relname *table, const char *name, struct stmts *stmts)
{
	stmt_lock(stmts,
	          stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s", ident_quoted(stmts->arena, name),
	                    relname_quoted(stmts->arena, table)),
	          table, LOCK_ACCESS_EXCLUSIVE);
}

void row_triggers_take(const struct relname *table, const char *begin, const char *function, struct stmts *stmts)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		drop_trigger(table, arena_printf(stmts->arena, "%s%s", begin, kinds[i]), stmts);
	stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", function);
}

void row_triggers_drop(const struct relname *table, const char *begin, const char *function,
                       const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *name = arena_printf(arena, "%s%s", begin, kinds[i]);

		if (again_holds(record_get(facts->now, "ours"), name))
			drop_trigger(table, name, stmts);
	}
	if (again_holds(record_get(facts->now, "functions"), function + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", function);
}

static bool holds_both(const char *list, const char *begin, struct arena *arena)
{
	return again_holds(list, arena_printf(arena, "%si", begin)) &&
	       again_holds(list, arena_printf(arena, "%su", begin));
}

bool row_triggers_there(const char *begin, const struct facts *facts, struct arena *arena)
{
	return holds_both(record_get(facts->now, "ours"), begin, arena);
}

bool row_triggers_stand(const char *begin, const struct facts *facts, struct arena *arena)
{
	return holds_both(record_get(facts->now, "standing"), begin, arena);
}
