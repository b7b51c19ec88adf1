/* Connecting, opening a run, and showing what happens to it. */
#include "cli/act.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "check/check.h"
#include "cli/plans.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "cli/target.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/tool.h"

enum { TEXT_WIDTH = 68 };

static bool announced;
static char environment_label[64];

static void announce(struct context *context, struct conn *conn)
{
	const char *environment = context->target.environment;
	struct err ignored = {0};

	if (!environment)
		registry_environment(conn, &context->arena, &environment, &ignored);
	err_release(&ignored);
	snprintf(environment_label, sizeof(environment_label), "%s", environment ? environment : "");
	if (!context->options.json)
		report_message("%s", target_describe(conn, environment, &context->arena));
	report_target(
		arena_printf(&context->arena, "%s@%s:%s", conn_database(conn), conn_host(conn), conn_port(conn)));
	announced = true;
}

struct conn *act_connect(struct context *context, struct err *err)
{
	struct conn *conn = target_connect(context->loop, &context->target, NULL, err);

	if (conn && !announced)
		announce(context, conn);
	return conn;
}

const char *act_environment(void)
{
	return *environment_label ? environment_label : NULL;
}

static struct conn *open_one(void *arg, struct err *err)
{
	return act_connect(arg, err);
}

static void show_block(void *arg, const struct block *block, bool back)
{
	const struct act *act = arg;

	if (act->context->options.json || act->context->options.quiet)
		return;
	printf("%s%s%s%s\n", report_color(stdout, COLOR_BOLD), block->label, report_color(stdout, COLOR_PLAIN),
	       back ? " (back)" : "");
	fflush(stdout);
}

static const char *const event_names[] = {"begin",  "wait",    "done",    "already", "restored",  "undone", "kept",
                                          "paused", "resumed", "expired", "failed",  "undecided", "note"};

/* What happened, as one would say it of this kind of step. */
static const char *event_word(const struct step *step, enum step_event event)
{
	static const char *const words[] = {"",
	                                    "",
	                                    "done",
	                                    "already there",
	                                    "restored",
	                                    "undone",
	                                    "kept: it was there before",
	                                    "",
	                                    "",
	                                    "what it had kept for undo is gone",
	                                    "fails",
	                                    "can't be told from the rows here",
	                                    ""};

	if (step_class_of(step) == CLASS_VERIFY && (event == STEP_DONE || event == STEP_ALREADY))
		return "holds";
	if (step_class_of(step) == CLASS_DESTRUCTIVE && event == STEP_ALREADY)
		return "gone already";
	if (!step->type->probe && event == STEP_ALREADY)
		return "done before";
	return words[event];
}

static void show_json(const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	struct arena arena = {0};

	report_json(json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:s?}", "type", "step", "number", step->number,
	                      "primitive", step->type->name, "summary", step_text(step, &arena), "event",
	                      event_names[event], "ms", (json_int_t)ms, "text", text));
	arena_release(&arena);
}

static void show_line(const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	bool took = event == STEP_DONE || event == STEP_UNDONE || event == STEP_RESTORED;
	enum report_color color = took ? COLOR_GREEN : event == STEP_FAILED ? COLOR_RED : COLOR_DIM;
	struct arena arena = {0};
	struct buf time = {0};

	if (took)
		interval_format(ms, &time);
	printf("  %-*s  %s%s%s%s%s%s%s\n", TEXT_WIDTH, step_text(step, &arena), report_color(stdout, color),
	       event_word(step, event), report_color(stdout, COLOR_PLAIN), took ? "  " : "", buf_text(&time),
	       text ? "  " : "", text ? text : "");
	fflush(stdout);
	buf_release(&time);
	arena_release(&arena);
}

