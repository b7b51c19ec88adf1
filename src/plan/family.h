/*
 * A table with all its partitions and heirs: what is done to a column of it is
 * done to the column of the same name in each of them.  Fragments of the SQL
 * that asks the catalogue, and who may change them.
 *
 * They follow SQL_REL and SQL_COL of plan/probes.h, with the same parameters.
 */
#ifndef INTERLOCK_PLAN_FAMILY_H
#define INTERLOCK_PLAN_FAMILY_H

#include <stdbool.h>

#include "plan/probes.h"
#include "plan/step.h"

/* clang-format off */

/* CTE `family` after `rel`: the relation itself and what inherits from it, partitions included. */
#define SQL_FAMILY \
	"family AS (WITH RECURSIVE f(oid) AS (SELECT rel.oid FROM rel UNION SELECT i.inhrelid FROM f" \
	" JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid) SELECT f.oid FROM f)"

/* CTE `member` after `family`: the column $3 in each of them. */
#define SQL_MEMBER \
	"member AS (SELECT a.attrelid, a.attnum, a.attinhcount FROM family JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = family.oid AND a.attname = $3::text AND a.attnum > 0 AND NOT a.attisdropped)"

#define SQL_PARENTS(oid) \
	"(SELECT pg_catalog.string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)" \
	" FROM pg_catalog.pg_inherits i WHERE i.inhrelid = " oid ")"

/*
 * Why the server lets nobody change the column here, or NULL: it is no table,
 * or the column is its parent's, or an heir's column has another parent too.
 * Needs `rel`, `col`, `family` and `member`.
 */
#define SQL_COLUMN_OBSTACLE \
	"CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") \
	" WHEN (SELECT c.reloftype FROM pg_catalog.pg_class c WHERE c.oid = rel.oid) <> 0" \
	" THEN " SQL_NAME("$1", "$2") " || ' is a typed table, and has its columns from its type'" \
	" WHEN col.attinhcount > 0 THEN 'column ' || pg_catalog.quote_ident(col.attname) || ' of '" \
	" || " SQL_NAME("$1", "$2") " || ' comes from ' || " SQL_PARENTS("rel.oid") \
	" ELSE (SELECT 'column ' || pg_catalog.quote_ident($3::text) || ' of ' || m.attrelid::regclass::text" \
	" || ' comes from ' || " SQL_PARENTS("m.attrelid") " FROM member m WHERE m.attrelid <> rel.oid" \
	" AND m.attinhcount > (SELECT pg_catalog.count(*) FROM pg_catalog.pg_inherits i" \
	" JOIN family ON family.oid = i.inhparent WHERE i.inhrelid = m.attrelid) ORDER BY 1 LIMIT 1) END"

/* The way out where the column is its parent's, else NULL. */
#define SQL_COLUMN_HELP \
	"CASE WHEN col.attinhcount > 0 THEN 'name ' || " SQL_PARENTS("rel.oid") " || ' instead: its partitions, and what inherits from it, go along' END"

/* What owner_refused() reads: a member that the role may not change, with its owner. */
#define SQL_OWNER_FACTS \
	"(SELECT pg_catalog.json_build_array(c.oid::regclass::text, pg_catalog.pg_get_userbyid(c.relowner))::text" \
	" FROM family JOIN pg_catalog.pg_class c ON c.oid = family.oid" \
	" WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY c.oid LIMIT 1) AS other_owner"

/* clang-format on */

/* true, with the refusal set, where the table or one of its family belongs to somebody else. */
bool owner_refused(const struct facts *facts, struct stmts *stmts);

#endif
