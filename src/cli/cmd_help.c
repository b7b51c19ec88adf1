/* interlock help: the manual. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"

static enum exit_code run_help(struct context *context, struct err *err)
{
	struct page page = {stdout, &page_text_form, false};
	struct arena arena = {0};
	const char *name = context->operands[0], *near;

	if (context->options.html) {
		help_html(stdout);
		return EXIT_DONE;
	}
	if (context->options.man)
		return help_write_man(context->options.man, err) ? EXIT_DONE : err->code;
	if (!name) {
		help_overview(&page);
		return EXIT_DONE;
	}
	if (help_print(&page, name))
		return EXIT_DONE;
	err_set(err, EXIT_USAGE, "there is no page \"%s\"", name);
	near = help_suggest(name, &arena);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "interlock help lists the pages");
	arena_release(&arena);
	return EXIT_USAGE;
}

const struct command command_help = {
	.name = "help",
	.group = "try",
	.summary = "the manual: a command, a primitive, a rule, or one of the pages that it lists",
	.synopsis = "[PAGE]",
	.description =
		"The manual is in the binary, written out of the tables that the program itself reads, so it is never older "
		"than the program. --man writes all of it as man pages, which make install installs; --html writes it as one HTML page.",
	.accepts = "man html",
	.operands_max = 1,
	.server = SERVER_NONE,
	.run = run_help,
};
