/*
 * What follows a live table while its shadow is made: the log of the keys that
 * were written, the function and the triggers that fill it, and the ranges
 * that are copied (engine.md 4).  All of it belongs to one pair of a run.
 */
#ifndef INTERLOCK_PLAN_CAPTURE_H
#define INTERLOCK_PLAN_CAPTURE_H

#include "plan/copying.h"
#include "plan/step.h"

/* clang-format off */

/*
 * The facts of a pair that must not change while it is followed, as a text:
 * the columns of both tables, the triggers and their function; of a table that
 * is looked up the triggers that note its changes, where `noting` is how their
 * names begin.  Read with any search_path; each argument is SQL.
 */
#define SQL_CAPTURE_SHAPE(relation) \
	"(SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, a.atttypid, a.atttypmod," \
	" a.attgenerated), ',' ORDER BY a.attnum)) FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=)" \
	" pg_catalog.to_regclass(" relation ") AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped)"
#define SQL_CAPTURE_TRIGGERS(live, trigger) \
	"(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', t.oid, t.xmin, t.tgenabled, p.oid, p.xmin), ',' ORDER BY" \
	" t.oid) FROM pg_catalog.pg_trigger t LEFT JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid" \
	" WHERE t.tgrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(" live ") AND t.tgname OPERATOR(pg_catalog.=) ANY" \
	" (ARRAY[" trigger ", " trigger " OPERATOR(pg_catalog.||) '_t']::pg_catalog.name[]))"
#define SQL_LOOKED_UP_NOTING(theirs, names) \
	"(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', t.oid, t.xmin, t.tgenabled, p.oid, p.xmin), ',' ORDER BY" \
	" t.oid) FROM pg_catalog.pg_trigger t LEFT JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid" \
	" WHERE t.tgrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(" theirs ") AND t.tgname OPERATOR(pg_catalog.=) ANY" \
	" (ARRAY[" names " OPERATOR(pg_catalog.||) 'li', " names " OPERATOR(pg_catalog.||) 'lu'," \
	" " names " OPERATOR(pg_catalog.||) 'ld', " names " OPERATOR(pg_catalog.||) 'lt']::pg_catalog.name[]))"
#define SQL_CAPTURE_GUARD(live, shadow, trigger, theirs, noting) \
	"pg_catalog.concat_ws(' ', " SQL_CAPTURE_SHAPE(live) ", " SQL_CAPTURE_SHAPE(shadow) "," \
	" " SQL_CAPTURE_TRIGGERS(live, trigger) ", " SQL_LOOKED_UP_NOTING(theirs, noting) ")"

/* Columns of a probe's answer that capture_drop() reads; needs the CTE `rel`, the live table. */
#define SQL_CAPTURE_FACTS \
	"(SELECT pg_catalog.json_agg(t.tgname)::text FROM rel JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid" \
	" AND pg_catalog.starts_with(t.tgname::text, '~interlock_')) AS our_triggers, (SELECT" \
	" pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relnamespace =" \
	" pg_catalog.to_regnamespace('interlock') AND c.relname ~ '^(log|range|rlog)_[0-9]') AS our_tables, (SELECT" \
	" pg_catalog.json_agg(p.proname)::text FROM pg_catalog.pg_proc p WHERE p.pronamespace =" \
	" pg_catalog.to_regnamespace('interlock') AND pg_catalog.starts_with(p.proname::text, 'capture_')) AS our_functions"

/* clang-format on */

/* Log, ranges, function and triggers of the pair; brief, in one transaction. */
void capture_make(const struct copying *c, struct stmts *stmts);

/* The triggers alone go, and come again: while another table has the live name. */
void capture_pause(const struct copying *c, struct stmts *stmts);
void capture_resume(const struct copying *c, struct stmts *stmts);

/* Takes them away, where they are there. */
void capture_drop(const struct relname *live, const struct facts *facts, struct stmts *stmts);

/* Do the triggers of this run's step stand? */
bool capture_stands(const struct facts *facts, struct arena *arena);

#endif
