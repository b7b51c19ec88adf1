/*
 * The triggers of ours on a table whose columns exchange roles.  Those of
 * sync_columns go on keeping both columns alike, under their new names.  Those
 * of a backfill that filled the new column from the old one have nothing left
 * to do, and sleep: a NULL that an application writes now is meant.
 */
#ifndef INTERLOCK_PLAN_COLUMN_KEEPERS_H
#define INTERLOCK_PLAN_COLUMN_KEEPERS_H

#include <stdbool.h>

#include "plan/by_name.h"
#include "plan/column_swap.h"
#include "plan/row_trigger.h"

/* clang-format off */

/* Is the column among those that a trigger sets?  It is given their names (plan/row_trigger.h). */
#define SQL_AMONG_ARGS(args, name) \
	"coalesce(pg_catalog.encode(pg_catalog.convert_to(" name "::text, pg_catalog.getdatabaseencoding()), 'escape')" \
	" = ANY (pg_catalog.string_to_array(" args ", '\\000')), false)"

/* CTE `keepers` after `col` and `came`: each function of ours, with its triggers on the table. */
#define SQL_KEEPERS \
	"ours AS (SELECT rel.oid AS relation, p.oid, p.proname, p.prosrc," \
	" pg_catalog.min(pg_catalog.encode(t.tgargs, 'escape')) AS args," \
	" pg_catalog.min(pg_catalog.left(t.tgname::text, -1)) AS begin," \
	" pg_catalog.json_agg(pg_catalog.pg_get_triggerdef(t.oid) ORDER BY t.tgname) AS triggers," \
	" pg_catalog.json_agg(pg_catalog.quote_ident(t.tgname) ORDER BY t.tgname) AS trigger_names" \
	" FROM rel JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid AND " SQL_IS_OURS("t") \
	" JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = pg_catalog.to_regnamespace('interlock')" \
	" GROUP BY rel.oid, p.oid, p.proname, p.prosrc)," \
	" keepers AS (SELECT k.*, pg_catalog.starts_with(k.proname::text, 'sync_') AND k.sets_leaving AND k.sets_arriving" \
	" AS alive FROM (SELECT ours.*, " SQL_AMONG_ARGS("ours.args", "$3") " AS sets_leaving," \
	" " SQL_AMONG_ARGS("ours.args", "came.attname") " AS sets_arriving," \
	" " SQL_MENTIONS("ours.prosrc", "$3") " AS names_leaving," \
	" " SQL_MENTIONS("ours.prosrc", "came.attname") " AS names_arriving," \
	" (SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(c.conbin, c.conrelid) ORDER BY c.conname)" \
	" FROM pg_catalog.pg_constraint c WHERE c.conrelid = ours.relation AND c.contype = 'c' AND EXISTS (SELECT" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = ours.relation AND a.attnum = ANY (c.conkey)" \
	" AND " SQL_AMONG_ARGS("ours.args", "a.attname") ")) AS checks FROM ours LEFT JOIN came ON true) k)"

/* The columns of the answer that the recipes read. */
#define SQL_KEEPER_FACTS \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('function', k.proname, 'source'," \
	" pg_catalog.pg_get_functiondef(k.oid), 'begin', k.begin, 'alive', k.alive," \
	" 'sets_leaving', k.sets_leaving, 'sets_arriving', k.sets_arriving," \
	" 'names_leaving', k.names_leaving, 'names_arriving', k.names_arriving," \
	" 'triggers', k.triggers, 'trigger_names', k.trigger_names, 'checks', k.checks) ORDER BY k.proname)::text" \
	" FROM keepers k) AS keepers, coalesce((SELECT pg_catalog.bool_or(k.alive) FROM keepers k), false) AS kept_alike," \
	" " SQL_ROW_COLUMNS " AS columns"

/* clang-format on */

/* true, with the refusal set, where one of them could not go on. */
bool column_keepers_refused(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts);
/* After the columns have their new names.  `carried`: the default that the arriving column gets; NULL: none. */
void column_keepers_exchange(const struct column_swap *swap, const char *carried, const struct facts *facts,
                             struct stmts *stmts);

#endif
