/* Sending a table away, bringing it back, dropping it when its time is over. */
#include "plan/retired.h"

#include <jansson.h>
#include <string.h>

#include "plan/constraints.h"
#include "plan/dependents.h"

enum { LOCKS_AT_MOST = 40 }; /* of other tables: what is beyond waits in its statement */

/* The pieces of which the statements are made. */
struct journey {
	const struct retired_table *it;
	const struct facts *facts;
	struct stmts *stmts;
	struct relname home, away; /* under its name where it belongs; in the registry's schema */
	const char *name;          /* the last part of `away` */
};

static struct journey journey_of(const struct retired_table *it, const struct facts *facts, struct stmts *stmts)
{
	struct journey j = {.it = it, .facts = facts, .stmts = stmts};

	j.name = arena_printf(stmts->arena, "retired_%lld_%d", (long long)facts->run, facts->number);
	j.away = (struct relname){"interlock", j.name};
	if (it)
		j.home = it->table;
	return j;
}

static json_t *list_of(const struct record *record, const char *column)
{
	const char *text = record_get(record, column);

	return text ? json_loads(text, 0, NULL) : NULL;
}

static const char *text_of(const struct journey *j, json_t *entry, const char *key)
{
	return arena_strdup(j->stmts->arena, json_string_value(json_object_get(entry, key)));
}

static const char *quoted(const struct journey *j, const char *schema, const char *name)
{
	return relname_quoted(j->stmts->arena, &(struct relname){schema, name});
}

/* Is the table that lies in the registry's schema ours? */
static bool is_away(const struct journey *j)
{
	return again_holds(record_get(j->facts->now, "retired"), j->name);
}

void retired_lock_parents(const struct record *record, struct stmt *stmt, struct stmts *stmts)
{
	json_t *list = list_of(record, "foreign_keys"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		struct relname parent = {arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "schema"))),
		                         arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "table")))};
		bool again = stmt->lock_count >= LOCKS_AT_MOST;

		for (size_t l = 0; l < stmt->lock_count; l++)
			again |= relname_equal(&stmt->locks[l].table, &parent);
		if (!again)
			stmt_lock(stmts, stmt, &parent, LOCK_ACCESS_EXCLUSIVE);
	}
	json_decref(list);
}

/* ---- Away ---- */

/* While it is away nobody else's rows are held by it, and it follows no table's changes. */
static void drop_foreign_keys(const struct journey *j)
{
	json_t *list = list_of(j->facts->now, "foreign_keys"), *entry;
	struct stmt *stmt;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		stmt = constraint_drop(&j->home, text_of(j, entry, "name"), j->stmts);
		retired_lock_parents(j->facts->now, stmt, j->stmts);
		stmt->note = "brief: undo adds it again, then validates it";
	}
	json_decref(list);
}

/* Frees the names of indexes, sequences and statistics, or gives them back. */
static void rename_parts(const struct journey *j, const struct record *record, bool back)
{
	struct arena *arena = j->stmts->arena;
	json_t *list = list_of(record, "parts"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		const char *kind = text_of(j, entry, "kind"), *schema = text_of(j, entry, "schema");
		const char *name = text_of(j, entry, "name"), *spare = arena_printf(arena, "%s_%zu", j->name, i + 1);
		bool moves = strcmp(kind, "STATISTICS") == 0;

		if (moves && back)
			stmts_add(j->stmts, STMT_TOGETHER, "ALTER %s %s SET SCHEMA %s", kind, quoted(j, "interlock", spare),
			          ident_quoted(arena, schema));
		stmts_add(j->stmts, STMT_TOGETHER, "ALTER %s %s RENAME TO %s", kind,
		          quoted(j, schema, back ? spare : name), ident_quoted(arena, back ? name : spare));
		if (moves && !back)
			stmts_add(j->stmts, STMT_TOGETHER, "ALTER %s %s SET SCHEMA interlock", kind, quoted(j, schema, spare));
	}
	json_decref(list);
}

