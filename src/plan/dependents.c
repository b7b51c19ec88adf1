/* Reading what the probe says about dependents: may it go, and what people are told. */
#include "plan/dependents.h"

#include <jansson.h>

bool drop_refused(const char *what, bool changes, const struct facts *facts, struct stmts *stmts)
{
	const char *owner = record_get(facts->now, "owner");

	if (!owner || record_true(facts->now, "owns") || (!changes && record_true(facts->now, "owns_schema")))
		return false;
	stmts_refuse(stmts, "run the plan as that role, or as a member of it",
	             "%s belongs to role \"%s\", not to \"%s\"", what, owner, record_get(facts->now, "role"));
	return true;
}

const char *drop_note(const char *note, const struct facts *facts, struct arena *arena)
{
	const char *mentioned = record_get(facts->now, "mentioned_by");

	if (!mentioned)
		return note;
	return arena_printf(arena, "%s%sits name stands in the body of %s", note ? note : "", note ? "; " : "",
	                    mentioned);
}

bool dependents_only(const struct facts *facts)
{
	return facts->state == STATE_CONFLICT && record_get(facts->now, "blockers");
}

bool dependents_cleared(const struct facts *facts,
                        bool (*is_worked_on)(void *arg, const struct relname *what, bool firm), void *arg)
{
	const char *text = record_get(facts->now, "blockers");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	bool cleared = json_array_size(list) > 0;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		struct relname what = {json_string_value(json_object_get(entry, "schema")),
		                       json_string_value(json_object_get(entry, "name"))};

		cleared = cleared && what.name && is_worked_on(arg, &what, json_is_true(json_object_get(entry, "firm")));
	}
	json_decref(list);
	return cleared;
}
