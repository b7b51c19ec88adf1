/* BEGIN, the fence, the settings; then the caller's work; then COMMIT. */
#include "engine/tx.h"

#include <string.h>

#include "engine/own_reads.h"

/* Everything that correctness rests on, and the proof that the run is ours, in one statement. */
static const char settings[] =
	"SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),"
	" pg_catalog.set_config('row_security', 'off', true),"
	" pg_catalog.set_config('DateStyle', 'ISO, YMD', true), pg_catalog.set_config('IntervalStyle', 'postgres', true),"
	" pg_catalog.set_config('TimeZone', 'UTC', true), pg_catalog.set_config('extra_float_digits', '1', true),"
	" pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('xmloption', 'content', true),"
	" pg_catalog.set_config('lock_timeout', '5s', true), pg_catalog.set_config('statement_timeout', '0', true),"
	" pg_catalog.set_config('synchronous_commit', 'off', true)"
	/* No row of ours: 1 / 0 is an error, and nothing that follows in the same flush is executed. */
	" , lease.held FROM (SELECT 1 / count(*) AS held FROM interlock.run WHERE id = $1::bigint AND epoch = $2::bigint)"
	" AS lease";

static bool lease_lost(struct session *s, struct err *err)
{
	s->lease_lost = true;
	err_set(err, EXIT_HELD, "another interlock has taken over this run");
	err_detail(err, "what this one had committed stays; it has stopped before changing anything more");
	err_help(err, "interlock status %s shows where it stands", s->run.plan);
	return false;
}

static size_t add_opening(struct session *s, const char *begin, const char *mode, struct batch *batch)
{
	const char *run = arena_printf(batch->arena, "%lld", (long long)s->run.id);
	const char *epoch = arena_printf(batch->arena, "%lld", (long long)s->run.epoch);

	batch_add(batch, begin, 0);
	batch_add(batch, arena_printf(batch->arena, "LOCK TABLE interlock.fence_%s IN %s MODE", run, mode), 0);
	batch_add_often(batch, settings, 2, run, epoch);
	return TX_OPENING;
}

size_t tx_add_opening(struct session *s, struct batch *batch)
{
	return add_opening(s, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "ROW SHARE", batch);
}

size_t tx_add_opening_alone(struct session *s, struct batch *batch)
{
	return add_opening(s, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "EXCLUSIVE", batch);
}

size_t tx_add_snapshot(struct session *s, struct batch *batch)
{
	return add_opening(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROW SHARE", batch);
}

void tx_add_snapshot_behind(struct session *s, const char *const *locks, size_t count, struct batch *batch)
{
	const char *run = arena_printf(batch->arena, "%lld", (long long)s->run.id);
	const char *epoch = arena_printf(batch->arena, "%lld", (long long)s->run.epoch);

	batch_add(batch, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", 0);
	batch_add(batch, arena_printf(batch->arena, "LOCK TABLE interlock.fence_%s IN ROW SHARE MODE", run), 0);
	for (size_t i = 0; i < count; i++)
		batch_add(batch, locks[i], 0);
	batch_add_often(batch, settings, 2, run, epoch); /* the first that needs a snapshot */
}

bool tx_opening_failed(struct session *s, const struct batch *batch, size_t failed, struct err *err)
{
	if (batch->queries[failed].sql != settings || !err_is(err, "22012"))
		return false;
	lease_lost(s, err);
	return true;
}

bool tx_lease_failed(struct session *s, size_t failed, struct err *err)
{
	if (failed != TX_OPENING - 1 || !err_is(err, "22012"))
		return false;
	lease_lost(s, err);
	return true;
}

bool tx_begin(struct session *s, struct batch *extra, struct rows **results, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows **answers;
	size_t failed;
	bool ok;

	tx_add_opening(s, &batch);
	for (size_t i = 0; extra && i < extra->count; i++)
		batch_add_query(&batch, extra->queries[i]);
	answers = batch_results(&batch);
	ok = batch_send(&batch, s->worker, 0, answers, &failed, err);
	for (size_t i = 0; i < batch.count; i++)
		if (ok && results && i >= TX_OPENING)
			results[i - TX_OPENING] = answers[i];
		else
			rows_free(answers[i]);
	arena_release(&arena);
	if (ok)
		return true;
	tx_lease_failed(s, failed, err);
	tx_rollback(s);
	return false;
}

bool tx_commit(struct session *s, struct err *err)
{
	struct arena arena = {0};
	const char *own = NULL;
	bool ok = own_reads_measure(s, &arena, &own, err) && conn_query(s->worker, QUERY("COMMIT"), NULL, err);

	if (ok)
		own_reads_note(s, own);
	else
		tx_rollback(s);
	arena_release(&arena);
	return ok;
}

void tx_rollback(struct session *s)
{
	struct err ignored = {0};

	if (!conn_lost(s->worker) && conn_in_transaction(s->worker))
		conn_query(s->worker, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
}

bool tx_run(struct session *s, struct batch *work, struct rows **results, struct err *err)
{
	return tx_begin(s, work, results, err) && tx_commit(s, err);
}
