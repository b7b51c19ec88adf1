/*
 * Foreign keys of a column that gives up its name, and those that refer to it:
 * they are taken off it, and added to the column that has the name then, NOT
 * VALID, to be validated once the names are exchanged.  Where that column has
 * the same key already, it only gets the name.
 */
#ifndef INTERLOCK_PLAN_COLUMN_KEYS_H
#define INTERLOCK_PLAN_COLUMN_KEYS_H

#include <stdbool.h>

#include "plan/again.h"
#include "plan/column_swap.h"

/* clang-format off */

/* "foreign key orders_total_fkey of app.orders" */
#define SQL_KEY_NAME(k) "'foreign key ' || pg_catalog.quote_ident(" k ".conname) || ' of ' || " k ".conrelid::regclass::text"

#define SQL_KEY_COLUMNS(relation, numbers, before) \
	"(SELECT pg_catalog.string_agg('" before "' || pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.n)" \
	" FROM pg_catalog.unnest(" numbers ") WITH ORDINALITY u(attnum, n) JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = " relation " AND a.attnum = u.attnum)"

/* A query for the rows that a key would break at; its words are names, so that they hold for either column. */
#define SQL_KEY_ORPHANS(k) \
	"'SELECT ' || " SQL_KEY_COLUMNS(k ".conrelid", k ".conkey", "child.") " || ' FROM ' || " k ".conrelid::regclass::text" \
	" || ' AS child WHERE ROW(' || " SQL_KEY_COLUMNS(k ".conrelid", k ".conkey", "child.") " || ') IS NOT NULL" \
	" AND NOT EXISTS (SELECT FROM ' || " k ".confrelid::regclass::text || ' AS parent WHERE (' || " \
	SQL_KEY_COLUMNS(k ".confrelid", k ".confkey", "parent.") " || ') = (' || " \
	SQL_KEY_COLUMNS(k ".conrelid", k ".conkey", "child.") " || '))'"

/* CTE `keys` after `col` and `came`; `twin`: the same on the other column. */
#define SQL_COLUMN_KEYS \
	"keys AS (SELECT k.*, t.conname AS twin, t.oid AS twin_oid FROM col JOIN pg_catalog.pg_constraint k ON k.contype = 'f'" \
	" AND k.conparentid = 0 AND (k.conrelid = col.attrelid AND col.attnum = ANY (k.conkey) OR k.confrelid = col.attrelid" \
	" AND col.attnum = ANY (k.confkey)) LEFT JOIN LATERAL (SELECT t.oid, t.conname FROM came JOIN pg_catalog.pg_constraint t" \
	" ON t.contype = 'f' AND t.conrelid = k.conrelid AND t.confrelid = k.confrelid AND t.confkey = k.confkey AND t.oid <> k.oid" \
	" AND t.conkey = pg_catalog.array_replace(k.conkey, col.attnum, came.attnum)" \
	" AND (t.confupdtype, t.confdeltype, t.confmatchtype, t.condeferrable, t.condeferred)" \
	" = (k.confupdtype, k.confdeltype, k.confmatchtype, k.condeferrable, k.condeferred)" \
	" WHERE k.conrelid = col.attrelid AND col.attnum = ANY (k.conkey) AND t.convalidated ORDER BY t.conname LIMIT 1) t ON true" \
	" WHERE NOT " SQL_IS_LEFT(SQL_KEY_NAME("k")) ")"

/* What can be carried neither there nor back: a sentence, or NULL. */
#define SQL_KEYS_BLOCKED \
	"(SELECT pg_catalog.min('foreign key ' || pg_catalog.quote_ident(k.conname) || ' of ' || k.conrelid::regclass::text || b.reason)" \
	" FROM col CROSS JOIN keys k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid CROSS JOIN LATERAL (SELECT CASE" \
	" WHEN c.relkind <> 'r' THEN ', which is partitioned, can''t be added without a scan under a lock'" \
	" WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN ' belongs to role '" \
	" || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner))" \
	" WHEN EXISTS (SELECT FROM came WHERE k.conrelid = came.attrelid AND came.attnum = ANY (k.conkey)" \
	" OR k.confrelid = came.attrelid AND came.attnum = ANY (k.confkey)) THEN ' has both columns' END) b(reason)" \
	" WHERE b.reason IS NOT NULL)"
#define SQL_KEYS_OBSTACLES \
	"(30, (SELECT pg_catalog.min('foreign key ' || pg_catalog.quote_ident(k.conname) || ' of ' || k.conrelid::regclass::text" \
	" || ', not validated') FROM keys k WHERE NOT k.convalidated), 'one that holds for every row'," \
	" 'validate it first, with add_foreign_key in an earlier step', 'column')"

/* The column of the answer that the recipes read. */
#define SQL_KEYS_FACTS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname, 'definition'," \
	" pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', ''), 'validated', k.convalidated," \
	" 'twin', k.twin, 'schema', n.nspname, 'table', c.relname, 'other_schema', pn.nspname, 'other', p.relname," \
	" 'orphans', " SQL_KEY_ORPHANS("k") ", 'comment', " \
	SQL_COMMENT_AGAIN("'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ON ' || k.conrelid::regclass::text", \
	"pg_catalog.obj_description(k.oid, 'pg_constraint')") ") ORDER BY n.nspname, c.relname, k.conname)::text FROM keys k" \
	" JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace) AS keys"

/* clang-format on */

/* Off the column that has the name, before the names are exchanged. */
void column_keys_drop(const struct facts *facts, struct stmts *stmts);
/* Onto the column that has the name then. */
void column_keys_add(const struct facts *facts, struct stmts *stmts);
/* Each in a transaction of its own; `all`: also those that are valid now, because they are just being added. */
void column_keys_validate(bool all, const struct facts *facts, struct stmts *stmts);

#endif
