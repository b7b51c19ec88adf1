/* Up, back, up again, and on to the end. */
#include "engine/rehearse.h"

#include <string.h>

#include "engine/exec.h"
#include "engine/rehearse_judge.h"
#include "engine/rollout.h"
#include "engine/run.h"
#include "engine/schema_difference.h"
#include "plan/rollout.h"

enum { LOCK_HOLD_MS = 60000 }; /* how long a lock is held is another matter where every statement is looked at */

static struct conn *open_one(void *arg, struct err *err)
{
	struct rehearsal *r = arg;
	struct conn *conn = scratch_open(r->scratch, err);

	/* The first session of a run only writes down what happens (engine/open.c). */
	if (conn && r->opened++ > 0)
		observer_watch(r->observer, conn);
	return conn;
}

static void hear_block(void *arg, const struct block *block, bool back)
{
	struct rehearsal *r = arg;

	if (!back)
		r->listener->block(r->listener->arg, block);
}

static void hear_step(void *arg, const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	struct rehearsal *r = arg;
	const struct sight *seen = NULL;

	(void)ms;
	if (event == STEP_BEGINS)
		observer_tag(r->observer, r->pass == REHEARSE_UP || r->pass == REHEARSE_ON ? step->number : 0);
	if (event == STEP_DONE) {
		seen = r->told ? r->told->next : observer_sights(r->observer);
		while (seen && seen->tag != step->number)
			seen = seen->next;
		for (const struct sight *sight = seen; sight; sight = sight->next)
			r->told = sight;
		observer_tag(r->observer, 0);
		if (r->pass == REHEARSE_UP || r->pass == REHEARSE_ON)
			rehearsal_judge(r, step, seen);
	}
	r->listener->step(r->listener->arg, step, event, text, seen);
}

static void hear_statements(void *arg, const struct step *step, const struct stmt *first, size_t size)
{
	struct rehearsal *r = arg;

	if (r->pass != REHEARSE_UP && r->pass != REHEARSE_ON)
		return;
	for (const struct stmt *stmt = first; size--; stmt = stmt->next)
		rehearsal_claim(r, step, stmt);
}

/* A session for a run on the copy. */
struct act {
	struct connector connector;
	struct listener listener;
	struct session session;
	struct diags findings;
};

static void begin_act(struct rehearsal *r, struct act *act)
{
	*act = (struct act){.connector = {open_one, r, r->loop},
	                    .listener = {.arg = r, .block = hear_block, .step = hear_step, .sends = hear_statements}};
	act->session.connector = &act->connector;
	act->session.listener = &act->listener;
	r->opened = 0;
}

/* What the checker said goes to whoever reads the findings. */
static void end_act(struct rehearsal *r, struct act *act)
{
	for (const struct diag *diag = act->findings.first; diag; diag = diag->next)
		if (r->pass == REHEARSE_UP || diag->severity == SEVERITY_ERROR)
			diags_append(&r->findings, diag);
	diags_release(&act->findings);
	session_release(&act->session);
}

static bool open_run(struct rehearsal *r, struct act *act, bool start, bool *open, struct err *err)
{
	const struct run_request request = {.plan = r->plan, .start = start, .findings = &act->findings};
	const struct run_options options = {0};
	struct session *s = &act->session;

	if (!run_open(s, &request, &options, open, err))
		return false;
	s->rehearses = true;
	s->lock_hold = LOCK_HOLD_MS;
	/* Of the original, and none of the copy's business. */
	s->plan->settings.windows = s->plan->settings.standbys = (struct text_list){0};
	s->plan->settings.max_wal_rate = s->plan->settings.max_active_sessions = 0;
	return true;
}

/* As a person would who lets more in at each stop. */
static bool open_rollout(struct rehearsal *r, const struct run_row *run, const struct block *block,
                         struct err *err)
{
	const struct rollout_args *rollout = &block->wait.rollout;
	bool passed, ok = true;
	int was;

	for (size_t i = 0; ok && i < rollout->stop_count; i++) {
		const struct rollout_wish wish = {.share = rollout->stops[i], .evidence = "rehearsal"};

		ok = rollout_move(r->hand, run, block, &wish, &was, &passed, err);
	}
	return ok;
}

/* In its registry the stop is satisfied: by the rehearsal, for this plan. */
static bool open_stop(struct rehearsal *r, const struct run_row *run, const struct block *block, struct err *err)
{
	const char *params[] = {arena_printf(&r->arena, "%lld", (long long)run->id),
	                        arena_printf(&r->arena, "%d", block->index), run->hash};
	const struct query satisfy = {
		.sql = "UPDATE interlock.condition SET satisfied_at = clock_timestamp(), satisfied_by = 'rehearsal',"
			   " evidence = 'counted as open', hash = $3 WHERE run = $1::bigint AND block = $2::integer",
		.count = 3,
		.params = params};

	r->listener->stop(r->listener->arg, block);
	return block->kind == BLOCK_ROLLOUT ? open_rollout(r, run, block, err)
	                                    : conn_query(r->hand, &satisfy, NULL, err);
}

/* One call of run; *stop: where it waits, and that it is open now. */
static bool run_once(struct rehearsal *r, const char *to, bool *again, struct err *err)
{
	const struct run_options options = {.to = to};
	struct run_end end = {.code = EXIT_DONE};
	struct act act;
	bool open, ok;

	*again = false;
	begin_act(r, &act);
	ok = open_run(r, &act, true, &open, err) &&
	     (!open || run_forward(&act.session, &options, &act.findings, &end, err));
	if (ok && end.code == EXIT_WAITING && end.block) {
		*again = true;
		ok = open_stop(r, &act.session.run, end.block, err);
	} else if (ok && end.code == EXIT_WAITING) {
		ok = err_set(err, EXIT_WAITING, "the rehearsal waits: %s", end.why ? end.why : "for what it can't pass");
	}
	end_act(r, &act);
	return ok;
}

