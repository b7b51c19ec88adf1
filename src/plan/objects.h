/*
 * Things of any kind that a plan names as COMMENT ON does (sql/object.h):
 * finding one in the catalogue without an error of the server when it is not
 * there, and saying what is there instead.
 *
 * The fragments are read with search_path = pg_catalog, pg_temp, and expect
 * what object_params() fills in: $1 schema, $2 name, $3 member, $4 kind,
 * $5 and $6 the types of a function's arguments, $7 the kinds of relations that
 * are meant, $8 the whole thing for people.
 */
#ifndef INTERLOCK_PLAN_OBJECTS_H
#define INTERLOCK_PLAN_OBJECTS_H

#include <stdbool.h>

#include "plan/names.h"
#include "plan/near.h"
#include "plan/probes.h"
#include "plan/step.h"
#include "sql/object.h"

/* clang-format off */

#define SQL_IS_KIND_OF_RELATION \
	"$4::text IN ('table', 'foreign table', 'view', 'materialized view', 'index', 'sequence')"

#define SQL_MEANT(relkind) "pg_catalog.strpos($7::text, " relkind "::text) > 0"

/* One of `obj`: an object of that catalogue, with its owner. */
#define SQL_OBJECT_OF(catalogue, owner, rest) \
	"SELECT 'pg_catalog." catalogue "'::regclass::oid AS class, x.oid, 0 AS sub, " owner " AS owner" \
	" FROM " rest

/* A part of the relation $1.$2 that is named $3. */
#define SQL_OBJECT_PART(catalogue, relation, name, kind) \
	SQL_OBJECT_OF(catalogue, "holder.relowner", "holder JOIN pg_catalog." catalogue " x ON x." relation " = holder.oid" \
	" WHERE $4::text = '" kind "' AND x." name " = $3::text")

/*
 * CTEs that end with `obj`(class, oid, sub, owner): the thing; no row when it is
 * not there, several for a function that is named without its arguments.
 */
#define SQL_OBJECT \
	SQL_REL ", " SQL_COL ", " SQL_HOME "," \
	" holder AS (SELECT c.oid, c.relowner FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid)," \
	" typ AS (SELECT t.oid, t.typtype, t.typowner FROM home JOIN pg_catalog.pg_type t" \
	" ON t.typnamespace = home.oid AND t.typname = $2::text)," \
	" args AS (SELECT coalesce(pg_catalog.string_agg(coalesce(coalesce(pg_catalog.to_regtype(u.type)," \
	" pg_catalog.to_regtype(u.other))::oid::text, '?'), ' ' ORDER BY u.n), '') AS types" \
	" FROM ROWS FROM (pg_catalog.unnest($5::text[]), pg_catalog.unnest($6::text[])) WITH ORDINALITY u(type, other, n))," \
	" obj AS (" \
	SQL_OBJECT_OF("pg_class", "x.relowner", "holder x JOIN rel ON true WHERE " SQL_IS_KIND_OF_RELATION \
	" AND " SQL_MEANT("rel.relkind")) \
	" UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, rel.oid, col.attnum, holder.relowner" \
	" FROM rel, col, holder WHERE $4::text = 'column' AND " SQL_MEANT("rel.relkind") \
	" UNION ALL " SQL_OBJECT_PART("pg_constraint", "conrelid", "conname", "constraint") \
	" UNION ALL " SQL_OBJECT_PART("pg_trigger", "tgrelid", "tgname", "trigger") \
	" UNION ALL " SQL_OBJECT_PART("pg_policy", "polrelid", "polname", "policy") \
	" UNION ALL " SQL_OBJECT_PART("pg_rewrite", "ev_class", "rulename", "rule") \
	" UNION ALL " SQL_OBJECT_OF("pg_type", "x.typowner", "typ x WHERE $4::text = 'type'" \
	" OR $4::text = 'domain' AND x.typtype = 'd'") \
	" UNION ALL " SQL_OBJECT_OF("pg_constraint", "typ.typowner", "typ JOIN pg_catalog.pg_constraint x" \
	" ON x.contypid = typ.oid WHERE $4::text = 'domain constraint' AND x.conname = $3::text") \
	" UNION ALL " SQL_OBJECT_OF("pg_proc", "x.proowner", "home JOIN pg_catalog.pg_proc x" \
	" ON x.pronamespace = home.oid AND x.proname = $2::text CROSS JOIN args" \
	" WHERE (($4::text = 'function' AND x.prokind <> 'p') OR ($4::text = 'procedure' AND x.prokind = 'p'))" \
	" AND ($5::text[] IS NULL OR x.proargtypes::text = args.types)") \
	" UNION ALL " SQL_OBJECT_OF("pg_statistic_ext", "x.stxowner", "home JOIN pg_catalog.pg_statistic_ext x" \
	" ON x.stxnamespace = home.oid AND x.stxname = $2::text WHERE $4::text = 'statistics'") \
	" UNION ALL " SQL_OBJECT_OF("pg_namespace", "x.nspowner", "pg_catalog.pg_namespace x" \
	" WHERE $4::text = 'schema' AND x.nspname = $2::text") \
	" UNION ALL " SQL_OBJECT_OF("pg_extension", "x.extowner", "pg_catalog.pg_extension x" \
	" WHERE $4::text = 'extension' AND x.extname = $2::text") ")"

