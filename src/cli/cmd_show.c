/* interlock show: the compiled plan, as one JSON document or written as a plan again. */
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/plan_text.h"
#include "cli/plans.h"

static enum exit_code run_show(struct context *context, struct err *err)
{
	struct buf text = {0};
	struct plan *plan;

	if (!plan_compile_operand(context, context->operands[0], &plan, err))
		return err->code;
	if (context->options.json) {
		json_t *document = plan_document(plan);

		json_dumpf(document, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(document);
	} else {
		plan_text(plan, true, &text);
		fputs(buf_text(&text), stdout);
		buf_release(&text);
	}
	plan_free(plan);
	return EXIT_DONE;
}

const struct command command_show = {
	.name = "show",
	.group = "write",
	.summary = "the compiled plan: what is checked, hashed, approved and run",
	.synopsis = "PLAN",
	.description = "Prints the plan as it was compiled: libraries, loops and parameters are resolved, SQL is "
				   "normalised. Two plans of the same hash do the same; comments and layout don't matter.\n\n"
				   "With --json: one document with hash, format, plan, settings, parameters, blocks, and beside "
				   "what is hashed \"source\": the files that were read, and the line of each block and step.",
	.server = SERVER_NONE,
	.operands_min = 1,
	.operands_max = 1,
	.document = true,
	.run = run_show,
};
