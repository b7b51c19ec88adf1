/*
 * NOT NULL without a scan under a lock: a CHECK of our own, NOT VALID, proves
 * once it is validated that no row has NULL, and then it goes again.  Works the
 * same on every version; what PostgreSQL 18 has besides (NOT NULL as a
 * constraint with a name, NOT VALID) is found and finished.
 */
#ifndef INTERLOCK_PLAN_NOT_NULL_H
#define INTERLOCK_PLAN_NOT_NULL_H

#include "plan/below.h"
#include "plan/columns.h"
#include "plan/step.h"

/* clang-format off */

/* Is constraint `k` the CHECK that column `col` is not NULL?  A NULL of a row type is another thing to it. */
#define SQL_PROVES_NOT_NULL(k) \
	k ".contype = 'c' AND NOT (" k ".connoinherit AND EXISTS (SELECT FROM below))" \
	" AND pg_catalog.pg_get_expr(" k ".conbin, " k ".conrelid)" \
	" = '(' || pg_catalog.quote_ident(col.attname) || ' IS NOT NULL)'"

/* The CHECK of our own, named $4. */
#define SQL_NOT_NULL_HELPER \
	"(SELECT CASE WHEN " SQL_PROVES_NOT_NULL("k") " THEN CASE WHEN k.convalidated THEN 'validated'" \
	" ELSE 'added' END ELSE 'other' END FROM pg_catalog.pg_constraint k" \
	" WHERE k.conrelid = col.attrelid AND k.conname = $4::text)"

/* What PostgreSQL 18 has as a constraint, in a condition on `k`. */
#define SQL_NOT_NULL_CONSTRAINT(value, condition) \
	"(SELECT " value " FROM pg_catalog.pg_constraint k WHERE k.conrelid = col.attrelid AND k.contype = 'n'" \
	" AND k.conkey = ARRAY[col.attnum] AND " condition ")"

/* "CONSTRAINT has_email NOT NULL email", of PostgreSQL 18, or NULL. */
#define SQL_NOT_NULL_DEFINITION \
	SQL_NOT_NULL_CONSTRAINT("'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' '" \
	" || pg_catalog.pg_get_constraintdef(k.oid)", "true")

/* Why the column can't accept NULL, or NULL. */
#define SQL_NEEDS_NOT_NULL \
	"coalesce(CASE WHEN col.attidentity <> '' THEN 'it is an identity column' END," \
	" (SELECT CASE WHEN i.indisprimary THEN 'it is in the primary key ' ELSE 'it is in the replica identity ' END" \
	" || i.indexrelid::regclass::text FROM pg_catalog.pg_index i WHERE i.indrelid = col.attrelid" \
	" AND (i.indisprimary OR i.indisreplident)" \
	" AND col.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]) ORDER BY i.indisprimary DESC LIMIT 1)," \
	" (SELECT 'it is inherited from ' || h.inhparent::regclass::text FROM pg_catalog.pg_inherits h" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = h.inhparent AND a.attname = col.attname AND a.attnotnull" \
	" WHERE h.inhrelid = col.attrelid AND (rel.relispartition OR " \
	SQL_NOT_NULL_CONSTRAINT("true", "k.coninhcount > 0") ") LIMIT 1))"

/*
 * What the recipes read, as columns of the answer; after the CTEs `rel`, `col`
 * and `below`.  $3 is the column, $4 not_null_helper() of it.
 */
#define SQL_NOT_NULL_FACTS \
	"col.attnotnull AS column_not_null, " SQL_NOT_NULL_HELPER " AS helper," \
	" EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = col.attrelid AND k.convalidated" \
	" AND k.conname <> $4::text AND " SQL_PROVES_NOT_NULL("k") ") AS proven, " \
	SQL_NOT_NULL_CONSTRAINT("k.conname", "NOT k.convalidated") " AS unvalidated, " \
	SQL_NOT_NULL_DEFINITION " AS not_null_constraint, " \
	SQL_NEEDS_NOT_NULL " AS needed, " SQL_SHOWN("ARRAY[$3::text]") " AS shown," \
	" EXISTS (SELECT FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype" \
	" WHERE t.oid = col.atttypid AND 'c' IN (t.typtype, b.typtype)) AS column_is_row, " \
	SQL_BELOW_LIST("NULL", "JOIN pg_catalog.pg_attribute a ON a.attrelid = b.oid AND a.attname = $3::text" \
	" AND a.attnotnull") " AS below_not_null, " \
	SQL_BELOW_LIST("NULL", "JOIN pg_catalog.pg_attribute a ON a.attrelid = b.oid AND a.attname = $3::text" \
	" AND NOT a.attnotnull") " AS below_null, " \
	SQL_BELOW_LIST("NULL", "JOIN pg_catalog.pg_constraint k ON k.conrelid = b.oid AND k.conname = $4::text" \
	" AND k.contype = 'c' AND k.conislocal") " AS below_helper"

/* clang-format on */

/* A column, and where its statements go. */
struct not_null {
	struct relname table;
	const char *column;
	const struct facts *facts;
	struct stmts *stmts;
};

/* The name of our CHECK. */
const char *not_null_helper(const char *column, struct arena *arena);
/* true, with the refusal set: the CHECK says something else of a row type than NOT NULL does. */
bool not_null_refused(const struct not_null *n);
/*
 * To NOT NULL, from wherever an earlier attempt has left it; without the facts
 * above from the beginning.  `constraint`: as PostgreSQL 18 shall have it, as
 * in the fact not_null_constraint; NULL: as SET NOT NULL makes it.
 */
void not_null_set(const struct not_null *n, const char *constraint);
/* A verification that fails at rows with NULL, before anything is changed. */
void not_null_verify(const struct not_null *n);
/* Back to what it was before, here and below, with what an attempt that was cut short has left. */
void not_null_unset(const struct not_null *n);
/* Takes away our CHECK where NOT NULL holds without it. */
void not_null_clean(const struct not_null *n);

#endif
