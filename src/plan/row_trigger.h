/*
 * What triggers of ours say in their functions about the row that is written:
 * an expression of a plan, which is over a row of the table, for NEW or OLD.
 * A generated column, which the server computes later, is replaced by what it
 * is generated from.
 */
#ifndef INTERLOCK_PLAN_ROW_TRIGGER_H
#define INTERLOCK_PLAN_ROW_TRIGGER_H

#include "plan/family.h"
#include "plan/probes.h"

/* clang-format off */

/* The columns of `rel`, as the JSON that row_table_read() reads. */
#define SQL_ROW_COLUMNS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', " SQL_TYPE("a") "," \
	" 'not_null', a.attnotnull, 'default', CASE WHEN a.attgenerated = '' THEN " SQL_EXPRESSION("a") " END," \
	" 'generated', CASE WHEN a.attgenerated <> '' THEN " SQL_EXPRESSION("a") " END," \
	" 'comparable', EXISTS (SELECT FROM pg_catalog.pg_type y LEFT JOIN pg_catalog.pg_type b ON b.oid = y.typbasetype" \
	" WHERE y.oid = a.atttypid AND coalesce(nullif(b.typtype, 'd'), y.typtype) IN ('e', 'r', 'm')" \
	" OR y.oid = a.atttypid AND EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m" \
	" ON m.oid = o.opcmethod AND m.amname = 'btree' WHERE o.opcdefault AND (o.opcintype IN (y.oid, b.oid)" \
	" OR EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource IN (y.oid, b.oid) AND k.casttarget = o.opcintype" \
	" AND k.castmethod = 'b' AND k.castcontext = 'i')))))" \
	" ORDER BY a.attnum)::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0" \
	" AND NOT a.attisdropped)"

/* The CHECKs that name one of the columns `names` (text[]), as a JSON list of conditions. */
#define SQL_ROW_CHECKS(names) \
	"(SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(k.conbin, k.conrelid) ORDER BY k.conname)::text" \
	" FROM pg_catalog.pg_constraint k WHERE k.conrelid = rel.oid AND k.contype = 'c' AND EXISTS (SELECT FROM" \
	" pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum = ANY (k.conkey) AND a.attname = ANY (" names ")))"

/* The first of the columns `names` (text[]) that takes no value; after the CTE `family`. */
#define SQL_UNFIT(names) \
	"(SELECT pg_catalog.quote_ident(a.attname) || CASE WHEN a.attgenerated <> '' OR a.attidentity = 'a'" \
	" THEN ', which the server computes' ELSE ', by which its rows are put into partitions' END" \
	" FROM family JOIN pg_catalog.pg_attribute a ON a.attrelid = family.oid AND a.attname = ANY (" names ")" \
	" AND NOT a.attisdropped LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.attrelid" \
	" WHERE a.attgenerated <> '' OR a.attidentity = 'a' OR a.attnum = ANY (p.partattrs::pg_catalog.int2[])" \
	" ORDER BY 1 LIMIT 1)"

/* Names of triggers that are not ours; of tgtype: 1 for each row, 2 before, 4 on insert, 16 on update. */
#define SQL_OWN_TRIGGERS(condition) \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(t.tgname), ', ') FROM family" \
	" JOIN pg_catalog.pg_trigger t ON t.tgrelid = family.oid AND NOT t.tgisinternal" \
	" AND NOT pg_catalog.starts_with(t.tgname::text, '~interlock_') WHERE " condition ")"

#define SQL_LATER_TRIGGERS \
	SQL_OWN_TRIGGERS("t.tgenabled <> 'D' AND t.tgtype & 3 = 3 AND t.tgtype & 20 <> 0" \
	" AND t.tgname::text COLLATE \"C\" > '~interlock_' COLLATE \"C\"")

/* Triggers of runs on the table that fulfil the condition, and their functions in the registry, as JSON lists of names. */
#define SQL_ROW_TRIGGERS(condition) \
	"(SELECT pg_catalog.json_agg(t.tgname ORDER BY t.tgname)::text FROM rel JOIN pg_catalog.pg_trigger t" \
	" ON t.tgrelid = rel.oid AND pg_catalog.starts_with(t.tgname::text, '~interlock_') AND " condition ")"

/* Here and in every partition; and not on their way back (plan/fill_back.c). */
#define SQL_ALWAYS_FIRES \
	"NOT (SELECT pg_catalog.starts_with(p.proname::text, 'empty_') FROM pg_catalog.pg_proc p WHERE p.oid = t.tgfoid) AND" \
	" NOT EXISTS (SELECT FROM family f LEFT JOIN pg_catalog.pg_trigger x ON x.tgrelid = f.oid AND x.tgname = t.tgname" \
	" WHERE x.tgenabled IS DISTINCT FROM 'A')"

