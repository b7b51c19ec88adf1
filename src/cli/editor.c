/* Which files editors read, and writing them. */
#include "cli/editor.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "cli/scaffold.h"
#include "plan/lua_names.h"
#include "plan/lua_sources.h"
#include "plan/step.h"

/* The folder of our own files. */
#define OURS ".interlock/"

/* What a plan may call beside Lua itself and the primitives. */
static const char *const words[] = {"plan",    "phase",    "gate",   "approval", "safety_period",
                                    "rollout", "fragment", "lookup", "options",  "param",
                                    "sql",     "require",  NULL};

/* Libraries of the repository and those of others, as require finds them; io and the like are not there. */
void editor_language_server(struct buf *out)
{
	buf_add(out,
	        "{\n"
	        "  \"runtime.version\": \"Lua 5.4\",\n"
	        "  \"runtime.path\": [\"lib/?.lua\", \"vendor/?.lua\", \"" OURS "?.lua\"],\n"
	        "  \"runtime.pathStrict\": true,\n"
	        "  \"runtime.builtin\": {\n"
	        "    \"coroutine\": \"disable\", \"debug\": \"disable\", \"io\": \"disable\", \"os\": \"disable\",\n"
	        "    \"package\": \"disable\", \"utf8\": \"disable\"\n"
	        "  },\n"
	        "  \"workspace.library\": [\"" OURS "\"]\n"
	        "}\n");
}

static void add_names(const char *const *names, const char *margin, struct buf *out)
{
	for (; *names; names++)
		buf_addf(out, "%s\"%s\",\n", margin, *names);
}

void editor_luacheck(struct buf *out)
{
	buf_add(out, "-- What a plan may call: the words of the language, and what of Lua's own library there is.\n"
	             "stds.interlock = {\n  read_globals = {\n");
	for (const struct lua_names *n = lua_names; n->names; n++) {
		const char *margin = n->library ? "      " : "    ";

		if (n->library)
			buf_addf(out, "    %s = { fields = {\n", n->library);
		add_names(n->names, margin, out);
		add_names(n->ours, margin, out);
		if (n->library)
			buf_add(out, "    } },\n");
	}
	add_names(words, "    ", out);
	for (size_t i = 0; step_types[i]; i++)
		buf_addf(out, "    \"%s\",\n", step_types[i]->name);
	buf_add(out, "  },\n}\nstd = \"interlock\"\nexclude_files = { \"" OURS "\" }\n");
}

static void tell(const struct context *context, const char *path, bool written, const char *words_for_it)
{
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:b}", "type", "file", "path", path, "written", written));
	else if (!context->options.quiet)
		printf("  %-24s %s\n", path, words_for_it);
}

bool editor_write_one(struct context *context, const char *folder, const char *name, const char *text,
                      struct err *err)
{
	const char *path = arena_printf(&context->arena, "%s%s%s", folder, *folder ? "/" : "", name);
	bool there;

	if (!scaffold_write(path, text, &there, err))
		return false;
	tell(context, path, !there, there ? "there already, left as it is" : "written");
	return true;
}

static bool write_definition(struct context *context, const char *ours, const char *name, const char *text,
                             struct err *err)
{
	return scaffold_replace(arena_printf(&context->arena, "%s%s", ours, name), text, err);
}

/* The words of the language; and the standard library, so that an editor finds what `require "std.name"` returns.
 */
static bool write_definitions(struct context *context, const char *folder, const char *words_of_plans,
                              struct err *err)
{
	static const char begin[] = "lua/std/";
	const char *ours = arena_printf(&context->arena, "%s%s" OURS, folder, *folder ? "/" : "");
	bool ok = write_definition(context, ours, "plans.lua", words_of_plans, err);

	for (const struct lua_source *s = lua_sources; ok && s->path; s++)
		if (strncmp(s->path, begin, strlen(begin)) == 0)
			ok = write_definition(context, ours, s->path + strlen("lua/"), s->text, err);
	if (ok)
		tell(context, ours, true, "written");
	return ok;
}

bool editor_write(struct context *context, const char *folder, struct err *err)
{
	struct buf definitions = {0}, server = {0}, check = {0};
	bool ok;

	editor_definitions(&definitions);
	editor_language_server(&server);
	editor_luacheck(&check);
	ok = write_definitions(context, folder, buf_text(&definitions), err) &&
	     editor_write_one(context, folder, ".luarc.json", buf_text(&server), err) &&
	     editor_write_one(context, folder, ".luacheckrc", buf_text(&check), err);
	buf_release(&definitions);
	buf_release(&server);
	buf_release(&check);
	return ok;
}
