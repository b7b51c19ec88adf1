/*
 * Working off what the triggers noted, creating rows that are missing, and what
 * is verified of a filling by lookup.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/again.h"
#include "plan/lookup.h"
#include "sql/row.h"

/* In one transaction; rows are locked no longer than it takes, and whoever creates the same row waits as long. */
enum { REFILLED = 500, CREATED = 200 };

static bool creates(const struct looking *l)
{
	return strcmp(l->lookup->missing, "create") == 0;
}

/* "orders.a, orders.b" */
static const char *keys(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->key_count; i++)
		result = arena_printf(l->arena, "%s%s%s.%s", result, i ? ", " : "", l->alias, l->keys[i]);
	return result;
}

/*
 * One statement, one snapshot: each dependant is found once, however often what
 * it depends on changed.  A row that needs a value and holds one that somebody
 * gave it is not one that was derived.
 */
static void add_dependants(const struct looking *l, bool empties, struct stmts *stmts)
{
	const char *match = looking_same_match(l, l->alias, "\"~g\"");
	const char *derived = arena_printf(l->arena, "\"~g\".was%s = %s.%s%s", l->text, l->alias, l->column, l->text);
	const char *was =
		l->plan->where && !empties
			? arena_printf(l->arena, "CASE WHEN EXISTS (SELECT FROM \"~g\" WHERE %s AND %s) THEN %s.%s END", match,
	                       derived, l->alias, l->column)
			: arena_printf(l->arena, "%s.%s", l->alias, l->column);
	struct stmt *stmt = stmts_add(
		stmts, STMT_ALONE,
		"WITH \"~g\" AS MATERIALIZED (DELETE FROM %s RETURNING *) INSERT INTO %s (%s, was) SELECT %s, %s FROM %s AS %s"
		" WHERE EXISTS (SELECT FROM \"~g\" WHERE %s AND (%s%s%s))",
		l->looked, l->refill, looking_numbered("k", l->key_count, "", l->arena), keys(l), was, l->table, l->alias,
		match, derived, empties ? "" : " OR ", empties ? "" : l->needed);

	stmt->slow = true;
	stmt->note = "rows that depend on what changed in the other table meanwhile";
}

/* What `expression` over our row is for the n-th of what is created, and so on. */
static const char *created_values(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->create.count; i++)
		result = arena_printf(l->arena, "%s, (%s\n)", result,
		                      sql_on_row(l->lookup->create.items[i].value, l->alias, l->arena));
	return result;
}

static const char *matches(const struct looking *l, const char *after)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->match.count; i++)
		result = arena_printf(l->arena, "%s%s%s%s", result, i ? (*after == ' ' ? " AND " : ", ") : "",
		                      looking_match(l, i, l->alias), after);
	return result;
}

const char *looking_unmatched(const struct looking *l)
{
	if (strcmp(l->lookup->missing, "null") == 0)
		return NULL;
	return arena_printf(l->arena, "%s AND NOT EXISTS (SELECT FROM %s AS \"~l\" WHERE %s)",
	                    creates(l) ? matches(l, " IS NOT NULL") : "true", l->theirs, l->match);
}

/* The row needs a value, there is something to look up, and nothing is found. */
static const char *unmatched(const struct looking *l)
{
	return arena_printf(l->arena, "%s AND %s", l->needed, looking_unmatched(l));
}

/* The values of which a row is missing, each once: what is created is told by the first of ours that wants it. */
static struct looking_creation gathering(const struct looking *l)
{
	const char *created = looking_numbered("c", l->lookup->create.count, "", l->arena);

	return (struct looking_creation){
		.before = arena_printf(l->arena,
	                           "WITH \"~old\" AS (DELETE FROM %1$s) INSERT INTO %1$s (%2$s%3$s%4$s)"
	                           " SELECT DISTINCT ON (%5$s) %5$s%6$s FROM ",
	                           l->wanted, looking_numbered("m", l->lookup->match.count, "", l->arena),
	                           *created ? ", " : "", created, matches(l, ""), created_values(l)),
		.behind = arena_printf(l->arena, " WHERE %s", unmatched(l)),
		.order = arena_printf(l->arena, " ORDER BY %s, %s", matches(l, ""), keys(l))};
}

