/* The end of a view, or of a materialized view, that nothing depends on; undo makes it again. */
#include <string.h>

#include "plan/dependents.h"
#include "plan/view_again.h"

struct drop_view_args {
	struct relname view;
};

static const struct option options[] = {
	{.name = "view",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct drop_view_args, view),
     .help = "the view, or materialized view, that goes"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *view)
{
	*view = ((const struct drop_view_args *)step)->view;
	return true;
}

/* clang-format off */

#define WHAT "pg_catalog.lower(view.kind) || ' ' || view.name"
/* " WITH (security_barrier='true')", or ''. */
#define STORAGE_OPTIONS \
	"coalesce((SELECT ' WITH (' || pg_catalog.string_agg(o.name || '=' || pg_catalog.quote_literal(o.value), ', '" \
	" ORDER BY o.part, o.n) || ')' FROM (SELECT 1, p.n, pg_catalog.quote_ident(p.name), p.value" \
	" FROM pg_catalog.pg_options_to_table(view.reloptions) WITH ORDINALITY p(name, value, n)" \
	" UNION ALL SELECT 2, p.n, 'toast.' || pg_catalog.quote_ident(p.name), p.value FROM pg_catalog.pg_class t" \
	" CROSS JOIN pg_catalog.pg_options_to_table(t.reloptions) WITH ORDINALITY p(name, value, n)" \
	" WHERE t.oid = view.reltoastrelid) o(part, n, name, value)), '')"

#define CREATION \
	"'CREATE ' || " SQL_VIEW_KIND " || coalesce((SELECT ' USING ' || pg_catalog.quote_ident(m.amname) FROM pg_catalog.pg_am m" \
	" WHERE m.oid = view.relam), '') || " STORAGE_OPTIONS " || coalesce((SELECT ' TABLESPACE '" \
	" || pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = view.reltablespace), '')" \
	" || ' AS ' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(view.oid), ';')" \
	" || CASE WHEN view.relkind = 'v' THEN '' WHEN view.relispopulated THEN ' WITH DATA' ELSE ' WITH NO DATA' END"

#define INDEXES \
	"SELECT c.relname, v.statement FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid" \
	" CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[" SQL_INDEX_AGAIN("i", "c") "] || " SQL_INDEX_DETAILS("i", "c") ")" \
	" WITH ORDINALITY v(statement, n) WHERE i.indrelid = view.oid AND i.indisvalid ORDER BY c.relname, v.n"

#define STATISTICS \
	"SELECT x.stxname, v.statement FROM pg_catalog.pg_statistic_ext x JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = x.stxnamespace CROSS JOIN LATERAL (VALUES (1, pg_catalog.pg_get_statisticsobjdef(x.oid))," \
	" (2, 'ALTER STATISTICS ' || " SQL_NAME("n.nspname", "x.stxname") " || ' OWNER TO '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.stxowner)))," \
	" (3, 'ALTER STATISTICS ' || " SQL_NAME("n.nspname", "x.stxname") " || ' SET STATISTICS '" \
	" || CASE WHEN x.stxstattarget >= 0 THEN x.stxstattarget END)," \
	" (4, " SQL_COMMENT_AGAIN("'STATISTICS ' || " SQL_NAME("n.nspname", "x.stxname"), \
	"pg_catalog.obj_description(x.oid, 'pg_statistic_ext')") ")) v(n, statement)" \
	" WHERE x.stxrelid = view.oid ORDER BY x.stxname, v.n"

#define AGAIN \
	SQL_STATEMENTS("ARRAY[" CREATION ", 'ALTER ' || " SQL_VIEW_KIND " || ' OWNER TO '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(view.relowner)), " \
	SQL_COMMENT_AGAIN(SQL_VIEW_KIND, "pg_catalog.obj_description(view.oid, 'pg_class')") "]" \
	" || ARRAY(SELECT r.statement FROM (" SQL_VIEW_COLUMN_DETAILS ") r ORDER BY r.attnum, r.statement)" \
	" || " SQL_STATEMENTS_OF(SQL_VIEW_RULES) " || " SQL_STATEMENTS_OF(SQL_VIEW_TRIGGERS) " || " SQL_STATEMENTS_OF(INDEXES) " || " SQL_STATEMENTS_OF(STATISTICS))

