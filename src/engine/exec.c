/* Attempts at a step until it is done, or can't be. */
#include "engine/exec.h"

#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "check/facts.h"
#include "db/way_out.h"
#include "engine/lease.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/tx.h"
#include "engine/verify.h"
#include "engine/work.h"
#include "plan/place.h"

enum { REPROBES_MAX = 3, RECONNECTS_MAX = 5, TRIES_MAX = 20, TRIES_PAUSE_MS = 50 };

#define HELPER "\"__il_" /* how the names of our own helpers begin, in the server's quotes */

bool exec_interrupted(struct err *err)
{
	if (interrupt_count() == 0)
		return false;
	err_set(err, EXIT_INTERRUPTED, "interrupted");
	err_detail(err, "stopped at a safe point; nothing is half-done");
	err_help(err, "the same command goes on from there");
	return true;
}

void exec_plan_step(const struct step *step, enum direction direction, const struct facts *facts,
                    struct stmts *stmts)
{
	const struct step_type *type = step->type;

	if ((direction == FORWARD || direction == VERIFY) && type->apply)
		type->apply(step->args, facts, stmts);
	else if (direction == BACK && type->reverse)
		type->reverse(step->args, facts, stmts);
	else if (direction == RESTORE && type->restore)
		type->restore(step->args, facts, stmts);
	else if (direction == EXPIRE && type->expire)
		type->expire(step->args, facts, stmts);
	else if (direction == FINISH && type->finish)
		type->finish(step->args, facts, stmts);
	else if (direction == FOLLOW && type->follow)
		type->follow(step->args, facts, stmts);
}

bool exec_is_one_way(const struct step *step)
{
	struct arena arena = {0};
	struct facts facts = {.archive_rows = -1};
	struct stmts stmts = {.arena = &arena};
	bool none = step->type->class != CLASS_VERIFY && !step->type->reverse;

	if (!none && step->type->reverse && !step->type->probe) {
		step->type->reverse(step->args, &facts, &stmts);
		none = stmts.refusal != NULL;
	}
	arena_release(&arena);
	return none;
}

bool exec_count_archive(struct session *s, struct facts *facts, struct err *err)
{
	struct arena arena = {0};
	const char *name = arena_printf(&arena, "interlock.archive_%lld_%d", (long long)facts->run, facts->number);
	struct query there = {
		.sql = "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there", .count = 1, .params = &name};
	struct rows *rows = NULL;
	bool ok = conn_query(s->worker, &there, &rows, err), exists = ok && rows_true(rows, 0, "there");

	facts->archive_rows = -1;
	rows_free(rows);
	rows = NULL;
	if (exists) {
		ok = conn_query(s->worker, QUERY(arena_printf(&arena, "SELECT count(*) AS n FROM %s", name)), &rows, err);
		facts->archive_rows = ok ? rows_integer(rows, 0, "n") : -1;
	}
	rows_free(rows);
	arena_release(&arena);
	return ok;
}

/* Only a step that this run has touched before can have an archive. */
static bool count_archive(struct work *w, struct err *err)
{
	const struct step_row *row = &w->session->steps[w->step->number - 1];

	if (w->direction != EXPIRE && (!w->step->type->restore || (w->direction == FORWARD && row->attempts == 0)))
		return true;
	return exec_count_archive(w->session, &w->facts, err);
}

/* Would it send something outside a transaction?  Then the row says "ours" before the server can say "there
 * already". */
static bool works_outside(const struct work *w, const struct facts *facts)
{
	struct arena arena = {0};
	struct stmts stmts = {.arena = &arena};
	bool outside = false;

	exec_plan_step(w->step, FORWARD, facts, &stmts);
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next)
		outside |= stmt->mode == STMT_OUTSIDE;
	arena_release(&arena);
	return outside;
}

/*
 * What the check before the first statement found is still good for a step
 * that adds what was absent: its statement fails where somebody was faster,
 * and then the probe is asked.  Used once.
 */
static bool take_fresh(struct work *w)
{
	struct facts *fresh = w->session->fresh ? &w->session->fresh[w->step->number - 1] : NULL;
	struct facts facts = w->facts;

	if (!fresh || !fresh->now || fresh->state != STATE_ABSENT || w->direction != FORWARD ||
	    step_class_of(w->step) != CLASS_ADDITIVE || w->step->type->looks_again)
		return false;
	facts.now = fresh->now;
	facts.state = fresh->state;
	fresh->now = NULL;
	if (works_outside(w, &facts))
		return false;
	w->facts = facts;
	return true;
}

