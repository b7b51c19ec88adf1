/* Running a group of statements: its locks, its limits, its verdict. */
#include <string.h>

#include "base/interrupt.h"
#include "base/xalloc.h"
#include "engine/compare.h"
#include "engine/control.h"
#include "engine/copy.h"
#include "engine/culprits.h"
#include "engine/fill.h"
#include "engine/import.h"
#include "engine/progress.h"
#include "engine/swap.h"
#include "engine/throttle.h"
#include "engine/tx.h"
#include "engine/verify.h"
#include "engine/work.h"
#include "plan/place.h"

enum { LOCKS_MAX = 256, SHOW_ROWS = 10, CANCEL_GRACE_MS = 200, IDLE_MS = 10000, HOLDS_MAX = 5 };

size_t group_size(const struct stmt *first, const struct stmt **last)
{
	size_t size = 1;

	*last = first;
	if (first->mode != STMT_TOGETHER)
		return 1;
	while ((*last)->next && (*last)->next->mode == STMT_TOGETHER) {
		*last = (*last)->next;
		size++;
	}
	return size;
}

/* A group of statements with what it needs. */
struct group {
	const struct stmt *first;
	size_t size;
	struct table_lock locks[LOCKS_MAX];
	size_t lock_count;
	bool slow; /* takes time in proportion to the table: no hold limit */
};

/* Each table once, with the strongest mode that any statement of the group needs. */
static void add_lock(struct group *group, const struct table_lock *lock)
{
	size_t at = 0;

	while (at < group->lock_count && !relname_equal(&group->locks[at].table, &lock->table))
		at++;
	if (at == LOCKS_MAX)
		bug("a step locks more than %d tables", LOCKS_MAX);
	if (at == group->lock_count)
		group->locks[group->lock_count++] = *lock;
	else if (lock->mode > group->locks[at].mode)
		group->locks[at].mode = lock->mode;
	group->locks[at].by_itself &= lock->by_itself;
}

static struct group group_of(const struct stmt *first, size_t size)
{
	struct group group = {.first = first, .size = size, .slow = first->slow};

	for (const struct stmt *stmt = first; size--; stmt = stmt->next)
		for (size_t l = 0; l < stmt->lock_count; l++)
			add_lock(&group, &stmt->locks[l]);
	return group;
}

static bool holds_others_up(const struct group *group)
{
	return group->lock_count > 0 && !group->slow;
}

/* Limits of the work itself, and the plan's search_path for its SQL. */
static void add_settings(struct work *w, struct batch *batch, const struct group *group)
{
	struct session *s = w->session;
	bool brief = holds_others_up(group);
	int64_t limit = brief ? s->lock_hold : w->step->common.timeout;

	batch_add_often(batch,
	                "SELECT pg_catalog.set_config('statement_timeout', $1, true),"
	                " pg_catalog.set_config('idle_in_transaction_session_timeout', $2, true),"
	                " pg_catalog.set_config('lock_timeout', $3, true),"
	                " pg_catalog.set_config('search_path', $4, true)",
	                4, arena_printf(&w->arena, "%lldms", (long long)limit),
	                arena_printf(&w->arena, "%lldms", (long long)(brief ? s->lock_hold : IDLE_MS)),
	                arena_printf(&w->arena, "%lldms", (long long)lock_timeout_of(s, w->step)),
	                s->plan->settings.search_path);
	if (group->first->triggers_sleep)
		batch_add(batch, "SET LOCAL session_replication_role = replica", 0);
}

enum outcome group_not_empty(const struct stmt *stmt, const struct rows *rows, struct err *err)
{
	if (stmt->culprits) {
		err_set(err, EXIT_STEP, "rows are in the way");
		return OUTCOME_FAILED;
	}
	if (stmt->wrong)
		err_set(err, EXIT_STEP, "%s", stmt->wrong);
	if (stmt->wrong && stmt->help)
		err_help(err, "%s", stmt->help);
	if (!stmt->wrong)
		err_set(err, EXIT_STEP, "%zu %s, expected none", rows_count(rows),
		        rows_count(rows) == VERIFY_ROWS ? "rows or more"
		        : rows_count(rows) == 1         ? "row"
		                                        : "rows");
	for (size_t r = 0; r < rows_count(rows) && r < SHOW_ROWS; r++) {
		struct buf line = {0};

		culprits_line(rows, r, &line);
		err_detail(err, "%s", buf_text(&line));
		buf_release(&line);
	}
	if (rows_count(rows) > SHOW_ROWS)
		err_detail(err, "… and more");
	return OUTCOME_FAILED;
}

