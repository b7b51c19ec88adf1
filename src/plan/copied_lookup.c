/* From a lookup in `copy` to a row of interlock.pair, and back. */
#include "plan/copied_lookup.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *shown(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->match.count; i++)
		result = arena_printf(l->arena, "%s%s%s AS %s", result, i ? ", " : "", looking_match(l, i, l->alias),
		                      ident_quoted(l->arena, l->lookup->match.items[i].column));
	return result;
}

const char *copied_lookup_text(const struct looking *l, struct arena *arena)
{
	bool creates = strcmp(l->lookup->missing, "create") == 0;
	struct looking_creation creation = creates ? looking_creation_of(l) : (struct looking_creation){0};
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "schema",
	                           l->lookup->table.schema, "name", l->lookup->table.name, "column",
	                           lookup_in(l->plan->set)->column, "missing", l->lookup->missing, "shown", shown(l),
	                           "looked", l->looked, "noted", looking_same_match(l, l->alias, "\"~g\""),
	                           "unmatched", looking_unmatched(l), "before", creation.before, "behind",
	                           creation.behind, "order", creation.order, "create", creation.create);
	char *text = json_dumps(object, JSON_COMPACT);
	const char *copy = arena_strdup(arena, text);

	free(text);
	json_decref(object);
	return copy;
}

static const char *text_of(json_t *object, const char *name, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(object, name)));
}

const struct copied_lookup *copied_lookup_read(const char *json, struct arena *arena)
{
	json_t *object = json ? json_loads(json, 0, NULL) : NULL;
	struct copied_lookup *l;

	if (!object)
		return NULL;
	l = arena_alloc(arena, sizeof(*l));
	*l =
		(struct copied_lookup){.table = {text_of(object, "schema", arena), text_of(object, "name", arena)},
	                           .column = ident_quoted(arena, json_string_value(json_object_get(object, "column"))),
	                           .missing = text_of(object, "missing", arena),
	                           .shown = text_of(object, "shown", arena),
	                           .looked = text_of(object, "looked", arena),
	                           .noted = text_of(object, "noted", arena),
	                           .unmatched = text_of(object, "unmatched", arena),
	                           .before = text_of(object, "before", arena),
	                           .behind = text_of(object, "behind", arena),
	                           .order = text_of(object, "order", arena),
	                           .create = text_of(object, "create", arena)};
	l->quoted = relname_quoted(arena, &l->table);
	json_decref(object);
	return l;
}

const char *copied_lookup_ready(const struct copying *c, struct arena *arena)
{
	if (!c->lookup || !c->lookup->unmatched)
		return c->only_rows;
	return arena_printf(arena, "%s\n) AND NOT (%s", c->only_rows, c->lookup->unmatched);
}

const char *copied_lookup_stuck(const struct copying *c, struct arena *arena)
{
	if (!c->lookup || !c->lookup->unmatched)
		return NULL;
	return arena_printf(arena, "(%s\n) AND (%s)", c->only_rows, c->lookup->unmatched);
}
