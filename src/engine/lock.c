/* Attempts, pauses, and the sentence about who is in the way. */
#include "engine/lock.h"

#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "engine/blame.h"
#include "engine/control.h"
#include "engine/work.h"

enum {
	SHORTEST_WAIT = 10,
	IN_VAIN = 4,
	FIRST_PAUSE = 20,
	LONGEST_PAUSE = 1000,
	OLD_MS = 5000,
	TELL_EVERY = 10000
};

int64_t lock_timeout_of(const struct session *s, const struct step *step)
{
	return s->given_lock_timeout       ? s->given_lock_timeout
	       : step->common.lock_timeout ? step->common.lock_timeout
	                                   : s->plan->settings.lock_timeout;
}

static int64_t attempts_of(const struct session *s, const struct step *step)
{
	return s->given_lock_attempts       ? s->given_lock_attempts
	       : step->common.lock_attempts ? step->common.lock_attempts
	                                    : s->plan->settings.lock_attempts;
}

size_t lock_tables(const struct table_lock *locks, size_t count)
{
	size_t tables = 0;

	for (size_t i = 0; i < count; i++)
		tables += !locks[i].by_itself;
	return tables;
}

void lock_add_wait(int64_t ms, struct batch *batch)
{
	batch_add_often(batch, "SELECT pg_catalog.set_config('lock_timeout', $1, true)", 1,
	                arena_printf(batch->arena, "%lldms", (long long)ms));
}

/* The wait for those behind the first: all of them together as long as that one. */
static int64_t wait_for_rest(const struct work *w, size_t tables)
{
	int64_t wait = lock_timeout_of(w->session, w->step) / (int64_t)(tables > 1 ? tables - 1 : 1);

	return wait > SHORTEST_WAIT ? wait : SHORTEST_WAIT;
}

void lock_add(const struct work *w, const struct table_lock *locks, size_t count, struct batch *batch)
{
	const struct patience *patience = w->patience;
	size_t added = 0, tables = lock_tables(locks, count);

	if (tables == 0)
		return;
	if (patience->attempts > 0)
		lock_add_wait(lock_timeout_of(w->session, w->step), batch);
	for (size_t i = 0; i < count && !(patience->first_only && added > 0); i++) {
		if (locks[i].by_itself)
			continue;
		if (added == 1 && patience->attempts >= IN_VAIN)
			lock_add_wait(wait_for_rest(w, tables), batch);
		batch_add(
			batch,
			arena_printf(batch->arena, "LOCK TABLE %s IN %s MODE%s", relname_quoted(batch->arena, &locks[i].table),
		                 lock_mode_name(locks[i].mode),
		                 patience->attempts == 0 || (added > 0 && patience->attempts < IN_VAIN) ? " NOWAIT" : ""),
			0);
		added++;
	}
}

/* 20 ms, doubled up to a second, ± 25 % so that two that wait don't stay in step. */
static int64_t pause_of(const struct patience *patience)
{
	int64_t pause = FIRST_PAUSE;

	for (int64_t i = 1; i < patience->attempts && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	if (pause > LONGEST_PAUSE)
		pause = LONGEST_PAUSE;
	return pause * (75 + rand() % 51) / 100;
}

static bool give_up(const struct work *w, const struct blamed *blamed, struct err *err)
{
	const struct patience *patience = w->patience;
	const char *state = err->sqlstate[0] ? arena_strdup(&w->session->arena, err->sqlstate) : "55P03";
	struct buf waited = {0};

	interval_format(loop_now() - patience->since, &waited);
	err_set(err, EXIT_STEP, "the lock was not to be had");
	err_detail(err, "server: %s; %lld attempts in %s",
	           strcmp(state, "55P03") == 0 ? "55P03 lock not available" : state, (long long)patience->attempts,
	           buf_text(&waited));
	for (size_t i = 0; i < blamed->count; i++)
		err_detail(err, "blocked by %s", blamed->sentences[i]);
	err_help(err, "what was not committed was rolled back; run again later, or with --lock-attempts %lld",
	         (long long)attempts_of(w->session, w->step) * 5);
	buf_release(&waited);
	return false;
}

static bool stopped(struct err *err)
{
	err_set(err, EXIT_INTERRUPTED, "interrupted while waiting for a lock");
	err_help(err, "nothing is half-done; the same command goes on from there");
	return false;
}

static void tell(const struct work *w, const struct blamed *blamed)
{
	struct patience *patience = w->patience;

	if (blamed->count == 0 || (patience->told && loop_now() - patience->told < TELL_EVERY))
		return;
	patience->told = loop_now();
	session_say(w->session, w->step, STEP_WAITS, loop_now() - patience->since, blamed->sentences[0]);
}

/* One pause and a look at who holds the lock; *again: it is still somebody with an old transaction. */
static bool pause_once(struct work *w, const struct table_lock *locks, size_t count, bool *again, struct err *err)
{
	struct session *s = w->session;
	struct arena arena = {0};
	struct err failure = {0};
	struct blamed blamed;
	bool ok;

	w->patience->attempts++;
	ok = blame(s, locks, count, &arena, &blamed, &failure);
	if (!ok)
		err_set(err, failure.code, "%s", failure.diag.summary);
	else if (w->patience->attempts >= attempts_of(s, w->step))
		ok = give_up(w, &blamed, err);
	if (ok) {
		tell(w, &blamed);
		*again = blamed.oldest_ms > OLD_MS;
		ok = loop_sleep(s->connector->loop, pause_of(w->patience)) || stopped(err);
	}
	err_release(&failure);
	arena_release(&arena);
	return ok;
}

bool lock_pause(struct work *w, const struct table_lock *locks, size_t count, struct err *err)
{
	bool again = false;

	if (!w->patience->since)
		w->patience->since = loop_now();
	do {
		if (!pause_once(w, locks, count, &again, err))
			return false;
	} while (again);
	return control_wait(w->session, w->step, err);
}