/* The work took longer than a lock may be held: worth a few more attempts, others may have slowed it. */
static enum outcome held_too_long(struct work *w, const struct group *group, struct err *err)
{
	if (++w->patience->holds < HOLDS_MAX)
		return lock_pause(w, group->locks, group->lock_count, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	err_set(err, EXIT_STEP, "it took longer than a lock may be held, %lld ms", (long long)w->session->lock_hold);
	err_detail(err, "tried %d times, and rolled back each time so that nobody waited longer", HOLDS_MAX);
	err_help(err,
	         "run it when the table is quieter, or set lock_hold in the plan to what the application can bear");
	return OUTCOME_FAILED;
}

/* The server said no: is it worth another attempt?  `failed`: which statement of the batch. */
static enum outcome refused(struct work *w, const struct group *group, size_t failed, struct err *err)
{
	/* The first lock stands behind what opens the transaction, and from the second attempt on behind lock_timeout.
	 */
	size_t first_lock = (w->open ? 0 : TX_OPENING) + (w->patience->attempts > 0 ? 1 : 0);
	bool lost = !w->open && tx_lease_failed(w->session, failed, err);

	tx_rollback(w->session);
	w->open = false;
	if (lost)
		return OUTCOME_FAILED;
	if (err_is(err, "42501") && !w->patience->first_only && failed > first_lock &&
	    failed < first_lock + lock_tables(group->locks, group->lock_count)) {
		w->patience->first_only = true;
		return OUTCOME_AGAIN;
	}
	if (err_is(err, "55P03") || err_is(err, "40P01") || err_is(err, "40001"))
		return lock_pause(w, group->locks, group->lock_count, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	if (err_is(err, "57014") && holds_others_up(group) && interrupt_count() < 2)
		return held_too_long(w, group, err);
	return OUTCOME_FAILED;
}

enum outcome group_turned_away(struct work *w, const struct table_lock *locks, size_t count, size_t failed,
                               struct err *err)
{
	struct group group = {0};

	for (size_t i = 0; i < count && i < LOCKS_MAX; i++) /* of more than these nobody is told */
		add_lock(&group, &locks[i]);
	return refused(w, &group, failed, err);
}

/* The answers of the group's own statements: are verifications satisfied?  Gives the rows touched by the last. */
static enum outcome judge(const struct group *group, struct rows **answers, int64_t *touched, struct err *err)
{
	enum outcome outcome = OUTCOME_DONE;
	const struct stmt *stmt = group->first;