static void move_away(const struct journey *j)
{
	struct stmt *stmt = stmts_add(j->stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME TO %s",
	                              relname_quoted(j->stmts->arena, &j->home), j->name);

	stmt_lock(j->stmts, stmt, &j->home, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = drop_note("brief: from here on nobody reads or writes it", j->facts, j->stmts->arena);
	stmts_add(j->stmts, STMT_TOGETHER, "ALTER TABLE %s SET SCHEMA interlock", quoted(j, j->home.schema, j->name));
}

/* For whoever comes across it: what it was, who took it away, and until when it is kept. */
static void label(const struct journey *j)
{
	struct arena *arena = j->stmts->arena;
	const char *body = arena_printf(
		arena,
		"BEGIN EXECUTE pg_catalog.format('COMMENT ON TABLE interlock.%s IS %%L', (SELECT pg_catalog.concat(%s,"
		" ', dropped by plan ', r.plan, ' (run ', r.id, ') on ', pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD HH24:MI TZ'),"
		" '; undo brings it back until ', pg_catalog.to_char(pg_catalog.now() OPERATOR(pg_catalog.+)"
		" pg_catalog.make_interval(secs => %lld), 'YYYY-MM-DD HH24:MI TZ'), ', then sync drops it')"
		" FROM interlock.run r WHERE r.id OPERATOR(pg_catalog.=) %lld)); END",
		j->name, literal_quoted(arena, relname_quoted(arena, &j->home)), (long long)(j->it->kept_for / 1000),
		(long long)j->facts->run);

	stmts_add(j->stmts, STMT_TOGETHER, "DO %s", literal_quoted(arena, body));
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A foreign key that was validated, and has been added again, may not be so yet. */
static bool is_same_key(const struct journey *j, json_t *was, json_t *is)
{
	const char *definition = text_of(j, was, "definition"), *now = text_of(j, is, "definition");

	return is_same(text_of(j, was, "name"), text_of(j, is, "name")) &&
	       is_same(text_of(j, was, "comment"), text_of(j, is, "comment")) &&
	       (is_same(definition, now) || is_same(arena_printf(j->stmts->arena, "%s NOT VALID", definition), now));
}

/*
 * An undo that was cut short has brought the table back, and what undo needs is
 * still known from before: is that what the table has now?
 */
static bool is_as_before(const struct journey *j)
{
	static const char *const columns[] = {"table_oid", "parts", "grants", "revokes", "table_comment"};
	const struct record *before = j->facts->before, *now = j->facts->now;
	json_t *were = list_of(before, "foreign_keys"), *are = list_of(now, "foreign_keys");
	bool same = json_array_size(were) == json_array_size(are);

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		same = same && is_same(record_get(before, columns[i]), record_get(now, columns[i]));
	for (size_t i = 0; same && i < json_array_size(were); i++)
		same = is_same_key(j, json_array_get(were, i), json_array_get(are, i));
	json_decref(were);
	json_decref(are);
	return same;
}

/*
 * true, with the refusal set: it begins with new names, for which the schemas
 * must be open to the role, and the statistics its own.
 */
static bool may_not_rename(const struct journey *j)
{
	const char *schema = record_get(j->facts->now, "closed_schema"), *role = record_get(j->facts->now, "role");
	const char *statistics = record_get(j->facts->now, "foreign_statistics");
	const char *table = relname_quoted(j->stmts->arena, &j->home);

	if (schema && role)
		stmts_refuse(
			j->stmts,
			arena_printf(j->stmts->arena,
		                 "have its owner GRANT CREATE ON SCHEMA %s TO %s, run the plan as its owner, or drop"
		                 " the table without archive",
		                 schema, ident_quoted(j->stmts->arena, role)),
			"role \"%s\" may not create anything in schema %s, and so not rename %s, which is how it is kept",
			role, schema, table);
	else if (statistics && role)
		stmts_refuse(j->stmts, "give it to the owner of the table (ALTER STATISTICS … OWNER TO), or drop it first",
		             "role \"%s\" may not rename statistics %s, and they are kept with %s", role, statistics,
		             table);
	return j->stmts->refusal != NULL;
}

void retired_send(const struct retired_table *it, const struct facts *facts, struct stmts *stmts)
{
	struct journey j = journey_of(it, facts, stmts);

	if (may_not_rename(&j))
		return;
	if (record_true(facts->now, "foreign_grants")) {
		stmts_refuse(
			stmts, "have them revoked by who granted them, or drop the table without archive",
			"rights on %s were granted by another role than its owner, and undo could not grant them again",
			relname_quoted(stmts->arena, &it->table));
		return;
	}
	if (is_away(&j)) {
		stmts_refuse(stmts, "look whether it is still needed, and drop it", "there is a %s already",
		             relname_quoted(stmts->arena, &j.away));
		return;
	}
	if (facts->before && !is_as_before(&j)) {
		stmts_refuse(stmts, "let undo end what it began, then run again",
		             "%s was changed since an undo that was cut short brought it back",
		             relname_quoted(stmts->arena, &it->table));
		return;
	}
	drop_foreign_keys(&j);
	again_add(record_get(facts->now, "revokes"), stmts);
	rename_parts(&j, facts->now, false);
	move_away(&j);
	label(&j);
}

/* ---- Back ---- */

static void move_back(const struct journey *j)
{
	struct arena *arena = j->stmts->arena;
	struct stmt *stmt = stmts_add(j->stmts, STMT_TOGETHER, "ALTER TABLE %s SET SCHEMA %s",
	                              relname_quoted(arena, &j->away), ident_quoted(arena, j->home.schema));

	stmt_lock(j->stmts, stmt, &j->away, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: it was in use by nobody";
	stmts_add(j->stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME TO %s", quoted(j, j->home.schema, j->name),
	          ident_quoted(arena, j->home.name));
}

static void comment_again(const struct journey *j)
{
	struct arena *arena = j->stmts->arena;
	const char *comment = record_get(j->facts->before, "table_comment");

	stmts_add(j->stmts, STMT_TOGETHER, "COMMENT ON TABLE %s IS %s", relname_quoted(arena, &j->home),
	          comment ? literal_quoted(arena, comment) : "NULL");
}

static void add_foreign_key(const struct journey *j, json_t *key, bool locks)
{
	struct arena *arena = j->stmts->arena;
	struct relname parent = {text_of(j, key, "schema"), text_of(j, key, "table")};
	const char *comment = text_of(j, key, "comment");
	struct stmt *stmt;

	stmt = stmts_add(j->stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s%s",
	                 relname_quoted(arena, &j->home), ident_quoted(arena, text_of(j, key, "name")),
	                 text_of(j, key, "definition"),
	                 json_is_true(json_object_get(key, "validated")) ? " NOT VALID" : "");
	if (locks)
		stmt_lock(j->stmts, stmt, &parent, LOCK_SHARE_ROW_EXCLUSIVE);
	stmt->note = "brief: existing rows are not looked at";
	if (comment)
		stmts_add(j->stmts, STMT_TOGETHER, "%s", comment);
}

/* Is the foreign key of that name there now, and validated? */
static bool is_validated(json_t *keys, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(keys, i, entry) if (strcmp(json_string_value(json_object_get(entry, "name")), name) ==
	                                       0) return json_is_true(json_object_get(entry, "validated"));
	return false;
}

/* First all are added with the table, then each is validated by itself. */
static void bring_foreign_keys_back(const struct journey *j, bool add)
{
	json_t *keys = list_of(j->facts->before, "foreign_keys"), *key;
	json_t *now = add ? NULL : list_of(j->facts->now, "foreign_keys");
	struct stmt *stmt;
	size_t i;

	json_array_foreach(keys, i, key)
	{
		if (add)
			add_foreign_key(j, key, i < LOCKS_AT_MOST);
	}
	json_array_foreach(keys, i, key)
	{
		struct relname parent = {text_of(j, key, "schema"), text_of(j, key, "table")};
		const char *name = text_of(j, key, "name");

		if (!json_is_true(json_object_get(key, "validated")) || is_validated(now, name))
			continue;
		stmt = constraint_validate(&j->home, name, j->stmts);
		stmt_lock(j->stmts, stmt, &parent, LOCK_ROW_SHARE);
	}
	json_decref(keys);
	json_decref(now);
}

void retired_bring_back(const struct retired_table *it, const struct facts *facts, struct stmts *stmts)
{
	struct journey j = journey_of(it, facts, stmts);
	const char *was = record_get(facts->before, "table_oid"), *is = record_get(facts->now, "table_oid");
	const char *table = relname_quoted(stmts->arena, &it->table);

	if (facts->state != STATE_DONE && is_away(&j)) {
		stmts_refuse(stmts, "rename or drop the one that is there, then undo again",
		             "there is something again by the name of %s", table);
	} else if (is_away(&j)) {
		move_back(&j);
		rename_parts(&j, facts->before, true);
		again_add(record_get(facts->before, "grants"), stmts);
		comment_again(&j);
		bring_foreign_keys_back(&j, true);
	} else if (was && is && strcmp(was, is) == 0) {
		bring_foreign_keys_back(&j, false);
	} else {
		stmts_refuse(stmts, "only a backup has it still", "what was kept of table %s is gone since", table);
		stmts->refusal_stays = true;
	}
}

void retired_drop(const struct facts *facts, struct stmts *stmts)
{
	struct journey j = journey_of(NULL, facts, stmts);
	struct stmt *stmt;

	if (!is_away(&j))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", relname_quoted(stmts->arena, &j.away));
	stmt_lock(stmts, stmt, &j.away, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: its time is over";
}
