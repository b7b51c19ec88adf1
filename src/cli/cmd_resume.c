/* interlock resume: a paused run may go on. */
#include "cli/pause.h"

static enum exit_code run_resume(struct context *context, struct err *err)
{
	return pause_run(context, false, err);
}

const struct command command_resume = {
	.name = "resume",
	.group = "run",
	.summary = "a paused run may go on",
	.synopsis = "PLAN",
	.description =
		"Ends what interlock pause began: a run that waits for it goes on by itself, and one that ended "
		"meanwhile can be run again.",
	.accepts = "",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_resume,
};
