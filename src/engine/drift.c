/* Comparing fingerprints, with patience: their definitions can't be read while a table is locked ACCESS EXCLUSIVE.
 */
#include "engine/drift.h"

#include "engine/blame.h"
#include "engine/control.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"

enum { ATTEMPTS_MAX = 100, PAUSE_MS = 1000 }; /* each waits 5 s for the lock: about 10 minutes */

/* Who holds one of the plan's tables; best effort. */
static void find_holders(struct session *s, struct arena *arena, struct blamed *blamed)
{
	struct table_lock *locks = arena_array(arena, struct table_lock, s->plan->step_count);
	struct err ignored = {0};
	size_t count = 0;

	for (size_t n = 1; n <= s->plan->step_count; n++) {
		const struct step *step = plan_step(s->plan, (int)n);

		locks[count].mode = LOCK_ACCESS_SHARE;
		if (step->type->subject && step->type->subject(step->args, &locks[count].table))
			count++;
	}
	if (!blame(s, locks, count, arena, blamed, &ignored))
		*blamed = (struct blamed){0};
	err_release(&ignored);
}

static bool give_up(const struct blamed *blamed, struct err *err)
{
	err_set(err, EXIT_STEP, "whether the tables changed since the last phase can't be told: one is locked");
	for (size_t i = 0; i < blamed->count; i++)
		err_detail(err, "blocked by %s", blamed->sentences[i]);
	err_help(err, "nothing was changed; run again later");
	return false;
}

/* Says who is in the way, and lets some time go by; false: it is over. */
static bool wait_on(struct session *s, const struct step *next, bool last, struct err *err)
{
	struct arena arena = {0};
	struct blamed blamed;
	bool ok;

	find_holders(s, &arena, &blamed);
	err_release(err);
	if (blamed.count > 0)
		session_say(s, next, STEP_WAITS, 0, blamed.sentences[0]);
	ok = last ? give_up(&blamed, err)
	          : (loop_sleep(s->connector->loop, PAUSE_MS) || !exec_interrupted(err)) && control_wait(s, next, err);
	arena_release(&arena);
	return ok;
}

bool drift_check(struct session *s, const struct step *next, struct err *err)
{
	int64_t wanted = s->given_lock_attempts ? s->given_lock_attempts : s->plan->settings.lock_attempts;

	for (int64_t i = 1; !fingerprint_compare(s, err); i++)
		if (!err_is(err, "55P03") || !wait_on(s, next, i >= ATTEMPTS_MAX || i >= wanted, err))
			return false;
	return true;
}
