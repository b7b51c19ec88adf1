/* Options that hold names or SQL: read by the parser when the plan is compiled. */
#include "plan/option_item.h"

#include <stdlib.h>
#include <string.h>

bool option_decode_relname(const struct option_item *item, json_t *value, struct relname *out)
{
	const char *why;

	if (!json_is_string(value))
		return option_wrong_type(item);
	why = ident_parse_relname(json_string_value(value), item->arena, out);
	if (!why)
		return true;
	return option_wrong(item,
	                    arena_printf(&item->diags->arena, "is not %s: %s",
	                                 item->option->kind == OPTION_OBJECT ? "a name" : "the name of a table", why));
}

/* The bare name of a table or view, or what it is and its name. */
bool option_decode_thing(const struct option_item *item)
{
	const char *text = json_string_value(item->value);
	struct sql_object *object = item->field;
	struct relname relation;
	struct err err = {0};
	bool ok;

	if (!text)
		return option_wrong_type(item);
	if (!ident_parse_relname(text, item->arena, &relation)) {
		*object = (struct sql_object){
			.kind = OBJECT_RELATION, .schema = relation.schema, .name = relation.name, .text = text};
		return true;
	}
	ok = sql_parse_object(text, item->arena, object, &err) || option_wrong_sql(item, text, &err);
	err_release(&err);
	return ok;
}

bool option_decode_tables(const struct option_item *item)
{
	struct table_list *list = item->field;
	json_t *entry;
	size_t i;

	if (!json_is_array(item->value)) {
		list->items = arena_array(item->arena, struct relname, 1);
		list->count = 1;
		return option_decode_relname(item, item->value, list->items);
	}
	list->count = json_array_size(item->value);
	list->items = arena_array(item->arena, struct relname, list->count);
	json_array_foreach(item->value, i,
	                   entry) if (!option_decode_relname(item, entry, &list->items[i])) return false;
	return true;
}

bool option_decode_name(const struct option_item *item)
{
	const char *why;

	if (!json_is_string(item->value))
		return option_wrong_type(item);
	why = ident_parse_name(json_string_value(item->value), item->arena, item->field);
	return why ? option_wrong(item, arena_printf(&item->diags->arena, "is not a name: %s", why)) : true;
}

const char *option_columns_text(json_t *value, struct arena *arena)
{
	struct buf text = {0};
	json_t *entry;
	const char *copy;
	size_t i;

	if (json_is_string(value))
		return json_string_value(value);
	if (!json_is_array(value) || json_array_size(value) == 0)
		return NULL;
	json_array_foreach(value, i, entry)
	{
		if (!json_is_string(entry)) {
			buf_release(&text);
			return NULL;
		}
		buf_addf(&text, "%s%s", i ? ", " : "", json_string_value(entry));
	}
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

bool option_decode_columns(const struct option_item *item)
{
	struct column_list *list = item->field;
	struct err err = {0};
	const char *text = option_columns_text(item->value, item->arena);
	bool ok;

	if (!text)
		return option_wrong_type(item);
	ok = sql_parse_index_columns(text, item->arena, &list->items, &list->count, &err) ||
	     option_wrong_sql(item, text, &err);
	list->text = sql_normalize(text, item->arena);
	err_release(&err);
	/* A comment in one entry would swallow the next. */
	if (ok && json_is_array(item->value) && list->count != json_array_size(item->value))
		return option_wrong(item, "must have one column in each entry");
	return ok;
}

static bool check_definition(const char *text, struct arena *arena, struct err *err)
{
	struct table_definition definition;

	return sql_parse_table_definition(text, arena, &definition, err);
}

static bool check_references(const char *text, struct arena *arena, struct err *err)
{
	struct foreign_key key;

	return sql_parse_references(text, arena, &key, err);
}

static bool check_sql(enum option_kind kind, const char *text, struct arena *arena, struct err *err)
{
	switch (kind) {
	case OPTION_DEFINITION:
		return check_definition(text, arena, err);
	case OPTION_REFERENCES:
		return check_references(text, arena, err);
	case OPTION_TYPE:
		return sql_check_type(text, err);
	case OPTION_EXPRESSION:
	case OPTION_PREDICATE:
		return sql_check_expression(text, err);
	case OPTION_QUERY:
		return sql_check_query(text, err);
	default:
		return sql_check_statements(text, err);
	}
}

bool option_decode_sql(const struct option_item *item)
{
	const char **field = item->field;
	struct err err = {0};
	bool ok;

	if (item->option->kind == OPTION_UNDO && json_is_false(item->value)) {
		*field = "";
		return true;
	}
	if (!json_is_string(item->value))
		return option_wrong_type(item);
	*field = json_string_value(item->value);
	if (item->parsed)
		return true;
	ok = check_sql(item->option->kind, *field, item->arena, &err) || option_wrong_sql(item, *field, &err);
	err_release(&err);
	return ok;
}

/* One column and what it is set to. */
static bool decode_assignment(const struct option_item *item, const char *name, json_t *value,
                              struct assignment *out)
{
	const char *why = ident_parse_name(name, item->arena, &out->column);
	struct err err = {0};
	bool ok;

	if (why)
		return option_wrong(
			item, arena_printf(&item->diags->arena, "sets \"%s\", which is not a column: %s", name, why));
	if (json_object_get(value, "lookup")) {
		struct lookup *lookup = arena_alloc(item->arena, sizeof(*lookup));

		out->value = "";
		out->lookup = lookup;
		return option_decode_lookup(item, name, value, lookup);
	}
	out->value = json_string_value(value);
	if (!out->value)
		return option_wrong_type(item);
	ok = item->parsed || sql_check_expression(out->value, &err) || option_wrong_sql(item, out->value, &err);
	err_release(&err);
	return ok;
}

static int by_column(const void *a, const void *b)
{
	return strcmp(((const struct assignment *)a)->column, ((const struct assignment *)b)->column);
}

bool option_decode_set(const struct option_item *item)
{
	struct assignment_list *list = item->field;
	const char *name;
	json_t *value;

	if (!json_is_object(item->value) || json_object_size(item->value) == 0)
		return option_wrong_type(item);
	list->items = arena_array(item->arena, struct assignment, json_object_size(item->value));
	json_object_foreach(item->value, name, value)
	{
		if (!decode_assignment(item, name, value, &list->items[list->count]))
			return false;
		list->count++;
	}
	qsort(list->items, list->count, sizeof(*list->items), by_column);
	for (size_t i = 1; i < list->count; i++)
		if (strcmp(list->items[i - 1].column, list->items[i].column) == 0)
			return option_wrong(
				item, arena_printf(&item->diags->arena, "sets column \"%s\" twice", list->items[i].column));
	return true;
}
