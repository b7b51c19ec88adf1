/* Options and expressions of a lookup. */
#include "plan/lookup_check.h"

#include <string.h>

#include "plan/lookup.h"
#include "plan/unsteady.h"
#include "sql/columns.h"
#include "sql/row.h"

/* Where the plan has it, and who is told. */
struct checking {
	const struct option_place *place;
	struct diags *diags;
	const char *option; /* "set", "copy" */
};

static bool wrong(const struct checking *c, const char *option, const char *summary, const char *help)
{
	struct diag *diag = option_error(c->place, c->diags, "bad-option", option, "%s", summary);

	diag_help(&c->diags->arena, diag, "%s", help);
	return false;
}

static bool is_over_row(const struct checking *c, const char *option, const char *what, const char *expression)
{
	struct arena *arena = &c->diags->arena;

	if (sql_has_query(expression))
		return wrong(c, option, arena_printf(arena, "%s holds a query", what),
		             "derive it from columns of the row itself: lookup reads the other table");
	if (sql_has_star(expression))
		return wrong(c, option, arena_printf(arena, "%s names all columns at once", what), "name the columns");
	return true;
}

static bool are_good(const struct checking *c, const char *part, const struct assignment_list *list,
                     const char *filled)
{
	struct arena *arena = &c->diags->arena;

	for (size_t i = 0; i < list->count; i++) {
		const struct assignment *a = &list->items[i];
		const char *what = arena_printf(arena, "what \"%s\" is to be in lookup", a->column);

		if (a->lookup)
			return wrong(c, c->option, "a lookup inside a lookup", "fill a column with the inner one first");
		if (!is_over_row(c, "set", what, a->value))
			return false;
		if (filled && sql_names_column(a->value, filled))
			return wrong(c, c->option,
			             arena_printf(arena, "%s is derived from \"%s\", which it fills", what, filled),
			             "derive it from other columns");
		if (is_unsteady(a->value))
			return wrong(c, c->option, arena_printf(arena, "%s is another value each time", what),
			             strcmp(part, "create") == 0
			                 ? "give that column a default in its table, which each row that is created then gets"
			                 : "derive it from columns of the row itself");
	}
	return true;
}

bool lookup_check(const struct assignment_list *set, const char *where, const char *unfit,
                  const struct option_place *place, struct diags *diags)
{
	const struct checking c = {place, diags, "set"};
	const struct assignment *a = lookup_in(set);

	if (set->count > 1)
		return wrong(&c, "set",
		             arena_printf(&diags->arena, "lookup of \"%s\" stands beside other columns", a->column),
		             "fill the others in a backfill of their own: each has triggers that keep its rows right");
	if (unfit && strcmp(unfit, "keep_old") == 0)
		return wrong(&c, unfit, "keep_old does not go with lookup",
		             "leave it out: undo makes NULL again what was looked up, and what somebody wrote stays");
	if (unfit)
		return wrong(&c, unfit, arena_printf(&diags->arena, "%s does not go with lookup", unfit), "leave it out");
	return (!where || is_over_row(&c, "where", "\"where\" of backfill", where)) &&
	       are_good(&c, "match", &a->lookup->match, a->column) &&
	       are_good(&c, "create", &a->lookup->create, a->column);
}

/* Does a trigger of ours on the other table never see what we write ourselves? */
static bool is_another(const struct checking *c, const struct relname *table, const struct relname *live,
                       const struct relname *shadow)
{
	bool is_live = relname_equal(table, live);

	if (!is_live && !relname_equal(table, shadow))
		return true;
	return wrong(c, c->option,
	             arena_printf(&c->diags->arena, "lookup in copy looks into the %s table itself",
	                          is_live ? "live" : "shadow"),
	             "look into another table; what the row itself says is SQL over it");
}

bool lookup_check_copy(const struct relname *live, const struct relname *shadow,
                       const struct assignment_list *copy, const struct option_place *place, struct diags *diags)
{
	const struct checking c = {place, diags, "copy"};
	const struct assignment *a = lookup_in(copy);
	size_t count = 0;

	for (size_t i = 0; i < copy->count; i++)
		count += copy->items[i].lookup != NULL;
	if (count > 1)
		return wrong(
			&c, "copy", "copy holds more than one lookup",
			"fill one of the columns in the live table first, by backfill { set = { … = lookup { … } } }");
	return is_another(&c, &a->lookup->table, live, shadow) && are_good(&c, "match", &a->lookup->match, NULL) &&
	       are_good(&c, "create", &a->lookup->create, NULL);
}
