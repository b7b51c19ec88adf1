/* Lists from the catalogue, as JSON of name, of, removal and statement. */
#include "engine/aside.h"

#include <jansson.h>

#include "engine/tx.h"

/* clang-format off */

/* $1 run and $2 number of the pair, $3 the live table, $4 the shadow.  CTE `key`: its columns on both sides. */
#define KEY \
	"key AS (SELECT pg_catalog.array_agg(k ->> 'live') AS live, pg_catalog.array_agg(k ->> 'shadow') AS shadow," \
	" pg_catalog.to_regclass($3) AS live_oid, pg_catalog.to_regclass($4) AS shadow_oid FROM interlock.pair p," \
	" pg_catalog.jsonb_array_elements(p.keys) k WHERE p.run = $1::int8 AND p.number = $2::int4)"

/* Does index `i` make exactly these columns (text[]) unique? */
#define IS_KEY(columns) \
	"(i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL" \
	" AND i.indnkeyatts = pg_catalog.cardinality(" columns ") AND NOT EXISTS (SELECT FROM" \
	" pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY u(attnum, n) JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = i.indrelid AND a.attnum = u.attnum WHERE u.n <= i.indnkeyatts AND a.attname <> ALL (" columns ")))"

/* An index of relation `oid` with its constraint, and what follows the name of its table: "USING btree (a)". */
#define INDEXES(oid) \
	"(SELECT i.*, c.relname, k.conname, k.oid AS con, pg_catalog.pg_get_indexdef(i.indexrelid) AS def," \
	" (SELECT pg_catalog.substr(d.def, pg_catalog.strpos(d.def, d.head) + pg_catalog.length(d.head) - 6) FROM (SELECT" \
	" pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.quote_ident(t.relname) || ' USING ') d(def, head)) AS body" \
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class t" \
	" ON t.oid = i.indrelid LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid" \
	" AND k.contype IN ('p', 'u', 'x') WHERE i.indrelid = " oid ")"

/* All indexes of the shadow but the one by which rows are told apart. */
static const char present[] =
	"WITH " KEY ", x AS (SELECT i.*, " IS_KEY("key.shadow") " AS is_key FROM key CROSS JOIN LATERAL "
	INDEXES("key.shadow_oid") " i)"
	" SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', coalesce(x.conname, x.relname), 'removal',"
	" CASE WHEN x.con IS NULL THEN 'DROP INDEX ' || (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = x.indexrelid) || '.' ||"
	" pg_catalog.quote_ident(x.relname) ELSE 'ALTER TABLE ' || $4 || ' DROP CONSTRAINT ' ||"
	" pg_catalog.quote_ident(x.conname) END, 'statement', CASE WHEN x.con IS NULL THEN x.def ELSE 'ALTER TABLE ' || $4"
	" || ' ADD CONSTRAINT ' || pg_catalog.quote_ident(x.conname) || ' ' || pg_catalog.pg_get_constraintdef(x.con) END)"
	" ORDER BY x.indexrelid)::text AS list FROM x WHERE x.indexrelid <> coalesce((SELECT k.indexrelid FROM x k WHERE"
	" k.is_key ORDER BY k.indisprimary DESC, k.indexrelid LIMIT 1), 0)";

/*
 * Valid indexes of the live table all of whose columns, in expressions too,
 * the shadow has, and which it has not already; under a name that is theirs
 * until the switch.
 */
