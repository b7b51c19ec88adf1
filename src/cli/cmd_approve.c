/* interlock approve: a role says yes to this plan, as it is compiled. */
#include "cli/decide.h"

static enum exit_code run_approve(struct context *context, struct err *err)
{
	struct choice choice = {.kind = BLOCK_APPROVAL,
	                        .label = context->operands[1],
	                        .evidence = context->options.reason,
	                        .withdraw = context->options.withdraw};

	return decide(context, context->operands[0], &choice, err) ? EXIT_DONE : err->code;
}

const struct command command_approve = {
	.name = "approve",
	.group = "decide",
	.summary = "give an approval that a plan waits for, or take it back",
	.synopsis = "PLAN [LABEL] [--reason TEXT] [--withdraw]",
	.description =
		"The approval is bound to the hash of the compiled plan that is under way, and to the database role that gives "
		"it: a member of the role that the plan names, and not the role that started the run unless the plan says "
		"by_other = false or the environment is development. Where PLAN is a file that says something else than the run, "
		"nothing is approved (exit code 7); a plan that is amended later has to be approved again.\n\n"
		"--withdraw takes an approval back, as long as the run has not passed it: any member of the role may. Who gave it "
		"and who withdrew it, when and why (--reason), stays in interlock log.",
	.accepts = "reason withdraw",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 2,
	.run = run_approve,
};
