/* What goes by a name, and may stay behind only if the plan says so. */
#include "plan/by_name.h"

#include <stdlib.h>
#include <string.h>

#include "plan/probes.h"

bool is_system_column(const char *name)
{
	static const char *const systems[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if (strcmp(name, systems[i]) == 0)
			return true;
	return false;
}

const char by_name_leaves_help[] =
	"functions, triggers, publications and subscriptions that go by the old name and may stay as they are";

const char *by_name_leaves(const struct text_list *leaves, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, leaves->count * 2);
	size_t count = 0;

	for (size_t i = 0; i < leaves->count; i++) {
		struct relname name;

		names[count++] = leaves->items[i];
		if (!ident_parse_relname(leaves->items[i], arena, &name))
			names[count++] = relname_quoted(arena, &name);
	}
	return array_literal(names, count, arena);
}

bool by_name_refused(const char *what, const struct facts *facts, struct stmts *stmts)
{
	const char *going = record_get(facts->now, "going"), *more = record_get(facts->now, "going_more");
	int rest = more ? atoi(more) : 0;

	if (!going)
		return false;
	stmts_refuse(
		stmts,
		arena_printf(stmts->arena,
	                 "change them so that they work with both names, or with neither, in an earlier step; then say"
	                 " leaves = { %s%s }",
	                 record_get(facts->now, "going_leaves"), rest > 0 ? ", ..." : ""),
		"the name of %s is used by %s%s, which would not follow", what, going,
		rest > 0 ? arena_printf(stmts->arena, " and %d more", rest) : "");
	stmts->refusal_rule = "name-in-function-body";
	return true;
}
