/* interlock wait: until the next stop of a run is open. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/interval.h"
#include "cli/act.h"
#include "cli/find_run.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/watch.h"

enum { FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 30000, LOST_PATIENCE_MS = 300000 };

struct wait {
	struct context *context;
	struct act act; /* for its connector */
	struct meant meant;
	const char *plan, *named;       /* the run's plan; and as a command line names it */
	const char *said;               /* why it waits, as it was said last */
	int64_t deadline, pause, since; /* since: when the server was heard of last; 0: never */
};

static void say_open(const struct wait *w)
{
	const char *next = arena_printf(&w->context->arena, "interlock run %s", w->named);

	if (w->context->options.json) {
		report_json(
			json_pack("{s:s, s:s, s:b, s:s}", "type", "done", "plan", w->plan, "open", true, "next", next));
		return;
	}
	printf("plan \"%s\" can go on\n  next: %s\n", w->plan, next);
}

/* A line when the reason is another than before; then looks come faster again. */
static void say_change(struct wait *w, const struct run_end *end)
{
	if (w->said && strcmp(w->said, end->why) == 0)
		return;
	w->said = arena_strdup(&w->context->arena, end->why);
	w->pause = FIRST_PAUSE_MS;
	if (w->context->options.json)
		report_json(stop_json("waiting", w->plan, end));
	else if (end->block)
		report_message("waiting at %s \"%s\": %s", block_kind_name(end->block->kind), end->block->label, end->why);
	else
		report_message("waiting: %s", end->why);
}

static bool over(const struct wait *w, const char *state, struct err *err)
{
	if (strcmp(state, "undone") == 0) {
		err_set(err, EXIT_OWN, "plan \"%s\" was taken back", w->plan);
		err_help(err, "interlock run %s begins it again", w->named);
		return false;
	}
	if (w->context->options.json)
		report_json(json_pack("{s:s, s:s, s:b, s:n}", "type", "done", "plan", w->plan, "open", true, "next"));
	else
		printf("plan \"%s\" is %s: there is nothing to wait for\n", w->plan, state);
	return true;
}

/* Nothing that is waited for would let it go forward. */
static bool goes_back(const struct wait *w, struct err *err)
{
	err_set(err, EXIT_OWN, "an undo of plan \"%s\" is under way, and was cut short", w->plan);
	err_help(err, "interlock undo %s goes on with it; interlock run %s goes forward again", w->named, w->named);
	return false;
}

/* One look, and what it needs as long as it is told of. */
struct glance {
	struct arena arena;
	struct session session;
	struct watch watch;
	bool finished; /* there is nothing more to wait for */
};

static void glance_release(struct glance *g)
{
	session_release(&g->session);
	arena_release(&g->arena);
}

static bool find(struct wait *w, struct glance *g, struct run_row *run, struct err *err)
{
	struct conn *conn = act_connect(w->context, err);
	bool ok = conn && find_run(conn, &w->meant, &g->arena, run, err);

	conn_close(conn);
	if (ok)
		w->named = run_named(run, &w->context->arena);
	return ok;
}

static bool look(struct wait *w, struct glance *g, struct err *err)
{
	struct run_row run;

	g->session.connector = &w->act.connector;
	if (!find(w, g, &run, err))
		return false;
	g->finished = registry_finished(&run) || strcmp(run.state, "undone") == 0;
	if (g->finished)
		return over(w, run.state, err);
	if (!watch_run(&g->session, &run, false, &g->watch, err))
		return false;
	w->since = loop_now();
	if (g->watch.state == WATCH_BACK)
		return goes_back(w, err);
	g->finished = g->watch.state == WATCH_OPEN || g->watch.state == WATCH_OVER;
	if (g->watch.state == WATCH_OVER)
		return over(w, "done", err);
	if (g->finished)
		say_open(w);
	else
		say_change(w, &g->watch.end);
	return true;
}

/* A server that is away for a while is waited for, too; not one that never answered. */
static bool can_bear(struct wait *w, struct err *err)
{
	struct run_end end = {.why = err->diag.summary};

	if (err->code != EXIT_CONNECTION || !w->since || loop_now() - w->since > LOST_PATIENCE_MS)
		return false;
	say_change(w, &end);
	err_release(err);
	return true;
}

/* Until the next look: longer and longer, but not beyond `due` ms (0: unknown), which is what it waits for. */
static bool sleep_on(struct wait *w, int64_t due, struct err *err)
{
	int64_t pause = w->pause, left = w->deadline ? w->deadline - loop_now() : pause;

	if (due > 0 && due < pause)
		pause = due + 50;
	if (left < pause)
		pause = left > 0 ? left : 0;
	w->pause = w->pause * 2 < LONGEST_PAUSE_MS ? w->pause * 2 : LONGEST_PAUSE_MS;
	if (loop_sleep(w->context->loop, pause))
		return true;
	err_set(err, EXIT_INTERRUPTED, "interrupted; plan \"%s\" still waits", w->plan);
	return false;
}

/* Looks until it is over; EXIT_DONE or EXIT_WAITING, or as *err says. */
static enum exit_code wait_for(struct wait *w, struct err *err)
{
	for (;;) {
		struct glance g = {0};
		bool last = w->deadline && loop_now() >= w->deadline, ok = look(w, &g, err) || can_bear(w, err);
		bool finished = g.finished;
		enum watch_state state = g.watch.state;
		int64_t due = g.watch.end.stop.due_in;

		if (ok && !finished && last)
			stop_show(w->context->options.json, w->plan, w->named,
			          g.watch.end.why ? &g.watch.end : &(struct run_end){.why = w->said});
		glance_release(&g); /* nothing is held while it sleeps */
		ok =
			ok && (finished || last || sleep_on(w, state == WATCH_WAITS || state == WATCH_OUTSIDE ? due : 0, err));
		if (!ok || finished || last)
			return !ok ? err->code : finished ? EXIT_DONE : EXIT_WAITING;
	}
}

static enum exit_code run_wait(struct context *context, struct err *err)
{
	struct wait w = {.context = context, .pause = FIRST_PAUSE_MS};
	enum exit_code code;

	if (context->options.dry_run) {
		err_set(err, EXIT_USAGE, "\"wait\" can't use \"--dry-run\": it runs nothing in any case");
		err_help(err, "interlock status %s shows what it would wait for", context->operands[0]);
		return err->code;
	}
	act_begin(&w.act, context);
	w.meant = find_meant(context, context->operands[0]);
	w.plan = w.named = w.meant.name;
	w.deadline = context->options.timeout ? loop_now() + context->options.timeout : 0;
	code = wait_for(&w, err);
	act_release(&w.act);
	return code;
}

const struct command command_wait = {
	.name = "wait",
	.group = "run",
	.summary = "until the next stop is open (for pipelines)",
	.synopsis = "PLAN",
	.description =
		"Looks at the gate, approval or safety period at which a run waits, at first each second, then each half minute, "
		"and ends with 0 when the run could go on: then interlock run does. It runs nothing itself. What is in the way is "
		"said whenever it changes. Stops that are open are passed, so that a safety period behind a gate begins when the "
		"gate opens.\n\n"
		"A run that somebody works on, or paused, is waited for too. With --timeout it ends with 5 when the time is over. "
		"Between two looks it holds nothing: run, undo and sync can come in between.",
	.accepts = "timeout",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_wait,
};
