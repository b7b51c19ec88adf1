/* One look at a run: its lease for a moment, its stops, what it keeps. */
#include "engine/watch.h"

#include <string.h>

#include "base/interrupt.h"
#include "engine/control.h"
#include "engine/copy.h"
#include "engine/exec.h"
#include "engine/kept.h"
#include "engine/lease.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/tool.h"
#include "engine/tx.h"
#include "engine/windows.h"

static bool is_over(const struct run_row *run)
{
	return registry_finished(run) || strcmp(run->state, "undone") == 0;
}

/* One that fails holds up no other; *err is the first failure. */
static bool expire_steps(struct session *s, size_t *expired, struct err *err)
{
	struct kept kept;
	bool ok = kept_find(s->control, &s->run, s->plan, &s->arena, &kept, err);

	for (size_t i = 0; i < kept.count; i++) {
		struct err failure = {0};

		if (!kept.steps[i].over)
			continue;
		if (exec_interrupted(ok ? err : &failure))
			ok = false;
		else if (exec_step(s, kept.steps[i].step, EXPIRE, ok ? err : &failure))
			++*expired;
		else
			ok = false;
		err_release(&failure);
		if (!ok && (interrupt_count() > 0 || conn_lost(s->worker)))
			break;
	}
	return ok;
}

bool watch_kept(struct conn *conn, const struct run_row *run, size_t *over, struct err *err)
{
	struct arena arena = {0};
	struct kept kept = {0};
	struct plan *plan;
	bool ok;

	if (!tool_read_plan(run, &plan, err))
		return false;
	ok = kept_find(conn, run, plan, &arena, &kept, err);
	*over = kept.over;
	plan_free(plan);
	arena_release(&arena);
	return ok;
}

/* Would it only stop again? */
static bool judge_windows(struct session *s, struct watch *watch, struct err *err)
{
	struct windows_now now;

	if (!windows_tell(s->control, &s->run, s->plan, &s->arena, &now, err))
		return false;
	if (now.open)
		return true;
	watch->state = WATCH_OUTSIDE;
	watch->end.outside = true;
	watch->end.why = now.why;
	watch->end.stop.due_in = now.opens_in;
	watch->end.command = arena_printf(&s->arena, "interlock wait %s", run_named(&s->run, &s->arena));
	return true;
}

/* Where it stands now that its stops were looked at. */
static bool judge(struct session *s, struct watch *watch, struct err *err)
{
	struct control control;

	if (s->run.undo_from >= 0)
		watch->state = WATCH_BACK;
	else if ((size_t)s->run.next_block >= s->plan->block_count)
		watch->state = WATCH_OVER;
	else
		watch->state = watch->end.code == EXIT_WAITING ? WATCH_WAITS : WATCH_OPEN;
	if (watch->state == WATCH_OVER || watch->state == WATCH_BACK)
		return true;
	if (!control_read(s->control, s->run.id, &s->arena, &control, err))
		return false;
	if (control.paused && watch->state == WATCH_OPEN) {
		watch->state = WATCH_PAUSED;
		watch->end.why = control_sentence(&control, &s->arena);
		watch->end.command = arena_printf(&s->arena, "interlock resume %s", run_named(&s->run, &s->arena));
	}
	return watch->state != WATCH_OPEN || judge_windows(s, watch, err);
}

static bool look(struct session *s, bool expire, struct watch *watch, struct err *err)
{
	int before = s->run.next_block;
	bool ok = true;

	watch->state = WATCH_OVER;
	if (!is_over(&s->run)) {
		ok = run_stops(s, &watch->end, err) && judge(s, watch, err) && copy_drain_all(s, err) &&
		     exec_done_steps(s, FOLLOW, err) &&
		     logs_find(s->control, s->run.id, &s->arena, &watch->logs, &watch->log_count, err);
		watch->passed = s->run.next_block > before;
	}
	return ok && (!expire || expire_steps(s, &watch->expired, err));
}

bool watch_run(struct session *s, const struct run_row *run, bool expire, struct watch *watch, struct err *err)
{
	bool ok;

	*watch = (struct watch){0};
	if (!run_open_to_look(s, run, err)) {
		if (err->code != EXIT_HELD)
			return false;
		watch->state = WATCH_HELD;
		watch->end.why = arena_strdup(&s->arena, err->diag.summary);
		err_release(err);
		return true;
	}
	ok = look(s, expire, watch, err);
	lease_release(s);
	return ok;
}
