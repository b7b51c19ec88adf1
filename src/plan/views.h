/*
 * Views: what create_view and replace_view share.  The wanted view is built as
 * a twin in pg_temp from the same query, and compared with the one that is
 * there by columns, options and the query as PostgreSQL writes it down.
 *
 * The fragments are read with search_path = pg_catalog, pg_temp, so that a
 * definition has its names qualified, and expect $1 schema, $2 view and the
 * options that the plan names: $3 security_barrier, $4 security_invoker,
 * $5 check_option ("none": it has none), NULL where it names none.
 */
#ifndef INTERLOCK_PLAN_VIEWS_H
#define INTERLOCK_PLAN_VIEWS_H

#include <stdbool.h>

#include "plan/names.h"
#include "plan/option.h"
#include "plan/probes.h"
#include "plan/step.h"

/* clang-format off */

/* One option of the view c as it is now: a boolean as text, or the words of check_option. */
#define SQL_VIEW_OPTION(name, value, none) \
	"coalesce((SELECT " value " FROM pg_catalog.pg_options_to_table(c.reloptions) o" \
	" WHERE o.option_name = '" name "'), '" none "')"

/* CTEs after `rel`.  `view`: its row of pg_class, with its name; no row for anything else.  `has`: what is known of it. */
#define SQL_VIEW \
	"view AS (SELECT c.*, 'VIEW'::text AS kind, " SQL_NAME("$1", "$2") " AS name FROM rel" \
	" JOIN pg_catalog.pg_class c ON c.oid = rel.oid AND c.relkind = 'v')," \
	" has AS (SELECT c.oid, c.relowner," \
	" " SQL_VIEW_OPTION("security_barrier", "o.option_value::boolean::text", "false") " AS security_barrier," \
	" " SQL_VIEW_OPTION("security_invoker", "o.option_value::boolean::text", "false") " AS security_invoker," \
	" " SQL_VIEW_OPTION("check_option", "pg_catalog.lower(o.option_value)", "none") " AS check_option," \
	" pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';') AS definition," \
	" (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || " SQL_TYPE("a") ", ', ' ORDER BY a.attnum)" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns, c.relnatts AS column_count" \
	" FROM view c)"

/* The columns that the recipes below read. */
#define SQL_VIEW_ANSWERS \
	"has.security_barrier, has.security_invoker, has.check_option, has.definition, has.columns, has.column_count," \
	" CASE WHEN NOT pg_catalog.pg_has_role(has.relowner, 'USAGE') THEN pg_catalog.json_build_array(" \
	SQL_NAME("$1", "$2") ", pg_catalog.pg_get_userbyid(has.relowner))::text END AS other_owner, " SQL_CREATION_FACTS

/* What is the view itself: its row type and its query; for SQL_USED_BY. */
#define SQL_VIEW_ITSELF \
	"SELECT 'pg_catalog.pg_class'::regclass::oid AS classid, rel.oid AS objid FROM rel" \
	" UNION ALL SELECT 'pg_catalog.pg_type'::regclass::oid, t.oid FROM rel" \
	" JOIN pg_catalog.pg_type e ON e.typrelid = rel.oid JOIN pg_catalog.pg_type t ON t.oid IN (e.oid, e.typarray)" \
	" UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass::oid, r.oid FROM rel JOIN pg_catalog.pg_rewrite r" \
	" ON r.ev_class = rel.oid AND r.rulename = '_RETURN'"

/* ---- The comparison ---- */

#define SQL_VIEW_COLUMNS(relation) \
	"(SELECT a.attnum AS n, pg_catalog.quote_ident(a.attname) || ' ' || " SQL_TYPE("a") " AS text FROM " relation \
	" t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0)"

/* The lines of a definition, numbered. */
#define SQL_VIEW_LINES(definition) \
	"(SELECT l.line, l.n FROM " definition ", pg_catalog.regexp_split_to_table(" definition ".definition, '\\n')" \
	" WITH ORDINALITY l(line, n))"

/* From the first line that differs, cut to what one can read. */
#define SQL_VIEW_REST(definition) \
	"(SELECT CASE WHEN first.n > 1 THEN '... ' ELSE '' END || pg_catalog.substr(s.text, 1, 200)" \
	" || CASE WHEN pg_catalog.length(s.text) > 200 THEN ' ...' ELSE '' END FROM (SELECT pg_catalog.btrim(" \
	"pg_catalog.regexp_replace(pg_catalog.string_agg(l.line, ' ' ORDER BY l.n), '\\s+', ' ', 'g')) AS text" \
	" FROM " SQL_VIEW_LINES(definition) " l WHERE l.n >= first.n) s)"

