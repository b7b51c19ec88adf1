/* Counting who is in, in a short transaction that only reads and waits for nobody. */
#include "engine/rollout_share.h"

#include "engine/rollout.h"

enum { SAMPLE_BYTES = 4 * 1024 * 1024 };

static const char size_question[] =
	"SELECT coalesce((SELECT pg_catalog.sum(pg_catalog.pg_relation_size(t.relid::oid)) FROM"
	" pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf), pg_catalog.pg_relation_size(c.oid))::bigint AS bytes"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm')";

static bool read_size(struct conn *conn, const struct relname *table, int64_t *bytes, struct err *err)
{
	const char *params[] = {table->schema, table->name};
	struct rows *rows;

	if (!conn_query(conn, &(struct query){.sql = size_question, .count = 2, .params = params}, &rows, err))
		return false;
	*bytes = rows_count(rows) ? rows_integer(rows, 0, "bytes") : -1;
	rows_free(rows);
	return true;
}

static const char *count_question(const struct rollout_args *rollout, int64_t bytes, struct arena *arena)
{
	const char *sample = bytes <= SAMPLE_BYTES ? ""
	                                           : arena_printf(arena, " TABLESAMPLE SYSTEM (%.6f)",
	                                                          100.0 * SAMPLE_BYTES / (double)bytes);

	return arena_printf(
		arena,
		"SELECT pg_catalog.count(*) AS rows, pg_catalog.count(*) FILTER (WHERE s.bucket < $2::integer) AS rows_in,"
		" pg_catalog.count(DISTINCT s.key) AS keys, pg_catalog.count(DISTINCT s.key) FILTER (WHERE s.bucket <"
		" $2::integer) AS keys_in FROM (SELECT k.key, %s AS bucket FROM (SELECT t.%s::pg_catalog.text"
		" COLLATE pg_catalog.\"C\" AS key FROM %s AS t%s) k WHERE k.key IS NOT NULL) s",
		ROLLOUT_BUCKET("$1::text", "k.key"), ident_quoted(arena, rollout->column),
		relname_quoted(arena, &rollout->table), sample);
}

static double percent_of(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static const char *sentence_from(const struct rows *rows, const struct rollout_args *rollout, bool sampled,
                                 struct arena *arena)
{
	const char *table = relname_quoted(arena, &rollout->table), *column = ident_quoted(arena, rollout->column);
	int64_t all = rows_integer(rows, 0, "rows"), keys = rows_integer(rows, 0, "keys");
	const char *words;

	if (!sampled) {
		words = arena_printf(arena, "%s of %s rows of %s", rows_get(rows, 0, "rows_in"), rows_get(rows, 0, "rows"),
		                     table);
		return all == keys ? words
		                   : arena_printf(arena, "%s, %s of %s values of %s", words, rows_get(rows, 0, "keys_in"),
		                                  rows_get(rows, 0, "keys"), column);
	}
	words = arena_printf(arena, "about %.2f %% of the rows of %s",
	                     percent_of(rows_integer(rows, 0, "rows_in"), all), table);
	if (all != keys)
		words = arena_printf(arena, "%s, %.2f %% of the values of %s", words,
		                     percent_of(rows_integer(rows, 0, "keys_in"), keys), column);
	return arena_printf(arena, "%s, of a sample of %lld rows", words, (long long)all);
}

static bool count(struct conn *conn, const char *plan, const struct rollout_args *rollout, int share,
                  struct arena *arena, const char **sentence, struct err *err)
{
	const char *params[] = {plan, arena_printf(arena, "%d", share)};
	struct rows *rows;
	int64_t bytes;

	if (!conn_query(conn, QUERY("BEGIN READ ONLY"), NULL, err) ||
	    !conn_query(conn, QUERY("SET LOCAL lock_timeout = '200ms'"), NULL, err) ||
	    !conn_query(conn, QUERY("SET LOCAL statement_timeout = '2s'"), NULL, err) ||
	    !read_size(conn, &rollout->table, &bytes, err))
		return false;
	if (bytes < 0)
		return true;
	if (!conn_query(conn,
	                &(struct query){.sql = count_question(rollout, bytes, arena), .count = 2, .params = params},
	                &rows, err))
		return false;
	*sentence = sentence_from(rows, rollout, bytes > SAMPLE_BYTES, arena);
	rows_free(rows);
	return true;
}

bool rollout_share(struct conn *conn, const char *plan, const struct rollout_args *rollout, int share,
                   struct arena *arena, const char **sentence, struct err *err)
{
	struct err ignored = {0};

	*sentence = NULL;
	count(conn, plan, rollout, share, arena, sentence, &ignored);
	if (conn_lost(conn)) {
		err_set(err, ignored.code, "%s", ignored.diag.summary);
		err_release(&ignored);
		return false;
	}
	err_release(&ignored);
	if (conn_in_transaction(conn))
		conn_query(conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return true;
}
