/* interlock verify: what a plan has verified, once more. */
#include <jansson.h>
#include <stdio.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/reverify.h"

static void say_end(const struct act *act, const struct reverify_end *end)
{
	const char *plan = act->session.plan->name;
	size_t count = end->held + end->failed;

	if (act->context->options.json)
		report_json(json_pack("{s:s, s:s, s:i, s:i}", "type", "done", "plan", plan, "steps", (int)count, "failed",
		                      (int)end->failed));
	else if (count == 0 && end->past)
		printf("nothing left to verify: plan \"%s\" has switched since\n", plan);
	else if (count == 0)
		printf("nothing to verify: plan \"%s\" has come to no verify step yet\n", plan);
	else if (end->failed)
		printf("%s%zu of %zu%s verify step%s of plan \"%s\" fail%s\n", report_color(stdout, COLOR_RED),
		       end->failed, count, report_color(stdout, COLOR_PLAIN), count == 1 ? "" : "s", plan,
		       end->failed == 1 ? "s" : "");
	else
		printf("%sall hold%s: %zu verify step%s of plan \"%s\"\n", report_color(stdout, COLOR_GREEN),
		       report_color(stdout, COLOR_PLAIN), count, count == 1 ? "" : "s", plan);
}

static enum exit_code run_verify_command(struct context *context, struct err *err)
{
	struct reverify_end end = {0};
	struct act act;
	bool ok = act_open_to_read(&act, context, err);

	if (ok) {
		ok = run_reverify(&act.session, report_err, &end, err);
		run_leave(&act.session);
	}
	if (ok)
		say_end(&act, &end);
	act_release(&act);
	return !ok ? err->code : end.failed ? EXIT_STEP : EXIT_DONE;
}

const struct command command_verify = {
	.name = "verify",
	.group = "run",
	.summary = "its verify steps again",
	.synopsis = "PLAN",
	.description =
		"Verifies once more what a run has verified so far, also when the run is done: expect_column, expect_equal "
		"and their like. All of them are looked at, in the plan's order, also behind one that fails; exit code 3 when "
		"one did. Nothing is changed but what the registry knows of these steps, and the run stays where it "
		"stands.\n\n"
		"It takes the run's lease meanwhile, so it does not get in the way of a run that is under way: that is exit "
		"code 6.",
	.accepts = "take-over",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_verify_command,
};