static void gather(const struct looking *l, const char *from, struct stmts *stmts)
{
	struct looking_creation g = gathering(l);
	struct stmt *stmt = stmts_add(stmts, STMT_ALONE, "%s%s%s%s", g.before, from, g.behind, g.order);

	stmt->slow = true;
	stmt->note = "what is to be created: a read";
}

/* "email, name", quoted. */
static const char *names(const struct assignment_list *list, const char *before, struct arena *arena)
{
	const char *result = "";

	for (size_t i = 0; i < list->count; i++)
		result = arena_printf(arena, "%s%s%s", result, i || *before ? ", " : "",
		                      ident_quoted(arena, list->items[i].column));
	return result;
}

static const char *creation(const struct looking *l, const char *limit)
{
	const char *match = names(&l->lookup->match, "", l->arena);
	const char *created = looking_numbered("c", l->lookup->create.count, "", l->arena);
	const char *ms = looking_numbered("m", l->lookup->match.count, "", l->arena);

	return arena_printf(
		l->arena,
		"WITH \"~pick\" AS MATERIALIZED (SELECT * FROM %1$s ORDER BY %2$s LIMIT %3$s),"
		" \"~made\" AS (INSERT INTO %4$s AS \"~l\" (%5$s%6$s) SELECT %2$s%7$s%8$s FROM \"~pick\" ORDER BY %2$s"
		" ON CONFLICT (%5$s) DO NOTHING RETURNING pg_catalog.to_jsonb(\"~l\".*) AS created),"
		" \"~kept\" AS (INSERT INTO %9$s (created) SELECT created FROM \"~made\"),"
		" \"~gone\" AS (DELETE FROM %1$s w USING \"~pick\" p WHERE w.seq = p.seq) SELECT FROM \"~pick\"",
		l->wanted, ms, limit, l->theirs, match, names(&l->lookup->create, match, l->arena), *created ? ", " : "",
		created, l->created);
}

static void create(const struct looking *l, struct stmts *stmts)
{
	const char *fired = record_get(l->facts->now, "their_triggers");
	struct stmt *stmt = stmts_add(stmts, STMT_REPEAT, "%s", creation(l, arena_printf(l->arena, "%d", CREATED)));

	stmt->note =
		fired ? arena_printf(l->arena, "rows that are missing, in short transactions; triggers fire: %s", fired)
			  : "rows that are missing, in short transactions: whoever inserts the same waits for one at most";
}

struct looking_creation looking_creation_of(const struct looking *l)
{
	struct looking_creation result = gathering(l);

	result.create = creation(l, "$1::pg_catalog.int8");
	return result;
}

void lookup_create_all(const struct looking *l, struct stmts *stmts)
{
	if (!creates(l))
		return;
	gather(l, arena_printf(l->arena, "%s AS %s", l->table, l->alias), stmts);
	create(l, stmts);
}

/* Those of rows that were written meanwhile. */
static void create_noted(const struct looking *l, struct stmts *stmts)
{
	gather(l,
	       arena_printf(l->arena, "(SELECT DISTINCT %s FROM %s) AS \"~g\" JOIN %s AS %s ON %s",
	                    looking_numbered("k", l->key_count, "", l->arena), l->refill, l->table, l->alias,
	                    looking_same_key(l, l->alias, "\"~g\"")),
	       stmts);
	create(l, stmts);
}

/* A note of a row that finds nothing yet stays until what it wants is created. */
static const char *pickable(const struct looking *l, bool empties)
{
	if (empties || !creates(l))
		return "";
	return arena_printf(l->arena, " WHERE NOT EXISTS (SELECT FROM %s AS %s WHERE %s AND %s)", l->table, l->alias,
	                    looking_same_key(l, l->alias, "n"), unmatched(l));
}

/* The row still holds what it was given, or needs a value; and something else is to be found. */
static const char *wants(const struct looking *l, bool empties)
{
	const char *is_given = arena_printf(l->arena, "\"~g\".was%s = %s.%s%s", l->text, l->alias, l->column, l->text);

	if (empties)
		return is_given;
	return arena_printf(l->arena, "(%s OR %s AND %s IS NOT NULL) AND %s.%s%s IS DISTINCT FROM %s::%s%s", is_given,
	                    l->needed, l->found, l->alias, l->column, l->text, l->found, l->type, l->text);
}

/*
 * The first notes, and of these the ones whose rows are gone or can be had at
 * once: the others are left for the next time.
 */
