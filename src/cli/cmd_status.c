/* interlock status: where the plans of a database stand. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/plans.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "engine/condition.h"
#include "engine/control.h"
#include "engine/course.h"
#include "engine/kept.h"
#include "engine/logs.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/rollout_share.h"
#include "engine/tool.h"
#include "engine/windows.h"
#include "plan/rollout.h"

struct status {
	struct context *context;
	struct conn *conn;
	struct arena arena;
	enum exit_code worst;
	bool unreadable; /* a plan of another version */
};

/* One run, with its plan and its steps. */
struct view {
	struct run_row run;
	struct plan *plan;
	struct step_row *steps;
	struct control control;
	struct stop stop;  /* of the block where it waits; zeroed where that is a phase */
	const char *share; /* who is in there, where that is a rollout and was asked for; may be NULL */
	struct kept kept;
	struct windows_now windows; /* of a run that stopped because they were closed */
	struct capture_log *logs;   /* of tables that are followed */
	size_t log_count;
};

static bool is(const struct view *view, const char *state)
{
	return strcmp(view->run.state, state) == 0;
}

static const struct block *current(const struct view *view)
{
	return (size_t)view->run.next_block < view->plan->block_count ? &view->plan->blocks[view->run.next_block]
	                                                              : NULL;
}

/* It stopped because its windows were closed, and would stop again. */
static bool is_outside(const struct view *view)
{
	return is(view, "waiting") && view->windows.why;
}

/* What somebody is at just now; NULL where it is nothing long. */
static const char *doing(const struct view *view)
{
	if (!is(view, "running") || !view->run.alive)
		return NULL;
	for (size_t i = 0; i < view->plan->step_count; i++)
		if (view->steps[i].doing)
			return view->steps[i].doing;
	return NULL;
}

/* What to type next; NULL when there is nothing. */
static const char *next_command(struct status *s, const struct view *view)
{
	if (registry_finished(&view->run))
		return NULL;
	if (view->run.undo_from >= 0)
		return arena_printf(&s->arena, "interlock undo %s", run_named(&view->run, &s->arena));
	if (view->control.paused)
		return arena_printf(&s->arena, "interlock resume %s", run_named(&view->run, &s->arena));
	if (is(view, "waiting") && view->stop.command && !view->stop.open)
		return view->stop.command;
	if (is_outside(view))
		return arena_printf(&s->arena, "interlock wait %s", run_named(&view->run, &s->arena));
	return arena_printf(&s->arena, "interlock run %s", run_named(&view->run, &s->arena));
}

/* It went on since, or somebody is at work on it again: then it is no longer so. */
static bool was_interrupted(const struct view *view)
{
	return view->run.interrupted && is(view, "waiting");
}

static const struct step_row *failed_step(const struct view *view)
{
	for (size_t i = 0; i < view->plan->step_count; i++)
		if (view->steps[i].message)
			return &view->steps[i];
	return NULL;
}

/* Until when the step keeps what undo, or restore, would need; NULL: it keeps nothing. */
static const char *kept_until(const struct view *view, const struct step *step)
{
	for (size_t i = 0; i < view->kept.count; i++)
		if (view->kept.steps[i].step == step)
			return view->kept.steps[i].until;
	return NULL;
}

static json_t *steps_json(struct status *s, const struct view *view, const struct block *block)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < block->step_count; i++) {
		const struct step_row *row = &view->steps[block->steps[i].number - 1];

		json_array_append_new(steps, json_pack("{s:i, s:s, s:s, s:s, s:b, s:s?, s:s?, s:s?}", "number",
		                                       block->steps[i].number, "primitive", block->steps[i].type->name,
		                                       "summary", step_text(&block->steps[i], &s->arena), "state",
		                                       row->state ? row->state : "pending", "created", row->created,
		                                       "message", row->message, "result", row->result, "kept_until",
		                                       kept_until(view, &block->steps[i])));
	}
	return steps;
}

