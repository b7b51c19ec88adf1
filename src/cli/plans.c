/* From an operand to a file to a compiled plan. */
#include "cli/plans.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cli/report.h"

static bool is_path(const char *operand)
{
	size_t length = strlen(operand);

	return strchr(operand, '/') || (length > 4 && strcmp(operand + length - 4, ".lua") == 0);
}

static const char *path_of(struct arena *arena, const char *operand)
{
	return is_path(operand) ? operand : arena_printf(arena, "plans/%s.lua", operand);
}

const char *plan_find_file(struct arena *arena, const char *operand)
{
	const char *path = path_of(arena, operand);

	return access(path, F_OK) == 0 ? path : NULL;
}

/* "orders" for "plans/orders.lua", for all that are there; returns the nearest to what was written, or NULL. */
static const char *nearest_plan(struct arena *arena, const char *operand)
{
	const char *names[256];
	glob_t found = {0};
	size_t count = 0;

	if (glob("plans/*.lua", 0, NULL, &found) == 0)
		for (; count < found.gl_pathc && count < 256; count++)
			names[count] = arena_strndup(arena, found.gl_pathv[count] + 6, strlen(found.gl_pathv[count]) - 10);
	globfree(&found);
	return suggest(operand, names, count);
}

static bool no_such_plan(struct context *context, const char *operand, struct err *err)
{
	const char *near;

	if (is_path(operand)) {
		err_set(err, EXIT_OWN, "there is no file \"%s\"", operand);
		if (context->command->server == SERVER_REQUIRED)
			err_help(err, "a run that was begun needs none: give the plan's name alone");
		return false;
	}
	err_set(err, EXIT_OWN, "there is no plan \"%s\": no file %s", operand, path_of(&context->arena, operand));
	near = nearest_plan(&context->arena, operand);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	return false;
}

bool plan_compile_quietly(struct context *context, const char *operand, struct plan **plan, struct diags *diags,
                          struct err *err)
{
	struct plan_request request = {
		.path = plan_find_file(&context->arena, operand),
		.set_names = context->options.set_names,
		.set_values = context->options.set_values,
	};

	if (!request.path)
		return no_such_plan(context, operand, err);
	return plan_compile(&request, plan, diags, err);
}

bool plan_compile_operand(struct context *context, const char *operand, struct plan **plan, struct err *err)
{
	struct diags diags = {0};
	bool ok = plan_compile_quietly(context, operand, plan, &diags, err);

	if (!ok && !err->code) {
		report_diags(stderr, &diags);
		err->code = EXIT_REJECTED;
	} else if (!context->options.quiet) {
		for (const struct diag *diag = diags.first; diag; diag = diag->next)
			report_diag(stderr, diag);
		for (const struct diag *note = ok ? (*plan)->notes.first : NULL; note; note = note->next)
			report_diag(stderr, note);
	}
	diags_release(&diags);
	return ok;
}
