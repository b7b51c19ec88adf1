/*
 * What goes by the name of a table or a column and not by its number, and so
 * does not follow when it is renamed: bodies of functions, arguments of
 * triggers, publications and subscriptions.  Views, indexes, constraints,
 * foreign keys, policies and column grants follow by themselves.
 *
 * The fragments give rows (kind, name) for the CTE going(kind, name), and
 * expect `rel`, `family` (plan/family.h) and the parameters $1 schema, $2 table.
 */
#ifndef INTERLOCK_PLAN_BY_NAME_H
#define INTERLOCK_PLAN_BY_NAME_H

#include <stdbool.h>

#include "plan/option.h"
#include "plan/step.h"

/* clang-format off */

/*
 * Does a text have the name in it?  One that needs no quotes is looked for as a
 * word of its own, any other wherever it stands.
 */
#define SQL_MENTIONS(text, name) \
	"CASE WHEN " name "::text ~ '^[a-z_][a-z0-9_]*$' THEN " text " ~* ('[[:<:]]' || " name "::text || '[[:>:]]')" \
	" ELSE pg_catalog.strpos(pg_catalog.lower(" text "), pg_catalog.lower(" name "::text)) > 0 END"

#define SQL_IS_TRIGGER_OF_FAMILY(function) \
	"EXISTS (SELECT FROM family JOIN pg_catalog.pg_trigger t ON t.tgrelid = family.oid" \
	" WHERE t.tgfoid = " function ")"

/*
 * Functions that are kept as text, extensions' own aside: those for which the
 * condition on p (pg_proc) holds.
 */
#define SQL_FUNCTIONS_GOING(condition) \
	"SELECT 'function' AS kind, " SQL_NAME("n.nspname", "p.proname") " AS name FROM rel CROSS JOIN pg_catalog.pg_proc p" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang" \
	" WHERE l.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL" \
	" AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass" \
	" AND d.objid = p.oid AND d.deptype = 'e') AND (" condition ")"

/* A function that has the table, or one of its family, in its text, gets its rows, or is a trigger of it. */
#define SQL_KNOWS_TABLE \
	"(EXISTS (SELECT FROM family JOIN pg_catalog.pg_class c ON c.oid = family.oid WHERE " \
	SQL_MENTIONS("p.prosrc", "c.relname") ") OR " SQL_IS_TRIGGER_OF_FAMILY("p.oid") \
	" OR (SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = rel.oid) = ANY (p.proargtypes))"

/* Triggers that are given the column as an argument, as tsvector_update_trigger() is. */
#define SQL_TRIGGERS_GOING(column) \
	"SELECT 'trigger', pg_catalog.quote_ident(t.tgname) FROM family JOIN pg_catalog.pg_trigger t" \
	" ON t.tgrelid = family.oid AND NOT t.tgisinternal WHERE t.tgnargs > 0 AND " \
	SQL_MENTIONS("pg_catalog.replace(pg_catalog.encode(t.tgargs, 'escape'), pg_catalog.chr(92) || '000', ' ')", column)

/* Subscribers find tables and columns by name. */
#define SQL_PUBLICATIONS_GOING \
	"SELECT 'publication', pg_catalog.quote_ident(p.pubname) FROM family JOIN pg_catalog.pg_class c" \
	" ON c.oid = family.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" JOIN pg_catalog.pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname" \
	" UNION SELECT 'subscription', pg_catalog.quote_ident(s.subname) FROM family" \
	" JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = family.oid" \
	" JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid"

/*
 * The subquery g(going, going_leaves, going_more), which by_name_refused()
 * reads: what is going and is not among the names `left` (text[]), for people
 * and as `leaves` would say it.
 */
#define SQL_GOING(left) \
	"(SELECT pg_catalog.string_agg(w.kind || ' ' || w.name, ', ' ORDER BY w.n) FILTER (WHERE w.n <= 10) AS going," \
	" pg_catalog.string_agg(pg_catalog.to_json(w.name)::text, ', ' ORDER BY w.n) FILTER (WHERE w.n <= 10)" \
	" AS going_leaves, pg_catalog.max(w.n) - 10 AS going_more" \
	" FROM (SELECT u.*, pg_catalog.row_number() OVER (ORDER BY u.kind, u.name) AS n FROM (SELECT DISTINCT kind, name" \
	" FROM going) u WHERE " left " IS NULL OR NOT u.name = ANY (" left ")) w) g"

/* clang-format on */

/* Is it a name that every table has for a column of its own, as ctid? */
bool is_system_column(const char *name);

extern const char by_name_leaves_help[]; /* of the option `leaves` */

/*
 * true, with the refusal set, where something goes by the name and the plan
 * does not say that it may stay behind.  `what` as "column email of app.users".
 */
bool by_name_refused(const char *what, const struct facts *facts, struct stmts *stmts);

/* The names of `leaves` as an array literal, each as the fragments write it; NULL: none. */
const char *by_name_leaves(const struct text_list *leaves, struct arena *arena);

#endif
