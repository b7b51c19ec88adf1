/* interlock run: forward to the next stop. */
#include <jansson.h>
#include <stdio.h>

#include "base/interval.h"
#include "cli/act.h"
#include "cli/plans.h"
#include "cli/preview.h"
#include "cli/report.h"
#include "engine/naming.h"

static void say_end(const struct act *act, const struct run_end *end, int64_t took)
{
	const char *plan = act->session.plan->name;
	bool finished = (size_t)act->session.run.next_block >= act->session.plan->block_count;
	struct buf time = {0};

	if (act->context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:i, s:b, s:I}", "type", "done", "plan", plan, "hash",
		                      act->session.plan->hash, "steps", (int)end->steps, "finished", finished, "ms",
		                      (json_int_t)took));
		return;
	}
	interval_format(took, &time);
	if (end->nothing)
		printf("nothing to do: plan \"%s\" is %s\n", plan, act->session.run.state);
	else if (finished)
		printf("%sdone%s: plan \"%s\", %zu step%s in %s\n", report_color(stdout, COLOR_GREEN),
		       report_color(stdout, COLOR_PLAIN), plan, end->steps, end->steps == 1 ? "" : "s", buf_text(&time));
	else
		printf("stopped as asked after %zu step%s; next: interlock run %s\n", end->steps,
		       end->steps == 1 ? "" : "s", run_named(&act->session.run, &act->context->arena));
	buf_release(&time);
}

static bool forward(struct act *act, bool open, struct run_end *end, struct err *err)
{
	*end = (struct run_end){.code = EXIT_DONE, .nothing = true};
	if (!open)
		return true;
	if (run_forward(&act->session, &act->options, &act->findings, end, err))
		return true;
	if (err->code != EXIT_STEP && err->code != EXIT_INTERRUPTED && err->code != EXIT_HELD)
		run_leave(&act->session); /* it was turned away: nothing was done in this stretch */
	return false;
}

static enum exit_code run_run(struct context *context, struct err *err)
{
	int64_t begin = loop_now();
	struct run_end end;
	struct act act;
	bool open, ok;

	if (context->options.dry_run)
		return preview_command(context, err);
	ok = act_open(&act, context, true, &open, err) && forward(&act, open, &end, err);
	if (act.findings.errors > 0)
		report_diags(stderr, &act.findings);
	if (ok && end.code == EXIT_WAITING)
		act_waiting(&act, &end);
	else if (ok)
		say_end(&act, &end, loop_now() - begin);
	act_release(&act);
	return ok ? end.code : err->code;
}

const struct command command_run = {
	.name = "run",
	.group = "run",
	.summary = "advance to the next stop",
	.synopsis = "PLAN",
	.description =
		"Goes from where the registry stands to the next gate, approval, safety period or rollout that is not open (exit code "
		"5), or to the end (0). A plan without such blocks runs whole. Every stop ends with the exact next command.\n\n"
		"The first run of a plan stores the compiled plan in the registry; later ones go on from there. After any "
		"failure the answer is the same: run again. After undo, run goes forward again.\n\n"
		"A step that works in batches tells how far it is: on a terminal in a line that is drawn again (not with -q or "
		"--plain), elsewhere in a line each ten seconds; with --json in lines of type progress; and always in the view "
		"interlock.progress.\n\n"
		"Between its batches such a step waits while a standby is behind or the server is busy, and says so. Outside of the "
		"windows of its plan it waits, or run ends with code 5: interlock help throttle.\n\n"
		"It asks only before a step that carries \"loses\", and in environment production before every destructive "
		"block, where --confirm with the database's name is wanted.",
	.accepts = "to once take-over",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_run,
};
