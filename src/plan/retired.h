/*
 * A table that is kept for a while instead of being dropped: it moves into the
 * schema of the registry under another name, with its indexes, its own
 * sequences and its statistics, whose names become free for a successor.
 * Nobody but its owner has a right on it there, and it refers to no other
 * table.  Undo brings it back; `sync` drops it when its time is over.
 *
 * The fragments are read with search_path = pg_catalog, pg_temp; `tab` is a
 * CTE: the table's row of pg_class, with its quoted `name`.
 */
#ifndef INTERLOCK_PLAN_RETIRED_H
#define INTERLOCK_PLAN_RETIRED_H

#include <stdbool.h>

#include "plan/again.h"
#include "plan/step.h"

/* clang-format off */

/* What has a name of its own in a schema, and would be in a successor's way; statistics do not even move along. */
#define SQL_RETIRED_PARTS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('kind', p.kind, 'schema', p.schema, 'name', p.name)" \
	" ORDER BY p.kind, p.schema, p.name)::text FROM (SELECT 'INDEX' AS kind, n.nspname AS schema, c.relname AS name" \
	" FROM tab JOIN pg_catalog.pg_index i ON i.indrelid = tab.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" UNION ALL SELECT 'SEQUENCE', n.nspname, s.relname FROM sequences s" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace" \
	" UNION ALL SELECT 'STATISTICS', n.nspname, x.stxname FROM tab JOIN pg_catalog.pg_statistic_ext x" \
	" ON x.stxrelid = tab.oid JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace) p)"

/* CTEs after `tab`: the sequences that its columns own; what rights there are on it, its columns and these. */
#define SQL_RETIRED_CTES \
	"sequences AS (SELECT DISTINCT c.oid, c.relname, c.relnamespace, c.relowner, c.relacl," \
	" 'SEQUENCE ' || c.oid::regclass::text AS thing FROM tab JOIN pg_catalog.pg_depend d" \
	" ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = tab.oid AND d.refobjsubid > 0" \
	" AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')" \
	" JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S')," \
	" rights AS (SELECT 1 AS part, 0 AS attnum, 'TABLE ' || tab.name AS thing, '' AS columns, tab.relacl AS acl," \
	" tab.relowner AS owner FROM tab UNION ALL SELECT 2, a.attnum, 'TABLE ' || tab.name," \
	" ' (' || pg_catalog.quote_ident(a.attname) || ')', a.attacl, tab.relowner FROM tab" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = tab.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped" \
	" UNION ALL SELECT 3, 0, s.thing, '', s.relacl, s.relowner FROM sequences s)"

#define SQL_RETIRED_GRANTS \
	"SELECT g.statement FROM rights r CROSS JOIN LATERAL (" \
	SQL_GRANTS_AGAIN("r.acl", "r.thing", "r.columns", "x.grantee <> r.owner") ") g ORDER BY r.part, r.thing, r.attnum, g.n"

/* A right on the table away is one on its columns away too. */
#define SQL_RETIRED_REVOKES \
	"SELECT 'REVOKE ALL ON ' || r.thing || ' FROM ' || pg_catalog.string_agg(DISTINCT " SQL_GRANTEE("x") ", ', ')" \
	" FROM rights r CROSS JOIN LATERAL pg_catalog.aclexplode(r.acl) x WHERE x.grantee <> r.owner" \
	" GROUP BY r.thing ORDER BY r.thing DESC"

/* The foreign keys to other tables. */
#define SQL_RETIRED_FOREIGN_KEYS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname," \
	" 'definition', pg_catalog.pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'schema', n.nspname," \
	" 'table', c.relname, 'comment', " \
	SQL_COMMENT_AGAIN("'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ON ' || tab.name", \
	"pg_catalog.obj_description(k.oid, 'pg_constraint')") ") ORDER BY k.conname)::text" \
	" FROM tab JOIN pg_catalog.pg_constraint k ON k.conrelid = tab.oid AND k.contype = 'f' AND k.confrelid <> tab.oid" \
	" AND k.conparentid = 0 JOIN pg_catalog.pg_class c ON c.oid = k.confrelid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)"

/* The tables in the registry's schema that were retired, by any run. */
#define SQL_RETIRED_TABLES \
	"(SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace WHERE n.nspname = 'interlock' AND c.relkind = 'r' AND c.relname ~ '^retired_[0-9]+_[0-9]+$')"

/* A schema where the role may rename neither the table nor a part of it, for want of CREATE; NULL: there is none. */
#define SQL_RETIRED_CLOSED \
	"(SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n WHERE (n.oid = tab.relnamespace" \
	" OR n.oid IN (SELECT s.relnamespace FROM sequences s) OR n.oid IN (SELECT x.stxnamespace FROM pg_catalog.pg_statistic_ext x" \
	" WHERE x.stxrelid = tab.oid)) AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')" \
	" ORDER BY n.oid <> tab.relnamespace, n.nspname LIMIT 1)"

/* Statistics on it that the role may not rename, since they are another's; NULL: there are none. */
#define SQL_RETIRED_FOREIGN_STATISTICS \
	"(SELECT " SQL_NAME("n.nspname", "x.stxname") " || ', which belongs to role '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.stxowner)) FROM pg_catalog.pg_statistic_ext x" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace WHERE x.stxrelid = tab.oid" \
	" AND NOT pg_catalog.pg_has_role(x.stxowner, 'USAGE') ORDER BY 1 LIMIT 1)"

/* The columns of the answer that the recipes read; they also read `role`. */
#define SQL_RETIRED_FACTS \
	"tab.oid AS table_oid, " SQL_RETIRED_PARTS " AS parts, " \
	SQL_STATEMENTS("ARRAY(" SQL_RETIRED_GRANTS ")") " AS grants, " \
	SQL_STATEMENTS("ARRAY(" SQL_RETIRED_REVOKES ")") " AS revokes," \
	" (SELECT pg_catalog.bool_or(" SQL_FOREIGN_GRANTS("r.acl", "r.owner") ") FROM rights r) AS foreign_grants, " \
	SQL_RETIRED_FOREIGN_KEYS " AS foreign_keys, pg_catalog.obj_description(tab.oid, 'pg_class') AS table_comment, " \
	SQL_RETIRED_TABLES " AS retired, " SQL_RETIRED_CLOSED " AS closed_schema," \
	" " SQL_RETIRED_FOREIGN_STATISTICS " AS foreign_statistics"

/* clang-format on */

struct retired_table {
	struct relname table;
	int64_t kept_for; /* ms */
};

/* Claims the tables that the foreign keys of the fact refer to, for a statement that drops these. */
void retired_lock_parents(const struct record *record, struct stmt *stmt, struct stmts *stmts);

/* Into the registry's schema, in one brief transaction. */
void retired_send(const struct retired_table *it, const struct facts *facts, struct stmts *stmts);
/* Back to where it was, from wherever an earlier undo has left it; refused where it can't be. */
void retired_bring_back(const struct retired_table *it, const struct facts *facts, struct stmts *stmts);
/* Gone for good, if it is still there. */
void retired_drop(const struct facts *facts, struct stmts *stmts);

#endif
