/* interlock pause: a run that is under way stops at its next safe point and waits. */
#include "cli/pause.h"

static enum exit_code run_pause(struct context *context, struct err *err)
{
	return pause_run(context, true, err);
}

const struct command command_pause = {
	.name = "pause",
	.group = "run",
	.summary = "a run under way stops at its next safe point and waits",
	.synopsis = "PLAN",
	.description =
		"A run that is under way looks between its steps, between the batches of a step and between its attempts for a "
		"lock whether somebody paused it. It then holds no lock and no transaction, says who paused it and why, and goes "
		"on when interlock resume is typed. A run that is not under way can't be begun again before (exit code 5). "
		"undo, verify, wait and sync are not held up.\n\n"
		"The reason is kept and shown by run and status.",
	.accepts = "reason",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_pause,
};