static json_t *logs_json(const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->log_count; i++) {
		const struct capture_log *log = &view->logs[i];

		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s?}", "live", log->live, "shadow",
		                                log->shadow, "state", log->state, "rows", (json_int_t)log->rows, "bytes",
		                                (json_int_t)log->bytes, "limit", (json_int_t)log->limit, "too_long",
		                                log->is_long, "conflicts", log->conflicts));
	}
	return list;
}

/* A line for the run, and one for each of its blocks. */
static void print_json(struct status *s, const struct view *view)
{
	const struct block *here = current(view);
	json_t *line = json_pack("{s:s, s:s, s:s, s:I, s:i, s:s, s:s, s:s, s:s?, s:s?, s:s}", "type", "status", "plan",
	                         view->run.plan, "state", view->run.state, "run", (json_int_t)view->run.id, "attempt",
	                         view->run.attempt, "hash", view->run.hash, "started_by", view->run.started_by,
	                         "started_at", view->run.started_at, "at", here ? here->label : NULL, "next",
	                         next_command(s, view), "tool", view->run.tool);

	json_object_set_new(line, "interrupted", json_boolean(was_interrupted(view)));
	json_object_set_new(line, "undoing", json_boolean(view->run.undo_from >= 0));
	json_object_set_new(line, "paused", json_boolean(view->control.paused));
	json_object_set_new(line, "outside", json_boolean(is_outside(view)));
	if (is_outside(view))
		json_object_set_new(line, "why", json_string(view->windows.why));
	if (doing(view))
		json_object_set_new(line, "doing", json_string(doing(view)));
	if (view->control.paused)
		json_object_set_new(line, "paused_why", json_string(control_sentence(&view->control, &s->arena)));
	if (view->stop.why)
		json_object_set_new(line, "why", json_string(view->stop.why));
	stop_add(line, &view->stop);
	if (view->share)
		json_object_set_new(line, "share", json_string(view->share));
	if (view->log_count)
		json_object_set_new(line, "logs", logs_json(view));
	report_json(line);
	for (size_t b = 0; b < view->plan->block_count; b++) {
		const struct block *block = &view->plan->blocks[b];

		report_json(json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "type", "block", "plan", view->run.plan, "kind",
		                      block_kind_name(block->kind), "label", block->label, "done",
		                      (int)b < view->run.next_block, "steps", steps_json(s, view, block)));
	}
}

static char tick(const struct view *view, const struct block *block)
{
	return block->index < view->run.next_block ? 'x' : ' ';
}

/* A checklist that can be pasted into a roadmap. */
static void print_markdown(struct status *s, const struct view *view)
{
	printf("### %s: %s\n\n", view->run.plan, view->plan->settings.title);
	for (size_t b = 0; b < view->plan->block_count; b++) {
		const struct block *block = &view->plan->blocks[b];

		printf("- [%c] %s%s%s", tick(view, block), block->kind == BLOCK_PHASE ? "" : block_kind_name(block->kind),
		       block->kind == BLOCK_PHASE ? "" : ": ", block->label);
		if (block == current(view) && view->stop.percent)
			printf(" (%s %%)", view->stop.percent);
		printf("\n");
		for (size_t i = 0; i < block->step_count; i++) {
			const char *state = view->steps[block->steps[i].number - 1].state;

			printf("  - [%c] %s\n", state && strcmp(state, "done") == 0 ? 'x' : ' ',
			       step_text(&block->steps[i], &s->arena));
		}
	}
	printf("\n");
}

static void print_logs(struct status *s, const struct view *view)
{
	for (size_t i = 0; i < view->log_count; i++) {
		printf("  %s\n", log_sentence(&view->logs[i], &s->arena));
		if (view->logs[i].conflicts)
			printf("  %s\n", view->logs[i].conflicts);
	}
}

static void print_kept(struct status *s, const struct view *view)
{
	for (size_t i = 0; i < view->kept.count; i++) {
		const struct kept_step *kept = &view->kept.steps[i];

		printf("  keeps for %s until %s UTC: %s\n", kept->left_by_undo ? "restore" : "undo", kept->until,
		       step_text(kept->step, &s->arena));
	}
}