static const char carried[] =
	"WITH " KEY ", x AS (SELECT i.*, CASE WHEN pg_catalog.octet_length(i.relname::text || '__new_' || $1) <= 63 THEN i.relname::text"
	" ELSE 'index_' || i.indexrelid END || '__new_' || $1 AS name"
	" FROM key CROSS JOIN LATERAL " INDEXES("key.live_oid") " i WHERE i.indisvalid AND NOT i.indisprimary AND NOT"
	" " IS_KEY("key.live") " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	" AND d.refobjid = i.indrelid AND d.refobjsubid > 0 AND (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	" AND d.objid = i.indexrelid OR d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = i.con)"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute b WHERE b.attrelid = key.shadow_oid AND b.attname = a.attname"
	" AND NOT b.attisdropped)))"
	" SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', x.name, 'of', x.relname, 'statement', CASE WHEN"
	" x.con IS NOT NULL THEN 'ALTER TABLE ' || $4 || ' ADD CONSTRAINT ' || pg_catalog.quote_ident(x.name) || ' ' ||"
	" pg_catalog.pg_get_constraintdef(x.con) ELSE 'CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END ||"
	" 'INDEX ' || pg_catalog.quote_ident(x.name) || ' ON ' || $4 || ' ' || x.body END) ORDER BY x.indexrelid)::text AS list"
	" FROM key CROSS JOIN x WHERE NOT EXISTS (SELECT FROM " INDEXES("key.shadow_oid") " y WHERE y.indisunique = x.indisunique"
	" AND y.body = x.body)";

/* What of interlock.pair.aside is not there, but for images of what the shadow got otherwise. */
static const char missing[] =
	"SELECT e ->> 'name' AS name, e ->> 'statement' AS statement FROM interlock.pair p, pg_catalog.jsonb_array_elements(p.aside)"
	" WITH ORDINALITY l(e, n) WHERE p.run = $1::int8 AND p.number = $2::int4 AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i"
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = pg_catalog.to_regclass($3)"
	" AND c.relname = e ->> 'name') ORDER BY l.n LIMIT 1";

/* clang-format on */

static size_t add_list(const struct pair *p, const char *query, struct batch *batch)
{
	return batch_add(batch, query, 4, pair_run(p, batch->arena), pair_number(p, batch->arena), p->c->live_quoted,
	                 p->c->shadow_quoted);
}

/* Those of the list whose name is not in it yet. */
static void add_note(const struct pair *p, const char *list, const char *state, struct batch *batch)
{
	batch_add(
		batch,
		"UPDATE interlock.pair p SET state = coalesce($4, p.state), aside = p.aside || (SELECT"
		" coalesce(pg_catalog.jsonb_agg(e - 'removal'), '[]') FROM pg_catalog.jsonb_array_elements(coalesce($3::jsonb, '[]'))"
		" e WHERE NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(p.aside) o WHERE o -> 'name' = e -> 'name'))"
		" WHERE p.run = $1::int8 AND p.number = $2::int4",
		4, pair_run(p, batch->arena), pair_number(p, batch->arena), list, state);
}

/* The second half of the transaction. */
static bool finish(const struct pair *p, struct batch *batch, struct err *err)
{
	struct rows **answers = batch_results(batch);

	if (!pair_send(p, batch, answers, err))
		return false;
	batch_free_results(batch, answers);
	return tx_commit(p->session, err);
}

static void add_removals(const char *list, struct batch *batch)
{
	json_t *entries = list ? json_loads(list, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
		batch_add(batch, arena_strdup(batch->arena, json_string_value(json_object_get(entry, "removal"))), 0);
	json_decref(entries);
}

/* Reads a list in a transaction that stays open. */
static bool read_list(const struct pair *p, const char *query, bool alone, struct arena *arena, const char **list,
                      struct err *err)
{
	struct batch batch = {.arena = arena};
	struct rows **answers;
	size_t at;

	pair_begin(p, true, &batch);
	if (alone)
		batch_add(&batch, arena_printf(arena, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", p->c->shadow_quoted), 0);
	at = add_list(p, query, &batch);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	*list = arena_strdup(arena, rows_get(answers[at], 0, "list"));
	batch_free_results(&batch, answers);
	return true;
}

bool aside_take(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *list;
	bool ok = read_list(p, present, true, &arena, &list, err);

	if (ok) {
		add_removals(list, &batch);
		add_note(p, list, "copying", &batch);
		ok = finish(p, &batch, err);
	}
	arena_release(&arena);
	return ok;
}

/* Those of the live table join the list. */
static bool note_carried(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *list;
	bool ok = read_list(p, carried, false, &arena, &list, err);

	if (ok) {
		add_note(p, list, NULL, &batch);
		ok = finish(p, &batch, err);
	}
	arena_release(&arena);
	return ok;
}

static bool find_missing(const struct pair *p, struct arena *arena, const char **name, const char **statement,
                         struct err *err)
{
	const char *params[] = {pair_run(p, arena), pair_number(p, arena), p->c->shadow_quoted};
	struct rows *rows;

	if (!conn_query(p->session->worker, &(struct query){.sql = missing, .count = 3, .params = params}, &rows, err))
		return false;
	*name = rows_count(rows) ? arena_strdup(arena, rows_get(rows, 0, "name")) : NULL;
	*statement = rows_count(rows) ? arena_strdup(arena, rows_get(rows, 0, "statement")) : NULL;
	rows_free(rows);
	return true;
}

static bool build(const struct pair *p, const char *name, const char *statement, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	pair_begin(p, false, &batch);
	batch_add(&batch, statement, 0);
	ok = finish(p, &batch, err);
	if (!ok && err_is(err, "23505")) {
		err_prefix(err, "%s can't be unique in %s", name, p->c->shadow_quoted);
		err_help(err, "make copy or only_rows keep these rows apart, or mend them in %s, then run again",
		         p->c->live_quoted);
	}
	arena_release(&arena);
	return ok;
}

/* A plan of a query needs statistics, and a read without the table needs the map of what all can see. */
static bool vacuum(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	bool ok = conn_query(p->session->worker,
	                     QUERY(arena_printf(&arena, "VACUUM (ANALYZE) %s", p->c->shadow_quoted)), NULL, err);

	arena_release(&arena);
	return ok;
}

bool aside_build(const struct pair *p, bool (*tell)(void *arg, const char *what, struct err *err), void *arg,
                 struct err *err)
{
	struct arena arena = {0};
	const char *name, *statement;
	bool ok = note_carried(p, err) && find_missing(p, &arena, &name, &statement, err);

	while (ok && name)
		ok = tell(arg, arena_printf(&arena, "building %s", name), err) && build(p, name, statement, err) &&
		     find_missing(p, &arena, &name, &statement, err);
	ok = ok && tell(arg, "gathering statistics", err) && vacuum(p, err);
	arena_release(&arena);
	return ok;
}
