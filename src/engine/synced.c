/* Sync points of several pairs in one transaction. */
#include "engine/synced.h"

#include <string.h>

#include "engine/apply.h"
#include "engine/copy.h"
#include "engine/exec.h"
#include "engine/looked_up.h"
#include "engine/tx.h"

enum { TRIES = 100 };

struct synced {
	struct pair *pairs;
	size_t count;
	bool anew;      /* values move between rows that must be unique */
	bool truncated; /* a live table was emptied: it is to be copied anew */
	bool again;     /* a row is still to be created that one of live is to find, by whoever it is */
};

static bool is_read(const struct copying *c, const struct stmt *stmt)
{
	if (strcmp(c->state, "copied") != 0 && strcmp(c->state, "synced") != 0)
		return false;
	for (size_t i = 0; i < stmt->lock_count; i++)
		if (relname_equal(&stmt->locks[i].table, &c->shadow))
			return true;
	return false;
}

/* The pairs whose shadows it reads. */
static bool find(struct synced *y, struct session *s, const struct stmt *stmt, struct arena *arena,
                 struct err *err)
{
	const struct copying **all;
	size_t count;

	y->count = 0;
	if (!copy_has_pairs(s->plan))
		return true;
	if (!pairs_of_run(s, arena, &all, &count, err))
		return false;
	y->pairs = arena_array(arena, struct pair, count);
	for (size_t i = 0; i < count; i++)
		if (is_read(all[i], stmt))
			y->pairs[y->count++] = (struct pair){.session = s, .c = all[i], .arena = arena};
	return true;
}

/* The snapshot. */
static bool open_snapshot(struct synced *y, struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};
	size_t first = pair_begin_snapshots(y->pairs, y->count, &batch);
	struct rows **answers;

	for (size_t i = 0; i < y->count; i++)
		pair_add_truncated(y->pairs[i].c, &batch);
	answers = batch_results(&batch);
	if (!pair_send(y->pairs, &batch, answers, err))
		return false;
	for (size_t i = 0; i < y->count; i++)
		y->truncated |= rows_true(answers[first + i], 0, "truncated");
	batch_free_results(&batch, answers);
	return true;
}

/* What was written reaches the shadows; keys that stay in a log wait for a row that is still to be created. */
static bool bring_over(struct synced *y, struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};
	size_t *guards = arena_array(arena, size_t, y->count), *left = arena_array(arena, size_t, y->count), gone;
	struct rows **answers;
	bool ok = true;

	for (size_t i = 0; i < y->count; i++) {
		apply_add_sync(&y->pairs[i], y->anew, &batch, &guards[i], &gone);
		left[i] = batch_add(&batch,
		                    arena_printf(arena, "SELECT EXISTS (SELECT FROM %s) AS some", y->pairs[i].c->log), 0);
	}
	batch_add_often(&batch, "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)", 0);
	answers = batch_results(&batch);
	if (!pair_send(y->pairs, &batch, answers, err))
		return false;
	for (size_t i = 0; i < y->count && ok; i++) {
		ok = pair_guarded(answers[guards[i]], &y->pairs[i], err);
		y->again |= rows_true(answers[left[i]], 0, "some");
	}
	batch_free_results(&batch, answers);
	if (!ok)
		tx_rollback(y->pairs->session);
	return ok;
}

/* What is done before, in transactions of its own: all that is long, at the first attempt, then what is missing.
 */
static bool prepare(struct synced *y, bool all, struct err *err)
{
	bool ok = !all || copy_drain_all(y->pairs->session, err);

	for (size_t i = 0; i < y->count && ok; i++)
		ok = looked_up_create_all(&y->pairs[i], err);
	return ok;
}

/* One attempt; false with nothing open. */
static bool begin(struct synced *y, bool first, bool *done, struct err *err)
{
	struct arena arena = {0};
	bool ok, all = first || y->truncated;

	y->again = y->truncated = false;
	ok = prepare(y, all, err) && open_snapshot(y, &arena, err) && (y->truncated || bring_over(y, &arena, err));
	*done = ok && !y->again && !y->truncated;
	if (ok && !*done)
		tx_rollback(y->pairs->session);
	arena_release(&arena);
	return ok;
}

static bool is_over(struct err *err)
{
	err_set(err, EXIT_STEP, "the shadow could not be brought to one moment with the live table");
	err_help(err, "interlock status says what its rows wait for; then run again");
	return false;
}

bool synced_begin(struct session *s, const struct stmt *stmt, bool open, bool *begun, struct err *err)
{
	struct arena arena = {0};
	struct synced y = {0};
	int attempts = 0;
	bool ok = find(&y, s, stmt, &arena, err);

	*begun = false;
	if (ok && y.count && open)
		tx_rollback(s);
	for (int tries = 0; ok && y.count && !*begun; tries++) {
		if (tries == TRIES)
			ok = is_over(err);
		else if (begin(&y, tries == 0, begun, err))
			continue;
		else if (err_is(err, "23505") && !y.anew) {
			err_release(err);
			y.anew = true;
		} else
			ok = exec_try_again(s, &attempts, err);
	}
	arena_release(&arena);
	return ok;
}
