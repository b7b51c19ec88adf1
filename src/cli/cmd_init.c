/* interlock init: the folders and files of a repository of plans. */
#include <stdio.h>

#include "cli/editor.h"

static const char config[] =
	"# Databases by name, for interlock --target NAME; written like pg_service.conf.\n"
	"# Passwords belong into ~/.pgpass. \"default\" is used when nothing else names a database.\n"
	"#\n"
	"# [target default]\n"
	"# host = localhost\n"
	"# dbname = shop\n"
	"# environment = development\n"
	"#\n"
	"# [target production]\n"
	"# service = shop-production\n"
	"# environment = production\n";

static const char plans_note[] = "Plans: one file, one plan. interlock new NAME begins one.\n";
static const char lib_note[] =
	"Libraries of this repository: lib/name.lua is loaded by require \"name\" in a plan.\n";
static const char vendor_note[] =
	"Libraries of others: vendor/library/name.lua is loaded by require \"library.name\" in a plan. interlock lib add "
	"brings one and pins it in interlock.lock; nothing here is edited by hand.\n";

static enum exit_code run_init(struct context *context, struct err *err)
{
	const char *folder = context->operand_count ? context->operands[0] : "";
	bool ok = editor_write_one(context, folder, "interlock.conf", config, err) &&
	          editor_write_one(context, folder, "plans/README", plans_note, err) &&
	          editor_write_one(context, folder, "lib/README", lib_note, err) &&
	          editor_write_one(context, folder, "vendor/README", vendor_note, err) &&
	          editor_write(context, folder, err);

	if (ok && !context->options.json && !context->options.quiet)
		printf("next: interlock new NAME begins a plan\n");
	return ok ? EXIT_DONE : err->code;
}

const struct command command_init = {
	.name = "init",
	.group = "write",
	.summary = "the folders and files of a repository of plans",
	.synopsis = "[FOLDER]",
	.description =
		"Writes plans/, lib/, vendor/, a commented interlock.conf, and what editors want to know (interlock help "
		"editor). What is there already is left as it is, so it may be repeated.",
	.server = SERVER_NONE,
	.operands_max = 1,
	.run = run_init,
};
