/* Reading them, and saying them to the server. */
#include "plan/changes.h"

#include <string.h>

#include "base/err.h"
#include "plan/names.h"
#include "sql/parse.h"

static bool wrong(const struct option_place *place, struct diags *diags, const char *what)
{
	return bad_option(
		place, diags, "changes", what,
		"write changes = { add = { note = \"text\" }, drop = { \"old\" }, type = { total = \"bigint\" } }");
}

/* SQL that is to be put together with others must be one thing of its kind. */
static bool check_sql(const char *part, const char *column, json_t *value, const struct option_place *place,
                      struct diags *diags)
{
	struct arena *arena = &diags->arena;
	const char *text = json_string_value(value), *name;
	struct table_definition definition;
	struct err err = {0};
	bool ok = text && !ident_parse_name(column, arena, &name);

	if (ok && strcmp(part, "type") == 0)
		ok = sql_check_type(text, &err);
	else if (ok)
		ok = sql_parse_table_definition(arena_printf(arena, "%s %s", ident_quoted(arena, name), text), arena,
		                                &definition, &err) &&
		     definition.element_count == 1 && definition.foreign_key_count == 0;
	err_release(&err);
	return ok || wrong(place, diags,
	                   arena_printf(arena, "\"%s\" of %s is no column with its %s", column, part,
	                                strcmp(part, "type") == 0 ? "type" : "definition, without REFERENCES"));
}

static bool check_map(const char *part, json_t *map, const struct option_place *place, struct diags *diags)
{
	const char *column;
	json_t *value;
	bool ok = json_is_object(map);

	if (!ok)
		return wrong(place, diags, arena_printf(&diags->arena, "%s is no map of columns", part));
	json_object_foreach(map, column, value) ok = check_sql(part, column, value, place, diags) && ok;
	return ok;
}

static bool check_drop(json_t *list, const struct option_place *place, struct diags *diags)
{
	const char *name;
	json_t *value;
	size_t i;

	if (!json_is_array(list))
		return wrong(place, diags, "drop is no list of columns");
	json_array_foreach(list, i, value) if (!json_is_string(value) ||
	                                       ident_parse_name(json_string_value(value), &diags->arena,
	                                                        &name)) return wrong(place, diags,
	                                                                             "drop is no list of columns");
	return true;
}

bool changes_check(json_t *changes, const struct option_place *place, struct diags *diags)
{
	const char *part;
	json_t *value;
	bool ok = json_is_object(changes);

	if (!ok)
		return wrong(place, diags, "changes is no map");
	json_object_foreach(changes, part, value)
	{
		if (strcmp(part, "add") == 0 || strcmp(part, "type") == 0)
			ok = check_map(part, value, place, diags) && ok;
		else if (strcmp(part, "drop") == 0)
			ok = check_drop(value, place, diags) && ok;
		else
			ok = wrong(place, diags, arena_printf(&diags->arena, "changes knows no \"%s\"", part));
	}
	return ok;
}

static const char *name_of(const char *text, struct arena *arena)
{
	const char *name = text;

	ident_parse_name(text, arena, &name);
	return ident_quoted(arena, name);
}

const char *changes_text(json_t *changes, struct arena *arena)
{
	struct buf out = {0};
	const char *column, *text = NULL;
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(changes, "drop"), i, value)
		buf_addf(&out, "%sDROP COLUMN %s", out.length ? ", " : "", name_of(json_string_value(value), arena));
	json_object_foreach(json_object_get(changes, "type"), column, value)
		buf_addf(&out, "%sALTER COLUMN %s TYPE %s USING NULL", out.length ? ", " : "", name_of(column, arena),
	             json_string_value(value));
	json_object_foreach(json_object_get(changes, "add"), column, value) buf_addf(
		&out, "%sADD COLUMN %s %s", out.length ? ", " : "", name_of(column, arena), json_string_value(value));
	if (out.length)
		text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}