static void show_step(void *arg, const struct step *step, enum step_event event, int64_t ms, const char *text)
{
	const struct act *act = arg;

	progress_begin();
	if (act->context->options.json)
		show_json(step, event, ms, text);
	else if (event == STEP_WAITS)
		report_message("  waiting: %s", text);
	else if (event == STEP_PAUSED)
		report_message("  %s; next: interlock resume %s", text,
		               run_named(&act->session.run, &act->context->arena));
	else if (event == STEP_RESUMED)
		report_message("  resumed");
	else if (event == STEP_NOTES)
		report_message("  note: %s", text);
	else if (event != STEP_BEGINS && !act->context->options.quiet)
		show_line(step, event, ms, text);
}

static void show_progress(void *arg, const struct step *step, const struct progress *progress)
{
	const struct act *act = arg;

	progress_show(&act->context->options, step, progress);
}

bool act_confirm(struct context *context, const char *question, bool destructive, struct err *err)
{
	const char *environment = act_environment();
	bool production = destructive && environment && strcmp(environment, "production") == 0;

	if (production && context->options.confirm)
		return true;
	if (production && (context->options.yes || context->options.no_input)) {
		err_set(err, EXIT_CONFIRM, "the environment is production: --yes is not enough here");
		err_help(err, "add --confirm NAME, with the name of the database; nothing was changed");
		return false;
	}
	if (context->options.yes || context->options.confirm)
		return true;
	return report_ask(context->loop, question,
	                  production ? "--confirm NAME, with the name of the database" : "--yes",
	                  context->options.no_input, err);
}

/* Destructive steps that carry `loses`; in production every destructive one. */
static bool confirm_blocks(void *arg, const struct plan *plan, size_t from, size_t to, struct err *err)
{
	struct act *act = arg;
	const char *environment = act_environment();
	bool production = environment && strcmp(environment, "production") == 0, any = false;
	struct arena arena = {0};

	if (act->context->options.confirm && production &&
	    strcmp(act->context->options.confirm, conn_database(act->session.control)) != 0) {
		err_set(err, EXIT_CONFIRM, "--confirm names \"%s\", this database is \"%s\"",
		        act->context->options.confirm, conn_database(act->session.control));
		err_help(err, "nothing was changed");
		return false;
	}
	for (size_t b = from; b < to; b++)
		for (size_t i = 0; i < plan->blocks[b].step_count; i++) {
			const struct step *step = &plan->blocks[b].steps[i];
			const char *state = act->session.steps ? act->session.steps[step->number - 1].state : NULL;

			if (step_class_of(step) != CLASS_DESTRUCTIVE || (!step->common.loses && !production) ||
			    (state && strcmp(state, "done") == 0))
				continue;
			report_message("phase \"%s\" takes away: %s%s%s", plan->blocks[b].label, step_text(step, &arena),
			               step->common.loses ? "\n  the plan says: " : "",
			               step->common.loses ? step->common.loses : "");
			any = true;
		}
	arena_release(&arena);
	return !any || act_confirm(act->context, "go on?", true, err);
}

const char *act_parameters(struct context *context)
{
	json_t *object;
	const char *copy;
	char *text;

	if (!context->options.set_names || !context->options.set_names[0])
		return NULL;
	object = json_object();
	for (size_t i = 0; context->options.set_names[i]; i++)
		json_object_set_new(object, context->options.set_names[i], json_string(context->options.set_values[i]));
	text = json_dumps(object, JSON_COMPACT);
	copy = arena_strdup(&context->arena, text);
	free(text);
	json_decref(object);
	return copy;
}

static bool is_path(const char *operand)
{
	return strchr(operand, '/') || strstr(operand, ".lua");
}

const char *act_plan_name(struct context *context, const char *operand, struct err *err)
{
	const char *name;
	struct plan *plan;

	if (!is_path(operand))
		return operand;
	if (!plan_compile_operand(context, operand, &plan, err))
		return NULL;
	name = arena_strdup(&context->arena, plan->name);
	plan_free(plan);
	return name;
}

