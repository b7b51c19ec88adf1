/* The copier, and the order of things. */
#include "engine/copy.h"

#include <string.h>

#include "base/interrupt.h"
#include "engine/apply.h"
#include "engine/aside.h"
#include "engine/control.h"
#include "engine/looked_up.h"
#include "engine/pace.h"
#include "engine/progress.h"
#include "engine/ranges.h"
#include "engine/reverse.h"
#include "engine/throttle.h"
#include "engine/tx.h"
#include "plan/copied_lookup.h"

enum {
	TARGET_MS = 500, /* nobody waits for these rows */
	FIRST_ROWS = 1000,
	FOLLOW_MS = 250,    /* following between two chunks */
	FOLLOW_ROWS = 1000, /* of the log, in the first round */
	ROUND_MAX = 10000,  /* their keys come to us */
	LONG_LOG = 1 << 20, /* bytes */
	DRAIN_MS = 5000,    /* for whoever only looks after a run */
	SHORT_MS = 200,     /* a log is short when its rest is through so fast */
	SYNCS_MAX = 100,
	LOOK_EVERY_MS = 200
};

struct copy {
	struct pair pair;
	struct pace pace, round; /* of chunks, of rounds over a part of the log */
	int64_t no;              /* of the last batch */
	int64_t rows, expected;  /* copied, earlier runs too; an estimate of all */
	int64_t looked_at;
	bool warm; /* the first chunk, for which the server reads its catalogue, tells nothing about the next */
};

/* Between batches: may it go on? */
static bool may_go_on(struct copy *c, const char *what, struct err *err)
{
	struct session *s = c->pair.session;

	if (c->pair.step)
		progress_tell(s, c->pair.step, c->rows < c->expected ? c->rows : c->expected, c->expected, what);
	if (exec_interrupted(err))
		return false;
	if (!c->pair.step)
		return true;
	if (loop_now() - c->looked_at >= LOOK_EVERY_MS) {
		c->looked_at = loop_now();
		if (!control_wait(s, c->pair.step, err))
			return false;
	}
	if (!throttle_wait(s, c->pair.step, err))
		return false;
	c->pace.target = throttle_target(s, TARGET_MS);
	return true;
}

/* ---- Chunks ---- */

static const char *step_number(const struct copy *c, struct arena *arena)
{
	return arena_printf(arena, "%d", c->pair.step ? c->pair.step->number : c->pair.c->number);
}

/* How far earlier runs were, and how many rows there will be. */
static bool find_position(struct copy *c, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {pair_run(&c->pair, &arena), step_number(c, &arena), c->pair.c->live_quoted};
	struct query query = {
		.sql =
			"SELECT (SELECT coalesce(max(no), 0) FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer)"
			" AS no, (SELECT coalesce(sum(rows), 0) FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer)"
			" AS rows, (SELECT CASE WHEN reltuples >= 0 THEN reltuples ELSE pg_relation_size(oid) / 100 END::bigint FROM"
			" pg_class WHERE oid = to_regclass($3)) AS expected",
		.count = 3,
		.params = params};
	struct rows *rows;
	bool ok = conn_query(c->pair.session->worker, &query, &rows, err);

	if (ok) {
		c->no = rows_integer(rows, 0, "no");
		c->rows = rows_integer(rows, 0, "rows");
		c->expected = rows_integer(rows, 0, "expected");
		rows_free(rows);
	}
	arena_release(&arena);
	return ok;
}

static const char *insertion(const struct copying *c, const struct key_range *chunk, struct arena *arena)
{
	return arena_printf(
		arena, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM ONLY %s WHERE %s AND (%s)",
		c->shadow_quoted, copying_names(c, arena), copying_values(c, arena), copying_from(c, arena),
		copying_between(c, COPYING_LIVE, c->alias, chunk->lo, chunk->hi, arena), copied_lookup_ready(c, arena));
}

#define WAL "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')"

static void add_row(const struct copy *c, int64_t rows, double ms, const char *wal, struct batch *batch)
{
	struct arena *arena = batch->arena;

	batch_add_often(
		batch,
		"INSERT INTO interlock.chunk (run, step, no, method, part, lo, hi, pass, passes, rows, ms, wal_bytes)"
		" SELECT $1::pg_catalog.int8, $2::pg_catalog.int4, $3::pg_catalog.int8, 'copy', $4,"
		" $5::pg_catalog.int8, $6::pg_catalog.int8, 0, 0, $7::pg_catalog.int8, $8::pg_catalog.float8,"
		" (" WAL " OPERATOR(pg_catalog.-) $9::pg_catalog.numeric)::pg_catalog.int8",
		9, pair_run(&c->pair, arena), step_number(c, arena), arena_printf(arena, "%lld", (long long)c->no + 1),
		c->pair.c->shadow_quoted, arena_printf(arena, "%lld", (long long)c->rows),
		arena_printf(arena, "%lld", (long long)c->rows + (long long)rows),
		arena_printf(arena, "%lld", (long long)rows), arena_printf(arena, "%.3f", ms), wal);
}

