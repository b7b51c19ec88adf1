/*
 * What stands in the way of dropping a thing: fragments of the SQL that lists
 * by name what depends on it, and what refuses the drop before the first
 * statement.  Nothing is ever dropped with CASCADE, so every dependent is an
 * obstacle; functions that only mention a name in their text are told of.
 *
 * Every fragment is read with search_path = pg_catalog, pg_temp, in a query
 * that begins WITH RECURSIVE.
 */
#ifndef INTERLOCK_PLAN_DEPENDENTS_H
#define INTERLOCK_PLAN_DEPENDENTS_H

#include <stdbool.h>

#include "plan/by_name.h"
#include "plan/probes.h"
#include "plan/step.h"

/* clang-format off */

/* The CTE `obj` that the others stand on: the thing itself, if it is there. */
#define SQL_OBJ(catalogue, oid, from) \
	"obj(classid, objid) AS (SELECT 'pg_catalog." catalogue "'::regclass::oid, " oid " FROM " from ")"

/* The relation of which a dependent is a part, for one that is: its oid. */
#define SQL_RELATION_OF_DEPENDENT \
	"CASE n.classid WHEN 'pg_catalog.pg_class'::regclass THEN n.objid" \
	" WHEN 'pg_catalog.pg_rewrite'::regclass THEN w.ev_class" \
	" WHEN 'pg_catalog.pg_constraint'::regclass THEN nullif(k.conrelid, 0)" \
	" WHEN 'pg_catalog.pg_attrdef'::regclass THEN" \
	" (SELECT x.adrelid FROM pg_catalog.pg_attrdef x WHERE x.oid = n.objid)" \
	" WHEN 'pg_catalog.pg_policy'::regclass THEN" \
	" (SELECT x.polrelid FROM pg_catalog.pg_policy x WHERE x.oid = n.objid)" \
	" WHEN 'pg_catalog.pg_trigger'::regclass THEN" \
	" (SELECT x.tgrelid FROM pg_catalog.pg_trigger x WHERE x.oid = n.objid) END"

/*
 * CTEs after `obj`.  `goes`: what goes along by itself, because it is a part
 * (indexes, own sequences, the row type, partitions).  `dependents`: what else
 * needs any of that, with the relation or type that it is a part of, and
 * whether it would still need it if that were kept under another name; who
 * publishes it or subscribes to it is one too.
 */
#define SQL_DEPENDENTS \
	"goes AS (SELECT o.classid, o.objid FROM obj o UNION SELECT d.classid, d.objid FROM goes g" \
	" JOIN pg_catalog.pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid" \
	" AND d.deptype IN ('a', 'i', 'P', 'S'))," \
	" needs AS (SELECT DISTINCT d.classid, d.objid, d.objsubid FROM goes g JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype = 'n'" \
	" WHERE NOT EXISTS (SELECT FROM goes o WHERE o.classid = d.classid AND o.objid = d.objid))," \
	" dependents AS (SELECT DISTINCT n.classid, n.objid," \
	" CASE WHEN w.rulename = '_RETURN' THEN" \
	" pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, w.ev_class, 0)" \
	" WHEN k.contype = 'f' THEN 'foreign key ' || pg_catalog.quote_ident(k.conname) || ' of '" \
	" || k.conrelid::regclass::text" \
	" WHEN k.contypid <> 0 THEN pg_catalog.pg_describe_object('pg_catalog.pg_type'::regclass, k.contypid, 0)" \
	" ELSE pg_catalog.pg_describe_object(n.classid, n.objid, n.objsubid) END AS what," \
	" coalesce(rs.nspname, ts.nspname) AS schema, coalesce(r.relname, t.typname) AS name," \
	" k.contype IS DISTINCT FROM 'f' AS firm FROM needs n" \
	" LEFT JOIN pg_catalog.pg_rewrite w ON n.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = n.objid" \
	" LEFT JOIN pg_catalog.pg_constraint k ON n.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = n.objid" \
	" LEFT JOIN pg_catalog.pg_class r ON r.oid = " SQL_RELATION_OF_DEPENDENT \
	" LEFT JOIN pg_catalog.pg_namespace rs ON rs.oid = r.relnamespace" \
	" LEFT JOIN pg_catalog.pg_type t ON n.classid = 'pg_catalog.pg_type'::regclass AND t.oid = n.objid" \
	" OR t.oid = nullif(k.contypid, 0)" \
	" LEFT JOIN pg_catalog.pg_namespace ts ON ts.oid = t.typnamespace" \
	" UNION ALL SELECT 'pg_catalog.pg_publication'::regclass::oid, p.oid," \
	" 'publication ' || pg_catalog.quote_ident(p.pubname), NULL, NULL, true" \
	" FROM goes JOIN pg_catalog.pg_publication_rel m ON goes.classid = 'pg_catalog.pg_class'::regclass" \
	" AND m.prrelid = goes.objid JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid" \
	" UNION ALL SELECT 'pg_catalog.pg_subscription'::regclass::oid, s.oid," \
	" 'subscription ' || pg_catalog.quote_ident(s.subname), NULL, NULL, true" \
	" FROM goes JOIN pg_catalog.pg_subscription_rel m ON goes.classid = 'pg_catalog.pg_class'::regclass" \
	" AND m.srrelid = goes.objid JOIN pg_catalog.pg_subscription s ON s.oid = m.srsubid)"

