/* Another query for a view that is there: it keeps its owner, grants and dependents, and its columns may only
 * grow. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/view_again.h"
#include "plan/views.h"

struct replace_view_args {
	struct view_plan plan;
	json_t *barrier, *invoker; /* true, false, or as it is */
};

static const struct option options[] = {
	{.name = "view",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct replace_view_args, plan.view),
     .help = "the view, which must be there"},
	{.name = "query",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct replace_view_args, plan.query),
     .help = "what it shows from now on: the columns that it has, with their names and types, then new ones"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct replace_view_args, plan.columns),
     .help = "the names of its columns; those that the query gives where it is left out"},
	{.name = "security_barrier",
     .kind = OPTION_ANY,
     .offset = offsetof(struct replace_view_args, barrier),
     .help = "true or false; as it is where it is left out"},
	{.name = "security_invoker",
     .kind = OPTION_ANY,
     .offset = offsetof(struct replace_view_args, invoker),
     .help = "true or false (PostgreSQL 15); as it is where it is left out"},
	{.name = "check_option",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct replace_view_args, plan.check),
     .choices = view_check_options,
     .help = "as it is where it is left out"},
	OPTION_END,
};

static const char *word_of(json_t *value)
{
	return !value ? NULL : json_is_true(value) ? "true" : "false";
}

static struct view_plan plan_of(const struct replace_view_args *args)
{
	struct view_plan plan = args->plan;

	plan.barrier = word_of(args->barrier);
	plan.invoker = word_of(args->invoker);
	return plan;
}

static bool check_boolean(const char *name, json_t *value, const struct option_place *place, struct diags *diags)
{
	if (!value || json_is_boolean(value))
		return true;
	diag_help(&diags->arena,
	          option_error(place, diags, "bad-option", name, "\"%s\" of replace_view must be true or false", name),
	          "leave it out to keep it as it is");
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct replace_view_args *args = step;
	bool ok = view_check(&args->plan, place, diags);

	ok = check_boolean("security_barrier", args->barrier, place, diags) && ok;
	return check_boolean("security_invoker", args->invoker, place, diags) && ok;
}

static bool subject(const void *step, struct relname *view)
{
	*view = ((const struct replace_view_args *)step)->plan.view;
	return true;
}

static bool stands_on_names(const void *step)
{
	(void)step;
	return true;
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_HOME ", " SQL_VIEW
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN has.oid IS NULL THEN 'conflict' ELSE 'compare' END AS state,"
	" CASE WHEN home.oid IS NULL THEN " SQL_NO_SCHEMA("$1") " WHEN rel.oid IS NULL THEN 'no view ' || " SQL_NAME("$1", "$2")
	" WHEN has.oid IS NULL THEN " SQL_IS_A("rel.relkind") " END AS found, 'a view' AS expected, 'view' AS option,"
	" CASE WHEN rel.oid IS NULL THEN 'create_view makes a new one; or correct the name' END AS help,"
	" " SQL_VIEW_ANSWERS " FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN rel ON true LEFT JOIN has ON true";

/* Does the new query read the view itself, perhaps by way of other views?  Nobody could read it any more. */
#define READS_ITSELF \
	"EXISTS (WITH RECURSIVE reads(oid) AS (SELECT twin.oid FROM twin UNION SELECT d.refobjid FROM reads" \
	" JOIN pg_catalog.pg_rewrite w ON w.ev_class = reads.oid AND w.rulename = '_RETURN' JOIN pg_catalog.pg_depend d" \
	" ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid AND d.deptype = 'n'" \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass) SELECT FROM reads JOIN rel ON rel.oid = reads.oid)"

/* A view that rows can be written through is one that PostgreSQL can insert into by itself: bit 3. */
#define CHECKS_NOTHING \
	"pair.want_check <> 'none' AND pg_catalog.pg_relation_is_updatable(pair.twin::regclass, false) & 8 = 0"

/*
 * What undo needs where columns were appended, $6 being the number of those
 * that the view had: PostgreSQL can't take columns away, so it is made again.
 * Not where something depends on it.
 */
#define OWN \
	SQL_VIEW_ITSELF " UNION SELECT 'pg_catalog.pg_rewrite'::regclass::oid, w.oid FROM rel JOIN pg_catalog.pg_rewrite w" \
	" ON w.ev_class = rel.oid UNION SELECT 'pg_catalog.pg_trigger'::regclass::oid, t.oid FROM rel" \
	" JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid UNION SELECT 'pg_catalog.pg_attrdef'::regclass::oid, d.oid" \
	" FROM rel JOIN pg_catalog.pg_attrdef d ON d.adrelid = rel.oid"

