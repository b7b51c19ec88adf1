/* The catalogue's answer in the words of interlock.pair. */
#include "engine/unpaired.h"

/* The operator of an index column's own class, by its strategy. */
#define OPERATOR(strategy)                                                                                        \
	"(SELECT o.oprname FROM pg_amop m JOIN pg_operator o ON o.oid = m.amopopr WHERE m.amopfamily = c.opcfamily"   \
	" AND m.amopstrategy = " strategy " AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype)"

#define TYPE(a)                                                                                                   \
	"format_type(" a ".atttypid, " a ".atttypmod) || CASE WHEN " a ".attcollation NOT IN (0, 100)"                \
	" THEN ' COLLATE ' || " a ".attcollation::regcollation::text ELSE '' END"

/* Does = tell all differences of the type apart? */
#define COMPARABLE                                                                                                   \
	"EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE m.amname = 'btree' AND o.opcdefault" \
	" AND o.opcintype = d.atttypid AND o.opcintype < 16384) AND d.attcollation IN (0, 100, 950)"

/* $1, $2 the first table, $3, $4 the second. */
static const char question[] =
	"WITH l AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
	"  AND c.relname = $2), s AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	"  WHERE n.nspname = $3 AND c.relname = $4)"
	" SELECT 0 AS run, 0 AS number, $1 AS live_schema, $2 AS live_name, $3 AS shadow_schema, $4 AS shadow_name,"
	" (SELECT json_agg(json_build_object('live', a.attname, 'shadow', d.attname, 'type', " TYPE(
		"a") ","
			 "   'shadow_type', " TYPE("d") ", 'schema', 'pg_catalog', 'less', " OPERATOR("1") ", 'less_equal', " OPERATOR(
				 "2") ","
					  "   'equal', " OPERATOR("3") ", 'greater_equal', " OPERATOR("4") ", 'greater', " OPERATOR(
						  "5") ") ORDER BY k.n)::text"
							   "  FROM l JOIN pg_index i ON i.indrelid = l.oid AND i.indisprimary"
							   "  CROSS JOIN LATERAL unnest(i.indkey, i.indclass) WITH ORDINALITY k(attnum, class, n)"
							   "  JOIN pg_attribute a ON a.attrelid = l.oid AND a.attnum = k.attnum JOIN pg_opclass c ON c.oid = k.class"
							   "  JOIN s ON true JOIN pg_attribute d ON d.attrelid = s.oid AND d.attname = a.attname AND NOT d.attisdropped"
							   "  WHERE k.n <= i.indnkeyatts AND c.oid < 16384"
							   "  HAVING count(*) = max(i.indnkeyatts)) AS keys,"
							   " (SELECT json_agg(json_build_object('name', d.attname, 'value', quote_ident(a.attname), 'type', " TYPE(
								   "d") ","
										"   'comparable', " COMPARABLE
										") ORDER BY d.attnum)::text FROM l JOIN pg_attribute a ON a.attrelid = l.oid"
										"  AND a.attnum > 0 AND NOT a.attisdropped JOIN s ON true JOIN pg_attribute d ON d.attrelid = s.oid"
										"  AND d.attname = a.attname AND NOT d.attisdropped) AS columns,"
										" 'true' AS only_rows, 0 AS log_limit, 'synced' AS state, '' AS guard FROM l, s";

static bool no_key(const struct comparing *g, struct arena *arena, struct err *err)
{
	err_set(err, EXIT_STEP,
	        "%s has no primary key of columns that %s has too, so no row of one is a row of the other",
	        relname_quoted(arena, &g->live), relname_quoted(arena, &g->shadow));
	err_help(err, "make the copy with parallel_table, which keeps the key, or compare with expect_equal");
	return false;
}

bool unpaired(struct session *s, const struct comparing *g, struct arena *arena, const struct copying **copying,
              struct err *err)
{
	const char *params[] = {g->live.schema, g->live.name, g->shadow.schema, g->shadow.name};
	struct rows *rows;
	bool ok;

	if (!conn_query(s->worker, &(struct query){.sql = question, .count = 4, .params = params}, &rows, err))
		return false;
	ok = rows_count(rows) == 1 && rows_get(rows, 0, "keys") && rows_get(rows, 0, "columns");
	if (ok)
		*copying = copying_of(rows_record(rows, 0, arena), arena);
	rows_free(rows);
	return ok || no_key(g, arena, err);
}
