/* interlock restore: archived rows back to where they were. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/act.h"
#include "cli/report.h"

static bool step_number(const struct context *context, int *number, struct err *err)
{
	char *end;

	*number = 0;
	if (context->operand_count < 2)
		return true;
	*number = (int)strtol(context->operands[1], &end, 10);
	if (*end || *number < 1)
		return err_set(err, EXIT_USAGE, "\"%s\" is not the number of a step", context->operands[1]);
	return true;
}

/* What there was to restore, and is no more. */
static void say_expired(const struct act *act)
{
	const struct plan *plan = act->session.plan;

	for (size_t n = 1; n <= plan->step_count; n++) {
		const struct step *step = plan_step(plan, (int)n);

		if (step->type->restore && act->session.steps[n - 1].expired)
			report_message("what was archived of \"%s\" is gone: its time was over",
			               step_text(step, &act->context->arena));
	}
}

static void say_end(const struct context *context, const struct run_end *end, int64_t left)
{
	if (context->options.json)
		report_json(
			json_pack("{s:s, s:i, s:I}", "type", "done", "rows", (int)end->steps, "left", (json_int_t)left));
	else if (end->steps == 0 && left == 0)
		printf("nothing to restore\n");
	else
		printf("restored %zu row%s%s\n", end->steps, end->steps == 1 ? "" : "s",
		       left ? "; what is left in the archive is gone from the table, or something else is in its place"
		            : "");
	if (left && !context->options.json)
		printf("  left in the archive: %lld\n", (long long)left);
}

static enum exit_code run_restore_command(struct context *context, struct err *err)
{
	struct run_end end = {.code = EXIT_DONE};
	struct act act;
	int64_t left;
	int number;
	bool open, ok;

	if (!step_number(context, &number, err))
		return err->code;
	ok = act_open(&act, context, false, &open, err);
	if (ok) {
		ok = act_confirm(context, "put archived rows and values back?", false, err) &&
		     run_restore(&act.session, number, &left, &end, err);
		run_leave(&act.session);
	}
	if (ok) {
		say_end(context, &end, left);
		say_expired(&act);
	}
	act_release(&act);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_restore = {
	.name = "restore",
	.group = "maintain",
	.summary = "put archived rows back",
	.synopsis = "PLAN [STEP]",
	.description =
		"Values that undo or a drop archived go back to their rows, found by their key, where the column is "
		"there again and holds nothing else. Rows that quarantine set aside go back with the children that went with "
		"them, and each is compared with what was kept; one whose key is there again is never overwritten. What can't go "
		"back stays in the archive and is counted; of a row, interlock.archive_RUN_STEP says why.",
	.accepts = "take-over",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 2,
	.run = run_restore_command,
};