static const char *free_ones(const struct looking *l, const char *notes)
{
	return arena_printf(
		l->arena,
		"\"~n\" AS MATERIALIZED (%1$s), \"~free\" AS MATERIALIZED (SELECT %2$s FROM %3$s AS %4$s WHERE EXISTS (SELECT"
		" FROM \"~n\" AS n WHERE %5$s) FOR NO KEY UPDATE OF %4$s SKIP LOCKED), \"~g\" AS MATERIALIZED (SELECT n.* FROM"
		" \"~n\" AS n WHERE EXISTS (SELECT FROM \"~free\" AS %4$s WHERE %5$s) OR NOT EXISTS (SELECT FROM %3$s AS %4$s"
		" WHERE %5$s))",
		notes, keys(l), l->table, l->alias, looking_same_key(l, l->alias, "n"));
}

/* `patient`: it waits for rows that others have locked, and then none is left. */
static void refill(const struct looking *l, bool empties, bool patient, struct stmts *stmts)
{
	const char *notes = arena_printf(l->arena, "SELECT n.* FROM %s AS n%s ORDER BY n.seq LIMIT %d", l->refill,
	                                 pickable(l, empties), REFILLED);
	struct stmt *stmt = stmts_add(
		stmts, STMT_REPEAT,
		"WITH %1$s, \"~put\" AS (UPDATE %2$s AS %3$s SET %4$s = %5$s FROM \"~g\" WHERE %6$s AND %7$s),"
		" \"~gone\" AS (DELETE FROM %8$s n USING \"~g\" WHERE n.seq = \"~g\".seq)"
		" SELECT FROM \"~g\" WHERE (SELECT pg_catalog.count(*) FROM %9$s) >= %10$d",
		patient ? arena_printf(l->arena, "\"~g\" AS MATERIALIZED (%s)", notes) : free_ones(l, notes), l->table,
		l->alias, l->column, empties ? "NULL" : l->found, looking_same_key(l, l->alias, "\"~g\""),
		wants(l, empties), l->refill, patient ? "\"~g\"" : "\"~n\"", REFILLED);

	stmt->triggers_sleep = l->plan->triggers_sleep;
	stmt->note = "rows that were written, or whose value changed, meanwhile: what is to be found now";
}

void lookup_work_off(const struct looking *l, bool empties, struct stmts *stmts)
{
	add_dependants(l, empties, stmts);
	if (creates(l) && !empties)
		create_noted(l, stmts);
	refill(l, empties, false, stmts);
}

void lookup_work_off_all(const struct looking *l, bool empties, struct stmts *stmts)
{
	lookup_work_off(l, empties, stmts);
	refill(l, empties, true, stmts);
}

void lookup_verify(const struct looking *l, struct stmts *stmts)
{
	struct stmt *stmt;

	if (strcmp(l->lookup->missing, "error") != 0)
		return;
	stmt =
		stmts_add(stmts, STMT_ALONE,
	              "SELECT %s FROM %s AS %s WHERE %s AND NOT EXISTS (SELECT FROM %s AS \"~l\" WHERE %s) LIMIT %d",
	              keys(l), l->table, l->alias, l->needed, l->theirs, l->match, VERIFY_ROWS);
	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->wrong = arena_printf(l->arena, "rows have no match in %s", l->theirs);
	stmt->help = "insert what they refer to, or say missing = \"null\" or \"create\", then run again";
	stmt->note = "rows without a match; there must be none";
}

void lookup_verify_noted(const struct looking *l, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(
		stmts, STMT_ALONE,
		"SELECT t.name AS missing FROM pg_catalog.unnest(ARRAY['li', 'lu', 'ld', 'lt']) t(name) WHERE NOT EXISTS (SELECT FROM"
		" pg_catalog.pg_trigger g WHERE g.tgrelid = %s::pg_catalog.regclass AND g.tgname = '%s' || t.name AND g.tgenabled = 'A')",
		literal_quoted(l->arena, l->theirs), filling_triggers(l->facts, l->arena));

	stmt->must_be_empty = true;
	stmt->wrong =
		arena_printf(l->arena, "somebody took away or disabled the triggers on %s that note changes", l->theirs);
	stmt->help = "find out who did it, then undo this step and run it again";
	stmt->note = "the triggers that note changes; they must stand";
}

