/* One look at a run: its lease for a moment, its stops, what it keeps. */
#include "engine/watch.h"

#include <string.h>

#include "base/interrupt.h"
#include "engine/control.h"
#include "engine/exec.h"
#include "engine/lease.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/tool.h"
#include "engine/tx.h"

/* Steps that this run did and that may still keep something. */
static const char kept_question[] =
	"SELECT number, extract(epoch FROM clock_timestamp() - finished_at)::bigint AS age FROM interlock.step"
	" WHERE run = $1::bigint AND state = 'done' AND created AND expired_at IS NULL AND finished_at IS NOT NULL"
	" ORDER BY number";

static bool is_over(const struct run_row *run)
{
	return registry_finished(run) || strcmp(run->state, "undone") == 0;
}

static bool ask_kept(struct conn *conn, int64_t run, struct rows **rows, struct err *err)
{
	char number[24];
	const char *params[] = {number};

	snprintf(number, sizeof(number), "%lld", (long long)run);
	return conn_query(conn, &(struct query){.sql = kept_question, .count = 1, .params = params}, rows, err);
}

static int64_t kept_for(const struct step *step)
{
	return step->type->kept_for && step->type->expire ? step->type->kept_for(step->args) : 0;
}

/* Of what the query gives, the steps whose type keeps something; fills `kept`, and `over` with those whose time is
 * over (room for all steps, or NULL). */
static bool find_kept(struct conn *conn, const struct run_row *run, const struct plan *plan, struct kept *kept,
                      const struct step **over, struct err *err)
{
	struct rows *rows;
	bool ok = ask_kept(conn, run->id, &rows, err);

	*kept = (struct kept){0};
	for (size_t r = 0; ok && r < rows_count(rows); r++) {
		const struct step *step = plan_step(plan, (int)rows_integer(rows, r, "number"));

		if (!step || kept_for(step) <= 0)
			continue;
		kept->steps++;
		if (rows_integer(rows, r, "age") < kept_for(step) / 1000)
			continue;
		if (over)
			over[kept->over] = step;
		kept->over++;
	}
	rows_free(rows);
	return ok;
}

/* One that fails holds up no other; *err is the first failure. */
static bool expire_steps(struct session *s, size_t *expired, struct err *err)
{
	const struct step **over = arena_array(&s->arena, const struct step *, s->plan->step_count);
	struct kept kept;
	bool ok = find_kept(s->control, &s->run, s->plan, &kept, over, err);

	for (size_t i = 0; i < kept.over; i++) {
		struct err failure = {0};

		if (exec_interrupted(ok ? err : &failure))
			ok = false;
		else if (exec_step(s, over[i], EXPIRE, ok ? err : &failure))
			++*expired;
		else
			ok = false;
		err_release(&failure);
		if (!ok && (interrupt_count() > 0 || conn_lost(s->worker)))
			break;
	}
	return ok;
}

bool watch_kept(struct conn *conn, const struct run_row *run, struct kept *kept, struct err *err)
{
	struct plan *plan;
	bool ok;

	if (!tool_read_plan(run, &plan, err))
		return false;
	ok = find_kept(conn, run, plan, kept, NULL, err);
	plan_free(plan);
	return ok;
}

/* Where it stands now that its stops were looked at. */
static bool judge(struct session *s, struct watch *watch, struct err *err)
{
	struct control control;

	if ((size_t)s->run.next_block >= s->plan->block_count)
		watch->state = WATCH_OVER;
	else
		watch->state = watch->end.code == EXIT_WAITING ? WATCH_WAITS : WATCH_OPEN;
	if (watch->state == WATCH_OVER)
		return true;
	if (!control_read(s->control, s->run.id, &s->arena, &control, err))
		return false;
	if (control.paused && watch->state == WATCH_OPEN) {
		watch->state = WATCH_PAUSED;
		watch->end.why = control_sentence(&control, &s->arena);
		watch->end.command = arena_printf(&s->arena, "interlock resume %s", run_named(&s->run, &s->arena));
	}
	return true;
}

static bool look(struct session *s, bool expire, struct watch *watch, struct err *err)
{
	int before = s->run.next_block;
	bool ok = true;

	watch->state = WATCH_OVER;
	if (!is_over(&s->run)) {
		ok = run_stops(s, &watch->end, err) && judge(s, watch, err);
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
