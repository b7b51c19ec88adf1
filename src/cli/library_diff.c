/* Each plan is compiled twice and written as text: that is what is hashed, checked and run, so nothing hides in
 * it. */
#include "cli/library_diff.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "cli/line_diff.h"
#include "cli/plan_text.h"
#include "cli/report.h"
#include "plan/load.h"
#include "plan/pins.h"

/* NULL: it does not compile, which is reported; or *err. */
static struct plan *compile(struct context *context, const char *path, const struct load_candidate *candidate,
                            struct err *err)
{
	struct plan_request request = {.path = path,
	                               .set_names = context->options.set_names,
	                               .set_values = context->options.set_values,
	                               .candidate = candidate};
	struct diags diags = {0};
	struct plan *plan = NULL;

	if (!plan_compile(&request, &plan, &diags, err)) {
		plan = NULL;
		if (!err->code)
			report_diags(context->options.json ? stderr : stdout, &diags);
	}
	diags_release(&diags);
	return plan;
}

static void say_texts(const struct plan *before, const struct plan *after)
{
	struct buf old = {0}, new = {0};

	plan_text(before, false, &old);
	plan_text(after, false, &new);
	line_diff(stdout, buf_text(&old), buf_text(&new), 2);
	buf_release(&old);
	buf_release(&new);
}

static void say_changed(const struct context *context, const char *path, const struct plan *before,
                        const struct plan *after)
{
	if (context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:b, s:s, s:s}", "type", "plan", "file", path, "plan", after->name,
		                      "changed", 1, "before", before->hash, "after", after->hash));
		return;
	}
	printf("%s%s%s  plan %.4s...%s -> %.4s...%s\n", report_color(stdout, COLOR_BOLD), path,
	       report_color(stdout, COLOR_PLAIN), before->hash, before->hash + 60, after->hash, after->hash + 60);
	say_texts(before, after);
}

static bool compare_one(struct context *context, const char *path, const struct load_candidate *candidate,
                        struct library_changes *changes, struct err *err)
{
	struct plan *before = compile(context, path, NULL, err), *after = NULL;

	if (!err->code)
		after = compile(context, path, candidate, err);
	changes->plans++;
	if (!err->code && (!before || !after)) {
		changes->broken++;
		if (!context->options.json)
			printf("%s  does not compile %s\n", path, before ? "with the other version" : "as it is");
		else
			report_json(json_pack("{s:s, s:s, s:b}", "type", "plan", "file", path, "broken", 1));
	} else if (!err->code && strcmp(before->hash, after->hash) != 0) {
		changes->changed++;
		say_changed(context, path, before, after);
	}
	if (before)
		plan_free(before);
	if (after)
		plan_free(after);
	return !err->code;
}

bool library_diff(struct context *context, const char *root, const struct library *library,
                  struct library_changes *changes, struct err *err)
{
	struct load_candidate candidate = {library->name, library->candidate};
	char pattern[PATH_MAX];
	glob_t found = {0};
	bool ok = true;

	*changes = (struct library_changes){0};
	pins_path(root, "plans/*.lua", pattern, sizeof(pattern));
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; ok && i < found.gl_pathc; i++)
			ok = compare_one(context, found.gl_pathv[i], &candidate, changes, err);
	globfree(&found);
	return ok;
}