static void print_text(struct status *s, const struct view *view)
{
	const struct block *here = current(view);
	const struct step_row *failed = failed_step(view);

	printf("%s%s%s  %s  %s\n", report_color(stdout, COLOR_BOLD), view->run.plan, report_color(stdout, COLOR_PLAIN),
	       view->run.state, view->plan->settings.title);
	printf("  run %lld%s, attempt %d, started by %s at %s, plan %.4s...%s\n", (long long)view->run.id,
	       run_parameters_text(&view->run, &s->arena), view->run.attempt, view->run.started_by,
	       view->run.started_at, view->run.hash, view->run.hash + 60);
	if (s->context->options.verbose || s->context->operand_count > 0)
		for (size_t b = 0; b < view->plan->block_count; b++) {
			const struct block *block = &view->plan->blocks[b];

			printf("  %s %s%s%s\n",
			       tick(view, block) == 'x' ? "done"
			       : block == here          ? "here"
			                                : "    ",
			       block->kind == BLOCK_PHASE ? "" : block_kind_name(block->kind),
			       block->kind == BLOCK_PHASE ? "" : " ", block->label);
		}
	else if (here)
		printf("  at %s \"%s\"\n", block_kind_name(here->kind), here->label);
	if (view->run.undo_from >= 0)
		printf("  an undo is under way, back to %s\n", course_aim(view->plan, view->run.undo_from, &s->arena));
	if (was_interrupted(view))
		printf("  interrupted at a safe point; interlock %s goes on\n", view->run.undo_from >= 0 ? "undo" : "run");
	else if (failed)
		printf("  failed: %s\n", failed->message);
	if (view->control.paused)
		printf("  %s\n", control_sentence(&view->control, &s->arena));
	if (is_outside(view))
		printf("  waits: %s\n", view->windows.why);
	if (doing(view))
		printf("  at work: %s\n", doing(view));
	if (is(view, "waiting") && view->stop.why && view->run.undo_from < 0)
		printf("  waits: %s\n", view->stop.open ? "for nothing more, it is open" : view->stop.why);
	if (view->share)
		printf("  in now: %s\n", view->share);
	print_logs(s, view);
	if (s->context->options.verbose || s->context->operand_count > 0)
		print_kept(s, view);
	if (next_command(s, view))
		printf("  next: %s\n", next_command(s, view));
	if (view->stop.back && view->run.undo_from < 0)
		printf("  back: %s\n", view->stop.back);
}

/* The worst of several plans: failed, then held, then waiting.  A run that nobody sees to any more has failed. */
static void note_exit(struct status *s, const struct view *view)
{
	enum exit_code code = is(view, "failed") || (is(view, "running") && !view->run.alive) ? EXIT_STEP
	                      : is(view, "running")                                           ? EXIT_HELD
	                      : is(view, "waiting")                                           ? EXIT_WAITING
	                                                                                      : EXIT_DONE;

	for (size_t i = 0; i < view->log_count; i++)
		code = view->logs[i].is_long ? EXIT_STEP : code;
	if (code == EXIT_STEP || (code == EXIT_HELD && s->worst != EXIT_STEP) ||
	    (code == EXIT_WAITING && s->worst == EXIT_DONE))
		s->worst = code;
}

/* Who is in is counted only for one who asks about this plan. */
static bool read_share(struct status *s, struct view *view, const struct block *here, struct err *err)
{
	int share;

	if (here->kind != BLOCK_ROLLOUT || s->context->operand_count == 0 || s->context->options.markdown ||
	    !rollout_parse(view->stop.percent, &share) || share == 0)
		return true;
	return rollout_share(s->conn, view->run.plan, &here->wait.rollout, share, &s->arena, &view->share, err);
}

/* Wishes of people, and how its stop stands.  An older registry has no such wishes, and not everybody may see
 * them. */