/* The progress of a chunk that was copied: it is done, the next one in flight. */
static bool end_chunk(struct copy *c, bool last, const char *const *next, int64_t rows, double ms, const char *wal,
                      struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};
	size_t guard = pair_add_guard(&c->pair, &batch);
	struct rows **answers;
	bool ok;

	ranges_done(&c->pair, &batch);
	if (!last)
		ranges_take(&c->pair, next, &batch);
	add_row(c, rows, ms, wal, &batch);
	answers = batch_results(&batch);
	if (!pair_send(&c->pair, &batch, answers, err))
		return false;
	ok = pair_guarded(answers[guard], &c->pair, err);
	batch_free_results(&batch, answers);
	if (ok)
		return tx_commit(c->pair.session, err);
	tx_rollback(c->pair.session);
	return false;
}

/* What is in flight, and whether anything is behind it. */
struct flight {
	struct key_range chunk;
	bool last;
	int64_t size; /* rows of live that it was cut for */
};

/* One chunk; next.lo is its end. */
static bool copy_chunk(struct copy *c, const struct flight *now, const struct flight *next, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	size_t begin = pair_begin(&c->pair, false, &batch), inserted;
	int64_t since = loop_now(), rows = 0;
	struct rows **answers;
	double ms;
	bool ok;

	batch_add(&batch, "SELECT " WAL " AS wal", 0);
	looked_up_add_stuck_in(&c->pair, &now->chunk, &batch);
	inserted = batch_add(&batch, insertion(c->pair.c, &now->chunk, &arena), 0);
	answers = batch_results(&batch);
	ok = pair_send(&c->pair, &batch, answers, err);
	if (ok) {
		const char *wal = arena_strdup(&arena, rows_get(answers[begin], 0, "wal"));

		rows = rows_affected(answers[inserted]);
		ms = (double)(loop_now() - since);
		batch_free_results(&batch, answers);
		ok = end_chunk(c, now->last, next->chunk.hi, rows, ms, wal, &arena, err);
		if (ok && c->warm)
			pace_note(&c->pace, now->size, ms);
		c->warm = true;
	}
	if (ok) {
		c->no++;
		c->rows += rows;
	}
	arena_release(&arena);
	return ok;
}

/* The chunk behind `lo`, as large as the pace says. */
static bool cut(const struct copy *c, const char **lo, struct arena *arena, struct flight *flight, struct err *err)
{
	*flight = (struct flight){.chunk.lo = lo, .size = c->pace.rows};
	if (!ranges_end(&c->pair, lo, flight->size, arena, &flight->chunk.hi, err))
		return false;
	flight->last = flight->chunk.hi == NULL;
	return true;
}

static bool take_first(const struct copy *c, const struct flight *flight, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows **answers;
	bool ok;

	pair_begin(&c->pair, false, &batch);
	ranges_take(&c->pair, flight->chunk.hi, &batch);
	answers = batch_results(&batch);
	ok = pair_send(&c->pair, &batch, answers, err);
	if (ok)
		batch_free_results(&batch, answers);
	ok = ok && tx_commit(c->pair.session, err);
	arena_release(&arena);
	return ok;
}

/* One round over a part of the log, as large as the pace says.  *more: there is more of it. */
static bool run_round(struct copy *c, bool *truncated, bool *more, struct err *err)
{
	int64_t limit = c->round.rows < ROUND_MAX ? c->round.rows : ROUND_MAX;
	struct applied applied;
	int attempts = 0;

	for (; !apply_round(&c->pair, limit, &applied, err); limit = limit / 2 + 1) {
		if (!exec_try_again(c->pair.session, &attempts, err))
			return false;
		pace_halve(&c->round);
	}
	*truncated = applied.truncated;
	*more = !applied.truncated && applied.taken == limit;
	if (*more)
		pace_note(&c->round, applied.taken, applied.ms);
	return true;
}

/*
 * Rounds until nothing more is to be had, or the time is over, so that the log
 * stays short.  *truncated: all is to be done again.
 */
