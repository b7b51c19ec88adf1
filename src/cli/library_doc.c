/* The options{} tables of a library, as a page. */
#include "cli/library_doc.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "cli/report.h"
#include "plan/pins.h"
#include "plan/plan.h"

static void say_option(json_t *option)
{
	const char *name = "", *kind = "", *help = NULL;
	json_t *fallback = json_object_get(option, "default");
	int optional = 0;
	char *value = NULL;

	json_unpack(option, "{s:s, s:s, s?b, s?s}", "name", &name, "kind", &kind, "optional", &optional, "help",
	            &help);
	if (fallback)
		value = json_dumps(fallback, JSON_ENCODE_ANY | JSON_COMPACT);
	printf("    %-16s %s%s%s%s\n", name, kind,
	       value      ? ", else "
	       : optional ? ", may be left out"
	                  : ", required",
	       value ? value : "", "");
	if (help)
		printf("    %-16s   %s\n", "", help);
	free(value);
}

static void say_functions(const char *module, json_t *functions)
{
	json_t *entry, *option;
	size_t i, k;

	json_array_foreach(functions, i, entry)
	{
		json_t *options = json_object_get(entry, "options");
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (report_is_json()) {
			report_json(json_pack("{s:s, s:s, s:s, s:O}", "type", "function", "module", module, "function", name,
			                      "options", options));
			continue;
		}
		printf("  %s%s\n", name, json_array_size(options) ? " { ... }" : "  declares no options");
		json_array_foreach(options, k, option) say_option(option);
	}
	if (json_array_size(functions) == 0 && !report_is_json())
		printf("  no functions\n");
}

static bool document(const char *root, const char *module, struct err *err)
{
	struct plan_request request = {.path = "interlock lib", .root = root};
	struct diags diags = {0};
	json_t *raw = NULL;
	bool ok = plan_library(&request, module, &raw, &diags, err);

	if (ok) {
		if (!report_is_json())
			printf("require \"%s\"\n", module);
		say_functions(module, json_object_get(raw, "functions"));
	} else if (!err->code) {
		report_diags(stderr, &diags);
		err->code = EXIT_REJECTED;
	}
	json_decref(raw);
	diags_release(&diags);
	return ok;
}

bool library_doc(struct context *context, const char *root, const json_t *pinned, const char *name,
                 struct err *err)
{
	json_t *files = json_object_get(json_object_get(pinned, name), "files"), *hash;
	const char *file;
	bool ok = true;

	if (!files)
		return document(root, name, err);
	json_object_foreach(files, file, hash)
	{
		if (ok && pins_file_is_lua(file))
			ok =
				document(root, arena_printf(&context->arena, "%s.%.*s", name, (int)strcspn(file, "."), file), err);
	}
	return ok;
}