/* Why it can't be made again as it is. */
#define LOST \
	"CASE" SQL_VIEW_LOST \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid" \
	" WHERE i.indrelid = view.oid AND " SQL_INDEX_AGAIN("i", "c") " IS NULL)" \
	" THEN 'the tablespace of one of its indexes can''t be told' END"

static const char query[] =
	"WITH RECURSIVE " SQL_REL ", view AS (SELECT c.*, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END"
	" AS kind, " SQL_NAME("$1", "$2") " AS name FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid"
	" WHERE c.relkind IN ('v', 'm')), " SQL_OBJ("pg_class", "view.oid", "view") ", " SQL_DEPENDENTS
	" SELECT CASE WHEN rel.oid IS NULL THEN 'done' WHEN o.obstacle IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" coalesce(o.obstacle, " WHAT " || coalesce('; its name stands in the body of ' || d.mentioned_by, '')) AS found,"
	" CASE WHEN view.oid IS NULL THEN 'a view or a materialized view' ELSE 'a view that nothing depends on' END"
	" AS expected, CASE WHEN view.oid IS NULL THEN " SQL_DROPPED_BY("rel.relkind") " END AS help, 'view' AS option,"
	" view.kind, " AGAIN " AS again, view.relkind = 'm' AND view.relispopulated AS populated,"
	" view.relacl IS NOT NULL AS has_grants, " SQL_GRANTS_IN_FULL("r", "view.relacl", "view.relowner", "view.name")
	" AS grants, " SQL_STATEMENTS("ARRAY(SELECT g.statement FROM (" SQL_VIEW_COLUMN_GRANTS ") g ORDER BY g.attnum, g.n)")
	" AS column_grants, " LOST " AS lost, " SQL_DEFAULT_PRIVILEGES("r") " AS default_privileges, d.*, " SQL_CLEARABLE(WHAT)
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN view ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_DROP_FACTS("$2", "view.relowner", "view.relnamespace") ") d"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NOT NULL AND view.oid IS NULL THEN " SQL_IS_A("rel.relkind")
	SQL_OBSTACLES(WHAT) " END) o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_view_args *args = step;

	probe->query = (struct probe_query){.sql = query, .params = {args->view.schema, args->view.name}, .count = 2};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_view_args *args = step;
	const char *view = relname_quoted(stmts->arena, &args->view), *kind = record_get(facts->now, "kind");
	const char *lost = record_get(facts->now, "lost");
	struct stmt *stmt;

	if (drop_refused(arena_printf(stmts->arena, "view %s", view), false, facts, stmts))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP %s %s", kind ? kind : "VIEW", view);
	stmt_takes(stmts, stmt, &args->view, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = drop_note(lost ? arena_printf(stmts->arena, "brief; no way back, for %s", lost) : "brief", facts,
	                       stmts->arena);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_view_args *args = step;
	const char *view = relname_quoted(stmts->arena, &args->view);
	struct made_again it = {.what = arena_printf(stmts->arena, "view %s", view), .thing = view, .kind = "r"};

	it.source = arena_printf(stmts->arena,
	                         "(SELECT c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class c"
	                         " WHERE c.oid = %s::pg_catalog.regclass)",
	                         literal_quoted(stmts->arena, view));
	make_again(&it, facts, stmts);
	if (stmts->first && record_true(facts->before, "populated")) {
		stmts->first->slow = true;
		stmts->first->note = "it is filled with what its query gives now";
	}
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "drop view ");
	ident_quote_relname(out, &((const struct drop_view_args *)step)->view);
}

const struct step_type step_drop_view_if_exists = {
	.name = "drop_view_if_exists",
	.summary = "drops a view or a materialized view that nothing depends on",
	.example = "drop_view_if_exists { view = \"app.active_users\", loses = \"nobody has read it since 4.0\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text, active boolean);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n, n % 2 = 0 FROM generate_series(1, 100) n;\n"
			 "CREATE VIEW app.active_users AS SELECT id, email FROM app.users WHERE active;\n"
			 "COMMENT ON VIEW app.active_users IS 'those who may log in'",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_view_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the view, briefly; nothing on the tables below it",
	.way_back =
		"makes it again with its columns, options, owner, grants, comments, rules, triggers and indexes; a "
		"materialized view is filled anew. Refused where rights on it were granted by another role than "
		"its owner, or where it has a security label",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
