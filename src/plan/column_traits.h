/*
 * What a column has besides its values and its name: default, NOT NULL,
 * comment, statistics target, grants, the sequence it owns.  The column that
 * gets the name gets these too, as far as it has none of its own; the one that
 * gives it up keeps them, but for what would stop writers who no longer know
 * it, or draw from a sequence for nothing.
 */
#ifndef INTERLOCK_PLAN_COLUMN_TRAITS_H
#define INTERLOCK_PLAN_COLUMN_TRAITS_H

#include <stdbool.h>

#include "plan/again.h"
#include "plan/column_swap.h"
#include "plan/columns.h"

/* clang-format off */

#define SQL_IS_NOT_NULL(c) \
	"(" c ".attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = " c ".attrelid" \
	" AND k.contype = 'n' AND k.conkey = ARRAY[" c ".attnum] AND NOT k.convalidated))"

/* Does a validated CHECK prove that `came` has no NULL, so that SET NOT NULL reads no row? */
#define SQL_CAME_IS_PROVEN \
	"EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = came.attrelid AND k.contype = 'c'" \
	" AND k.convalidated AND pg_catalog.pg_get_expr(k.conbin, k.conrelid)" \
	" = '(' || pg_catalog.quote_ident(came.attname) || ' IS NOT NULL)')"

/* A default means the same to both columns where each value of the old type is one of the new. */
#define SQL_DEFAULT_FITS \
	"(col.atttypid = came.atttypid OR EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = col.atttypid" \
	" AND c.casttarget = came.atttypid AND c.castcontext = 'i'))"

#define SQL_COLUMN_COMMENT(c) "pg_catalog.col_description(" c ".attrelid, " c ".attnum)"
#define SQL_COLUMN_TARGET(c) "CASE WHEN " c ".attstattarget >= 0 THEN " c ".attstattarget END"

/* As a plan writes them, in double quotes. */
#define SQL_QUOTED_NAME "pg_catalog.to_json(" SQL_NAME("$1", "$2") ")::text"
#define SQL_QUOTED_COLUMN "pg_catalog.to_json(pg_catalog.quote_ident(came.attname))::text"

/* Rights on `col` that `came` lacks, as rows x; `option`: only the option is lacking. */
#define SQL_RIGHTS_CARRIED \
	"(SELECT DISTINCT e.grantee, e.privilege_type, e.is_grantable, EXISTS (SELECT FROM pg_catalog.aclexplode(came.attacl) o" \
	" WHERE o.grantee = e.grantee AND o.privilege_type = e.privilege_type) AS option" \
	" FROM pg_catalog.aclexplode(col.attacl) e WHERE NOT EXISTS (SELECT FROM pg_catalog.aclexplode(came.attacl) o" \
	" WHERE o.grantee = e.grantee AND o.privilege_type = e.privilege_type AND (o.is_grantable OR NOT e.is_grantable))) x"
#define SQL_RIGHT_ON(name) "x.privilege_type || ' (' || pg_catalog.quote_ident(" name ") || ') ON ' || " SQL_NAME("$1", "$2")