/* By name, twenty at most; NULL when there are none. */
#define SQL_DEPENDENT_NAMES \
	"(SELECT pg_catalog.string_agg(l.what, ', ' ORDER BY l.n) FILTER (WHERE l.n <= 20)" \
	" || CASE WHEN pg_catalog.count(*) > 20 THEN ', and ' || pg_catalog.count(*) - 20 || ' more' ELSE '' END" \
	" FROM (SELECT u.what, pg_catalog.row_number() OVER (ORDER BY u.what) AS n" \
	" FROM (SELECT DISTINCT what FROM dependents) u) l)"

/*
 * What an earlier step would have to work on so that nothing is in the way any
 * more, as a JSON array that dependents_cleared() reads; without a name where
 * no step can.
 */
#define SQL_BLOCKERS \
	"(SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', d.schema, 'name', d.name," \
	" 'firm', d.firm))::text FROM dependents d)"

/* The same for the column `it` of plan/probes.h. */
#define SQL_COLUMN_BLOCKERS \
	"(SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', s.nspname, 'name', r.relname," \
	" 'firm', k.contype IS DISTINCT FROM 'f'))::text" \
	" FROM it JOIN pg_catalog.pg_depend n ON n.refclassid = 'pg_catalog.pg_class'::regclass" \
	" AND n.refobjid = it.attrelid AND n.refobjsubid = it.attnum AND n.deptype = 'n'" \
	" LEFT JOIN pg_catalog.pg_rewrite w ON n.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = n.objid" \
	" LEFT JOIN pg_catalog.pg_constraint k ON n.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = n.objid" \
	" LEFT JOIN pg_catalog.pg_class r ON r.oid = " SQL_RELATION_OF_DEPENDENT \
	" LEFT JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace)"

/* The functions that mention it in their text, by name, ten at most; NULL when none does. */
#define SQL_MENTIONED_BY(name) \
	"(SELECT pg_catalog.string_agg(l.what, ', ' ORDER BY l.n) FILTER (WHERE l.n <= 10)" \
	" || CASE WHEN pg_catalog.count(*) > 10 THEN ', and ' || pg_catalog.count(*) - 10 || ' more' ELSE '' END" \
	" FROM (SELECT p.oid::regprocedure::text AS what, pg_catalog.row_number() OVER (ORDER BY p.oid::regprocedure::text)" \
	" AS n FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace" \
	" JOIN pg_catalog.pg_language g ON g.oid = p.prolang" \
	" WHERE s.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock') AND g.lanname NOT IN ('c', 'internal')" \
	" AND " SQL_MENTIONS("p.prosrc", name) " AND NOT EXISTS (SELECT FROM dependents d" \
	" WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid)) l)"

/* "extension postgis", where it is a member of one. */
#define SQL_EXTENSION_OF_OBJ \
	"(SELECT 'extension ' || pg_catalog.quote_ident(e.extname) FROM obj JOIN pg_catalog.pg_depend d" \
	" ON d.classid = obj.classid AND d.objid = obj.objid AND d.deptype = 'e'" \
	" JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid LIMIT 1)"

/*
 * The obstacles that every thing that goes can have, `what` being its name for
 * people ('table app.users'): WHEN … THEN a sentence.  Needs the LATERAL `d` of
 * SQL_DROP_FACTS.
 */
#define SQL_OBSTACLES(what) \
	" WHEN d.extension IS NOT NULL THEN " what " || ' belongs to ' || d.extension" \
	" WHEN d.dependents IS NOT NULL THEN " what " || ' is used by ' || d.dependents"

/* Which primitive drops a relation of that kind, for one that was taken for something else. */
#define SQL_DROPPED_BY(relkind) \
	"CASE WHEN " relkind " IN ('r', 'p') THEN 'tables are dropped by drop_table_if_exists'" \
	" WHEN " relkind " IN ('v', 'm') THEN 'views are dropped by drop_view_if_exists'" \
	" WHEN " relkind " IN ('i', 'I') THEN 'indexes are dropped by drop_index_if_exists' END"

/* The column that dependents_cleared() reads: NULL where something else is in the way. */
#define SQL_CLEARABLE(what) \
	"CASE WHEN o.obstacle = " what " || ' is used by ' || d.dependents THEN d.blocking END AS blockers"

/* The columns of the answer that the recipes below read; `owner` and `home` are oids of its role and its schema. */
#define SQL_DROP_FACTS(name, owner, home) \
	SQL_DEPENDENT_NAMES " AS dependents, " SQL_BLOCKERS " AS blocking, " SQL_MENTIONED_BY(name) " AS mentioned_by," \
	" " SQL_EXTENSION_OF_OBJ " AS extension, pg_catalog.pg_get_userbyid(" owner ") AS owner, current_user::text AS role," \
	" pg_catalog.pg_has_role(" owner ", 'USAGE') AS owns, pg_catalog.pg_has_role((SELECT n.nspowner" \
	" FROM pg_catalog.pg_namespace n WHERE n.oid = " home "), 'USAGE') AS owns_schema"

/* clang-format on */

/*
 * true, with the refusal set, where the role has no right to drop it: it must
 * be a member of its owner, or (unless `changes`: it is altered, not only
 * dropped) of the owner of its schema.
 */
bool drop_refused(const char *what, bool changes, const struct facts *facts, struct stmts *stmts);

/* The note of the statement that drops it: `note`, and which functions still mention it. */
const char *drop_note(const char *note, const struct facts *facts, struct arena *arena);

/* Is what depends on it all that is in its way? */
bool dependents_only(const struct facts *facts);
/*
 * Is everything that is in its way part of something that `is_worked_on`
 * names, asked with that and whether an archive would leave it there?
 */
bool dependents_cleared(const struct facts *facts,
                        bool (*is_worked_on)(void *arg, const struct relname *what, bool firm), void *arg);

#endif
