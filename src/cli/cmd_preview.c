/* interlock preview: what would happen now. */
#include "cli/preview.h"

const struct command command_preview = {
	.name = "preview",
	.group = "run",
	.summary = "what would happen now: steps, SQL, locks, sizes, the line without a way back",
	.synopsis = "PLAN",
	.description =
		"Compares the plan with the database and prints what a run would do: each step with its state (new, there, "
		"to finish, conflict) and the locks that it takes. With --sql every statement in order, as run sends it. "
		"Nothing is changed.\n\n"
		"Beside a table that a step scans, rewrites or moves stands how large it is, as the catalogue has it: rows as of "
		"the last VACUUM or ANALYZE (\"never analysed\" before the first, \"or more\" where that is so of a partition) and "
		"bytes without indexes. Nothing is counted, and nobody is waited for: of a table that somebody has locked the bytes "
		"are left out.\n\n"
		"With --json a line of type block for each phase and each stop, in their order, with kind, label, done and, of a "
		"stop, what it waits for: text, query, app, at_least, no_sessions and quiet_ms of a gate, role and by_other of an "
		"approval, ms, unused and allow of a safety period, table, column and percent of a rollout; and behind its phase a line of type step for each step, with "
		"state, locks, sql, and in tables the rows and bytes of each that it goes through, null where they are not known.",
	.accepts = "sql",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = preview_command,
};
