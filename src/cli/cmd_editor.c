/* interlock editor: an editor completes the options of plans, and says what they are. */
#include <stdio.h>

#include "cli/editor.h"

static enum exit_code run_editor(struct context *context, struct err *err)
{
	const char *folder = context->operand_count ? context->operands[0] : "";

	return editor_write(context, folder, err) ? EXIT_DONE : err->code;
}

const struct command command_editor = {
	.name = "editor",
	.group = "reuse",
	.summary = "files by which an editor completes plans and says what their words mean",
	.synopsis = "[FOLDER]",
	.description =
		"Writes into the folder of a repository of plans (or the current one): .interlock/, with the language of plans "
		"as definitions for lua-language-server, every word with its options, their types, locks and way back, and "
		"with the modules of the standard library; .luarc.json, which names them; and .luacheckrc, by which luacheck "
		"knows what a plan may call.\n\n"
		"The definitions are those of this version of interlock: repeat it after an upgrade. .luarc.json and "
		".luacheckrc are left as they are where they exist.",
	.server = SERVER_NONE,
	.operands_max = 1,
	.run = run_editor,
};
