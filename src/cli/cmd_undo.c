/* interlock undo: back to the previous stop. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "engine/rollout.h"
#include "plan/rollout.h"

static void show_step(const struct step *step, bool created, struct arena *arena)
{
	if (report_is_json())
		report_json(json_pack("{s:s, s:i, s:s, s:s, s:b}", "type", "step", "number", step->number, "primitive",
		                      step->type->name, "summary", step_text(step, arena), "created", created));
	else
		report_message("  %s%s", step_text(step, arena), created ? "" : "  (stays: it was there before)");
}

/* Who is in comes out, all at once. */
static void show_rollout(const struct block *block, int share, struct arena *arena)
{
	if (report_is_json())
		report_json(json_pack("{s:s, s:s, s:o, s:i}", "type", "rollout", "label", block->label, "was",
		                      stop_percent(rollout_text(share, arena)), "percent", 0));
	else
		report_message("  rollout \"%s\" from %s %% to 0 %%", block->label, rollout_text(share, arena));
}

static void show_block(const struct act *act, const struct block *block)
{
	for (size_t i = block->step_count; i-- > 0;) {
		const struct step *step = &block->steps[i];
		const struct step_row *row = &act->session.steps[step->number - 1];

		if (!row->state || strcmp(row->state, "pending") == 0 || strcmp(row->state, "undone") == 0 ||
		    step->type->class == CLASS_VERIFY)
			continue;
		show_step(step, row->created, &act->context->arena);
	}
}

/* What will be taken back, before the question; as JSON where nothing else will tell. */
static bool show_what(const struct act *act, int from, struct err *err)
{
	const struct plan *plan = act->session.plan;
	int rollout, share; /* the last; those before it are at 100 */

	if (!rollout_last(act->session.control, act->session.run.id, plan, &rollout, &share, err))
		return false;
	if (!report_is_json())
		report_message("undo takes back, last first:");
	for (int b = (int)plan->block_count - 1; b >= from; b--)
		if (plan->blocks[b].kind != BLOCK_ROLLOUT)
			show_block(act, &plan->blocks[b]);
		else if (b <= rollout)
			show_rollout(&plan->blocks[b], b == rollout ? share : ROLLOUT_ALL, &act->context->arena);
	return true;
}

static void say_end(const struct act *act, int from, const struct run_end *end)
{
	const char *plan = act->session.plan->name, *to = act->context->options.to;
	bool behind = from < 0 && to && strcmp(to, "start") != 0;

	if (act->context->options.json)
		report_json(json_pack("{s:s, s:s, s:i, s:b}", "type", "done", "plan", plan, "steps", (int)end->steps,
		                      "start", from <= 0 && !behind));
	else if (behind)
		printf("nothing to take back: plan \"%s\" has done nothing behind \"%s\"\n", plan, to);
	else if (from < 0)
		printf("nothing to take back: plan \"%s\" is at its start\n", plan);
	else
		printf("%sundone%s: %zu step%s; plan \"%s\" is %s%s%s\n", report_color(stdout, COLOR_GREEN),
		       report_color(stdout, COLOR_PLAIN), end->steps, end->steps == 1 ? "" : "s", plan,
		       from == 0 ? "at its start" : "behind \"",
		       from == 0 ? "" : act->session.plan->blocks[from - 1].label, from == 0 ? "" : "\"");
}

static enum exit_code run_undo(struct context *context, struct err *err)
{
	struct run_end end = {.code = EXIT_DONE};
	struct act act;
	int from = -1;
	bool open, ok;

	ok = act_open(&act, context, false, &open, err) && run_undo_target(&act.session, &act.options, &from, err);
	if (ok && from >= 0) {
		if (context->options.json ? context->options.dry_run : !context->options.quiet)
			ok = show_what(&act, from, err);
		ok = ok && (context->options.dry_run || act_confirm(context, "take this back?", false, err));
		if (!ok || context->options.dry_run)
			run_leave(&act.session);
		else
			ok = run_back(&act.session, from, &end, err);
	}
	if (ok && (!context->options.dry_run || from < 0))
		say_end(&act, from, &end);
	act_release(&act);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_undo = {
	.name = "undo",
	.group = "run",
	.summary = "back to the previous stop",
	.synopsis = "PLAN",
	.description =
		"Takes back what this run did since the previous stop: a gate, approval or safety period that is open, the "
		"point before a phase that switches or before a rollout, or the start. Only what the run itself made is taken away; what was "
		"there before stays. Values that were written into a column since are archived first, and interlock restore "
		"puts them back after the next run.\n\n"
		"--to LABEL: that block is the last that stays. --to start: everything. It shows what it will do and asks.\n\n"
		"One that was cut short goes on to where it was going when undo is called again; interlock status says that it is "
		"under way, and interlock run goes forward again instead. Of a plan that was adopted there is nothing to take "
		"back: undo refuses.",
	.accepts = "to take-over",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_undo,
};
