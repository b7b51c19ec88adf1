/* interlock init: the folders and files of a repository of plans. */
#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/scaffold.h"
#include "plan/step.h"

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
	"Libraries of others: vendor/library/name.lua is loaded by require \"library.name\" in a plan.\n";

/* What a plan may call beside Lua itself. */
static const char *const words[] = {"plan",    "phase", "gate", "approval", "safety_period", "rollout", "fragment",
                                    "options", "param", "sql",  NULL};

/* Every word of the language, each between `quote` and with `between` them. */
static void add_words(struct buf *out, const char *quote, const char *between)
{
	const char *sep = "";

	for (size_t i = 0; words[i]; i++, sep = between)
		buf_addf(out, "%s%s%s%s", sep, quote, words[i], quote);
	for (size_t i = 0; step_types[i]; i++)
		buf_addf(out, "%s%s%s%s", sep, quote, step_types[i]->name, quote);
}

/* For lua-language-server: the words of plans are known. */
static void language_server(struct buf *out)
{
	buf_add(out, "{\n  \"runtime.version\": \"Lua 5.4\",\n  \"diagnostics.globals\": [\n    ");
	add_words(out, "\"", ",\n    ");
	buf_add(out, "\n  ]\n}\n");
}

/* For luacheck. */
static void luacheck(struct buf *out)
{
	buf_add(out, "std = \"lua54\"\nread_globals = {\n  ");
	add_words(out, "\"", ",\n  ");
	buf_add(out, ",\n}\n");
}

static bool write_one(struct context *context, const char *folder, const char *name, const char *text,
                      struct err *err)
{
	const char *path = arena_printf(&context->arena, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
	bool there;

	if (!scaffold_write(path, text, &there, err))
		return false;
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:b}", "type", "file", "path", path, "written", !there));
	else if (!context->options.quiet)
		printf("  %-24s %s\n", path, there ? "there already, left as it is" : "written");
	return true;
}

static enum exit_code run_init(struct context *context, struct err *err)
{
	const char *folder = context->operands[0];
	struct buf luarc = {0}, check = {0};
	bool ok;

	language_server(&luarc);
	luacheck(&check);
	ok = write_one(context, folder, "interlock.conf", config, err) &&
	     write_one(context, folder, "plans/README", plans_note, err) &&
	     write_one(context, folder, "lib/README", lib_note, err) &&
	     write_one(context, folder, "vendor/README", vendor_note, err) &&
	     write_one(context, folder, ".luarc.json", buf_text(&luarc), err) &&
	     write_one(context, folder, ".luacheckrc", buf_text(&check), err);
	buf_release(&luarc);
	buf_release(&check);
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
		"Writes plans/, lib/, vendor/, a commented interlock.conf, and for editors .luarc.json and .luacheckrc, which "
		"know the words of plans. What is there already is left as it is, so it may be repeated.",
	.server = SERVER_NONE,
	.operands_max = 1,
	.run = run_init,
};