static bool go_up(struct rehearsal *r, enum rehearsal_pass pass, const char *to, struct err *err)
{
	bool again = true, ok = true;

	r->pass = pass;
	r->listener->pass(r->listener->arg, pass);
	while (ok && again)
		ok = run_once(r, to, &again, err);
	return ok;
}

static bool go_back(struct rehearsal *r, enum rehearsal_pass pass, struct err *err)
{
	const struct run_options options = {.to = "start"};
	struct run_end end;
	struct act act;
	bool open, ok;
	int from = -1;

	r->pass = pass;
	r->listener->pass(r->listener->arg, pass);
	begin_act(r, &act);
	ok = open_run(r, &act, false, &open, err) && run_undo_target(&act.session, &options, &from, err) &&
	     (from < 0 || run_back(&act.session, from, &end, err));
	end_act(r, &act);
	return ok;
}

/* The first phase with a step that takes something away, or that nobody can take back; *one_way: there is one. */
static const struct block *find_line(const struct plan *plan, bool *one_way)
{
	const struct block *line = NULL;

	*one_way = false;
	for (size_t b = 0; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].step_count; i++) {
			const struct step *step = &plan->blocks[b].steps[i];
			bool none = exec_is_one_way(step);

			*one_way |= none;
			if (!line && (none || step_class_of(step) == CLASS_DESTRUCTIVE))
				line = &plan->blocks[b];
		}
	return line;
}

/* Compares two schemas; what differs is a finding. */
static bool same_schema(struct rehearsal *r, const char *before, struct buf *now, const char *rule,
                        const char *summary, struct err *err)
{
	struct text_list lines;
	struct diag *diag;

	if (!scratch_dump(r->scratch, now, err))
		return false;
	lines = schema_difference(before, buf_text(now), &r->arena);
	if (lines.count == 0)
		return true;
	diag = diags_add(&r->findings, SEVERITY_WARNING, rule, r->plan->span, "%s", summary);
	for (size_t i = 0; i < lines.count; i++)
		diag_detail(&r->findings.arena, diag, "%s", lines.items[i]);
	return true;
}

/* The way back is refused, or fails: that is a result of the rehearsal, and not its failure. */
static bool note_no_way_back(struct rehearsal *r, enum severity severity, struct err *err)
{
	struct diag *diag;

	if (err->code != EXIT_STEP)
		return false;
	diag =
		diags_add(&r->findings, severity, "rehearsal-undo", err->diag.span.line ? err->diag.span : r->plan->span,
	              "undo to the start fails: %s", err->diag.summary);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&r->findings.arena, diag, "%s", err->diag.details[i]);
	err_release(err);
	return true;
}

/* From `before` up, back, and up again. */
static bool there_and_back(struct rehearsal *r, const char *to, const struct buf *before, struct err *err)
{
	struct buf first = {0}, back = {0}, second = {0};
	bool ok;

	ok = go_up(r, REHEARSE_UP, to, err) && scratch_dump(r->scratch, &first, err);
	if (ok) {
		r->went_back = go_back(r, REHEARSE_BACK, err);
		ok = r->went_back || note_no_way_back(r, SEVERITY_WARNING, err);
	}
	if (ok && r->went_back)
		ok = same_schema(r, buf_text(before), &back, "rehearsal-undo",
		                 "undo does not lead back to the schema that was there", err) &&
		     go_up(r, REHEARSE_AGAIN, to, err) &&
		     same_schema(r, buf_text(&first), &second, "rehearsal-again",
		                 "after undo the plan leads to another schema than the first time", err);
	buf_release(&first);
	buf_release(&back);
	buf_release(&second);
	return ok;
}

/* From the end to the start: what was taken away may be in an archive. */
static bool go_home(struct rehearsal *r, const struct buf *before, struct err *err)
{
	struct buf back = {0};
	bool ok = true;

	r->went_home = go_back(r, REHEARSE_HOME, err);
	if (r->went_home)
		ok = same_schema(r, buf_text(before), &back, "rehearsal-undo",
		                 "undo from the end does not lead back to the schema that was there", err);
	else
		ok = note_no_way_back(r, SEVERITY_NOTE, err);
	buf_release(&back);
	return ok;
}

static bool prepare(struct rehearsal *r, struct err *err)
{
	struct conn *eye = scratch_open_as_owner(r->scratch, err), *holder = NULL;

	if (eye)
		holder = scratch_open_as_owner(r->scratch, err);
	if (holder)
		r->observer = observer_new(r->loop, eye, holder, err);
	else
		conn_close(eye);
	r->hand = r->observer ? scratch_open(r->scratch, err) : NULL;
	return r->hand != NULL;
}

bool rehearse(struct rehearsal *r, struct err *err)
{
	struct buf before = {0};
	bool ok, one_way;

	r->line = find_line(r->plan, &one_way);
	ok = prepare(r, err) && scratch_dump(r->scratch, &before, err);
	if (ok && r->line && r->line->index == 0)
		ok = go_up(r, REHEARSE_UP, NULL, err);
	else if (ok)
		ok = there_and_back(r, r->line ? r->plan->blocks[r->line->index - 1].label : NULL, &before, err) &&
		     (!r->line || go_up(r, REHEARSE_ON, NULL, err));
	if (ok && r->line && !one_way)
		ok = go_home(r, &before, err);
	buf_release(&before);
	return ok;
}

void rehearsal_release(struct rehearsal *r)
{
	conn_close(r->hand);
	observer_free(r->observer);
	diags_release(&r->findings);
	arena_release(&r->arena);
	*r = (struct rehearsal){0};
}