	for (size_t i = 0; i < group->size; i++, stmt = stmt->next) {
		*touched = rows_affected(answers[i]);
		if (outcome == OUTCOME_DONE && stmt->must_be_empty && rows_count(answers[i]) > 0)
			outcome = group_not_empty(stmt, answers[i], err);
	}
	return outcome;
}

/* The opening where none is open, locks, registry row, limits, the statements themselves, and the journal; gives
 * the index of the first of these. */
static size_t compose(struct work *w, const struct group *group, bool ends, struct batch *batch)
{
	const struct stmt *stmt = group->first;
	size_t own;

	if (!w->open)
		tx_add_opening(w->session, batch);
	lock_add(w, group->locks, group->lock_count, batch);
	if (group->lock_count > 0)
		batch_add_often(batch, "SET CONSTRAINTS ALL IMMEDIATE", 0);
	group_mark(w, batch, ends);
	add_settings(w, batch, group);
	own = batch->count;
	for (size_t i = 0; i < group->size; i++, stmt = stmt->next)
		batch_add(batch, stmt->sql, 0);
	group_journal(w, batch, group->first, group->size, NULL);
	return own;
}

/* A stopped network leaves the server's own limits without effect. */
int64_t group_deadline(const struct work *w, size_t locks)
{
	return loop_now() + w->session->lock_hold + CANCEL_GRACE_MS +
	       (int64_t)locks * lock_timeout_of(w->session, w->step);
}

static int64_t deadline_of(const struct work *w, const struct group *group)
{
	return holds_others_up(group) ? group_deadline(w, group->lock_count) : 0;
}

/* Does the statement need a lock on what LOCK TABLE names? */
static bool is_locked_for(const struct stmt *stmt, const char *lock, struct arena *arena)
{
	for (size_t l = 0; l < stmt->lock_count; l++)
		if (strstr(lock, relname_quoted(arena, &stmt->locks[l].table)))
			return true;
	return false;
}

/* The line of the plan that the statement of the group is from, or that its lock is taken for. */
static void place_failure(struct work *w, const struct group *group, const char *sent, struct err *err)
{
	bool is_lock = strncmp(sent, "LOCK TABLE", strlen("LOCK TABLE")) == 0;
	const struct stmt *stmt = group->first;

	for (size_t i = 0; i < group->size; i++, stmt = stmt->next) {
		if (sent != stmt->sql && !(is_lock && is_locked_for(stmt, sent, &w->arena)))
			continue;
		err_at(err, place_of_sql(w->step, stmt->sql, is_lock ? 0 : err->position));
		return;
	}
}

/* "rows that were created in app.users stay: id = 7; id = 9", where there are some; NULL: nothing is to be told.
 */
static const char *told(struct work *w, const struct group *group, struct rows **answers)
{
	const struct stmt *stmt = group->first;
	struct buf text = {0};
	const char *result = NULL;

	for (size_t i = 0; i < group->size; i++, stmt = stmt->next) {
		if (!stmt->tells || rows_count(answers[i]) == 0)
			continue;
		buf_addf(&text, "%s: ", stmt->tells);
		for (size_t r = 0; r < rows_count(answers[i]) && r < VERIFY_ROWS; r++) {
			buf_add(&text, r ? "; " : "");
			culprits_line(answers[i], r, &text);
		}
		result = arena_strdup(&w->arena, buf_text(&text));
	}
	buf_release(&text);
	return result;
}

/* One transaction of the group. */
static enum outcome run_once(struct work *w, const struct group *group, bool ends, int64_t *touched,
                             struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	enum outcome outcome;
	struct rows **answers;
	size_t own, failed;
	const char *note;

	own = compose(w, group, ends, &batch);
	answers = batch_results(&batch);
	if (!batch_send(&batch, w->session->worker, deadline_of(w, group), answers, &failed, err)) {
		batch_free_results(&batch, answers);
		place_failure(w, group, batch.queries[failed].sql, err);
		return refused(w, group, failed, err);
	}
	outcome = judge(group, answers + own, touched, err);
	note = told(w, group, answers + own);
	batch_free_results(&batch, answers);
	w->open = false;
	if (outcome != OUTCOME_DONE) {
		tx_rollback(w->session);
		return outcome;
	}
	if (!tx_commit(w->session, err))
		return OUTCOME_FAILED;
	if (note)
		session_say(w->session, w->step, STEP_NOTES, 0, note);
	return OUTCOME_DONE;
}

/* The row becomes done (or undone) in a transaction of its own. */
static enum outcome mark_end(struct work *w, struct err *err)
{
	struct batch batch = {.arena = &w->arena};