#define RULES_ON_NEW_COLUMNS \
	"(SELECT pg_catalog.string_agg(DISTINCT 'rule ' || pg_catalog.quote_ident(w.rulename), ', ') FROM rel" \
	" JOIN pg_catalog.pg_rewrite w ON w.ev_class = rel.oid AND w.rulename <> '_RETURN' JOIN pg_catalog.pg_depend d" \
	" ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid AND d.refobjid = rel.oid" \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > $6::integer)"

#define EXTENSION \
	"(SELECT 'it belongs to extension ' || pg_catalog.quote_ident(e.extname) FROM rel JOIN pg_catalog.pg_depend d" \
	" ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid AND d.deptype = 'e'" \
	" JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid)"

#define AGAIN \
	SQL_STATEMENTS("ARRAY['ALTER VIEW ' || view.name || ' OWNER TO ' || pg_catalog.quote_ident(" \
	"pg_catalog.pg_get_userbyid(view.relowner)), " \
	SQL_COMMENT_AGAIN(SQL_VIEW_KIND, "pg_catalog.obj_description(view.oid, 'pg_class')") "]" \
	" || ARRAY(SELECT r.statement FROM (" SQL_VIEW_COLUMN_DETAILS ") r WHERE r.attnum <= $6::integer" \
	" ORDER BY r.attnum, r.statement) || " SQL_STATEMENTS_OF(SQL_VIEW_RULES) " || " SQL_STATEMENTS_OF(SQL_VIEW_TRIGGERS)) \
	" AS again, view.relacl IS NOT NULL AS has_grants, " \
	SQL_GRANTS_IN_FULL("r", "view.relacl", "view.relowner", "view.name") " AS grants, " \
	SQL_STATEMENTS("ARRAY(SELECT g.statement FROM (" SQL_VIEW_COLUMN_GRANTS ") g WHERE g.attnum <= $6::integer" \
	" ORDER BY g.attnum, g.n)") " AS column_grants, " SQL_DEFAULT_PRIVILEGES("r") " AS default_privileges," \
	" CASE" SQL_VIEW_LOST " ELSE " EXTENSION " END AS lost"

#define OLD_COLUMNS_STAY "differing.have IS NULL"

static const char compare[] =
	"WITH " SQL_REL ", " SQL_VIEW ", " SQL_VIEW_TWIN(OLD_COLUMNS_STAY) ", own(classid, objid) AS (" OWN "),"
	" verdict AS (SELECT " READS_ITSELF " AS itself, " CHECKS_NOTHING " AS unchecked FROM pair)"
	" SELECT CASE WHEN verdict.itself OR verdict.unchecked OR wrong.n IS NOT NULL THEN 'conflict'"
	" WHEN " SQL_VIEW_EQUAL " THEN 'done' ELSE 'absent' END AS state,"
	" CASE WHEN verdict.itself THEN 'the new query reads the view itself'"
	" WHEN verdict.unchecked AND wrong.n IS NULL THEN 'a query that PostgreSQL can''t write rows through'"
	" ELSE " SQL_VIEW_FOUND " END AS found,"
	" CASE WHEN verdict.itself THEN 'a query of tables and other views'"
	" WHEN verdict.unchecked AND wrong.n IS NULL THEN 'one that it can, for the view has check_option = ' || pair.want_check"
	" ELSE " SQL_VIEW_EXPECTED " END AS expected, 'query' AS option,"
	" CASE WHEN verdict.itself THEN 'write out what the view reads now'"
	" WHEN wrong.n IS NOT NULL THEN 'PostgreSQL can give a view another query, but its columns keep their places,'"
	" || ' names and types: list them first, or drop the view in one step and create it in another'"
	" WHEN verdict.unchecked THEN 'say check_option = \"none\", or write a simpler query' END AS help,"
	" " SQL_USED_BY " AS used_by, " RULES_ON_NEW_COLUMNS " AS new_rules, " AGAIN
	" FROM pair CROSS JOIN first CROSS JOIN verdict CROSS JOIN view LEFT JOIN wrong ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	struct view_plan plan = plan_of(step);

	view_probe(&plan, query, compare, probe);
	probe->compare.params[probe->compare.count++] = record_get(probe->before, "column_count");
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct view_plan plan = plan_of(step);
	struct stmt *stmt;

	if (view_refused(&plan, facts, stmts))
		return;
	stmt = view_create(&plan, "CREATE OR REPLACE VIEW", facts->now, stmts);
	stmt_takes(stmts, stmt, &plan.view, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief; nothing is read, and nothing below the view is locked against readers or writers";
}

