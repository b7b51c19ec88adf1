/* interlock help: the manual. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"

static enum exit_code run_help(struct context *context, struct err *err)
{
	const char *name = context->operands[0], *near;

	if (!name) {
		help_overview(stdout);
		return EXIT_DONE;
	}
	if (help_print(stdout, name))
		return EXIT_DONE;
	err_set(err, EXIT_USAGE, "there is no page \"%s\"", name);
	near = help_suggest(name);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "interlock help lists the pages");
	return EXIT_USAGE;
}

const struct command command_help = {
	.name = "help",
	.group = "try",
	.summary = "the manual: a command, a primitive, a rule, or one of the pages that it lists",
	.synopsis = "[PAGE]",
	.operands_max = 1,
	.server = SERVER_NONE,
	.run = run_help,
};
