/* Reading interlock.pair, and what every transaction on a pair begins and ends with. */
#include "engine/pair.h"

#include <string.h>

#include "engine/exec.h"
#include "engine/tx.h"
#include "plan/capture.h"
#include "plan/copied_lookup.h"
#include "plan/reverse.h"

enum { IDLE_MS = 10000, LOCK_MS = 5000 };

bool pairs_of_run(struct session *s, struct arena *arena, const struct copying ***pairs, size_t *count,
                  struct err *err)
{
	const char *run = arena_printf(arena, "%lld", (long long)s->run.id);
	struct query query = {.sql = "SELECT " SQL_COPYING
	                             " FROM interlock.pair WHERE run = $1::pg_catalog.int8 ORDER BY number",
	                      .count = 1,
	                      .params = &run};
	struct rows *rows;

	if (!conn_query(s->worker, &query, &rows, err))
		return false;
	*count = rows_count(rows);
	*pairs = arena_array(arena, const struct copying *, *count);
	for (size_t r = 0; r < *count; r++)
		(*pairs)[r] = copying_of(rows_record(rows, r, arena), arena);
	rows_free(rows);
	return true;
}

bool pair_of_shadow(struct session *s, const struct relname *shadow, struct arena *arena,
                    const struct copying **copying, struct err *err)
{
	const struct copying **pairs;
	size_t count;

	if (!pairs_of_run(s, arena, &pairs, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (relname_equal(&pairs[i]->shadow, shadow)) {
			*copying = pairs[i];
			return true;
		}
	err_set(err, EXIT_STEP, "%s is no shadow of this plan's", relname_quoted(&err->arena, shadow));
	return err_help(err, "parallel_table makes one, in an earlier phase of the same plan"), false;
}

bool pair_is_switched(const struct copying *c)
{
	return strcmp(c->state, "switched") == 0;
}

size_t pair_add_truncated(const struct copying *c, struct batch *batch)
{
	const char *log = pair_is_switched(c) ? reverse_log(c->run, c->number, batch->arena) : c->log;

	return batch_add(
		batch, arena_printf(batch->arena, "SELECT EXISTS (SELECT FROM %s WHERE k1 IS NULL) AS truncated", log), 0);
}

const char *pair_run(const struct pair *p, struct arena *arena)
{
	return arena_printf(arena, "%lld", (long long)p->c->run);
}

const char *pair_number(const struct pair *p, struct arena *arena)
{
	return arena_printf(arena, "%d", p->c->number);
}

void pair_add_unverified(const struct pair *p, struct batch *batch)
{
	batch_add_often(
		batch,
		"UPDATE interlock.verdict SET passed = false WHERE run OPERATOR(pg_catalog.=) $1::pg_catalog.int8"
		" AND pair OPERATOR(pg_catalog.=) $2::pg_catalog.int4",
		2, pair_run(p, batch->arena), pair_number(p, batch->arena));
}

static void add_settings(const struct pair *p, struct batch *batch)
{
	batch_add_often(
		batch,
		"SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true),"
		" pg_catalog.set_config('lock_timeout', $2, true), pg_catalog.set_config('search_path', $3, true)",
		3, arena_printf(batch->arena, "%dms", IDLE_MS), arena_printf(batch->arena, "%dms", LOCK_MS),
		p->session->plan->settings.search_path);
}

static const char *lock_ranges(const struct pair *p, struct arena *arena)
{
	return arena_printf(arena, "LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE", p->c->ranges);
}

size_t pair_begin(const struct pair *p, bool follows, struct batch *batch)
{
	tx_add_opening(p->session, batch);
	if (follows)
		batch_add(batch, lock_ranges(p, batch->arena), 0);
	add_settings(p, batch);
	return batch->count;
}

size_t pair_begin_snapshots(const struct pair *pairs, size_t count, struct batch *batch)
{
	const char **locks = arena_array(batch->arena, const char *, 2 * count + 1);

	locks[0] = "SET LOCAL lock_timeout TO '5s'";
	for (size_t i = 0; i < count; i++) {
		locks[2 * i + 1] = lock_ranges(&pairs[i], batch->arena);
		locks[2 * i + 2] =
			arena_printf(batch->arena, "LOCK TABLE %s IN ACCESS SHARE MODE", pairs[i].c->live_quoted);
	}
	tx_add_snapshot_behind(pairs->session, locks, 2 * count + 1, batch);
	add_settings(pairs, batch);
	return batch->count;
}

size_t pair_begin_snapshot(const struct pair *p, struct batch *batch)
{
	return pair_begin_snapshots(p, 1, batch);
}

static const char guard[] =
	"SELECT p.guard OPERATOR(pg_catalog.=) g.now AS same FROM interlock.pair p CROSS JOIN LATERAL (SELECT"
	" " SQL_CAPTURE_GUARD(
		"$3", "$4", "$5::pg_catalog.text", "$6",
		"$7::pg_catalog.text") ") g(now) WHERE p.run OPERATOR(pg_catalog.=)"
							   " $1::pg_catalog.int8 AND p.number OPERATOR(pg_catalog.=) $2::pg_catalog.int4";

/* The table that follows, and the triggers by which it does. */
static const char *other_table(const struct pair *p)
{
	return pair_is_switched(p->c) ? p->c->retired_quoted : p->c->shadow_quoted;
}
static const char *follower(const struct pair *p, struct arena *arena)
{
	return pair_is_switched(p->c) ? reverse_trigger(p->c->run, p->c->number, arena) : p->c->trigger;
}

static const char *looked_up(const struct pair *p)
{
	return p->c->lookup ? p->c->lookup->quoted : NULL;
}

size_t pair_add_guard(const struct pair *p, struct batch *batch)
{
	struct arena *arena = batch->arena;

	return batch_add_often(batch, guard, 7, pair_run(p, arena), pair_number(p, arena), p->c->live_quoted,
	                       other_table(p), follower(p, arena), looked_up(p), copying_noting(p->c, arena));
}

/* The server did not understand it: because somebody changed a table?  Then that is what is to be told. */
static void explain(const struct pair *p, struct arena *arena, struct err *err)
{
	const char *params[] = {pair_run(p, arena), pair_number(p, arena), p->c->live_quoted,          other_table(p),
	                        follower(p, arena), looked_up(p),          copying_noting(p->c, arena)};
	struct query query = {.sql = guard, .count = 7, .params = params};
	struct err told = {0};
	struct rows *rows;

	if (conn_query(p->session->worker, &query, &rows, &told)) {
		if (!pair_guarded(rows, p, &told)) {
			err_release(err);
			pair_guarded(rows, p, err);
		}
		rows_free(rows);
	}
	err_release(&told);
}

bool pair_send(const struct pair *p, struct batch *batch, struct rows **answers, struct err *err)
{
	size_t failed;

	if (batch_send(batch, p->session->worker, 0, answers, &failed, err))
		return true;
	batch_free_results(batch, answers);
	if (strncmp(batch->queries[0].sql, "BEGIN", strlen("BEGIN")) == 0)
		tx_opening_failed(p->session, batch, failed, err);
	tx_rollback(p->session);
	if (err_is(err, "42") && !conn_lost(p->session->worker))
		explain(p, batch->arena, err);
	return false;
}

bool pair_guarded(const struct rows *answer, const struct pair *p, struct err *err)
{
	if (rows_count(answer) == 1 && rows_true(answer, 0, "same"))
		return true;
	err_set(err, EXIT_STEP, "somebody changed %s, %s, or the triggers that follow it", p->c->live_quoted,
	        pair_is_switched(p->c) ? p->c->retired_quoted : "its shadow");
	err_detail(err, "what was written meanwhile may be missing in %s; nothing of this batch was kept",
	           other_table(p));
	if (pair_is_switched(p->c))
		return err_help(
				   err,
				   "find out who did it and take it back: until then nothing reaches %s, and undo would lose it",
				   other_table(p)),
		       false;
	err_help(err, "find out who did it, then interlock undo %s back to before parallel_table, and run again",
	         p->session->run.plan);
	return false;
}
