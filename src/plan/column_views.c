/* Dropping the views that show a column, the last one first, and making them again in order. */
#include "plan/column_views.h"

#include <jansson.h>

static json_t *views_of(const struct facts *facts)
{
	const char *list = record_get(facts->now, "views");

	return list ? json_loads(list, 0, NULL) : NULL;
}

static const char *text_of(json_t *view, const char *key, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(view, key)));
}

static struct relname name_of(json_t *view, struct arena *arena)
{
	return (struct relname){text_of(view, "schema", arena), text_of(view, "view", arena)};
}

void column_views_drop(const struct facts *facts, struct stmts *stmts)
{
	json_t *views = views_of(facts);

	for (size_t i = json_array_size(views); i > 0; i--) {
		struct relname name = name_of(json_array_get(views, i - 1), stmts->arena);
		struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "DROP VIEW %s", relname_quoted(stmts->arena, &name));

		stmt_takes(stmts, stmt, &name, LOCK_ACCESS_EXCLUSIVE);
		stmt->note = "brief: it is made again at once, for the column that has the name then";
	}
	json_decref(views);
}

static void make(json_t *view, struct stmts *stmts)
{
	struct relname name = name_of(view, stmts->arena);
	struct made_again it = {.thing = relname_quoted(stmts->arena, &name), .kind = "r"};

	it.source = arena_printf(stmts->arena,
	                         "(SELECT c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class c"
	                         " WHERE c.oid = %s::pg_catalog.regclass)",
	                         literal_quoted(stmts->arena, it.thing));
	again_add(text_of(view, "again", stmts->arena), stmts);
	if (json_is_true(json_object_get(view, "has_grants"))) {
		again_revoke(&it, stmts);
		again_add(text_of(view, "grants", stmts->arena), stmts);
	}
	again_add(text_of(view, "column_grants", stmts->arena), stmts);
}

void column_views_make(const struct facts *facts, struct stmts *stmts)
{
	json_t *views = views_of(facts), *view;
	size_t i;

	json_array_foreach(views, i, view) make(view, stmts);
	json_decref(views);
}
