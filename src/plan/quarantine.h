/*
 * Rows set aside and put back, in functions of the registry that a step makes
 * for itself: quarantine_move_<run>_<n>() moves one batch, all in its own
 * transaction, and quarantine_restore_<run>_<n>() puts one back.  Both find
 * out when they run which foreign keys lead from where to where, so nothing
 * that somebody changes between two batches makes them lose a row.
 *
 * In the registry, beside them:
 *   quarantine_list_<run>_<n>   which table's rows are kept in which
 *   quarantine_<run>_<n>[_<k>]  rows that the plan gives no table for
 *   quarantine_keys_<run>_<n>   what ON DELETE SET NULL or SET DEFAULT took away
 *   archive_<run>_<n>           a view: every row that is still kept
 *
 * The fragments are read with search_path = pg_catalog, pg_temp or that of the
 * plan, and expect no parameters.
 */
#ifndef INTERLOCK_PLAN_QUARANTINE_H
#define INTERLOCK_PLAN_QUARANTINE_H

#include "plan/probes.h"

/* clang-format off */

/* What a quarantine knows of each row, and the names alone. */
#define SQL_QUARANTINE_COLUMNS \
	"quarantine_id uuid PRIMARY KEY, quarantine_plan text NOT NULL, quarantine_run bigint NOT NULL," \
	" quarantine_step integer NOT NULL, quarantine_batch integer NOT NULL, quarantine_reason text NOT NULL," \
	" quarantine_at timestamptz NOT NULL, quarantine_note text"
#define SQL_QUARANTINE_NAMES \
	"'{quarantine_id,quarantine_plan,quarantine_run,quarantine_step,quarantine_batch,quarantine_reason," \
	"quarantine_at,quarantine_note}'::name[]"

/* "app.orders", and "ONLY app.orders" where it has no partitions: as foreign keys see it.  `oid` is not of a `c` or `n`. */
#define SQL_QUARANTINE_NAME(oid) \
	"(SELECT " SQL_NAME("n.nspname", "c.relname") " FROM pg_catalog.pg_class c" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " oid ")"
#define SQL_QUARANTINE_ONLY(oid) \
	"(SELECT CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || " SQL_NAME("n.nspname", "c.relname") \
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " oid ")"

/*
 * The table that it is a partition of, at the very top, or itself; and it with
 * all partitions below it (an array, which the planner takes for a few, where it
 * takes what a function gives for a thousand).
 */
#define SQL_QUARANTINE_TOP(oid) "coalesce(pg_catalog.pg_partition_root(" oid ")::oid, " oid ")"
#define SQL_QUARANTINE_TREE(oid) \
	"(SELECT pg_catalog.unnest(ARRAY(SELECT " oid "::oid UNION SELECT t.relid::oid FROM pg_catalog.pg_partition_tree(" oid ") t)))"

/* Of a foreign key `k`: does the server act on it?  And "p.id OPERATOR(pg_catalog.=) c.order_id", as it compares. */
#define SQL_QUARANTINE_ENFORCED "k.contype = 'f' AND pg_catalog.to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false'"
#define SQL_QUARANTINE_MATCH \
	"(SELECT pg_catalog.string_agg(pg_catalog.format('p.%I%s OPERATOR(%I.%s) c.%I', pa.attname," \
	" CASE WHEN pa.attcollation <> 0 AND pa.attcollation <> ca.attcollation THEN (SELECT pg_catalog.format(' COLLATE %I.%I'," \
	" n.nspname, o.collname) FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace" \
	" WHERE o.oid = pa.attcollation) END, opn.nspname, op.oprname, ca.attname), ' AND ' ORDER BY u.n)" \
	" FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))" \
	" WITH ORDINALITY u(c, p, o, n) JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.c" \
	" JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.p" \
	" JOIN pg_catalog.pg_operator op ON op.oid = u.o JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace)"

/* The columns, by number, that ON DELETE SET … writes to: since PostgreSQL 15 perhaps not all. */
#define SQL_QUARANTINE_SETS \
	"ARRAY(SELECT s.n::smallint FROM pg_catalog.jsonb_array_elements_text(coalesce(" \
	"nullif(pg_catalog.to_jsonb(k) -> 'confdelsetcols', 'null'::jsonb), pg_catalog.to_jsonb(k.conkey))) s(n))"

/* The best key of the child `k.conrelid` that the columns `sets` (smallint[]) are no part of. */
#define SQL_QUARANTINE_KEY(sets) \
	"(SELECT b.names FROM (SELECT i.indisprimary, i.indnkeyatts, i.indexrelid, pg_catalog.array_agg(a.attname::text ORDER BY u.n)" \
	" AS names FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY u(attnum, n)" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum" \
	" WHERE i.indrelid = k.conrelid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL" \
	" AND i.indexprs IS NULL AND u.n <= i.indnkeyatts GROUP BY i.indisprimary, i.indnkeyatts, i.indexrelid" \
	" HAVING pg_catalog.bool_and(a.attnotnull AND a.attnum <> ALL (" sets "))) b" \
	" ORDER BY b.indisprimary DESC, b.indnkeyatts, b.indexrelid LIMIT 1)"

/*
 * CTEs.  `tabs`: the tables, each the top of its partitions, that rows leave
 * when rows of `root` (an oid; NULL: none) leave it.  `ways`: the foreign keys
 * that lead to them, those alone that somebody made.
 */
