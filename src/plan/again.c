/* Sending the statements that were kept, and leaving what they made with the grants that were kept. */
#include "plan/again.h"

#include <jansson.h>
#include <string.h>

void again_add(const char *list, struct stmts *stmts)
{
	json_t *array = list ? json_loads(list, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(array, i, entry)
	{
		if (json_is_string(entry))
			stmts_add(stmts, STMT_TOGETHER, "%s", json_string_value(entry));
	}
	json_decref(array);
}

const char *again_text(const char *list, size_t n, struct arena *arena)
{
	json_t *array = list ? json_loads(list, 0, NULL) : NULL;
	const char *text = arena_strdup(arena, json_string_value(json_array_get(array, n)));

	json_decref(array);
	return text;
}

bool again_holds(const char *list, const char *text)
{
	struct arena arena = {0};
	bool found = false;
	const char *entry;

	for (size_t i = 0; !found && (entry = again_text(list, i, &arena)); i++)
		found = strcmp(entry, text) == 0;
	arena_release(&arena);
	return found;
}

void again_revoke(const struct made_again *it, struct stmts *stmts)
{
	const char *body = arena_printf(
		stmts->arena,
		"DECLARE who text; BEGIN FOR who IN SELECT DISTINCT " SQL_GRANTEE(
			"x") " FROM %s o CROSS JOIN LATERAL"
				 " pg_catalog.aclexplode(coalesce(o.acl, pg_catalog.acldefault('%s', o.owner))) x"
				 " LOOP EXECUTE pg_catalog.concat('REVOKE ALL ON ', %s, ' FROM ', who); END LOOP; END",
		it->source, it->kind, literal_quoted(stmts->arena, it->thing));

	stmts_add(stmts, STMT_TOGETHER, "DO %s", literal_quoted(stmts->arena, body));
}

void make_again(const struct made_again *it, const struct facts *facts, struct stmts *stmts)
{
	const char *lost = record_get(facts->before, "lost");

	if (lost) {
		stmts_refuse(stmts, "make it by hand", "%s can't be made again as it was: %s", it->what, lost);
		stmts->refusal_stays = true;
		return;
	}
	if (facts->state != STATE_DONE) {
		stmts_refuse(stmts, "rename or drop the one that is there, then undo again",
		             "something of the name of %s is there again", it->what);
		return;
	}
	again_add(record_get(facts->before, "again"), stmts);
	if (record_true(facts->before, "has_grants") || record_true(facts->now, "default_privileges")) {
		again_revoke(it, stmts);
		again_add(record_get(facts->before, "grants"), stmts);
	}
	again_add(record_get(facts->before, "column_grants"), stmts);
}