/* Then the probe only says what is there: what the step would make now, nobody wants to know. */
static bool takes_away(const struct work *w)
{
	return w->direction == BACK || w->direction == FINISH;
}

/* Begins the transaction, asks the probe, fills the facts. */
static bool look(struct work *w, struct err *err)
{
	struct batch batch = {.arena = &w->arena};
	struct rows **answers;
	bool probes, ok;

	w->facts = (struct facts){
		.server_version = conn_server_version(w->session->worker),
		.run = w->session->run.id,
		.number = w->step->number,
		.before = w->session->steps[w->step->number - 1].before,
		.undoing = w->direction == BACK,
		.afterwards = w->direction == FINISH || w->direction == FOLLOW,
		.archive_rows = -1,
	};
	if (w->session->steps[w->step->number - 1].attempts == 0 && take_fresh(w))
		return true; /* nothing to look at: the transaction is opened together with the work */
	if (w->direction == BACK)
		w->facts.added = plan_additions(w->session->plan, w->step, &w->arena);
	probes = facts_has_probe(w->step);
	if (probes)
		batch_add_query(&batch, facts_question(w->step, takes_away(w) ? w->facts.before : NULL, &w->arena));
	answers = batch_results(&batch);
	if (!tx_begin(w->session, &batch, answers, err))
		return false;
	w->open = true;
	ok = !probes ||
	     facts_take(w->session->worker, w->session->plan, w->step, answers[0], &w->arena, &w->facts, err);
	batch_free_results(&batch, answers);
	if (!ok)
		err_prefix(err, "can't compare what is there with what the plan says");
	return ok && count_archive(w, err);
}

static bool say_refusal(const struct stmts *stmts, const struct step *step, struct err *err)
{
	err_set(err, EXIT_STEP, "%s", stmts->refusal);
	if (stmts->refusal_help)
		err_help(err, "%s", stmts->refusal_help);
	err_at(err, place_of_option(step, stmts->refusal_option));
	return false;
}

/* From the facts to the statements; none when there is nothing to do. */
static bool decide(struct work *w, struct err *err)
{
	enum step_state state = w->facts.state;
	bool forward = w->direction == FORWARD || w->direction == VERIFY;

	w->stmts = (struct stmts){.arena = &w->arena};
	if (forward && (state == STATE_CONFLICT || state == STATE_MISSING)) {
		facts_conflict(w->step, &w->facts, EXIT_STEP, err);
		if (step_class_of(w->step) == CLASS_VERIFY)
			err->diag.rule = "expectation";
		return false;
	}
	if (forward && state == STATE_DONE)
		return true;
	exec_plan_step(w->step, w->direction, &w->facts, &w->stmts);
	return !w->stmts.refusal || say_refusal(&w->stmts, w->step, err);
}

static struct step_row *row_of(struct session *s, const struct step *step)
{
	return &s->steps[step->number - 1];
}

/* There was nothing to send: the row is marked all the same, with what a probe has to tell. */
static enum outcome just_mark(struct work *w, struct err *err)
{
	struct batch batch = {.arena = &w->arena};

	if (w->step->type->class == CLASS_VERIFY) {
		w->result = record_get(w->facts.now, "result");
		row_of(w->session, w->step)->result = arena_strdup(&w->session->arena, w->result);
	}
	group_mark(w, &batch, true);
	if (w->direction == VERIFY)
		verify_journal(w, &batch);
	w->open = false;
	if (batch.count && !batch_send(&batch, w->session->worker, 0, NULL, NULL, err)) {
		tx_rollback(w->session);
		return OUTCOME_FAILED;
	}
	return tx_commit(w->session, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}

static enum outcome run_groups(struct work *w, struct err *err)
{
	const struct stmt *first = w->stmts.first, *last;

	while (first) {
		enum outcome outcome;

		group_size(first, &last);
		outcome = group_run(w, first, last->next == NULL, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		first = last->next;
		if (first && exec_interrupted(err))
			return OUTCOME_FAILED;
	}
	return OUTCOME_DONE;
}

/* One attempt: look, decide, do. */
static enum outcome attempt(struct work *w, bool *nothing, struct err *err)
{
	enum outcome outcome = OUTCOME_FAILED;

