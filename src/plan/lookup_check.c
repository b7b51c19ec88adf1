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
			return wrong(c, "set", "a lookup inside a lookup", "fill a column with the inner one first");
		if (!is_over_row(c, "set", what, a->value))
			return false;
		if (sql_names_column(a->value, filled))
			return wrong(c, "set", arena_printf(arena, "%s is derived from \"%s\", which it fills", what, filled),
			             "derive it from other columns");
		if (is_unsteady(a->value))
			return wrong(c, "set", arena_printf(arena, "%s is another value each time", what),
			             strcmp(part, "create") == 0
			                 ? "give that column a default in its table, which each row that is created then gets"
			                 : "derive it from columns of the row itself");
	}
	return true;
}

bool lookup_check(const struct assignment_list *set, const char *where, const char *unfit,
                  const struct option_place *place, struct diags *diags)
{
	const struct checking c = {place, diags};
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
