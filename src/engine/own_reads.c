/* Notes in interlock.condition: data -> 'own' is an object from "16385 seq" to how many scans were ours. */
#include "engine/own_reads.h"

#include "engine/tx.h"

bool own_reads_find(struct session *s, struct err *err)
{
	struct rows *rows;

	if (!conn_query(s->control,
	                QUERY("SELECT pg_catalog.array_agg(DISTINCT (t.value ->> 'oid')::oid)::text AS oids"
	                      " FROM interlock.condition c,"
	                      " pg_catalog.jsonb_each(c.data -> 'here' -> 'tables') AS t"
	                      " WHERE c.kind = 'safety period' AND c.satisfied_at IS NULL"),
	                &rows, err))
		return false;
	s->watched = arena_strdup(&s->arena, rows_get(rows, 0, "oids"));
	rows_free(rows);
	return true;
}

/* What this transaction has read so far, as such an object; it may run with any search_path. */
static const char measure[] =
	"WITH RECURSIVE tree AS (SELECT o AS root, o AS oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS o"
	"  UNION SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i"
	"   ON i.inhparent OPERATOR(pg_catalog.=) t.oid),"
	" used AS (SELECT t.root, pg_catalog.sum(pg_catalog.pg_stat_get_xact_numscans(t.oid)) AS seq,"
	"  pg_catalog.sum((SELECT coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_numscans(x.indexrelid)), 0)"
	"   FROM pg_catalog.pg_index x WHERE x.indrelid OPERATOR(pg_catalog.=) t.oid)) AS idx,"
	"  pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(t.oid)) AS ins FROM tree t GROUP BY t.root)"
	" SELECT pg_catalog.jsonb_object_agg(pg_catalog.concat(u.root, ' ', k.kind), k.n)::pg_catalog.text AS own"
	" FROM used u CROSS JOIN LATERAL (VALUES ('seq', u.seq), ('idx', u.idx), ('ins', u.ins)) AS k(kind, n)"
	" WHERE k.n OPERATOR(pg_catalog.>) 0";

/*
 * Counters that are not sent yet would be measured again in the next
 * transaction: they are sent with this one.  An older server can't be told to,
 * so there only one transaction that read something is noted.
 */
bool own_reads_measure(struct session *s, struct arena *arena, const char **own, struct err *err)
{
	struct batch batch = {.arena = arena};
	bool can_flush = conn_server_version(s->worker) >= 150000, ok;
	struct rows **answers;

	*own = NULL;
	if (!s->watched)
		return true;
	batch_add_often(&batch, measure, 1, s->watched);
	if (can_flush)
		batch_add(&batch, "SELECT pg_catalog.pg_stat_force_next_flush()", 0);
	answers = batch_results(&batch);
	ok = batch_send(&batch, s->worker, 0, answers, NULL, err);
	if (ok)
		*own = arena_strdup(arena, rows_get(answers[0], 0, "own"));
	batch_free_results(&batch, answers);
	if (*own && !can_flush)
		s->watched = NULL;
	return ok;
}

void own_reads_note(struct session *s, const char *own)
{
	const char *watched = s->watched;
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};

	if (!own)
		return;
	batch_add(&batch,
	          "UPDATE interlock.condition c SET data = c.data || jsonb_build_object('own',"
	          " (SELECT jsonb_object_agg(s.key, s.n) FROM (SELECT a.key, sum(a.value::numeric) AS n FROM"
	          "   (SELECT key, value FROM jsonb_each_text($1::jsonb) UNION ALL"
	          "    SELECT key, value FROM jsonb_each_text(coalesce(c.data -> 'own', '{}'::jsonb))) AS a"
	          "  GROUP BY a.key) AS s))"
	          " WHERE c.kind = 'safety period' AND c.satisfied_at IS NULL AND EXISTS (SELECT FROM"
	          "  jsonb_object_keys($1::jsonb) AS k JOIN jsonb_each(c.data -> 'here' -> 'tables') AS t"
	          "  ON split_part(k, ' ', 1) = t.value ->> 'oid')",
	          1, own);
	s->watched = NULL; /* this one is not measured */
	tx_run(s, &batch, NULL, &ignored);
	s->watched = watched;
	err_release(&ignored);
	arena_release(&arena);
}
