/* interlock sync: looks after the runs of a database, for cron. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/find_run.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/tool.h"
#include "engine/watch.h"

struct sync {
	struct context *context;
	struct act act; /* for its connector */
	struct conn *conn;
	bool named, failed;
};

static bool is_over(const struct run_row *run)
{
	return registry_finished(run) || strcmp(run->state, "undone") == 0;
}

/* The plan, with its parameters where it has some. */
static const char *title(struct sync *s, const struct run_row *run)
{
	return arena_printf(&s->context->arena, "%s%s", run->plan, run_parameters_text(run, &s->context->arena));
}

static void say_json(const struct run_row *run, const struct watch *watch)
{
	static const char *const states[] = {"open", "waiting", "paused", "undo", "held", "over", "outside"};
	json_t *line = stop_json("sync", run->plan, &watch->end);

	json_object_set_new(line, "run", json_integer(run->id));
	json_object_set_new(line, "parameters", json_loads(run->parameters, 0, NULL));
	json_object_set_new(line, "state", json_string(states[watch->state]));
	json_object_set_new(line, "passed", json_boolean(watch->passed));
	json_object_set_new(line, "expired", json_integer((json_int_t)watch->expired));
	report_json(line);
}

static void say_open(struct sync *s, const struct run_row *run)
{
	printf("%s; next: interlock run %s\n",
	       strcmp(run->state, "failed") == 0    ? "failed"
	       : strcmp(run->state, "running") == 0 ? "left by a client that died"
	                                            : "can go on",
	       run_named(run, &s->context->arena));
}

static void say(struct sync *s, const struct run_row *run, const struct watch *watch)
{
	const struct run_end *end = &watch->end;

	if (s->context->options.json) {
		say_json(run, watch);
		return;
	}
	printf("%s  ", title(s, run));
	if (watch->expired)
		printf("what %zu step%s kept is gone, its time being over; ", watch->expired,
		       watch->expired == 1 ? "" : "s");
	if (watch->state == WATCH_WAITS)
		printf("waiting at %s \"%s\": %s\n", block_kind_name(end->block->kind), end->block->label, end->why);
	else if (watch->state == WATCH_PAUSED || watch->state == WATCH_OUTSIDE)
		printf("%s; next: %s\n", end->why, end->command);
	else if (watch->state == WATCH_HELD)
		printf("skipped: %s\n", end->why);
	else if (watch->state == WATCH_OVER)
		printf("%s\n", is_over(run) ? run->state : "done");
	else if (watch->state == WATCH_BACK)
		printf("an undo is under way; next: interlock undo %s\n", run_named(run, &s->context->arena));
	else
		say_open(s, run);
	fflush(stdout);
}

/* A log that is too long although it was looked after just now. */
static void note_logs(struct sync *s, const struct run_row *run, const struct watch *watch)
{
	for (size_t i = 0; i < watch->log_count; i++)
		if (watch->logs[i].is_long) {
			s->failed = true;
			report_message("%s: %s", title(s, run), log_sentence(&watch->logs[i], &s->context->arena));
		}
}

struct noted {
	struct sync *s;
	const struct run_row *run;
};

/* Of what happens meanwhile only that which a person had better know. */
static void say_note(void *arg, const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	const struct noted *noted = arg;

	(void)step;
	(void)ms;
	if (event == STEP_NOTES)
		report_message("%s: %s", title(noted->s, noted->run), text);
}

/* One run; a failure is told, and the others go on.  false: there is no going on. */
static bool look(struct sync *s, const struct run_row *run, struct err *err)
{
	struct noted noted = {s, run};
	struct listener listener = {.arg = &noted, .step = say_note};
	struct session session = {.connector = &s->act.connector, .listener = &listener};
	struct err failure = {0};
	struct watch watch;
	bool fatal = false;

	if (watch_run(&session, run, true, &watch, &failure)) {
		say(s, run, &watch);
		note_logs(s, run, &watch);
	} else if (failure.code == EXIT_CONNECTION || failure.code == EXIT_INTERRUPTED) {
		fatal = true;
		err_set(err, failure.code, "%s", failure.diag.summary);
	} else {
		s->failed = true;
		if (!s->context->options.json)
			printf("%s  failed\n", title(s, run));
		report_err(&failure);
	}
	session_release(&session);
	err_release(&failure);
	return !fatal;
}

