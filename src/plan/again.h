/*
 * Making a thing again as it was: fragments of the SQL that writes down, before
 * it goes, the statements that bring back its owner, comments and grants.  The
 * registry keeps them with the step, and undo sends them.
 *
 * Every fragment is read with search_path = pg_catalog, pg_temp, so that names
 * in it are qualified.
 */
#ifndef INTERLOCK_PLAN_AGAIN_H
#define INTERLOCK_PLAN_AGAIN_H

#include "plan/indexes.h"
#include "plan/step.h"

/* clang-format off */

/* An array of statements, NULL ones left out, as the JSON that again_add() reads. */
#define SQL_STATEMENTS(array) \
	"pg_catalog.to_json(pg_catalog.array_remove(" array ", NULL))::text"

/* "COMMENT ON VIEW app.v IS 'x'", or NULL; `thing` is an SQL text: 'VIEW ' || …. */
#define SQL_COMMENT_AGAIN(thing, comment) \
	"'COMMENT ON ' || " thing " || ' IS ' || pg_catalog.quote_literal(" comment ")"

/*
 * Rows, each a statement that grants what `acl` holds; `columns` is '' or an
 * SQL text like ' (a)'; `which` is a condition on x.grantee.
 */
#define SQL_GRANTS_AGAIN(acl, thing, columns, which) \
	"SELECT 'GRANT ' || pg_catalog.string_agg(x.privilege_type || " columns ", ', ' ORDER BY x.n) || ' ON ' || " thing \
	" || ' TO ' || " SQL_GRANTEE("x") " || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS statement," \
	" pg_catalog.min(x.n) AS n FROM pg_catalog.aclexplode(" acl ") WITH ORDINALITY" \
	" x(grantor, grantee, privilege_type, is_grantable, n) WHERE " which " GROUP BY x.grantee, x.is_grantable"

/* Does `acl` hold a grant that somebody else than the owner gave, which only they could give again? */
#define SQL_FOREIGN_GRANTS(acl, owner) \
	"EXISTS (SELECT FROM pg_catalog.aclexplode(" acl ") x WHERE x.grantor <> " owner ")"

/* All of them, the owner's own and PUBLIC's included, as the JSON that grants_again() reads. */
#define SQL_GRANTS_IN_FULL(kind, acl, owner, thing) \
	"pg_catalog.to_json(ARRAY(SELECT g.statement FROM (" \
	SQL_GRANTS_AGAIN("coalesce(" acl ", pg_catalog.acldefault('" kind "', " owner "))", thing, "''", "true") \
	") g ORDER BY g.n))::text"

/* Is anything of that kind made now in schema $1 given to others by default, or not given that otherwise is? */
#define SQL_DEFAULT_PRIVILEGES(kind) \
	"EXISTS (SELECT FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace" \
	" WHERE a.defaclobjtype = '" kind "' AND (n.nspname = $1::text OR a.defaclnamespace = 0))"

/* ---- Indexes; `i` is the alias of a row of pg_index, `c` that of its row of pg_class ---- */

#define SQL_INDEX_PREDICATE(i) \
	"coalesce(' WHERE ' || pg_catalog.pg_get_expr(" i ".indpred, " i ".indrelid), '')"

/* "CREATE INDEX …" with its tablespace; NULL where that can't be put in. */
#define SQL_INDEX_AGAIN(i, c) \
	"(SELECT CASE WHEN " c ".reltablespace = 0 THEN x.def" \
	" WHEN pg_catalog.right(x.def, pg_catalog.length(x.predicate)) = x.predicate" \
	" THEN pg_catalog.left(x.def, pg_catalog.length(x.def) - pg_catalog.length(x.predicate)) || ' TABLESPACE '" \
	" || (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = " c ".reltablespace)" \
	" || x.predicate END FROM (SELECT pg_catalog.pg_get_indexdef(" i ".indexrelid), " SQL_INDEX_PREDICATE(i) ")" \
	" x(def, predicate))"

/* From USING on, as index_plan (plan/indexes.h) has it; `i` with the name of its table as `table_name`. */
#define SQL_INDEX_BODY(i, c) \
	"(SELECT pg_catalog.substr(x.def, pg_catalog.strpos(x.def, " SQL_INDEX_TABLE(i) " || ' USING ')" \
	" + pg_catalog.length(" SQL_INDEX_TABLE(i) ") + 1) FROM (SELECT " SQL_INDEX_AGAIN(i, c) ") x(def))"

/* An array: its comment, the statistics targets of its expressions, and that the table is clustered on it. */
#define SQL_INDEX_DETAILS(i, c) \
	"ARRAY[" SQL_COMMENT_AGAIN("'INDEX ' || " i ".indexrelid::regclass::text", \
	"pg_catalog.obj_description(" i ".indexrelid, 'pg_class')") "]" \
	" || ARRAY(SELECT 'ALTER INDEX ' || " i ".indexrelid::regclass::text || ' ALTER COLUMN ' || a.attnum" \
	" || ' SET STATISTICS ' || a.attstattarget FROM pg_catalog.pg_attribute a WHERE a.attrelid = " i ".indexrelid" \
	" AND a.attstattarget >= 0 ORDER BY a.attnum)" \
	" || ARRAY(SELECT 'ALTER TABLE ' || " i ".indrelid::regclass::text || ' CLUSTER ON '" \
	" || pg_catalog.quote_ident(" c ".relname) WHERE " i ".indisclustered)"

/* clang-format on */

/* Adds the statements of a JSON array of texts, which may be NULL, to run together. */
void again_add(const char *list, struct stmts *stmts);

/* The n-th of a JSON array of texts, from 0; NULL: it has no such. */
const char *again_text(const char *list, size_t n, struct arena *arena);
/* Is the text in it? */
bool again_holds(const char *list, const char *text);

/* A thing to be made again. */
struct made_again {
	const char *what;   /* for people: "view app.v" */
	const char *thing;  /* as GRANT … ON calls it: "app.v", "DOMAIN app.email" */
	const char *source; /* SQL after FROM that gives its list of grants as `acl` and its owner as `owner` */
	const char *kind;   /* as acldefault() calls it */
};
/* Takes away what it was given when it was made, so that it has only the grants that follow. */
void again_revoke(const struct made_again *it, struct stmts *stmts);
/*
 * Undo of a drop, all in one transaction.  Before the drop the probe wrote down
 * `again`, `grants`, `has_grants`, perhaps `column_grants`, and as `lost` why it
 * can't be made again; now it says `default_privileges`.  Whatever new things
 * are given by default, it ends with its old grants, and no other.  Refused
 * where there is one of that name again.
 */
void make_again(const struct made_again *it, const struct facts *facts, struct stmts *stmts);

#endif
