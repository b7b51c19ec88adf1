/* Looking what is in the schema, and dropping it in one transaction. */
#include "engine/remove.h"

#include <string.h>

#include "base/buf.h"
#include "engine/brief.h"
#include "engine/naming.h"
#include "engine/registry.h"

/* The runs, the newest last. */
static const char runs[] = "SELECT id, plan, parameters, state,"
						   " state NOT IN ('done', 'adopted', 'undone') AS open FROM interlock.run ORDER BY id";

/*
 * Everything that stands in the schema by itself; a sequence that belongs to a
 * column goes with it.  of_run: the name ends like that of a run's table.
 */
static const char things[] =
	"SELECT i.type, i.identity, coalesce(c.relname, p.proname)::text AS name,"
	" coalesce(c.relname, p.proname) ~ '^[a-z]+(_[a-z]+)*_[0-9]{1,18}(_[0-9]+)*$' AND EXISTS (SELECT FROM interlock.run r"
	"  WHERE r.id = substring(coalesce(c.relname, p.proname)::text from '^[a-z_]+_([0-9]{1,18})(_[0-9]+)*$')::bigint) AS of_run,"
	" r.plan, r.parameters"
	" FROM pg_catalog.pg_depend d"
	" CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS i"
	" LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid"
	" LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid"
	" LEFT JOIN interlock.run r ON r.id = substring(c.relname::text from '^[a-z_]+_([0-9]{1,18})(_[0-9]+)*$')::bigint"
	" WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass"
	" AND d.refobjid = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'interlock')"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o WHERE o.classid = d.classid AND o.objid = d.objid"
	"  AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i'))"
	" ORDER BY i.type, length(i.identity), i.identity";

/* What is gathered about the schema. */
struct gathering {
	struct conn *conn;
	struct arena *arena;
	struct holdings *out;
	struct buf views, tables, functions, sequences;
};

/* "plan "notes" (tenant=acme)", of the row that has these columns. */
static const char *plan_of(const struct rows *rows, size_t r, struct arena *arena)
{
	struct run_row run = {.parameters = rows_get(rows, r, "parameters")};

	return arena_printf(arena, "plan \"%s\"%s", rows_get(rows, r, "plan"), run_parameters_text(&run, arena));
}

static bool take_runs(struct gathering *g, struct err *err)
{
	struct rows *rows;

	if (!conn_query(g->conn, QUERY(runs), &rows, err))
		return false;
	g->out->run_count = rows_count(rows);
	g->out->open = arena_array(g->arena, const char *, rows_count(rows));
	for (size_t r = 0; r < rows_count(rows); r++)
		if (rows_true(rows, r, "open"))
			g->out->open[g->out->open_count++] =
				arena_printf(g->arena, "run %s of %s, %s", rows_get(rows, r, "id"), plan_of(rows, r, g->arena),
			                 rows_get(rows, r, "state"));
	rows_free(rows);
	return true;
}

/* Not in a registry of version 1. */
static bool take_rollouts(struct gathering *g, struct err *err)
{
	static const char question[] = "SELECT plan, parameters, label, pg_catalog.trim_scale(percent) AS percent"
								   " FROM interlock.rollout WHERE percent > 0 ORDER BY plan, run, block";
	struct rows *rows;
	bool there;

	if (!conn_query(g->conn,
	                QUERY("SELECT pg_catalog.to_regclass('interlock.rollout') IS NOT NULL AS there,"
	                      " pg_catalog.has_schema_privilege('public', 'interlock', 'USAGE') AS asked"),
	                &rows, err))
		return false;
	there = rows_true(rows, 0, "there");
	g->out->asked = there && rows_true(rows, 0, "asked");
	rows_free(rows);
	if (!there)
		return true;
	if (!conn_query(g->conn, QUERY(question), &rows, err))
		return false;
	g->out->rollouts = arena_array(g->arena, const char *, rows_count(rows));
	for (size_t r = 0; r < rows_count(rows); r++)
		g->out->rollouts[g->out->rollout_count++] =
			arena_printf(g->arena, "rollout \"%s\" of %s, %s %%", rows_get(rows, r, "label"),
		                 plan_of(rows, r, g->arena), rows_get(rows, r, "percent"));
	rows_free(rows);
	return true;
}

/* Does this table of a run hold rows?  Then they would be lost. */
static bool take_kept(struct gathering *g, const char *table, const char *plan, struct err *err)
{
	const char *text = arena_printf(g->arena,
	                                "SELECT EXISTS (SELECT FROM %s) AS any, pg_catalog.pg_size_pretty("
	                                "pg_catalog.pg_total_relation_size('%s'::regclass)) AS size",
	                                table, table);
	struct rows *rows;

	if (!conn_query(g->conn, QUERY(text), &rows, err))
		return false;
	if (rows_true(rows, 0, "any"))
		g->out->kept[g->out->kept_count++] =
			arena_printf(g->arena, "%s, %s, %s", table, rows_get(rows, 0, "size"), plan);
	rows_free(rows);
	return true;
}

static void add(struct buf *list, const char *name)
{
	buf_addf(list, "%s%s", list->length ? ", " : "", name);
}

/*
 * Of rows that are where they were inserted (plan/inserted.h), of lines of a
 * file (plan/importing.h), or a list of tables (plan/quarantine.h).
 */
