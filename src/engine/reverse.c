/* Rounds of the way back: one snapshot, the guard, the block of reverse_sql.h, COMMIT. */
#include "engine/reverse.h"

#include "engine/exec.h"
#include "engine/reverse_sql.h"
#include "engine/tx.h"
#include "plan/reverse.h"

enum {
	SHORT_MS = 200,   /* the log is short when its rest is through so fast */
	DRAIN_MS = 60000, /* then the application writes faster than we follow */
	ROUNDS_MAX = 100
};

struct round {
	int64_t taken; /* rows out of the log */
	int64_t ms;
	bool met; /* something that undo would lose, for the first time */
};

static const char *log_of(const struct pair *p, struct arena *arena)
{
	return reverse_log(p->c->run, p->c->number, arena);
}

/* "run = 7 AND pair = 3" */
static const char *of_pair(const struct pair *p, struct arena *arena)
{
	return arena_printf(arena, "run = %s AND pair = %s", pair_run(p, arena), pair_number(p, arena));
}

/* Opens the transaction.  *busy: there is something to do; else nothing is open any more. */
static bool open_round(const struct pair *p, struct arena *arena, bool *busy, struct err *err)
{
	struct batch batch = {.arena = arena};
	struct rows **answers;
	size_t asked;

	pair_begin_snapshot(p, &batch);
	asked = batch_add(&batch,
	                  arena_printf(arena,
	                               "SELECT EXISTS (SELECT FROM %s) OR EXISTS (SELECT FROM interlock.undo_conflict"
	                               " WHERE %s AND kind = 'value') AS busy",
	                               log_of(p, arena), of_pair(p, arena)),
	                  0);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	*busy = rows_true(answers[asked], 0, "busy");
	batch_free_results(&batch, answers);
	if (!*busy)
		tx_rollback(p->session);
	return true;
}

/* Nobody can tell which rows were there, and which of them only_rows had left behind. */
static const char *note_truncate(const struct pair *p, struct arena *arena)
{
	const char *words = arena_printf(arena, "%s was emptied (TRUNCATE) since the switch", p->c->live_quoted);

	return arena_printf(arena,
	                    "INSERT INTO interlock.undo_conflict (run, pair, key, kind, message) SELECT %s, %s, '{}',"
	                    " 'truncate', %s FROM %s WHERE k1 IS NULL LIMIT 1 ON CONFLICT DO NOTHING",
	                    pair_run(p, arena), pair_number(p, arena), literal_quoted(arena, words), log_of(p, arena));
}

/* Each statement of the block is planned for what the keys are then; what is deferred is to fail in it, too. */
static void add_settings(struct batch *batch)
{
	batch_add_often(batch, "SELECT pg_catalog.set_config('plan_cache_mode', 'force_custom_plan', true)", 0);
	batch_add(batch, "SET CONSTRAINTS ALL IMMEDIATE", 0);
}

/* All that the snapshot sees. */
static bool work_round(const struct pair *p, struct arena *arena, struct round *round, struct err *err)
{
	struct batch batch = {.arena = arena};
	size_t guard = pair_add_guard(p, &batch), gone, met;
	struct rows **answers;
	bool ok;

	add_settings(&batch);
	batch_add(&batch, note_truncate(p, arena), 0);
	batch_add(&batch, reverse_sql_round(p->c, arena), 0);
	gone = batch_add(&batch, arena_printf(arena, "DELETE FROM %s", log_of(p, arena)), 0);
	met = batch_add(&batch,
	                arena_printf(arena,
	                             "SELECT EXISTS (SELECT FROM interlock.undo_conflict WHERE %s AND"
	                             " since OPERATOR(pg_catalog.>=) pg_catalog.now()) AS met",
	                             of_pair(p, arena)),
	                0);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	ok = pair_guarded(answers[guard], p, err);
	round->taken = rows_affected(answers[gone]);
	round->met = rows_true(answers[met], 0, "met");
	batch_free_results(&batch, answers);
	if (ok)
		return tx_commit(p->session, err);
	tx_rollback(p->session);
	return false;
}

static bool do_round(const struct pair *p, struct round *round, struct err *err)
{
	struct arena arena = {0};
	int64_t begin = loop_now();
	bool busy, ok;

	*round = (struct round){0};
	ok = open_round(p, &arena, &busy, err) && (!busy || work_round(p, &arena, round, err));
	round->ms = loop_now() - begin;
	arena_release(&arena);
	return ok;
}

/* It is told when it is met: from then on undo is in question. */
static bool tell_met(const struct pair *p, struct err *err)
{
	struct session *s = p->session;
	struct arena arena = {0};
	const char *sentence;
	bool ok = reverse_sentence(s->worker, p->c->run, p->c->number, &arena, &sentence, err);

	if (ok && sentence)
		session_say(s, plan_step(s->plan, p->c->number), STEP_NOTES, 0, sentence);
	arena_release(&arena);
	return ok;
}

bool reverse_drain(const struct pair *p, struct err *err)
{
	int64_t until = loop_now() + DRAIN_MS;
	int64_t last = INT64_MAX;
	struct round round;
	int attempts = 0;

	for (int rounds = 0; rounds < ROUNDS_MAX && loop_now() < until; rounds++) {
		while (!do_round(p, &round, err))
			if (!exec_try_again(p->session, &attempts, err))
				return false;
		if (round.met && !tell_met(p, err))
			return false;
		/* Where it does not become shorter any more, the rest is what is written during a round. */
		if (round.taken == 0 || round.ms < SHORT_MS || round.taken > last / 10 * 8)
			return true;
		last = round.taken;
		if (exec_interrupted(err))
			return false;
	}
	return true;
}

void reverse_add_all(const struct pair *p, struct batch *batch)
{
	add_settings(batch);
	batch_add(batch, reverse_sql_last(p->c, batch->arena), 0);
	batch_add(batch, arena_printf(batch->arena, "DELETE FROM %s", log_of(p, batch->arena)), 0);
}