/* ---- The way back ---- */

static bool same(const struct facts *facts, const char *name)
{
	const char *before = record_get(facts->before, name), *now = record_get(facts->now, name);

	return before && now && strcmp(before, now) == 0;
}

/* The view with the query and the options that it had.  Its names are qualified, but for those of pg_catalog. */
static struct stmt *earlier(const struct relname *view, const char *head, const struct facts *facts,
                            struct stmts *stmts)
{
	struct view_plan plan = {.view = *view};

	plan.query = record_get(facts->before, "definition");
	return view_create(&plan, head, facts->before, stmts);
}

/* Its columns were appended to: gone and made again, with all that hangs on it. */
static void make_earlier(const struct relname *view, const struct facts *facts, struct stmts *stmts)
{
	const char *name = relname_quoted(stmts->arena, view), *lost = record_get(facts->now, "lost");
	const char *users = record_get(facts->now, "used_by"), *rules = record_get(facts->now, "new_rules");
	struct facts as_it_is = {.before = facts->now, .now = facts->now, .state = STATE_DONE};
	struct made_again it = {.what = arena_printf(stmts->arena, "view %s", name), .thing = name, .kind = "r"};
	struct stmt *stmt;

	if (users || rules || lost) {
		stmts_refuse(stmts, "PostgreSQL can't take columns away from a view, so it must be dropped and made again",
		             users || rules ? "the columns that view %s got can't be taken away while it is used by %s"
		                            : "the columns that view %s got can't be taken away: %s",
		             name,
		             users   ? users
		             : rules ? rules
		                     : lost);
		return;
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP VIEW %s", name);
	stmt_takes(stmts, stmt, view, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: it comes back in the same transaction";
	earlier(view, "CREATE VIEW", facts, stmts);
	it.source = arena_printf(stmts->arena,
	                         "(SELECT c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class c"
	                         " WHERE c.oid = %s::pg_catalog.regclass)",
	                         literal_quoted(stmts->arena, name));
	make_again(&it, &as_it_is, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct relname *view = &((const struct replace_view_args *)step)->plan.view;
	const char *name = relname_quoted(stmts->arena, view);
	bool back = same(facts, "definition") && same(facts, "columns") && same(facts, "security_barrier") &&
	            same(facts, "security_invoker") && same(facts, "check_option");

	if (back)
		return;
	if (facts->state != STATE_DONE) {
		stmts_refuse(stmts,
		             arena_printf(stmts->arena, "its earlier query: %s",
		                          sql_normalize(record_get(facts->before, "definition"), stmts->arena)),
		             "view %s is no longer what this run made: %s", name,
		             record_get(facts->now, "found") ? record_get(facts->now, "found") : "it has another query");
		return;
	}
	stmts_add(stmts, STMT_TOGETHER, "SET LOCAL search_path = pg_catalog, pg_temp");
	if (same(facts, "column_count"))
		stmt_takes(stmts, earlier(view, "CREATE OR REPLACE VIEW", facts, stmts), view, LOCK_ACCESS_EXCLUSIVE);
	else
		make_earlier(view, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "replace view ");
	ident_quote_relname(out, &((const struct replace_view_args *)step)->plan.view);
}

const struct step_type step_replace_view = {
	.name = "replace_view",
	.summary = "gives a view another query; owner, grants and what depends on it stay, columns may be appended",
	.example = "replace_view { view = \"app.open_orders\", query = [[\n"
			   "  SELECT id, total, status FROM app.orders WHERE status IN ('open', 'held')\n"
			   "]] }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric(10,2), status text);\n"
			 "INSERT INTO app.orders SELECT n, n, 'open' FROM generate_series(1, 100) n;\n"
			 "CREATE VIEW app.open_orders WITH (security_barrier) AS\n"
			 "  SELECT id, total FROM app.orders WHERE status = 'open';\n"
			 "COMMENT ON COLUMN app.open_orders.total IS 'with tax';\n"
			 "GRANT SELECT ON app.open_orders TO pg_monitor",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct replace_view_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the view, briefly; nothing on what it reads",
	.way_back =
		"the earlier query and options; where columns were appended the view is dropped and made again with "
		"owner, grants, comments, defaults, rules and triggers, and undo refuses while something depends on it",
	.looks_again = true,
	.may_refuse_undo = true,
	.stands_on_names = stands_on_names,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
