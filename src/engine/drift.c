/*
 * Comparing fingerprints, with patience: their definitions can't be read while
 * a table is locked ACCESS EXCLUSIVE; and putting others in their place.
 */
#include "engine/drift.h"

#include <string.h>

#include "engine/blame.h"
#include "engine/control.h"
#include "engine/exec.h"
#include "engine/fingerprint.h"
#include "engine/tx.h"

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

/* Between two phases nothing of the plan is half done, so that what differs was done by others. */
static bool is_between_phases(const struct session *s)
{
	const struct block *block;

	if ((size_t)s->run.next_block >= s->plan->block_count)
		return true;
	block = &s->plan->blocks[s->run.next_block];
	for (size_t i = 0; i < block->step_count; i++) {
		const char *state = s->steps[block->steps[i].number - 1].state;

		if (state && strcmp(state, "pending") != 0 && strcmp(state, "undone") != 0)
			return false;
	}
	return true;
}

static void take_rows(struct session *s, const struct rows *rows, struct drift *drift)
{
	struct err told = {0};

	drift->count = rows_count(rows);
	drift->tables = arena_array(&s->arena, struct drifted, drift->count);
	for (size_t r = 0; r < drift->count; r++) {
		drift->tables[r].name = arena_strdup(&s->arena, rows_get(rows, r, "relation"));
		drift->tables[r].now = arena_strdup(&s->arena, rows_get(rows, r, "now"));
	}
	fingerprint_tell(rows, &told);
	drift->text_count = told.diag.detail_count;
	drift->texts = arena_array(&s->arena, const char *, drift->text_count);
	for (size_t i = 0; i < drift->text_count; i++)
		drift->texts[i] = arena_strdup(&s->arena, told.diag.details[i]);
	err_release(&told);
}

bool drift_look(struct session *s, struct drift *drift, struct err *err)
{
	struct rows *rows;

	*drift = (struct drift){.nothing = "the tables are as the last phase left them"};
	if (!is_between_phases(s)) {
		drift->nothing = "a phase is half done, and what it did itself is no change by hand";
		return true;
	}
	if (!fingerprint_differences(s, &rows, err))
		return false;
	take_rows(s, rows, drift);
	rows_free(rows);
	return true;
}

/* What was shown is what is taken: a table that changed again meanwhile is found by the next run. */
bool drift_accept(struct session *s, const struct drift *drift, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);
	bool ok;

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	for (size_t i = 0; i < drift->count; i++)
		batch_add(&batch,
		          "UPDATE interlock.claim SET fingerprint = $3::jsonb WHERE run = $1::bigint AND relation = $2", 3,
		          run, drift->tables[i].name, drift->tables[i].now);
	for (size_t i = 0; i < drift->text_count; i++)
		batch_add(&batch, "INSERT INTO interlock.event (run, kind, statement) VALUES ($1::bigint, 'drift', $2)", 2,
		          run, arena_printf(&arena, "accepted: %s", drift->texts[i]));
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}