static bool follow(struct copy *c, int64_t until, bool *truncated, struct err *err)
{
	bool more;

	if (!looked_up_create_logged(&c->pair, err))
		return false;
	do {
		if (!run_round(c, truncated, &more, err))
			return false;
	} while (more && loop_now() < until && interrupt_count() == 0);
	return true;
}

/* One chunk, again where others were in the way. */
static bool copy_patiently(struct copy *c, const struct flight *now, const struct flight *next, struct err *err)
{
	int attempts = 0;

	while (!looked_up_create_in(&c->pair, &now->chunk, err) || !copy_chunk(c, now, next, err))
		if (!exec_try_again(c->pair.session, &attempts, err))
			return false;
	return true;
}

/* A chunk begins where the one before it ended: of three arenas one has its beginning, one its end, one the next.
 */
static bool copy_behind(struct copy *c, struct key_range todo, bool *truncated, struct err *err)
{
	struct arena turns[3] = {{0}, {0}, {0}};
	struct flight now, next = {.size = 0};
	size_t turn = 0;
	bool ok = cut(c, todo.lo, &turns[turn], &now, err) && take_first(c, &now, err);

	while (ok && !*truncated) {
		turn = (turn + 1) % 3;
		arena_release(&turns[turn]);
		if (!now.last)
			ok = cut(c, now.chunk.hi, &turns[turn], &next, err);
		ok = ok && may_go_on(c, "copying rows", err) && copy_patiently(c, &now, &next, err) &&
		     follow(c, loop_now() + FOLLOW_MS, truncated, err);
		if (now.last)
			break;
		now = next;
	}
	for (turn = 0; turn < 3; turn++)
		arena_release(&turns[turn]);
	return ok;
}

/* All ranges that are to do, from the beginning again where the live table is truncated meanwhile. */
static bool copy_all(struct copy *c, struct err *err)
{
	struct key_range todo;
	bool left, truncated;

	do {
		truncated = false;
		if (!ranges_resume(&c->pair, c->pair.arena, &todo, &left, err))
			return false;
		if (left && !copy_behind(c, todo, &truncated, err))
			return false;
		if (truncated && !apply_restart(&c->pair, err))
			return false;
	} while (truncated);
	return true;
}

/* ---- Behind the copy ---- */

/* A log that became long is counted, so that its keys are not looked up one by one; it works without. */
static bool count_log(const struct copy *c, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *question =
		arena_printf(&arena, "SELECT pg_relation_size('%s'::regclass) > %d AS long", c->pair.c->log, LONG_LOG);
	struct rows *rows;
	bool ok = conn_query(c->pair.session->worker, QUERY(question), &rows, err), is_long;

	if (ok) {
		is_long = rows_true(rows, 0, "long");
		rows_free(rows);
		batch_add(&batch, arena_printf(&arena, "ANALYZE %s", c->pair.c->log), 0);
		ok = !is_long || tx_run(c->pair.session, &batch, NULL, err);
		if (!ok && !conn_lost(c->pair.session->worker) && !c->pair.session->lease_lost) {
			err_release(err);
			ok = true;
		}
	}
	arena_release(&arena);
	return ok;
}

/* Sync points until the rest of the log is through in a moment.  *truncated: all is to be done again. */
static bool sync_up(struct copy *c, bool *truncated, struct err *err)
{
	int64_t until = loop_now() + DRAIN_MS;
	struct applied applied = {0};
	int64_t last = INT64_MAX;
	int attempts = 0;

	for (int syncs = 0; syncs < SYNCS_MAX && (c->pair.step || loop_now() < until); syncs++) {
		if (!count_log(c, err))
			return false;
		while (!looked_up_create_all(&c->pair, err) || !apply_sync_point(&c->pair, &applied, err))
			if (!exec_try_again(c->pair.session, &attempts, err))
				return false;
		*truncated = applied.truncated;
		/* Where it does not become shorter any more, the rest is what is written during a round. */
		if (*truncated || applied.taken == 0 || applied.ms < SHORT_MS || applied.taken > last / 10 * 8)
			return true;
		last = applied.taken;
		if (!may_go_on(c, "following what was written meanwhile", err))
			return false;
	}
	return true;
}

static bool tell_build(void *arg, const char *what, struct err *err)
{
	return may_go_on(arg, what, err);
}

