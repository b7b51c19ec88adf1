/* interlock preview: what would happen now. */
#include "cli/preview.h"

const struct command command_preview = {
	.name = "preview",
	.group = "run",
	.summary = "what would happen now: steps, SQL, locks, the line without a way back",
	.synopsis = "PLAN",
	.description =
		"Compares the plan with the database and prints what a run would do: each step with its state (new, there, "
		"to finish, conflict) and the locks that it takes. With --sql every statement in order, as run sends it. "
		"Nothing is changed.",
	.accepts = "sql",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = preview_command,
};