#define SQL_ROW_FUNCTIONS \
	"(SELECT pg_catalog.json_agg(p.proname)::text FROM pg_catalog.pg_proc p WHERE p.pronamespace =" \
	" pg_catalog.to_regnamespace('interlock') AND p.prorettype = 'pg_catalog.trigger'::regtype)"

/* Does a sync_columns keep one of these columns (text[]) alike with others?  To empty them would empty those. */
#define SQL_SYNCED(names) \
	"EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = rel.oid" \
	" AND p.pronamespace = pg_catalog.to_regnamespace('interlock') AND pg_catalog.starts_with(p.proname::text, 'sync_')" \
	" AND EXISTS (SELECT FROM pg_catalog.unnest(" names ") w(name) WHERE pg_catalog.encode(pg_catalog.convert_to(w.name," \
	" pg_catalog.getdatabaseencoding()), 'escape') = ANY (pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\\000'))))"

#define SQL_INHERITED \
	"(rel.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = rel.oid))"

/* clang-format on */

struct row_column {
	const char *name;      /* unquoted */
	const char *generated; /* its expression; NULL: it is none */
	const char *default_value;
	bool not_null;
	bool comparable; /* has = by itself; else it is compared as text */
	const char *type;
};

struct row_table {
	struct relname table;
	const struct row_column *columns;
	size_t column_count;
	const char *checks; /* what SQL_ROW_CHECKS gave; NULL: none */
};

/* Fills the columns, in the arena; NULL is none. */
void row_table_read(const char *list, struct arena *arena, struct row_table *of);
/* Has it all columns that are set?  Not in a preview of those that an earlier step is to add. */
bool row_table_has(const struct row_table *of, const struct assignment_list *set);
/* NULL: the table has no column of that name. */
const struct row_column *row_column_named(const struct row_table *of, const char *name);

/* "(SELECT (price * amount) FROM (SELECT NEW.*) AS orders)" */
void row_add_value(const struct row_table *of, const char *expression, const char *row, struct buf *out);
/*
 * "NEW.price IS DISTINCT FROM OLD.price OR …", of the columns that the
 * expression is derived from; nothing where it is derived from none.  false:
 * nothing tells which, so it may always be.
 */
bool row_add_changed(const struct row_table *of, const char *expression, struct arena *arena, struct buf *out);
/*
 * "(SELECT id, (price * amount)::bigint AS total FROM source) AS orders": rows
 * as they are once columns are set, those of an outer query's where `source`
 * is NULL.
 */
void row_add_after(const struct row_table *of, const struct assignment_list *set, const char *source,
                   struct buf *out);

/*
 * The expression for NEW in the condition of a trigger; NULL where that can't
 * be said, as of what the server computes, or could fail on some row: nobody
 * can catch that there.
 */
const char *row_condition(const struct row_table *of, const char *expression, struct arena *arena);

/*
 * What every function of ours does around its work, so that no statement of an
 * application fails because of us: values that can't be had, or that a CHECK
 * refuses, leave the columns `set` as the statement wanted them; then comes
 * `otherwise` ("": nothing).
 */
void row_add_declarations(const struct row_table *of, const struct assignment_list *set, struct buf *out);
void row_add_protected(const struct row_table *of, const struct assignment_list *set, const char *work,
                       const char *otherwise, struct buf *out);

/* A function for triggers, with its own rights: the statements of others must not fail for ours. */
void row_function_add(const char *name, const char *body, struct stmts *stmts);
/* Two triggers, before INSERT and before UPDATE. */
struct row_triggers {
	const char *begin;                 /* of their names */
	const char *function;              /* that they call, by its quoted name */
	const char *when;                  /* which UPDATE it is called for, " WHEN (…)"; "": each */
	const struct assignment_list *set; /* what it sets; it is given the names of the columns */
};
void row_triggers_add(const struct relname *table, const struct row_triggers *triggers, struct stmts *stmts);
/* Takes away whatever is there of both, and of the function. */
void row_triggers_take(const struct relname *table, const char *begin, const char *function, struct stmts *stmts);
/* Both, and the function, where the facts `ours` and `functions` name them. */
void row_triggers_drop(const struct relname *table, const char *begin, const char *function,
                       const struct facts *facts, struct stmts *stmts);
/* Are both there, whatever they call? */
bool row_triggers_there(const char *begin, const struct facts *facts, struct arena *arena);
/* Do both stand, and fire always, as the fact `standing` says? */
bool row_triggers_stand(const char *begin, const struct facts *facts, struct arena *arena);

#endif
