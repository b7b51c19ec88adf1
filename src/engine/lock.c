/* Attempts, pauses, and the sentence about who is in the way. */
#include "engine/lock.h"

#include <stdlib.h>

#include "base/interval.h"
#include "engine/blame.h"

enum { FIRST_PAUSE = 20, LONGEST_PAUSE = 1000, OLD_MS = 5000, TELL_EVERY = 10000 };

int64_t lock_timeout_of(const struct session *s, const struct step *step)
{
	return step->common.lock_timeout ? step->common.lock_timeout : s->lock_timeout;
}

static int64_t attempts_of(const struct session *s, const struct step *step)
{
	return step->common.lock_attempts ? step->common.lock_attempts : s->lock_attempts;
}

void lock_add(const struct session *s, const struct step *step, const struct patience *patience,
              const struct table_lock *locks, size_t count, struct batch *batch)
{
	const char *wait = arena_printf(batch->arena, "%lldms", (long long)lock_timeout_of(s, step));

	if (count == 0)
		return;
	if (patience->attempts > 0)
		batch_add_often(batch, "SELECT pg_catalog.set_config('lock_timeout', $1, true)", 1, wait);
	for (size_t i = 0; i < (patience->first_only ? 1 : count); i++)
		batch_add(batch,
		          arena_printf(batch->arena, "LOCK TABLE %s IN %s MODE%s",
		                       relname_quoted(batch->arena, &locks[i].table), lock_mode_name(locks[i].mode),
		                       i > 0 || patience->attempts == 0 ? " NOWAIT" : ""),
		          0);
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

static bool give_up(struct session *s, const struct patience *patience, const struct blamed *blamed,
                    struct err *err)
{
	struct buf waited = {0};

	interval_format(loop_now() - patience->since, &waited);
	err_set(err, EXIT_STEP, "the lock was not to be had");
	err_detail(err, "server: 55P03 lock not available; %lld attempts in %s", (long long)patience->attempts,
	           buf_text(&waited));
	for (size_t i = 0; i < blamed->count; i++)
		err_detail(err, "blocked by %s", blamed->sentences[i]);
	err_help(err, "nothing was changed by this step; run again later, or with --lock-attempts %lld",
	         (long long)s->lock_attempts * 5);
	buf_release(&waited);
	return false;
}

static bool stopped(struct err *err)
{
	err_set(err, EXIT_INTERRUPTED, "interrupted while waiting for a lock");
	err_help(err, "nothing is half-done; run again to go on");
	return false;
}

static void tell(struct session *s, const struct step *step, struct patience *patience,
                 const struct blamed *blamed)
{
	if (blamed->count == 0 || (patience->told && loop_now() - patience->told < TELL_EVERY))
		return;
	patience->told = loop_now();
	session_say(s, step, STEP_WAITS, loop_now() - patience->since, blamed->sentences[0]);
}

/* One pause and a look at who holds the lock; *again: it is still somebody with an old transaction. */
static bool pause_once(struct session *s, const struct step *step, struct patience *patience,
                       const struct table_lock *locks, size_t count, bool *again, struct err *err)
{
	struct arena arena = {0};
	struct blamed blamed;
	bool ok;

	patience->attempts++;
	ok = blame(s, locks, count, &arena, &blamed, err);
	if (ok && patience->attempts >= attempts_of(s, step))
		ok = give_up(s, patience, &blamed, err);
	if (ok) {
		tell(s, step, patience, &blamed);
		*again = blamed.oldest_ms > OLD_MS;
		ok = loop_sleep(s->connector->loop, pause_of(patience)) || stopped(err);
	}
	arena_release(&arena);
	return ok;
}

bool lock_pause(struct session *s, const struct step *step, struct patience *patience,
                const struct table_lock *locks, size_t count, struct err *err)
{
	bool again = false;

	if (!patience->since)
		patience->since = loop_now();
	do {
		if (!pause_once(s, step, patience, locks, count, &again, err))
			return false;
	} while (again);
	return true;
}