#define SQL_QUARANTINE_WAYS(root) \
	"tabs(rel) AS (SELECT r.oid::oid FROM (SELECT " root ") r(oid) WHERE r.oid IS NOT NULL UNION" \
	" SELECT " SQL_QUARANTINE_TOP("k.conrelid") " FROM tabs CROSS JOIN LATERAL " SQL_QUARANTINE_TREE("tabs.rel") " tree(oid)" \
	" JOIN pg_catalog.pg_constraint k ON k.confrelid = tree.oid AND " SQL_QUARANTINE_ENFORCED " AND k.confdeltype = 'c')," \
	" ways AS (SELECT k.oid, pg_catalog.quote_ident(k.conname) AS name, k.confdeltype::text AS action, tabs.rel AS parent_rel," \
	" " SQL_QUARANTINE_TOP("k.conrelid") " AS child_rel, k.conrelid AS child_oid," \
	" " SQL_QUARANTINE_ONLY("k.confrelid") " AS parent, " SQL_QUARANTINE_ONLY("k.conrelid") " AS child," \
	" " SQL_QUARANTINE_MATCH " AS match, (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (s.columns)) AS sets," \
	" " SQL_QUARANTINE_KEY("s.columns") " AS key" \
	" FROM tabs CROSS JOIN LATERAL " SQL_QUARANTINE_TREE("tabs.rel") " tree(oid)" \
	" JOIN pg_catalog.pg_constraint k ON k.confrelid = tree.oid AND " SQL_QUARANTINE_ENFORCED \
	" CROSS JOIN LATERAL (SELECT " SQL_QUARANTINE_SETS ") s(columns)" \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint u WHERE u.oid = k.conparentid" \
	" AND u.confrelid IN (SELECT x.oid FROM " SQL_QUARANTINE_TREE("tabs.rel") " x(oid))))"

/* After `tabs` and `ways`: the people's own triggers that fire when rows go, or when a key of a child is set. */
#define SQL_QUARANTINE_TRIGGERS \
	"SELECT pg_catalog.quote_ident(t.tgname) AS name, " SQL_QUARANTINE_NAME("t.tgrelid") " AS at" \
	" FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A')" \
	" AND t.tgname !~ '^~interlock_' AND (t.tgtype & 8 <> 0 AND t.tgrelid IN (SELECT x.oid FROM tabs" \
	" CROSS JOIN LATERAL " SQL_QUARANTINE_TREE("tabs.rel") " x(oid)) OR t.tgtype & 16 <> 0 AND EXISTS (SELECT FROM ways w" \
	" WHERE w.action IN ('n', 'd') AND t.tgrelid IN (SELECT x.oid FROM " SQL_QUARANTINE_TREE("w.child_rel") " x(oid))" \
	" AND (t.tgattr::text = '' OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.tgrelid" \
	" AND a.attnum = ANY (t.tgattr) AND a.attname = ANY (w.sets)))))"

/*
 * A column of table `source` (an oid) that table `store` has with another
 * type: "column total of app.q is integer", "numeric, as in app.orders".
 */
#define SQL_QUARANTINE_DIFFERENCE(store, source) \
	"SELECT 'column ' || pg_catalog.quote_ident(a.attname) || ' of ' || " SQL_QUARANTINE_NAME(store) " || ' is ' || " SQL_TYPE("s") \
	" AS found, " SQL_TYPE("a") " || ', as in ' || " SQL_QUARANTINE_NAME(source) " AS expected" \
	" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute s ON s.attrelid = " store " AND s.attname = a.attname" \
	" AND NOT s.attisdropped WHERE a.attrelid = " source " AND a.attnum > 0 AND NOT a.attisdropped AND " \
	"(s.atttypid, s.atttypmod, s.attcollation) IS DISTINCT FROM (a.atttypid, a.atttypmod, a.attcollation) ORDER BY a.attnum LIMIT 1"

/* A column of table `source` whose name a quarantine needs itself, and one that `store` lacks to be one; or NULL. */
#define SQL_QUARANTINE_CLASH(source) \
	"(SELECT 'column ' || pg_catalog.quote_ident(a.attname) || ' of ' || " SQL_QUARANTINE_NAME(source) \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = " source " AND a.attname = ANY (" SQL_QUARANTINE_NAMES ")" \
	" AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1)"
#define SQL_QUARANTINE_LACKS(store) \
	"(SELECT x.name FROM pg_catalog.unnest(" SQL_QUARANTINE_NAMES ") WITH ORDINALITY x(name, n) WHERE NOT EXISTS (SELECT FROM" \
	" pg_catalog.pg_attribute a WHERE a.attrelid = " store " AND a.attname = x.name AND NOT a.attisdropped) ORDER BY x.n LIMIT 1)"

/* clang-format on */

/* Rows of a table that shall be set aside. */
struct quarantine {
	struct relname table;
	struct relname into; /* name NULL: a table of the registry */
	const char *where, *reason;
	const char *triggers; /* "fire", "skip", or NULL */
	int64_t at_most;      /* 0: any number */
};

/* The rows go, from wherever an earlier attempt has stopped. */
void quarantine_move(const struct quarantine *it, const struct facts *facts, struct stmts *stmts);
/* Undo: every row comes back, or the first batch that can't says why. */
void quarantine_undo(const struct quarantine *it, const struct facts *facts, struct stmts *stmts);
/* `interlock restore`: the rows come back that can; the others stay, each with the reason. */
void quarantine_restore(const struct quarantine *it, const struct facts *facts, struct stmts *stmts);

/* The SQL that makes the two functions. */
const char *quarantine_move_function(const struct quarantine *it, const struct facts *facts, struct arena *arena);
const char *quarantine_back_function(const struct quarantine *it, const struct facts *facts, struct arena *arena);
/* CREATE OR REPLACE FUNCTION of that head, declared constants and body, with <run>_<n> in place of each @ of
 * these. */
const char *quarantine_function(const char *head, const char *constants, const char *body,
                                const struct facts *facts, struct arena *arena);

#endif
