/*
 * What primitives share that make a thing by its name, in a schema that must
 * be there and with a right that the role must have: fragments of the SQL that
 * asks the catalogue, what stands in the way of making it, and of dropping it
 * again.  Tables and what they are made of have theirs in plan/probes.h.
 *
 * Every fragment is read with search_path = pg_catalog, pg_temp, and expects
 * the parameters $1 schema and $2 name.
 */
#ifndef INTERLOCK_PLAN_NAMES_H
#define INTERLOCK_PLAN_NAMES_H

#include <stdbool.h>

#include "plan/probes.h"
#include "plan/step.h"

/* clang-format off */

/* CTE `home`: the schema $1; no row when there is none. */
#define SQL_HOME \
	"home AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1::text)"

#define SQL_NO_SCHEMA(name) "'no schema ' || pg_catalog.quote_ident(" name "::text)"

/* What creation_refused() reads; needs the CTE `home`. */
#define SQL_CREATION_FACTS \
	"pg_catalog.has_schema_privilege(home.oid, 'CREATE') AS may_create, current_user::text AS role"

/* ---- Types ---- */

/* CTE `named` after `home`: the type $1.$2, whatever its kind; no row when there is none. */
#define SQL_NAMED_TYPE \
	"named AS (SELECT t.oid, t.typtype, t.typelem, t.typarray, t.typrelid, t.typowner FROM home" \
	" JOIN pg_catalog.pg_type t ON t.typnamespace = home.oid AND t.typname = $2::text)"

/* "app.status is a domain" */
#define SQL_NAMED_IS_A \
	"CASE WHEN named.typrelid <> 0 THEN (SELECT " SQL_IS_A("c.relkind") " FROM pg_catalog.pg_class c" \
	" WHERE c.oid = named.typrelid) ELSE " SQL_NAME("$1", "$2") " || ' is ' || CASE named.typtype" \
	" WHEN 'e' THEN 'an enum type' WHEN 'd' THEN 'a domain' WHEN 'r' THEN 'a range type'" \
	" WHEN 'm' THEN 'a multirange type' WHEN 'p' THEN 'a type without a definition'" \
	" ELSE CASE WHEN named.typelem <> 0 AND named.typarray = 0 THEN 'the array type of '" \
	" || named.typelem::pg_catalog.regtype::text ELSE 'a base type' END END END"

/* The labels of the enum type `named`, in order: as an array, and for people. */
#define SQL_LABELS \
	"(SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e" \
	" WHERE e.enumtypid = named.oid)"
#define SQL_LABELS_TEXT(labels) \
	"coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_literal(l.label), ', ' ORDER BY l.n)" \
	" FROM pg_catalog.unnest(" labels ") WITH ORDINALITY l(label, n)), '')"

/* ---- What uses it ---- */

/*
 * By name, ten at most, what depends on the things of the CTE
 * own(classid, objid) and is none of them; NULL when nothing does.
 */
#define SQL_USED_BY \
	"(SELECT pg_catalog.string_agg(DISTINCT u.what, ', ') FILTER (WHERE u.n <= 10)" \
	" || CASE WHEN pg_catalog.count(*) > 10 THEN ' and more' ELSE '' END FROM (SELECT pg_catalog.regexp_replace(" \
	"pg_catalog.pg_describe_object(w.classid, w.objid, w.objsubid), '^(rule .* on|default value for) ', '')," \
	" pg_catalog.row_number() OVER (ORDER BY w.classid, w.objid, w.objsubid) FROM (SELECT DISTINCT d.classid," \
	" d.objid, d.objsubid FROM own JOIN pg_catalog.pg_depend d ON d.refclassid = own.classid" \
	" AND d.refobjid = own.objid WHERE NOT EXISTS (SELECT FROM own o WHERE o.classid = d.classid" \
	" AND o.objid = d.objid) ORDER BY 1, 2, 3 LIMIT 11) w) u(what, n))"

/* clang-format on */

/* Adds an error at that option, with its way out; always false. */
bool bad_option(const struct option_place *place, struct diags *diags, const char *option, const char *what,
                const char *help);
/* Is it short enough for a label of an enum type?  false, after an error. */
bool label_fits(const struct option_place *place, struct diags *diags, const char *option, const char *label);

/* true, with the refusal set, where the role has no right to create anything in that schema. */
bool creation_refused(const struct relname *name, const struct facts *facts, struct stmts *stmts);

/*
 * May what this run made be dropped?  Not (with the refusal set) where it is no
 * longer what was made, nor where the probe's column `used_by` names anything;
 * and there is nothing to do where it is gone.  `what` as "type app.status".
 */
bool drop_allowed(const char *what, const struct facts *facts, struct stmts *stmts);

#endif
