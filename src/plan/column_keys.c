/* Dropping foreign keys, adding them again, and validating them. */
#include "plan/column_keys.h"

#include <jansson.h>
#include <string.h>

#include "plan/constraints.h"

struct key {
	struct relname table, other;
	const char *name, *definition, *comment, *orphans;
	const char *twin; /* the same key on the column that is to get the name; NULL: there is none */
	bool validated;
};

static size_t read_keys(const struct record *record, struct arena *arena, struct key **keys)
{
	const char *text = record_get(record, "keys");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t count = json_array_size(list), i;

	*keys = arena_array(arena, struct key, count);
	json_array_foreach(list, i, entry)
	{
		struct key *key = &(*keys)[i];

		key->table.schema = arena_strdup(arena, json_string_value(json_object_get(entry, "schema")));
		key->table.name = arena_strdup(arena, json_string_value(json_object_get(entry, "table")));
		key->other.schema = arena_strdup(arena, json_string_value(json_object_get(entry, "other_schema")));
		key->other.name = arena_strdup(arena, json_string_value(json_object_get(entry, "other")));
		key->name = arena_strdup(arena, json_string_value(json_object_get(entry, "name")));
		key->definition = arena_strdup(arena, json_string_value(json_object_get(entry, "definition")));
		key->comment = arena_strdup(arena, json_string_value(json_object_get(entry, "comment")));
		key->orphans = arena_strdup(arena, json_string_value(json_object_get(entry, "orphans")));
		key->twin = arena_strdup(arena, json_string_value(json_object_get(entry, "twin")));
		key->validated = json_is_true(json_object_get(entry, "validated"));
	}
	json_decref(list);
	return count;
}

/* Undo: the name that the key of the column that was switched in had of its own; NULL: it had none. */
static const char *own_name(const struct key *key, const struct facts *facts, struct arena *arena)
{
	struct key *before;
	size_t count = facts->undoing ? read_keys(facts->before, arena, &before) : 0;

	for (size_t i = 0; i < count; i++)
		if (relname_equal(&before[i].table, &key->table) && strcmp(before[i].name, key->name) == 0)
			return before[i].twin;
	return NULL;
}

static void rename_key(const struct key *key, const char *from, const char *to, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s",
	              relname_quoted(arena, &key->table), ident_quoted(arena, from), ident_quoted(arena, to));

	stmt_lock(stmts, stmt, &key->table, LOCK_ACCESS_EXCLUSIVE);
}

static void lock_both(const struct key *key, struct stmt *stmt, struct stmts *stmts)
{
	if (!relname_equal(&key->table, &key->other))
		stmt_lock(stmts, stmt, &key->other, LOCK_ACCESS_EXCLUSIVE);
}

void column_keys_drop(const struct facts *facts, struct stmts *stmts)
{
	struct key *keys;
	size_t count = read_keys(facts->now, stmts->arena, &keys);

	for (size_t i = 0; i < count; i++) {
		const char *own = own_name(&keys[i], facts, stmts->arena);

		if (own)
			rename_key(&keys[i], keys[i].name, own, stmts);
		else
			lock_both(&keys[i], constraint_drop(&keys[i].table, keys[i].name, stmts), stmts);
	}
}

static void add(const struct key *key, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID",
	              relname_quoted(arena, &key->table), ident_quoted(arena, key->name), key->definition);

	stmt_lock(stmts, stmt, &key->table, LOCK_ACCESS_EXCLUSIVE);
	lock_both(key, stmt, stmts);
	stmt->note = "brief: existing rows are not looked at";
	if (key->comment)
		stmts_add(stmts, STMT_TOGETHER, "%s", key->comment);
}

void column_keys_add(const struct facts *facts, struct stmts *stmts)
{
	struct key *keys;
	size_t count = read_keys(facts->now, stmts->arena, &keys);

	for (size_t i = 0; i < count; i++) {
		if (!keys[i].twin)
			add(&keys[i], stmts);
		else
			rename_key(&keys[i], keys[i].twin, keys[i].name, stmts);
	}
}

static void validate(const struct key *key, struct stmts *stmts)
{
	struct culprits *culprits = arena_alloc(stmts->arena, sizeof(*culprits));
	struct stmt *stmt = constraint_validate(&key->table, key->name, stmts);

	if (!relname_equal(&key->table, &key->other))
		stmt_lock(stmts, stmt, &key->other, LOCK_ROW_SHARE);
	culprits->query = key->orphans;
	culprits->what =
		arena_printf(stmts->arena, "rows that refer to nothing in %s", relname_quoted(stmts->arena, &key->other));
	culprits->help = "give them what they refer to, or another value, then go on; or undo";
	stmt->culprits = culprits;
}

void column_keys_validate(bool all, const struct facts *facts, struct stmts *stmts)
{
	struct key *keys;
	size_t count = read_keys(facts->now, stmts->arena, &keys);

	for (size_t i = 0; i < count; i++)
		if (all ? !keys[i].twin : !keys[i].validated)
			validate(&keys[i], stmts);
}