/* Why they can't exchange roles, as rows (number, found, expected, help, option); what is NULL is none. */
#define SQL_TRAITS_OBSTACLES \
	"(10, (SELECT 'column ' || " SQL_COLUMN("g") " FROM (SELECT * FROM col UNION ALL SELECT * FROM came) g" \
	" WHERE g.attgenerated <> '' OR g.attidentity <> '' AND g.attnum = col.attnum ORDER BY g.attnum LIMIT 1)," \
	" 'columns that take values: what makes them by itself can''t move to another column', NULL," \
	" CASE WHEN col.attgenerated <> '' OR col.attidentity <> '' THEN 'column' ELSE 'with' END)," \
	" (11, (SELECT 'column ' || pg_catalog.quote_ident(col.attname) || ' is in the replica identity ' || i.indexrelid::regclass::text" \
	" FROM pg_catalog.pg_index i WHERE i.indrelid = col.attrelid AND i.indisreplident AND col.attnum = ANY (i.indkey))," \
	" 'a column that subscribers do not know rows by', NULL, 'column')," \
	" (12, CASE WHEN " SQL_IS_NOT_NULL("col") " AND NOT " SQL_IS_NOT_NULL("came") " AND NOT " SQL_CAME_IS_PROVEN \
	" THEN 'column ' || " SQL_COLUMN("came") " || ', which takes NULL' END," \
	" 'NOT NULL, as column ' || pg_catalog.quote_ident($3::text) || ' is'," \
	" 'say in an earlier step: set_not_null { table = ' || " SQL_QUOTED_NAME " || ', column = ' || " SQL_QUOTED_COLUMN " || ' }', 'with')," \
	" (13, CASE WHEN " SQL_EXPRESSION("col") " IS NOT NULL AND " SQL_EXPRESSION("came") " IS NULL AND NOT " SQL_DEFAULT_FITS \
	" THEN 'column ' || " SQL_COLUMN("came") " || ', without a default' END," \
	" 'a default of its own: that of ' || pg_catalog.quote_ident($3::text) || ', ' || " SQL_EXPRESSION("col") " || ', may mean something else there'," \
	" 'say in an earlier step, before sync_columns: set_default { table = ' || " SQL_QUOTED_NAME " || ', column = ' || " SQL_QUOTED_COLUMN \
	" || ', default = ... }', 'with')"

/* The columns of the answer that the recipes read. */
#define SQL_TRAITS_FACTS \
	SQL_EXPRESSION("col") " AS left_default, " SQL_EXPRESSION("came") " AS came_default," \
	" " SQL_IS_NOT_NULL("col") " AS left_not_null, " SQL_IS_NOT_NULL("came") " AS came_not_null," \
	" (SELECT 'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid)" \
	" FROM pg_catalog.pg_constraint k WHERE k.conrelid = col.attrelid AND k.contype = 'n'" \
	" AND k.conkey = ARRAY[col.attnum]) AS left_not_null_constraint," \
	" " SQL_COLUMN_COMMENT("col") " AS left_comment, " SQL_COLUMN_COMMENT("came") " AS came_comment," \
	" " SQL_COLUMN_TARGET("col") " AS left_target, " SQL_COLUMN_TARGET("came") " AS came_target," \
	" (SELECT d.objid::regclass::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid" \
	" AND c.relkind = 'S' WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid" \
	" AND d.refobjid = col.attrelid AND d.refobjsubid = col.attnum AND d.deptype = 'a' ORDER BY 1 LIMIT 1) AS left_sequence," \
	" " SQL_STATEMENTS("ARRAY(SELECT 'GRANT ' || " SQL_RIGHT_ON("col.attname") " || ' TO ' || " SQL_GRANTEE("x") \
	" || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END FROM " SQL_RIGHTS_CARRIED " ORDER BY 1)") " AS grants," \
	" " SQL_STATEMENTS("ARRAY(SELECT 'REVOKE ' || CASE WHEN x.option THEN 'GRANT OPTION FOR ' ELSE '' END || " \
	SQL_RIGHT_ON("came.attname") " || ' FROM ' || " SQL_GRANTEE("x") " FROM " SQL_RIGHTS_CARRIED " ORDER BY 1)") " AS revokes, " \
	SQL_SHOWN("ARRAY[came.attname::text]") " AS shown"

/* clang-format on */

/* The default that the arriving column gets from the other one; NULL: none. */
const char *column_default_carried(const struct record *facts);

/* After the columns have exchanged names. */
void column_traits_carry(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);

/* Undo: true, with the refusal set, where what was carried is no longer as it was left. */
bool column_traits_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);
/* Undo, likewise after the names are back; then also column_traits_finish(). */
void column_traits_bring_back(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);
/* Undo, before anything: a verification that no row would be in the way of a NOT NULL that was given up. */
void column_traits_verify(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);
/* Undo, in the end: NOT NULL where the column lost it.  `is_not_null`: has it that now? */
void column_traits_finish(const struct column_swap *swap, bool is_not_null, const struct facts *facts,
                          struct stmts *stmts);

#endif