	*nothing = false;
	if (look(w, err) && decide(w, err)) {
		*nothing = w->stmts.count == 0;
		outcome = *nothing ? just_mark(w, err) : run_groups(w, err);
	}
	if (outcome != OUTCOME_DONE)
		tx_rollback(w->session);
	return outcome;
}

/*
 * Somebody made or removed the same thing between our probe and our statement:
 * look again.  Of a name that was made at the same moment the server says that
 * its catalogue would have it twice.
 */
static bool is_race(const struct step *step, const struct err *err)
{
	static const char *const codes[] = {"42701", "42P07", "42710", "42P06", "42704", "42703"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (err_is(err, codes[i]))
			return true;
	return step->type->makes_names && err_is(err, "23505");
}

static bool connection_gone(struct err *err)
{
	err_set(err, EXIT_CONNECTION, "the connection to the server was lost");
	err_detail(err, "the database is consistent: what was committed is in the registry with its row");
	err_help(err, "run again when the server is back");
	return false;
}

/*
 * The registry, on a new session, tells whether the work whose answer was lost
 * was committed: but only once the old session is gone, which may still be
 * busy with that very COMMIT.
 */
static bool reconnect(struct session *s, const struct step *step, struct err *err)
{
	session_say(s, step, STEP_WAITS, 0, "the connection was lost; connecting again");
	for (int i = 0; i < RECONNECTS_MAX && !conn_lost(s->control) && !s->lease_lost; i++) {
		err_release(err);
		if (!lease_end_worker(s, err))
			break;
		if (session_reopen_worker(s, err))
			return registry_steps(s->worker, s->run.id, s->plan->step_count, &s->arena, s->steps, err);
		if (!loop_sleep(s->connector->loop, 500))
			break;
	}
	return err->code == EXIT_HELD ? false : connection_gone(err);
}

/* What to do where nothing better is known. */
static void help_failure(const struct step *step, enum direction direction, struct err *err)
{
	const char *what = way_out(err->sqlstate), *verb = direction == BACK      ? "undo"
	                                                   : direction == EXPIRE  ? "sync"
	                                                   : direction == RESTORE ? "restore"
	                                                                          : "run";

	if (step_class_of(step) == CLASS_VERIFY)
		err_help(err, "a verification changes nothing: mend what it found, or correct the plan, and run again");
	else
		err_help(err, "%s, then %s again; what this step had not committed was rolled back",
		         what ? what : "mend the cause", verb);
}

/* The sentence that every failure of a step begins with. */
static void describe_failure(struct session *s, const struct step *step, enum direction direction, struct err *err)
{
	const struct block *block = plan_block_of(s->plan, step);

	if (err_is(err, "57014") && interrupt_count() >= 2)
		exec_interrupted(err);
	if (err->code != EXIT_STEP && err->code != EXIT_INTERRUPTED)
		return;
	if (err->sqlstate[0] && strstr(err->diag.summary, HELPER)) {
		err->diag.summary = "rows are in the way"; /* of a constraint that nobody but us knows by its name */
	} else if (err->sqlstate[0]) {
		char *first = arena_printf(&err->arena, "server: %s %s", err->sqlstate, err->diag.summary);
		const char **details = arena_array(&err->arena, const char *, err->diag.detail_count + 1);

		details[0] = first;
		for (size_t i = 0; i < err->diag.detail_count; i++)
			details[i + 1] = err->diag.details[i];
		err->diag.details = details;
		err->diag.detail_count++;
		err->diag.summary = NULL;
	}
	err->diag.summary =
		arena_printf(&err->arena, "phase \"%s\", step %d of %zu  %s%s%s", block->label,
	                 step->number - block->steps[0].number + 1, block->step_count, step_text(step, &err->arena),
	                 err->diag.summary ? ": " : "", err->diag.summary ? err->diag.summary : "");
	if (!err->diag.span.line)
		err_at(err, step->span);
	diag_chain(&err->arena, &err->diag, step->chain, step->chain_length);
	if (!err->diag.help)
		help_failure(step, direction, err);
}

/*
 * The registry keeps what went wrong; best effort, the failure itself is what
 * matters.  What a person stopped did not fail: engine/course.h notes it; nor
 * what waits for its windows: engine/throttle.h.
 */
static void record_failure(struct session *s, const struct step *step, const struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);

	batch_add(
		&batch,
		"UPDATE interlock.step SET sqlstate = nullif($3, ''), message = $4 WHERE run = $1::bigint AND number ="
		" $2::integer",
		4, run, arena_printf(&arena, "%d", step->number), err->sqlstate, err->diag.summary);
	batch_add(&batch, "UPDATE interlock.run SET state = 'failed' WHERE id = $1::bigint", 1, run);
	if (err->code != EXIT_INTERRUPTED && err->code != EXIT_WAITING && !conn_lost(s->worker) && !s->lease_lost)
		tx_run(s, &batch, NULL, &ignored);
	err_release(&ignored);
	arena_release(&arena);
}

static bool finished(const struct step_row *row, enum direction direction)
{
	return (direction == FORWARD && strcmp(row->state, "done") == 0) ||
	       (direction == BACK && strcmp(row->state, "undone") == 0);
}

static bool until_done(struct session *s, const struct step *step, enum direction direction, bool *nothing,
                       struct err *err)
{
	struct patience patience = {0};
	int races = 0, losses = 0;