	group_mark(w, &batch, true);
	return batch.count == 0 || tx_run(w->session, &batch, NULL, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* Again and again, each time a transaction, until it touches no row. */
static enum outcome repeat(struct work *w, const struct group *group, bool ends, struct err *err)
{
	const struct stmt *stmt = group->first;
	int64_t touched = 1, expected = stmt->rows_expected > 0 ? stmt->rows_expected : PROGRESS_UNKNOWN;

	w->rows += stmt->rows_before;
	if (w->open && w->session->heeds_pause) { /* it may have to wait, and nothing was done yet but to look */
		tx_rollback(w->session);
		w->open = false;
	}
	while (touched > 0) {
		enum outcome outcome;

		progress_tell(w->session, w->step, w->rows, expected, stmt->note);
		if (exec_interrupted(err) ||
		    (!w->open && (!control_wait(w->session, w->step, err) || !throttle_wait(w->session, w->step, err))))
			return OUTCOME_FAILED;
		outcome = run_once(w, group, false, &touched, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		w->rows += touched;
		*w->patience =
			(struct patience){.first_only = w->patience->first_only}; /* it got on: begin to count anew */
	}
	progress_end(w->session, w->step);
	return ends ? mark_end(w, err) : OUTCOME_DONE;
}

bool group_mark_before(struct work *w, struct err *err)
{
	struct session *s = w->session;
	struct batch batch = {.arena = &w->arena};

	group_mark(w, &batch, false);
	if (!w->open)
		return tx_run(s, &batch, NULL, err);
	w->open = false;
	if (batch_send(&batch, s->worker, 0, NULL, NULL, err) && tx_commit(s, err))
		return true;
	tx_rollback(s);
	return false;
}

/* Session settings for a statement outside of transactions, or the usual ones again. */
static bool set_outside(struct work *w, bool outside, struct err *err)
{
	struct session *s = w->session;
	const char *path = outside ? s->plan->settings.search_path : "pg_catalog, pg_temp";
	const char *timeout = arena_printf(&w->arena, "%lldms", (long long)(outside ? w->step->common.timeout : 0));
	const char *params[] = {path, timeout};

	return conn_query(s->worker,
	                  &(struct query){.sql = "SELECT pg_catalog.set_config('search_path', $1, false),"
	                                         " pg_catalog.set_config('statement_timeout', $2, false),"
	                                         " pg_catalog.set_config('lock_timeout', '0', false)",
	                                  .count = 2,
	                                  .params = params},
	                  NULL, err);
}

/* Somebody else made the same thing after our probe: it is theirs, whatever the row says since
 * group_mark_before(). */
static void give_up_claim(struct work *w)
{
	struct batch batch = {.arena = &w->arena};
	struct err ignored = {0};

	batch_add(
		&batch,
		"UPDATE interlock.step SET created = false, before = NULL WHERE run = $1::bigint AND number = $2::integer",
		2, arena_printf(&w->arena, "%lld", (long long)w->session->run.id),
		arena_printf(&w->arena, "%d", w->step->number));
	tx_run(w->session, &batch, NULL, &ignored);
	err_release(&ignored);
}

enum outcome group_end_batches(struct work *w, const struct stmt *stmt, int64_t ms, bool ends, struct err *err)
{
	struct batch batch = {.arena = &w->arena};

	if (ends)
		group_mark(w, &batch, true);
	group_journal(w, &batch, stmt, 1, arena_printf(&w->arena, "%lld", (long long)ms));
	return tx_run(w->session, &batch, NULL, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* In no transaction: a lock timeout would leave half of it behind, so there is none. */
static enum outcome outside(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct session *s = w->session;
	int64_t begin = loop_now();
	struct err ignored = {0};
	bool ok;

	if (!group_mark_before(w, err))
		return OUTCOME_FAILED;
	ok = set_outside(w, true, err) && conn_query(s->worker, QUERY(stmt->sql), NULL, err);
	if (!ok)
		err_at(err, place_of_sql(w->step, stmt->sql, err->position));
	if (!ok && err->code == EXIT_STEP && !err_is(err, "42") && !err_is(err, "0A") &&
	    strncmp(stmt->sql, "CREATE ", strlen("CREATE ")) == 0)
		err_detail(err, "an index that it had begun stays behind, invalid; the next run takes it away first");
	if (!conn_lost(s->worker))
		set_outside(w, false, &ignored);
	err_release(&ignored);
	if (ok)
		return group_end_batches(w, stmt, loop_now() - begin, ends, err);
	if (w->direction == FORWARD && w->facts.state == STATE_ABSENT && err_is(err, "42P07") &&
	    !s->steps[w->step->number - 1].created)
		give_up_claim(w);
	if (err_is(err, "40P01"))
		return lock_pause(w, NULL, 0, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
	return OUTCOME_FAILED;
}

/* Did it fail at rows: by a constraint, or as a verification? */
static bool failed_at_rows(const struct stmt *stmt, const struct err *err)
{
	return err->code == EXIT_STEP && (err_is(err, "23") || (stmt->must_be_empty && !err->sqlstate[0]));
}

/* Work that is cut into transactions of its own. */
static enum outcome batches_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	return stmt->comparing     ? compare_run(w, stmt, ends, err)
	       : stmt->swapping    ? swap_run(w, stmt, ends, err)
	       : stmt->importing   ? import_run(w, stmt, ends, err)
	       : stmt->copied_into ? copy_run(w, stmt, ends, err)
	                           : fill_run(w, stmt, ends, err);
}

enum outcome group_run(struct work *w, const struct stmt *first, bool ends, struct err *err)
{
	const struct stmt *last;
	struct group group = group_of(first, group_size(first, &last));
	struct listener *listener = w->session->listener;
	int64_t touched;
	enum outcome outcome;

	if (listener && listener->sends)
		listener->sends(listener->arg, w->step, first, group.size);
	outcome = w->step->type->judges_rows    ? verify_run(w, first, ends, err)
	          : first->mode == STMT_OUTSIDE ? outside(w, first, ends, err)
	          : first->mode == STMT_BATCHES ? batches_run(w, first, ends, err)
	          : first->mode == STMT_REPEAT  ? repeat(w, &group, ends, err)
	                                        : run_once(w, &group, ends, &touched, err);

	throttle_end(w->session);
	if (outcome == OUTCOME_FAILED && first->culprits && failed_at_rows(first, err))
		culprits_tell(w, first->culprits, err);
	return outcome;
}