/* Of those that are spelt much like the wanted one, or are the same in another schema, the likeliest. */
#define SQL_OBJECT_NEAR \
	"(SELECT s.shown FROM (" \
	"SELECT " SQL_NAME("n.nspname", "c.relname") ", c.relname, n.nspname = $1::text FROM pg_catalog.pg_class c" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " SQL_IS_KIND_OF_RELATION \
	" AND " SQL_MEANT("c.relkind") " AND " SQL_IS_ALIKE("$2", "c.relname") \
	" AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'interlock')" \
	" UNION ALL SELECT pg_catalog.quote_ident(a.attname), a.attname, true FROM rel JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = rel.oid WHERE $4::text = 'column' AND a.attnum > 0 AND NOT a.attisdropped" \
	" AND " SQL_IS_ALIKE("$3", "a.attname") \
	" UNION ALL SELECT pg_catalog.quote_ident(k.conname), k.conname, true FROM rel JOIN pg_catalog.pg_constraint k" \
	" ON k.conrelid = rel.oid WHERE $4::text = 'constraint' AND " SQL_IS_ALIKE("$3", "k.conname") \
	" UNION ALL SELECT pg_catalog.format_type(t.oid, NULL), t.typname, t.typnamespace = (SELECT home.oid FROM home)" \
	" FROM pg_catalog.pg_type t WHERE $4::text IN ('type', 'domain') AND t.typname !~ '^_'" \
	" AND t.typnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)" \
	" AND " SQL_IS_ALIKE("$2", "t.typname") \
	" UNION ALL SELECT p.oid::regprocedure::text, p.proname, p.pronamespace = (SELECT home.oid FROM home)" \
	" FROM pg_catalog.pg_proc p WHERE $4::text IN ('function', 'procedure') AND (p.proname = $2::text" \
	" OR p.pronamespace = (SELECT home.oid FROM home) AND " SQL_IS_ALIKE("$2", "p.proname") ")" \
	" UNION ALL SELECT pg_catalog.quote_ident(n.nspname), n.nspname, true FROM pg_catalog.pg_namespace n" \
	" WHERE $4::text = 'schema' AND n.nspname !~ '^pg_' AND " SQL_IS_ALIKE("$2", "n.nspname") \
	") s(shown, name, home) CROSS JOIN LATERAL (SELECT coalesce($3::text, $2::text)) w(name)" \
	" ORDER BY s.name = w.name DESC, pg_catalog.lower(s.name) = pg_catalog.lower(w.name) DESC, s.home DESC," \
	" " SQL_PAIRS_SHARED("w.name", "s.name") " DESC, s.shown LIMIT 1)"

/* Is there a relation of that name, but of another kind? */
#define SQL_OBJECT_OTHER_KIND \
	"(" SQL_IS_KIND_OF_RELATION " OR $4::text = 'column') AND rel.oid IS NOT NULL AND NOT " SQL_MEANT("rel.relkind")

/*
 * WHEN … THEN for state, found, expected and help where `obj` is not exactly one
 * thing; they stand on `rel` and on a subquery seen(n), the number of its rows.
 */
#define SQL_OBJECT_STATE \
	" WHEN seen.n > 1 OR " SQL_OBJECT_OTHER_KIND " THEN 'conflict' WHEN seen.n = 0 THEN 'missing'"
#define SQL_OBJECT_FOUND \
	" WHEN " SQL_OBJECT_OTHER_KIND " THEN " SQL_IS_A("rel.relkind") \
	" WHEN seen.n > 1 THEN (SELECT pg_catalog.string_agg(obj.oid::regprocedure::text, ', ' ORDER BY obj.oid) FROM obj)" \
	" WHEN seen.n = 0 AND $3::text IS NOT NULL AND $4::text <> 'domain constraint' AND rel.oid IS NULL" \
	" THEN " SQL_NO_TABLE("$1", "$2") \
	" WHEN seen.n = 0 THEN 'no ' || $8::text || coalesce(' (there is ' || " SQL_OBJECT_NEAR " || ')', '')"
#define SQL_OBJECT_EXPECTED \
	" WHEN " SQL_OBJECT_OTHER_KIND " THEN $8::text" \
	" WHEN seen.n > 1 THEN 'one ' || $4::text || ', told from the others by the types of its arguments'"
#define SQL_OBJECT_HELP \
	" WHEN seen.n > 1 THEN 'write the types, as in ' || $4::text || ' '" \
	" || (SELECT obj.oid::regprocedure::text FROM obj ORDER BY obj.oid LIMIT 1)"
#define SQL_OBJECT_SEEN "(SELECT pg_catalog.count(*) AS n FROM obj) seen"

/* clang-format on */

/* The kinds of relations, as in pg_class, that an object of that kind may be, or may be a column of. */
const char *object_relkinds(enum object_kind kind);

/* Fills $1 to $8 of the probe's query. */
void object_params(const struct sql_object *object, struct probe *probe);

/* Is it made by steps that work on something else, or by none, so that only its name tells? */
bool object_stands_on_names(const struct sql_object *object);

/* The relation that it is, or is a part of; false: there is none, or the name alone doesn't tell (an index's
 * table). */
bool object_relation(const struct sql_object *object, struct relname *relation);

#endif