	for (;;) {
		struct work work = {.session = s, .step = step, .direction = direction, .patience = &patience};
		enum outcome outcome = attempt(&work, nothing, err);

		arena_release(&work.arena);
		if (outcome == OUTCOME_DONE)
			return true;
		if (outcome == OUTCOME_AGAIN || (is_race(step, err) && races++ < REPROBES_MAX)) {
			err_release(err);
			continue;
		}
		if (!conn_lost(s->worker) || err->code != EXIT_CONNECTION || losses++ >= RECONNECTS_MAX ||
		    !reconnect(s, step, err))
			return false;
		if (finished(row_of(s, step), direction))
			return true;
	}
}

/* On a copy the rows are a sample, so that what a verification says of them is no failure; what the server refuses
 * is one. */
static bool is_undecided(const struct session *s, const struct step *step, enum direction direction,
                         const struct err *err)
{
	return s->rehearses && direction == FORWARD && step_class_of(step) == CLASS_VERIFY && err->code == EXIT_STEP &&
	       !err->sqlstate[0] && !(err->diag.rule && strcmp(err->diag.rule, "expectation") == 0);
}

static bool leave_undecided(struct session *s, const struct step *step, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	session_say(s, step, STEP_UNDECIDED, 0, err->diag.summary);
	err_release(err);
	batch_add(&batch, "UPDATE interlock.step SET state = 'done' WHERE run = $1::bigint AND number = $2::integer",
	          2, arena_printf(&arena, "%lld", (long long)s->run.id), arena_printf(&arena, "%d", step->number));
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

bool exec_step(struct session *s, const struct step *step, enum direction direction, struct err *err)
{
	int64_t begin = loop_now();
	bool nothing = false;

	bool is_quiet =
		direction == FINISH || direction == FOLLOW; /* it belongs to the plan, not to one of its steps */

	if (!is_quiet)
		session_say(s, step, STEP_BEGINS, 0, NULL);
	if (until_done(s, step, direction, &nothing, err)) {
		if (is_quiet)
			return true;
		session_say(s, step,
		            direction == BACK      ? STEP_UNDONE
		            : direction == RESTORE ? STEP_RESTORED
		            : direction == EXPIRE  ? STEP_EXPIRED
		            : nothing              ? STEP_ALREADY
		                                   : STEP_DONE,
		            loop_now() - begin,
		            direction == FORWARD || direction == VERIFY ? row_of(s, step)->result : NULL);
		return true;
	}
	if (is_undecided(s, step, direction, err))
		return leave_undecided(s, step, err);
	if (direction == VERIFY && err->code == EXIT_STEP && !err->diag.help)
		err_help(err, "nothing was changed; mend the cause, then interlock verify %s again",
		         run_named(&s->run, &err->arena));
	describe_failure(s, step, direction, err);
	if (direction == VERIFY)
		verify_record_failure(s, step, err);
	else if (direction != EXPIRE && direction != FOLLOW) /* the run stands where it stood */
		record_failure(s, step, err);
	return false;
}

/* Whether the type has anything to do in that direction. */
static bool has(const struct step *step, enum direction direction)
{
	return direction == FINISH ? step->type->finish != NULL : step->type->follow != NULL;
}

bool exec_done_steps(struct session *s, enum direction direction, struct err *err)
{
	bool any = false;

	for (size_t n = 1; n <= s->plan->step_count; n++)
		any |= has(plan_step(s->plan, (int)n), direction);
	if (!any)
		return true;
	if (!registry_steps(s->worker, s->run.id, s->plan->step_count, &s->arena, s->steps, err))
		return false;
	for (size_t n = 1; n <= s->plan->step_count; n++) {
		const struct step *step = plan_step(s->plan, (int)n);
		const struct step_row *row = row_of(s, step);

		if (has(step, direction) && row->created && strcmp(row->state, "done") == 0 &&
		    !exec_step(s, step, direction, err))
			return false;
	}
	return true;
}

bool exec_try_again(struct session *s, int *attempts, struct err *err)
{
	if (conn_lost(s->worker) || s->lease_lost || ++*attempts > TRIES_MAX ||
	    (!err_is(err, "40P01") && !err_is(err, "40001") && !err_is(err, "55P03")))
		return false;
	err_release(err);
	return loop_sleep(s->connector->loop, TRIES_PAUSE_MS) || !exec_interrupted(err);
}