/* --dry-run: what the registry says, and what would be taken away. */
static bool tell(struct sync *s, const struct run_row *run, struct err *err)
{
	struct watch watch = {.state = is_over(run) ? WATCH_OVER : WATCH_OPEN};
	struct plan *plan;
	size_t over = 0;
	bool ok;

	if (!tool_read_plan(run, &plan, err))
		return false;
	if (watch.state == WATCH_OPEN && run->undo_from >= 0)
		watch.state = WATCH_BACK;
	if (watch.state == WATCH_OPEN && (size_t)run->next_block < plan->block_count &&
	    plan->blocks[run->next_block].kind != BLOCK_PHASE) {
		watch.end.block = &plan->blocks[run->next_block];
		ok = condition_tell(s->conn, run, watch.end.block, &s->context->arena, &watch.end.stop, err);
		watch.end.why = watch.end.stop.why;
		watch.end.command = watch.end.stop.command;
		watch.state = watch.end.stop.open ? WATCH_OPEN : WATCH_WAITS;
	} else {
		ok = true;
	}
	ok = ok && watch_kept(s->conn, run, &over, err);
	if (ok)
		say(s, run, &watch);
	if (ok && over)
		report_message("%s: what %zu step%s kept would be taken away", title(s, run), over, over == 1 ? "" : "s");
	plan_free(plan);
	return ok;
}

/* A run that is over is looked at only where something that it keeps is over its time; `tells`: it gets a line in
 * any case. */
static bool look_at_over(struct sync *s, const struct run_row *run, bool tells, struct err *err)
{
	struct watch watch = {.state = WATCH_OVER};
	struct err failure = {0};
	size_t over = 0;

	if (!watch_kept(s->conn, run, &over, &failure)) {
		if (failure.code == EXIT_CONNECTION)
			return err_set(err, failure.code, "%s", failure.diag.summary);
		s->failed = true;
		report_err(&failure);
	} else if (over) {
		return s->context->options.dry_run ? tell(s, run, err) : look(s, run, err);
	} else if (tells) {
		say(s, run, &watch);
	}
	err_release(&failure);
	return true;
}

static bool find_runs(struct sync *s, struct run_row **runs, size_t *count, struct err *err)
{
	struct context *context = s->context;
	struct meant meant = {0};
	bool exists;

	*count = 0;
	if (!registry_look_to_act(s->conn, &exists, err))
		return false;
	s->named = context->operand_count > 0;
	if (s->named)
		meant = find_meant(context, context->operands[0]);
	if (s->named && !context->options.all) {
		*count = 1;
		*runs = arena_alloc(&context->arena, sizeof(**runs));
		return find_run(s->conn, &meant, &context->arena, *runs, err);
	}
	return !exists || registry_runs(s->conn, meant.name, NULL, &context->arena, runs, count, err);
}

static bool look_at_all(struct sync *s, const struct run_row *runs, size_t count, struct err *err)
{
	for (size_t r = 0; r < count; r++)
		if (!(s->context->options.dry_run ? tell(s, &runs[r], err)
		      : is_over(&runs[r])         ? look_at_over(s, &runs[r], s->named || s->context->options.all, err)
		                                  : look(s, &runs[r], err)))
			return false;
	return true;
}

/* What was left by runs before the newest one of their plan. */
static bool look_at_earlier(struct sync *s, struct err *err)
{
	struct context *context = s->context;
	const char *plan = s->named ? find_meant(context, context->operands[0]).name : NULL;
	struct run_row *runs = NULL;
	size_t count = 0;

	if (!registry_runs_before(s->conn, plan, &context->arena, &runs, &count, err))
		return false;
	for (size_t r = 0; r < count; r++)
		if (!look_at_over(s, &runs[r], false, err))
			return false;
	return true;
}

static enum exit_code run_sync(struct context *context, struct err *err)
{
	struct sync s = {.context = context};
	struct run_row *runs = NULL;
	size_t count = 0;
	bool ok;

	act_begin(&s.act, context);
	s.conn = act_connect(context, err);
	ok = s.conn && find_runs(&s, &runs, &count, err);
	ok = ok && (count == 0 || (look_at_all(&s, runs, count, err) && look_at_earlier(&s, err)));
	conn_close(s.conn);
	act_release(&s.act);
	return !ok ? err->code : s.failed ? EXIT_STEP : EXIT_DONE;
}

const struct command command_sync = {
	.name = "sync",
	.group = "run",
	.summary = "for cron: watches gates and safety periods, and takes away what was kept long enough",
	.synopsis = "[PLAN]",
	.description =
		"Takes a few seconds and prints a line for each plan. For every run that is open it looks at the gate, approval or "
		"safety period where it waits: who reads the tables that should be unused, which sessions are there, whether a "
		"gate's query is true. What is open is passed; nothing else of a plan is run. What was written to a table that a "
		"shadow follows (parallel_table) reaches the shadow, so that its log stays short. What a step had kept for undo "
		"(archive = \"90 days\"), and what undo itself has kept, is taken away when its time is over, of finished runs "
		"too.\n\n"
		"Without PLAN it looks at every open run, and at finished ones that keep something for too long. With PLAN at that "
		"one. --all: every run, those of that plan with all parameters, with a line for those too that have nothing to do. "
		"A run that somebody works on is skipped, which is said.\n\n"
		"Call it every minute: a backup is only recognised as one (a session named pg_dump) while it runs. Exit code 3 "
		"when something failed, or a capture log is over its limit; the other plans were looked at all the same.",
	.accepts = "all",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 1,
	.run = run_sync,
};
