/* Samples of the statistics, and the difference of two. */
#include "engine/reads.h"

#include <string.h>

#include "base/buf.h"

/*
 * $1: names; $2: oids or NULLs.  "since" and "timeline" change when counters
 * begin anew: by hand, after a crash, on a server that took over.
 */
static const char question[] =
	"WITH RECURSIVE named AS (SELECT n.name, coalesce(n.oid, pg_catalog.to_regclass(n.name)::oid) AS oid"
	"  FROM unnest($1::text[], $2::oid[]) AS n(name, oid)),"
	" tree AS (SELECT n.name, c.relkind::text AS kind, c.oid AS root, c.oid FROM named n"
	"   JOIN pg_catalog.pg_class c ON c.oid = n.oid"
	"  UNION SELECT t.name, t.kind, t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid),"
	" counted AS (SELECT t.name, t.kind, t.root, pg_catalog.sum(pg_catalog.pg_stat_get_numscans(t.oid)) AS seq,"
	"  pg_catalog.sum((SELECT coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.indexrelid)), 0)"
	"   FROM pg_catalog.pg_index x WHERE x.indrelid = t.oid)) AS idx,"
	"  pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(t.oid)) AS ins FROM tree t GROUP BY t.name, t.kind, t.root)"
	" SELECT pg_catalog.jsonb_build_object("
	"  'system', (SELECT system_identifier::text FROM pg_catalog.pg_control_system()),"
	"  'standby', pg_catalog.pg_is_in_recovery(),"
	"  'since', pg_catalog.concat_ws(' ', (SELECT extract(epoch FROM stats_reset) FROM pg_catalog.pg_stat_archiver),"
	"   (SELECT extract(epoch FROM stats_reset) FROM pg_catalog.pg_stat_database"
	"     WHERE datname = pg_catalog.current_database())),"
	"  'timeline', CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''"
	"   ELSE pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END,"
	"  'dumps', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE application_name = 'pg_dump'"
	"    AND datname = pg_catalog.current_database()),"
	"  'tables', (SELECT coalesce(pg_catalog.jsonb_object_agg(c.name, pg_catalog.jsonb_build_object("
	"    'oid', c.root::text, 'kind', c.kind, 'seq', c.seq, 'idx', c.idx, 'ins', c.ins)), '{}'::jsonb)"
	"   FROM counted c))::text AS sample";

bool reads_sample(struct conn *conn, const struct read_tables *tables, json_t **sample, struct err *err)
{
	const char *params[] = {tables->names, tables->oids ? tables->oids : "{}"};
	struct rows *rows;

	*sample = NULL;
	if (!conn_query(conn, &(struct query){.sql = question, .count = 2, .params = params}, &rows, err))
		return false;
	*sample = json_loads(rows_get(rows, 0, "sample"), 0, NULL);
	rows_free(rows);
	return *sample != NULL || err_set(err, EXIT_STEP, "the server's statistics can't be read");
}

static const json_t *table_in(const json_t *sample, const char *name)
{
	return json_object_get(json_object_get(sample, "tables"), name);
}

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const char *reads_oid(const json_t *sample, const char *name)
{
	return json_string_value(json_object_get(table_in(sample, name), "oid"));
}

const char *reads_kind(const json_t *sample, const char *name)
{
	return json_string_value(json_object_get(table_in(sample, name), "kind"));
}

/* How much of a growth was ours; the rest of what we noted is not in the counters yet, and stays noted. */
static int64_t take_own(json_t *own, const char *oid, const char *kind, int64_t growth)
{
	char key[40];
	int64_t noted, taken;

	snprintf(key, sizeof(key), "%.20s %s", oid, kind);
	noted = json_integer_value(json_object_get(own, key));
	taken = noted < growth ? noted : growth;
	if (noted > taken)
		json_object_set_new(own, key, json_integer(noted - taken));
	else
		json_object_del(own, key);
	return taken;
}

/* Counters of one table. */
struct growth {
	const json_t *before, *now;
	json_t *own;
	bool fell;
};

static int64_t grown(struct growth *g, const char *kind)
{
	int64_t growth = (int64_t)(json_number_value(json_object_get(g->now, kind)) -
	                           json_number_value(json_object_get(g->before, kind)));

	g->fell |= growth < 0;
	return growth <= 0 ? 0 : growth - take_own(g->own, text_in(g->now, "oid"), kind, growth);
}

/* Why the counters of that table can't be compared; NULL when they can. */
static const char *incomparable(const char *name, const json_t *before, const json_t *now, struct arena *arena)
{
	if (!now)
		return arena_printf(arena, "%s is gone", name);
	if (!before || strcmp(text_in(before, "oid"), text_in(now, "oid")) != 0)
		return arena_printf(arena, "%s is another table now", name);
	return NULL;
}

static void compare_table(const char *name, struct growth *g, bool dump, struct reads *reads, struct arena *arena)
{
	int64_t seq, idx, ins;

	if (!g->before && !g->now)
		return;
	if (!reads->unknown)
		reads->unknown = incomparable(name, g->before, g->now, arena);
	if (reads->unknown)
		return;
	seq = grown(g, "seq");
	idx = grown(g, "idx");
	ins = grown(g, "ins");
	if (g->fell)
		reads->unknown = "statistics were reset";
	reads->scans += seq + idx;
	reads->dumped += dump ? seq : 0; /* pg_dump never reads by an index */
	reads->inserted += ins;
	if (seq + idx + ins > 0)
		reads->tables = reads->tables ? arena_printf(arena, "%s, %s", reads->tables, name) : name;
}

struct reads reads_between(const json_t *before, const json_t *now, json_t *own, struct arena *arena)
{
	bool dump = json_integer_value(json_object_get(before, "dumps")) > 0 ||
	            json_integer_value(json_object_get(now, "dumps")) > 0;
	json_t *names = json_object(), *value;
	struct reads reads = {0};
	const char *name;

	if (strcmp(text_in(before, "system"), text_in(now, "system")) != 0 ||
	    strcmp(text_in(before, "timeline"), text_in(now, "timeline")) != 0)
		reads.unknown = "another server took over";
	else if (strcmp(text_in(before, "since"), text_in(now, "since")) != 0)
		reads.unknown = "statistics were reset";
	json_object_update(names, json_object_get(before, "tables"));
	json_object_update(names, json_object_get(now, "tables"));
	json_object_foreach(names, name, value)
	{
		struct growth growth = {table_in(before, name), table_in(now, name), own, false};

		if (!reads.unknown)
			compare_table(arena_strdup(arena, name), &growth, dump, &reads, arena);
	}
	json_decref(names);
	return reads;
}

const char *reads_sentence(const struct reads *reads, struct arena *arena)
{
	const char *read = reads->scans ? arena_printf(arena, "%s was read (%lld scan%s)", reads->tables,
	                                               (long long)reads->scans, reads->scans == 1 ? "" : "s")
	                                : "";
	const char *written = reads->inserted
	                          ? arena_printf(arena, "%s was written to (%lld row%s)", reads->tables,
	                                         (long long)reads->inserted, reads->inserted == 1 ? "" : "s")
	                          : "";

	return arena_printf(arena, "%s%s%s", read, *read && *written ? ", and " : "", written);
}
