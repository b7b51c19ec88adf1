/* Names of indexes and constraints given on, and given back. */
#include "plan/column_names.h"

#include <jansson.h>
#include <string.h>

#include "plan/again.h"

static json_t *names_of(const struct facts *facts)
{
	const char *list = record_get(facts->undoing ? facts->before : facts->now, "names");

	return list ? json_loads(list, 0, NULL) : NULL;
}

static const char *text_of(json_t *pair, const char *key, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(pair, key)));
}

/* The name of what is put aside. */
static const char *aside(const char *name, const struct facts *facts, struct arena *arena)
{
	return ident_derived(arena, name, NULL, arena_printf(arena, "_old_%lld", (long long)facts->run));
}

static void rename_one(const struct column_swap *swap, json_t *pair, const char *from, const char *to,
                       struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *schema = text_of(pair, "schema", arena);
	struct stmt *stmt;

	if (strcmp(text_of(pair, "kind", arena), "index") == 0)
		stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER INDEX %s.%s RENAME TO %s", ident_quoted(arena, schema),
		                 ident_quoted(arena, from), ident_quoted(arena, to));
	else
		stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s",
		                 relname_quoted(arena, &swap->table), ident_quoted(arena, from), ident_quoted(arena, to));
	stmt_lock(stmts, stmt, &swap->table, LOCK_ACCESS_EXCLUSIVE);
}

bool column_names_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	json_t *names = names_of(facts), *pair;
	const char *known = record_get(facts->now, "known_names");
	size_t i;

	json_array_foreach(names, i, pair)
	{
		const char *name = text_of(pair, "name", stmts->arena), *old = aside(name, facts, stmts->arena);
		const char *gone = !again_holds(known, name) ? name : !again_holds(known, old) ? old : NULL;

		if (!gone)
			continue;
		stmts_refuse(stmts, "make it again under that name, then undo again", "%s %s of %s is gone",
		             text_of(pair, "kind", stmts->arena), ident_quoted(stmts->arena, gone),
		             relname_quoted(stmts->arena, &swap->table));
		break;
	}
	json_decref(names);
	return stmts->refusal != NULL;
}

static void cluster(const struct column_swap *swap, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s CLUSTER ON %s",
	                              relname_quoted(stmts->arena, &swap->table), ident_quoted(stmts->arena, name));

	stmt_lock(stmts, stmt, &swap->table, LOCK_ACCESS_EXCLUSIVE);
}

void column_names_exchange(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	json_t *names = names_of(facts), *pair;
	size_t i;

	json_array_foreach(names, i, pair)
	{
		const char *name = text_of(pair, "name", stmts->arena), *old = aside(name, facts, stmts->arena);
		const char *successor = text_of(pair, "successor", stmts->arena);

		rename_one(swap, pair, name, facts->undoing ? successor : old, stmts);
		rename_one(swap, pair, facts->undoing ? old : successor, name, stmts);
		if (json_is_true(json_object_get(pair, "clustered")))
			cluster(swap, name, stmts);
	}
	json_decref(names);
}