static bool read_stop(struct status *s, struct view *view, struct err *err)
{
	const struct block *here = current(view);

	if (registry_finished(&view->run) || is(view, "undone"))
		return true;
	if (!control_read(s->conn, view->run.id, &s->arena, &view->control, err) ||
	    !windows_tell(s->conn, &view->run, view->plan, &s->arena, &view->windows, err)) {
		if (!err_is(err, "42P01") && !err_is(err, "42501"))
			return false;
		err_release(err);
	}
	return !here || here->kind == BLOCK_PHASE ||
	       (condition_tell(s->conn, &view->run, here, &s->arena, &view->stop, err) &&
	        read_share(s, view, here, err));
}

static bool show_run(struct status *s, struct view *view, struct err *err)
{
	bool ok;

	if (!tool_read_plan(&view->run, &view->plan, err))
		return false;
	view->steps = arena_array(&s->arena, struct step_row, view->plan->step_count);
	ok = registry_steps(s->conn, view->run.id, view->plan->step_count, &s->arena, view->steps, err) &&
	     read_stop(s, view, err) && kept_find(s->conn, &view->run, view->plan, &s->arena, &view->kept, err) &&
	     logs_find(s->conn, view->run.id, &s->arena, &view->logs, &view->log_count, err);
	if (ok) {
		note_exit(s, view);
		if (s->context->options.json)
			print_json(s, view);
		else if (s->context->options.markdown)
			print_markdown(s, view);
		else
			print_text(s, view);
	}
	plan_free(view->plan);
	return ok;
}

static bool show_runs(struct status *s, const char *name, struct err *err)
{
	struct run_row *runs;
	size_t count;

	if (!registry_runs(s->conn, name, act_parameters(s->context), &s->arena, &runs, &count, err))
		return false;
	if (count == 0 && name) {
		err_set(err, EXIT_OWN, "no run of plan \"%s\" in this database", name);
		err_help(err, "interlock run %s begins one",
		         plan_named(s->context->operands[0], act_parameters(s->context), &err->arena));
		return false;
	}
	if (count == 0 && !s->context->options.json)
		printf("no plan has run in this database\n");
	for (size_t r = 0; r < count; r++) {
		struct view view = {.run = runs[r]};

		if (show_run(s, &view, err))
			continue;
		if (name || err->code != EXIT_OWN)
			return false;
		report_err(err); /* one plan of another version hides no others */
		err_release(err);
		s->unreadable = true;
	}
	return true;
}

static enum exit_code run_status(struct context *context, struct err *err)
{
	struct status s = {.context = context, .worst = EXIT_DONE};
	const char *name = NULL;
	bool exists, ok;

	ok = (context->operand_count == 0 || (name = act_plan_name(context, context->operands[0], err))) &&
	     (s.conn = act_connect(context, err)) && registry_look(s.conn, &exists, err);
	if (ok && !exists && !name) {
		if (!context->options.json)
			printf("no plan has run in this database\n");
	} else if (ok && !exists) {
		ok = err_set(err, EXIT_OWN, "no plan has run in this database");
		err_help(err, "interlock run %s begins one",
		         plan_named(context->operands[0], act_parameters(context), &err->arena));
	} else if (ok) {
		ok = show_runs(&s, name, err);
	}
	conn_close(s.conn);
	arena_release(&s.arena);
	return !ok ? err->code : s.unreadable ? EXIT_OWN : context->options.exit_code ? s.worst : EXIT_DONE;
}

const struct command command_status = {
	.name = "status",
	.group = "look",
	.summary = "where the plans of a database stand, and what to type next",
	.synopsis = "[PLAN]",
	.description =
		"Reads the registry and changes nothing; it answers while a run is under way. --markdown prints a checklist "
		"for a roadmap. With --exit-code: 0 done or undone, 3 failed, left by a client that died, or with a capture log over its limit, 5 waiting, 6 being run.",
	.accepts = "markdown exit-code",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 1,
	.run = run_status,
};