/* ---- Undo of what was created ---- */

/* "c.user_id = t.id …" of whatever refers to it by a foreign key. */
static const char *referred(const struct looking *l)
{
	const char *text = record_get(l->facts->now, "looked"), *result = "";
	json_t *looked = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(json_object_get(looked, "referrers"), i, entry) result = arena_printf(
		l->arena, "%s OR EXISTS (SELECT FROM %s c WHERE %s)", result,
		json_string_value(json_object_get(entry, "table")), json_string_value(json_object_get(entry, "match")));
	json_decref(looked);
	return result;
}

/* "to_jsonb(t) -> 'id' = created -> 'id' AND …": the key as it was. */
static const char *is_same(const struct looking *l)
{
	const char *text = record_get(l->facts->now, "looked"), *result = "", *name;
	json_t *looked = text ? json_loads(text, 0, NULL) : NULL;
	const char *list = json_string_value(json_object_get(looked, "names"));

	for (size_t i = 0; list && (name = again_text(list, i, l->arena)); i++)
		result = arena_printf(l->arena, "%s%st.%s = r.%s", result, i ? " AND " : "", name, name);
	json_decref(looked);
	return *result ? result : "false";
}

/* The column that was filled holds its value; a copy's table is gone by then. */
static const char *held(const struct looking *l)
{
	if (!l->column)
		return "";
	return arena_printf(l->arena, " OR t.%1$s IN (SELECT %2$s.%3$s FROM %4$s AS %2$s WHERE %2$s.%3$s IS NOT NULL)",
	                    ident_quoted(l->arena, l->lookup->value), l->alias, l->column, l->table);
}

/* FROM and WHERE of the rows that were created, as they are now (t) and were then (r). */
static const char *created_rows(const struct looking *l)
{
	return arena_printf(l->arena,
	                    "%s AS t, %s AS i, pg_catalog.jsonb_populate_record(NULL::%s, i.created) AS r WHERE %s",
	                    l->theirs, l->created, l->theirs, is_same(l));
}

static const char *is_used(const struct looking *l)
{
	return arena_printf(
		l->arena,
		"(EXISTS (SELECT FROM pg_catalog.jsonb_each(i.created) e WHERE pg_catalog.to_jsonb(t.*) -> e.key IS DISTINCT FROM e.value)"
		"%s%s)",
		held(l), referred(l));
}

/* From here on nobody changes them, and nobody can begin to refer to them. */
static void lock_created(const struct looking *l, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "SELECT pg_catalog.count(*) FROM (SELECT FROM %s FOR UPDATE OF t) AS locked",
	          created_rows(l))
		->slow = true;
}

static void delete_created(const struct looking *l, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER,
	          "DELETE FROM %s AS t USING %s AS i, pg_catalog.jsonb_populate_record(NULL::%s, i.created) AS r"
	          " WHERE %s AND NOT %s",
	          l->theirs, l->created, l->theirs, is_same(l), is_used(l))
		->note = "rows that were created, where nobody uses them";
}

static const char *they_stay(const struct looking *l)
{
	return arena_printf(l->arena, "rows that were created in %s stay, as they are in use", l->theirs);
}

void lookup_take_back(const struct looking *l, struct stmts *stmts)
{
	if (!creates(l) || !looking_has(l, l->created))
		return;
	lock_created(l, stmts);
	stmts_add(stmts, STMT_TOGETHER, "SELECT r.* FROM %s AND %s LIMIT %d", created_rows(l), is_used(l), VERIFY_ROWS)
		->tells = they_stay(l);
	delete_created(l, stmts);
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", l->created);
}

void lookup_take_back_first(const struct looking *l, struct stmts *stmts)
{
	if (!creates(l) || !looking_has(l, l->created) || !record_get(l->facts->now, "looked"))
		return;
	lock_created(l, stmts);
	delete_created(l, stmts);
	stmts_add(stmts, STMT_ALONE, "SELECT r.* FROM %s LIMIT %d", created_rows(l), VERIFY_ROWS)->tells =
		they_stay(l);
}

void lookup_forget_theirs(const struct looking *l, struct stmts *stmts)
{
	lookup_drop_noting(l, stmts);
	if (looking_has(l, l->created))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", l->created);
	if (looking_has(l, l->looked))
		lookup_drop_rest(l, stmts);
}
