/* lookup { … } where an option takes it for the SQL of a column. */
#include <string.h>

#include "plan/locate.h"
#include "plan/option_item.h"

static const char *const missing_ways[] = {"null", "error", "create", NULL};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct lookup, table),
     .help = "the table that is looked into"},
	{.name = "match",
     .kind = OPTION_SET,
     .offset = offsetof(struct lookup, match),
     .help = "its columns, and for each the SQL over our row that it must equal"},
	{.name = "value",
     .kind = OPTION_COLUMN,
     .offset = offsetof(struct lookup, value),
     .help = "its column that holds the value"},
	{.name = "missing",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct lookup, missing),
     .choices = missing_ways,
     .help = "what is done where it has no such row: the value stays NULL, the step fails, or the row is created"},
	{.name = "create",
     .kind = OPTION_SET,
     .offset = offsetof(struct lookup, create),
     .help = "with missing = \"create\": its other columns, and for each the SQL over our row"},
	OPTION_END,
};

/* It must be there: a NULL that nobody expected shows up days later. */
static bool is_lacking(const struct option_item *item, const char *column, json_t *given)
{
	for (const struct option *o = options; o->name; o++) {
		struct diag *diag;

		if (json_object_get(given, o->name) || strcmp(o->name, "create") == 0)
			continue;
		diag = option_error(item->place, item->diags, "missing-option", item->option->name,
		                    "lookup of \"%s\" needs \"%s\"", column, o->name);
		diag_detail(&item->diags->arena, diag, "%s: %s", o->name, o->help);
		diag_help(&item->diags->arena, diag,
		          strcmp(o->name, "missing") == 0
		              ? "say missing = \"null\", \"error\" or \"create\"; interlock help lookup"
		              : "interlock help lookup");
		return true;
	}
	return false;
}

static bool wrong(const struct option_item *item, const char *summary, const char *help)
{
	struct diag *diag = option_error(item->place, item->diags, "bad-option", item->option->name, "%s", summary);

	diag_help(&item->diags->arena, diag, "%s", help);
	return false;
}

static bool is_whole(const struct option_item *item, const char *column, const struct lookup *lookup)
{
	struct arena *arena = &item->diags->arena;
	bool creates = strcmp(lookup->missing, "create") == 0;

	if (lookup->create.count && !creates)
		return wrong(
			item,
			arena_printf(arena, "lookup of \"%s\" says \"create\" with missing = \"%s\"", column, lookup->missing),
			"say missing = \"create\", or leave \"create\" out");
	for (size_t i = 0; i < lookup->create.count; i++)
		for (size_t j = 0; j < lookup->match.count; j++)
			if (strcmp(lookup->create.items[i].column, lookup->match.items[j].column) == 0)
				return wrong(item,
				             arena_printf(arena, "lookup of \"%s\" has \"%s\" in \"match\" and in \"create\"",
				                          column, lookup->create.items[i].column),
				             "leave it out of \"create\": a row that is created has there what it must match");
	return true;
}

bool option_decode_lookup(const struct option_item *item, const char *column, json_t *value, struct lookup *out)
{
	struct option_set set = {.options = {options}, .args = {out}, .parsed = item->parsed};
	struct option_place place = *item->place;
	json_t *given = json_object_get(value, "lookup");

	if (!item->option->lookups)
		return wrong(
			item,
			arena_printf(&item->diags->arena, "\"%s\" of %s does not take lookup", item->option->name,
		                 item->place->subject),
			strcmp(item->place->subject, "parallel_table") == 0
				? "what is looked up for copy goes back as the column of that name, or as copy_back derives it"
				: "set of backfill does, copy of parallel_table, and sync_columns: fill the column with backfill { set = { … = lookup { "
				  "… } } }");
	place.subject = "lookup";
	place.span = locate_option(item->place->span, item->option->name, NULL, 0);
	return !is_lacking(item, column, given) && options_decode(&set, given, &place, item->arena, item->diags) &&
	       is_whole(item, column, out);
}

json_t *option_canonical_lookup(json_t *value, json_t *(*canonical)(json_t *set, struct arena *arena),
                                struct arena *arena)
{
	static const char *const maps[] = {"match", "create", NULL};
	json_t *result = json_deep_copy(value), *inside = json_object_get(result, "lookup");

	for (size_t i = 0; inside && maps[i]; i++) {
		json_t *map = json_object_get(inside, maps[i]);

		if (json_is_object(map))
			json_object_set_new(inside, maps[i], canonical(map, arena));
	}
	return result;
}