/*
 * CTEs after `rel` and `has`.  `twin`: the view that the scratch statement made.
 * `pair`: both, with the options that shall be.  `wrong`: the first column that
 * differs; `extra`, a condition, says which new ones may.  `first`: the first
 * line of the definitions that differs.
 */
#define SQL_VIEW_TWIN(extra) \
	"twin AS (SELECT c.oid, pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';') AS definition" \
	" FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relname = '" VIEW_TWIN "')," \
	" pair AS (SELECT has.*, twin.oid AS twin, twin.definition AS wanted," \
	" coalesce($3::text, has.security_barrier) AS want_barrier, coalesce($4::text, has.security_invoker) AS want_invoker," \
	" coalesce($5::text, has.check_option) AS want_check FROM has CROSS JOIN twin)," \
	" differing AS (SELECT n, h.text AS have, w.text AS want FROM " SQL_VIEW_COLUMNS("has") " h" \
	" FULL JOIN " SQL_VIEW_COLUMNS("twin") " w USING (n) WHERE h.text IS DISTINCT FROM w.text)," \
	" wrong AS (SELECT * FROM differing WHERE NOT (" extra ") ORDER BY n LIMIT 1)," \
	" first AS (SELECT pg_catalog.min(n) AS n FROM " SQL_VIEW_LINES("has") " h FULL JOIN " SQL_VIEW_LINES("twin") " w" \
	" USING (n) WHERE h.line IS DISTINCT FROM w.line)"

#define SQL_VIEW_EQUAL \
	"pair.definition = pair.wanted AND NOT EXISTS (SELECT FROM differing)" \
	" AND (pair.security_barrier, pair.security_invoker, pair.check_option)" \
	" = (pair.want_barrier, pair.want_invoker, pair.want_check)"

#define SQL_VIEW_OPTIONS(barrier, invoker, check) \
	"coalesce(nullif(pg_catalog.concat_ws(', ', CASE " barrier " WHEN 'true' THEN 'security_barrier' END," \
	" CASE " invoker " WHEN 'true' THEN 'security_invoker' END," \
	" CASE WHEN " check " <> 'none' THEN 'check_option = ' || " check " END), ''), 'no options')"

/* What is different, for people: the first column, else the options, else the query. */
#define SQL_VIEW_FOUND \
	"CASE WHEN wrong.n IS NOT NULL THEN coalesce('column ' || wrong.n || ' is ' || wrong.have, 'no column ' || wrong.n)" \
	" WHEN first.n IS NOT NULL THEN " SQL_VIEW_REST("has") \
	" ELSE " SQL_VIEW_OPTIONS("pair.security_barrier", "pair.security_invoker", "pair.check_option") " END"
#define SQL_VIEW_EXPECTED \
	"CASE WHEN wrong.n IS NOT NULL THEN coalesce('column ' || wrong.n || ' is ' || wrong.want, 'no column ' || wrong.n)" \
	" WHEN first.n IS NOT NULL THEN " SQL_VIEW_REST("twin") \
	" ELSE " SQL_VIEW_OPTIONS("pair.want_barrier", "pair.want_invoker", "pair.want_check") " END"

/* clang-format on */

/* The twin's name; no name of a plan can hide behind it. */
#define VIEW_TWIN "__il_view"

/* A view of a plan. */
struct view_plan {
	struct relname view;
	const char *query;
	struct column_list columns;    /* count 0: the names that the query gives */
	const char *barrier, *invoker; /* "true", "false"; NULL: as it is */
	const char *check;             /* "local", "cascaded", "none"; NULL: as it is */
};

extern const char *const view_check_options[]; /* NULL-terminated */

/* Names in `columns` alone; errors at the plan's line. */
bool view_check(const struct view_plan *plan, const struct option_place *place, struct diags *diags);
/* Fills $1 and $2 of the query, $1 to $5 of the comparison, and the scratch statement. */
void view_probe(const struct view_plan *plan, const char *query, const char *compare, struct probe *probe);

/* true, with the refusal set, where the server would not let it be made: rights, options of a newer server. */
bool view_refused(const struct view_plan *plan, const struct facts *facts, struct stmts *stmts);
/*
 * "CREATE … VIEW app.v (a, b) WITH (…) AS …"; `head` is "CREATE VIEW" or
 * "CREATE OR REPLACE VIEW".  Options that the plan does not name are as in `now`.
 */
struct stmt *view_create(const struct view_plan *plan, const char *head, const struct record *now,
                         struct stmts *stmts);

#endif
