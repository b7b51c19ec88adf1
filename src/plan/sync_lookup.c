/* The queries that sync_columns looks values up by. */
#include "plan/sync_lookup.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/unsteady.h"
#include "sql/columns.h"
#include "sql/row.h"

bool sync_lookup_is_in(const struct assignment_list *side)
{
	for (size_t i = 0; i < side->count; i++)
		if (side->items[i].lookup)
			return true;
	return false;
}

static bool wrong(const struct option_place *place, struct diags *diags, const char *option, const char *summary,
                  const char *help)
{
	diag_help(&diags->arena, option_error(place, diags, "bad-option", option, "%s", summary), "%s", help);
	return false;
}

bool sync_lookup_check(const struct assignment *assignment, const char *option, const struct option_place *place,
                       struct diags *diags)
{
	const struct lookup *lookup = assignment->lookup;
	struct arena *arena = &diags->arena;

	if (strcmp(lookup->missing, "null") != 0)
		return wrong(place, diags, option,
		             arena_printf(arena, "lookup of \"%s\" says missing = \"%s\" in sync_columns",
		                          assignment->column, lookup->missing),
		             "say missing = \"null\": a statement of the application must neither fail nor wait for it");
	for (size_t i = 0; i < lookup->match.count; i++) {
		const struct assignment *match = &lookup->match.items[i];

		if (match->lookup || sql_has_query(match->value) || sql_has_star(match->value) ||
		    is_unsteady(match->value))
			return wrong(place, diags, option,
			             arena_printf(arena,
			                          "what \"%s\" is to be in lookup is not derived from columns of the row",
			                          match->column),
			             "name the columns: lookup itself reads the other table");
		if (sql_names_column(match->value, assignment->column))
			return wrong(place, diags, option,
			             arena_printf(arena, "\"%s\" is looked up by itself", assignment->column),
			             "forward derives new columns from old ones, back old columns from new ones");
	}
	return true;
}

static void add_asked(json_t *list, const struct assignment_list *side, const char *option)
{
	for (size_t i = 0; i < side->count; i++) {
		const struct lookup *lookup = side->items[i].lookup;
		json_t *match = json_array();

		for (size_t m = 0; lookup && m < lookup->match.count; m++)
			json_array_append_new(match, json_string(lookup->match.items[m].column));
		if (lookup)
			json_array_append_new(list, json_pack("{s: s, s: s, s: s, s: O, s: s}", "schema", lookup->table.schema,
			                                      "table", lookup->table.name, "value", lookup->value, "match",
			                                      match, "side", option));
		json_decref(match);
	}
}

const char *sync_lookup_asked(const struct assignment_list *forward, const struct assignment_list *back,
                              struct arena *arena)
{
	json_t *list = json_array();
	const char *result;
	char *text;

	add_asked(list, forward, "forward");
	add_asked(list, back, "back");
	text = json_dumps(list, JSON_COMPACT);
	result = arena_strdup(arena, text);
	free(text);
	json_decref(list);
	return result;
}

/* "(SELECT "~l".id FROM app.storage AS "~l" WHERE "~l".key = (posts.image_key)::text FOR KEY SHARE)" */
static const char *spelled(const struct lookup *lookup, const char *row, json_t *types, struct arena *arena)
{
	const char *match = "";

	for (size_t i = 0; i < lookup->match.count; i++) {
		const char *as = json_string_value(json_array_get(types, i));

		match = arena_printf(arena, "%s%s\"~l\".%s = (%s\n)%s%s", match, i ? " AND " : "",
		                     ident_quoted(arena, lookup->match.items[i].column),
		                     sql_on_row(lookup->match.items[i].value, row, arena), as && *as ? "::" : "",
		                     as ? as : "");
	}
	return arena_printf(arena, "(SELECT \"~l\".%s FROM %s AS \"~l\" WHERE %s FOR KEY SHARE)",
	                    ident_quoted(arena, lookup->value), relname_quoted(arena, &lookup->table), match);
}

struct assignment_list sync_lookup_spelled(const struct assignment_list *side, const struct relname *table,
                                           const char *looked, size_t *n, struct arena *arena)
{
	struct assignment_list result = {arena_array(arena, struct assignment, side->count), side->count};
	json_t *types = looked ? json_loads(looked, 0, NULL) : NULL;

	for (size_t i = 0; i < side->count; i++) {
		result.items[i] = side->items[i];
		if (side->items[i].lookup)
			result.items[i].value = spelled(side->items[i].lookup, ident_quoted(arena, table->name),
			                                json_array_get(types, (*n)++), arena);
	}
	json_decref(types);
	return result;
}
