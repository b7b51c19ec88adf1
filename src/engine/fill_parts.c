/* Sizes from the catalogue, and from a few pages where nobody has counted. */
#include "engine/fill_parts.h"

enum { SAMPLE_PAGES = 32 };

static const char question[] =
	"WITH root AS (SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	"  WHERE n.nspname = $1 AND c.relname = $2),"
	" part AS (SELECT root.oid FROM root WHERE root.relkind <> 'p'"
	"  UNION ALL SELECT t.relid FROM root, pg_partition_tree(root.oid) t WHERE root.relkind = 'p' AND t.isleaf)"
	" SELECT c.oid, c.relkind, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,"
	" CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint END AS pages,"
	" CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN ceil(c.reltuples / c.relpages * 1000)::bigint END AS density,"
	" EXISTS (SELECT FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid WHERE a.attrelid = c.oid"
	"  AND a.attname = ANY ($3::text[]) AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_depend d"
	"   WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass"
	"   AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))) AS indexed"
	" FROM part JOIN pg_class c ON c.oid = part.oid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY c.oid";

/* Nobody has counted the rows: the first pages tell. */
static bool sample(struct work *w, struct part *part, struct err *err)
{
	int64_t pages = part->pages < SAMPLE_PAGES ? part->pages : SAMPLE_PAGES;
	struct rows *rows;

	part->rows_per_page = 1;
	if (pages == 0)
		return true;
	if (!conn_query(w->session->worker,
	                QUERY(arena_printf(&w->arena, "SELECT count(*) AS n FROM ONLY %s WHERE ctid < '(%d,0)'",
	                                   part->name, SAMPLE_PAGES)),
	                &rows, err))
		return false;
	part->rows_per_page = (double)rows_integer(rows, 0, "n") / (double)pages;
	rows_free(rows);
	return true;
}

static bool take(struct work *w, const struct rows *rows, size_t r, struct part *part, struct err *err)
{
	part->oid = arena_strdup(&w->arena, rows_get(rows, r, "oid"));
	part->name = arena_strdup(&w->arena, rows_get(rows, r, "name"));
	part->pages = rows_integer(rows, r, "pages");
	part->rows_per_page = (double)rows_integer(rows, r, "density") / 1000;
	part->indexed = rows_true(rows, r, "indexed");
	if (*rows_get(rows, r, "relkind") != 'r') {
		err_set(err, EXIT_STEP, "partition %s is a foreign table, whose rows can't be filled in batches",
		        part->name);
		err_help(err, "fill them on the server that has them, and detach it here meanwhile");
		return false;
	}
	if (part->rows_per_page <= 0 && !sample(w, part, err))
		return false;
	if (part->rows_per_page < 1)
		part->rows_per_page = 1;
	return true;
}

bool fill_parts(struct work *w, const struct filling *filling, struct part **parts, size_t *count, struct err *err)
{
	const char *params[] = {filling->table.schema, filling->table.name, filling->columns};
	struct rows *rows;
	bool ok = true;

	if (!conn_query(w->session->worker, &(struct query){.sql = question, .count = 3, .params = params}, &rows,
	                err))
		return false;
	*count = rows_count(rows);
	*parts = arena_array(&w->arena, struct part, *count);
	for (size_t r = 0; r < *count && ok; r++)
		ok = take(w, rows, r, &(*parts)[r], err);
	rows_free(rows);
	return ok;
}