static bool is_copy(const char *name)
{
	static const char *const beginnings[] = {"inserted_", "import_", "rejected_", "quarantine_list_"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static bool take_thing(struct gathering *g, const struct rows *rows, size_t r, struct err *err)
{
	const char *type = rows_get(rows, r, "type"), *identity = rows_get(rows, r, "identity");
	const char *name = rows_get(rows, r, "name");
	bool of_run = rows_true(rows, r, "of_run"), ours = name && (of_run || registry_makes(name));
	struct buf *list = strcmp(type, "view") == 0       ? &g->views
	                   : strcmp(type, "table") == 0    ? &g->tables
	                   : strcmp(type, "function") == 0 ? &g->functions
	                   : strcmp(type, "sequence") == 0 ? &g->sequences
	                                                   : NULL;

	if (!ours || !list) {
		g->out->strangers[g->out->stranger_count++] = arena_printf(g->arena, "%s %s", type, identity);
		return true;
	}
	add(list, identity);
	return strcmp(type, "table") != 0 || !of_run || is_copy(name) ||
	       take_kept(g, identity, rows_get(rows, r, "plan") ? plan_of(rows, r, g->arena) : "", err);
}

static bool take_things(struct gathering *g, struct err *err)
{
	struct rows *rows;
	bool ok = true;

	if (!conn_query(g->conn, QUERY(things), &rows, err))
		return false;
	g->out->kept = arena_array(g->arena, const char *, rows_count(rows));
	g->out->strangers = arena_array(g->arena, const char *, rows_count(rows));
	for (size_t r = 0; ok && r < rows_count(rows); r++)
		ok = take_thing(g, rows, r, err);
	rows_free(rows);
	return ok;
}

static const char *moved(struct gathering *g, struct buf *list)
{
	const char *text = arena_strdup(g->arena, buf_text(list));

	buf_release(list);
	return text;
}

bool remove_look(struct conn *conn, struct arena *arena, struct holdings *out, struct err *err)
{
	struct gathering g = {.conn = conn, .arena = arena, .out = out};
	bool ok;

	*out = (struct holdings){0};
	if (!registry_look(conn, &out->registry, err))
		return false;
	if (!out->registry)
		return true;
	ok = take_runs(&g, err) && take_rollouts(&g, err) && take_things(&g, err);
	out->views = moved(&g, &g.views);
	out->tables = moved(&g, &g.tables);
	out->functions = moved(&g, &g.functions);
	out->sequences = moved(&g, &g.sequences);
	if (!ok)
		err_prefix(err, "can't look what is in the registry (schema interlock)");
	return ok;
}

bool remove_allowed(const struct holdings *h, struct err *err)
{
	if (h->open_count > 0) {
		err_set(err, EXIT_HELD, "the registry is in use: %zu run%s not over", h->open_count,
		        h->open_count == 1 ? " is" : "s are");
		for (size_t i = 0; i < h->open_count; i++)
			err_detail(err, "%s", h->open[i]);
		err_help(err, "finish or undo what is under way first; nothing was changed");
		return false;
	}
	if (h->stranger_count > 0) {
		err_set(err, EXIT_STEP, "schema interlock holds what interlock did not make");
		for (size_t i = 0; i < h->stranger_count; i++)
			err_detail(err, "%s", h->strangers[i]);
		err_help(err, "move it to another schema, or drop it; nothing was changed");
		return false;
	}
	return true;
}

static bool drop(struct conn *conn, struct arena *arena, const char *what, const char *names, struct err *err)
{
	return !*names || conn_query(conn, QUERY(arena_printf(arena, "DROP %s %s", what, names)), NULL, err);
}

static bool drop_all(struct conn *conn, struct arena *arena, const struct holdings *h, struct err *err)
{
	return drop(conn, arena, "VIEW", h->views, err) && drop(conn, arena, "TABLE", h->tables, err) &&
	       drop(conn, arena, "SEQUENCE", h->sequences, err) && drop(conn, arena, "FUNCTION", h->functions, err) &&
	       conn_query(conn, QUERY("DROP SCHEMA interlock"), NULL, err);
}

static bool say_dependent(struct err *err)
{
	err_prefix(err, "the registry was not removed");
	if (err_is(err, "2BP01"))
		err_help(err, "something outside of it stands on it: drop that by hand; nothing was changed");
	else if (err_is(err, "53200"))
		err_help(err, "raise max_locks_per_transaction of the server; nothing was changed");
	else if (err_is(err, "42501"))
		err_help(err, "connect as the owner of schema interlock (-U); nothing was changed");
	return false;
}

static bool same_as_seen(const struct holdings *now, const struct holdings *seen, struct err *err)
{
	if (now->kept_count <= seen->kept_count && now->run_count == seen->run_count)
		return true;
	err_set(err, EXIT_CHANGED, "somebody used the registry meanwhile");
	err_help(err, "look at it again: interlock uninstall; nothing was changed");
	return false;
}

bool remove_registry(struct conn *conn, const struct holdings *seen, struct err *err)
{
	struct arena arena = {0};
	struct holdings now;
	bool ok = brief_begin(conn, err) &&
	          conn_query(conn, QUERY("LOCK TABLE interlock.run IN ACCESS EXCLUSIVE MODE"), NULL, err) &&
	          remove_look(conn, &arena, &now, err) && remove_allowed(&now, err) && same_as_seen(&now, seen, err) &&
	          drop_all(conn, &arena, &now, err);

	ok = brief_end(conn, ok, err);
	arena_release(&arena);
	return ok || (err->sqlstate[0] ? say_dependent(err) : false);
}