bool act_compile(struct context *context, struct plan **plan, struct err *err)
{
	struct diags findings = {0};
	bool ok = plan_compile_operand(context, context->operands[0], plan, err);

	if (ok)
		check_plan(*plan, &findings);
	if (findings.errors > 0) {
		report_diags(stderr, &findings);
		err->code = EXIT_REJECTED;
		ok = false;
	}
	diags_release(&findings);
	return ok;
}

const char *act_name_of_file(struct context *context, const char *operand)
{
	const char *base = strrchr(operand, '/') ? strrchr(operand, '/') + 1 : operand;
	size_t length = strlen(base);

	if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
		length -= 4;
	return arena_strndup(&context->arena, base, length);
}

static bool has_file(struct context *context)
{
	return plan_find_file(&context->arena, context->operands[0]) != NULL;
}

/* The file of the operand, compiled; none is fine where the registry may know the name. */
static bool take_file(struct act *act, bool start, struct err *err)
{
	const char *operand = act->context->operands[0];
	struct diags diags = {0};
	bool ok;

	act->name = act_name_of_file(act->context, operand);
	if (!plan_find_file(&act->context->arena, operand) && !is_path(operand))
		return true;
	if (!start) {
		ok = plan_compile_quietly(act->context, operand, &act->file, &diags, err) || !err->diag.summary;
		diags_release(&diags);
		return ok;
	}
	if (!plan_compile_operand(act->context, operand, &act->file, err))
		return false;
	check_plan(act->file, &act->findings);
	if (act->findings.errors > 0) {
		err->code = EXIT_REJECTED;
		return false;
	}
	diags_release(&act->findings);
	return true;
}

void act_begin(struct act *act, struct context *context)
{
	*act = (struct act){
		.context = context,
		.connector = {open_one, context, context->loop},
		.listener = {.arg = act,
	                 .block = show_block,
	                 .step = show_step,
	                 .confirm = confirm_blocks,
	                 .progress = show_progress},
		.options = {context->options.to, context->options.once, context->options.take_over,
	                context->options.lock_timeout, context->options.lock_attempts, context->options.dry_run},
	};
	act->session.connector = &act->connector;
	act->session.listener = &act->listener;
}

/* The run was begun with another version of this program: one line, once a command. */
static void say_tool(const struct act *act)
{
	const struct run_row *run = &act->session.run;
	const char *difference = tool_difference(run, &act->context->arena);

	if (difference && act->context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:s}", "type", "tool", "plan", run->plan, "begun_with", run->tool,
		                      "text", difference));
	else if (difference)
		report_message("%s", difference);
}

bool act_open(struct act *act, struct context *context, bool start, bool *open, struct err *err)
{
	bool ok;

	act_begin(act, context);
	ok = take_file(act, start, err) && run_open(&act->session,
	                                            &(struct run_request){.plan = act->file,
	                                                                  .name = act->name,
	                                                                  .has_file = has_file(context),
	                                                                  .parameters = act_parameters(context),
	                                                                  .start = start,
	                                                                  .findings = &act->findings},
	                                            &act->options, open, err);
	if (ok && *open)
		say_tool(act);
	return ok;
}

bool act_open_to_read(struct act *act, struct context *context, struct err *err)
{
	bool open;

	act_begin(act, context);
	return take_file(act, false, err) && run_open(&act->session,
	                                              &(struct run_request){.plan = act->file,
	                                                                    .name = act->name,
	                                                                    .has_file = has_file(context),
	                                                                    .parameters = act_parameters(context),
	                                                                    .reads_only = true,
	                                                                    .findings = &act->findings},
	                                              &act->options, &open, err);
}

void act_release(struct act *act)
{
	session_release(&act->session);
	plan_free(act->file);
	diags_release(&act->findings);
}

void act_waiting(const struct act *act, const struct run_end *end)
{
	stop_show(act->context->options.json, act->session.plan->name,
	          run_named(&act->session.run, &act->context->arena), end);
}