static bool set_state(const struct copy *c, const char *state, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	batch_add(
		&batch,
		"UPDATE interlock.pair SET state = $3 WHERE run = $1::bigint AND number = $2::integer AND state <> $3", 3,
		pair_run(&c->pair, &arena), pair_number(&c->pair, &arena), state);
	ok = tx_run(c->pair.session, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

/* Its indexes are there, or begun: from then on only sync points keep values apart that must be unique. */
static bool is_copied(const struct copying *copying)
{
	return strcmp(copying->state, "copied") == 0 || strcmp(copying->state, "synced") == 0;
}

/* From wherever it stands to a shadow that is complete and follows. */
static bool bring_about(struct copy *c, bool copied, struct err *err)
{
	bool truncated;

	do {
		truncated = false;
		if (!copied &&
		    (!looked_up_nothing_stuck(&c->pair, true, err) || !aside_take(&c->pair, err) || !copy_all(c, err)))
			return false;
		if (!sync_up(c, &truncated, err) || (c->pair.step && !looked_up_nothing_stuck(&c->pair, false, err)))
			return false;
		copied = false;
		if (!truncated && (!set_state(c, "copied", err) || !aside_build(&c->pair, tell_build, c, err) ||
		                   !sync_up(c, &truncated, err)))
			return false;
		if (truncated && !apply_restart(&c->pair, err))
			return false;
	} while (truncated);
	return set_state(c, "synced", err);
}

/* A pair, to be worked on for that step or for none. */
static struct copy copy_of(struct session *s, const struct step *step, const struct copying *copying,
                           struct arena *arena)
{
	struct copy c = {.pair = {.session = s, .c = copying, .step = step, .arena = arena}};

	pace_init(&c.pace, throttle_target(s, TARGET_MS));
	c.pace.rows = FIRST_ROWS;
	pace_init(&c.round, FOLLOW_MS);
	c.round.rows = FOLLOW_ROWS;
	return c;
}

enum outcome copy_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	const struct copying *copying;
	int64_t begin = loop_now();
	struct copy c;
	bool ok;

	if (!group_mark_before(w, err) || !pair_of_shadow(w->session, stmt->copied_into, &w->arena, &copying, err))
		return OUTCOME_FAILED;
	c = copy_of(w->session, w->step, copying, &w->arena);
	ok = find_position(&c, err) && bring_about(&c, is_copied(copying), err);
	progress_end(w->session, w->step);
	if (!ok)
		return OUTCOME_FAILED;
	w->result = arena_printf(&w->arena, "%lld rows copied", (long long)c.rows);
	return group_end_batches(w, stmt, loop_now() - begin, ends, err);
}

/* ---- Later ---- */

/* Told whenever somebody looks: until it is mended there is no switch. */
static bool tell_stuck(const struct copy *c, struct err *err)
{
	struct session *s = c->pair.session;
	struct arena arena = {0};
	const char *sentence;
	bool ok = looked_up_sentence(&c->pair, &arena, &sentence, err);

	if (ok && sentence)
		session_say(s, plan_step(s->plan, c->pair.c->number), STEP_NOTES, 0, sentence);
	arena_release(&arena);
	return ok;
}

static bool drain(struct session *s, const struct copying *copying, struct arena *arena, struct err *err)
{
	struct copy c = copy_of(s, NULL, copying, arena);
	bool truncated = false;

	if (strcmp(copying->state, "ended") == 0)
		return looked_up_forget(&c.pair, err);
	if (pair_is_switched(c.pair.c))
		return reverse_drain(&c.pair, err);
	if (!is_copied(copying)) /* what is to do yet is forgotten, so that the log stays short */
		return follow(&c, loop_now() + DRAIN_MS, &truncated, err) && (!truncated || apply_restart(&c.pair, err));
	if (!sync_up(&c, &truncated, err) || !tell_stuck(&c, err))
		return false;
	return !truncated || (apply_restart(&c.pair, err) && find_position(&c, err) && bring_about(&c, false, err));
}

bool copy_has_pairs(const struct plan *plan)
{
	for (size_t n = 1; n <= plan->step_count; n++)
		if (strcmp(plan_step(plan, (int)n)->type->name, "parallel_table") == 0)
			return true;
	return false;
}

static bool drain_these(struct session *s, bool switched_alone, struct err *err)
{
	struct arena arena = {0};
	const struct copying **pairs = NULL;
	size_t count = 0;
	bool ok = !copy_has_pairs(s->plan) || pairs_of_run(s, &arena, &pairs, &count, err);

	for (size_t i = 0; ok && i < count; i++)
		ok = (switched_alone && strcmp(pairs[i]->state, "switched") != 0) || drain(s, pairs[i], &arena, err);
	arena_release(&arena);
	return ok;
}

bool copy_drain_all(struct session *s, struct err *err)
{
	return drain_these(s, false, err);
}

bool copy_drain_switched(struct session *s, struct err *err)
{
	return drain_these(s, true, err);
}
