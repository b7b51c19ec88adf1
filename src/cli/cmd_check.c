/* interlock check: language, options, order of blocks; with a database also the catalogue. */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cli/act.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/plans.h"
#include "cli/report.h"
#include "engine/registry.h"

/* Against this database, from the plan's first block. */
static bool check_with(struct conn *conn, const struct plan *plan, struct diags *diags, struct err *err)
{
	struct arena arena = {0};
	struct facts *facts = arena_array(&arena, struct facts, plan->step_count);
	struct catalogue_check check = {.conn = conn,
	                                .plan = plan,
	                                .to = plan->block_count,
	                                .builds = true,
	                                .thorough = true,
	                                .arena = &arena,
	                                .facts = facts,
	                                .diags = diags};
	struct run_row run;
	bool ok = registry_progress(conn, plan, &arena, &run, &check.done, err) && check_catalogue(&check, err);

	if (!ok && err->code == EXIT_STEP) {
		struct diag *diag =
			diags_add(diags, SEVERITY_ERROR, "cannot-check", err->diag.span, "%s", err->diag.summary);

		for (size_t i = 0; i < err->diag.detail_count; i++)
			diag_detail(&diags->arena, diag, "%s", err->diag.details[i]);
		err_release(err);
		ok = true;
	}
	arena_release(&arena);
	return ok;
}

static void say_fine(const struct context *context, const struct plan *plan, const struct diags *diags,
                     bool online)
{
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "type", "plan", "plan", plan->name, "hash",
		                      plan->hash, "errors", (int)diags->errors, "warnings", (int)diags->warnings, "level",
		                      online ? "catalogue" : "offline"));
	else if (diags->errors == 0 && !context->options.quiet)
		printf("%s: ok, %zu block%s, %zu step%s, checked %s, plan %.4s...%s\n", plan->name, plan->block_count,
		       plan->block_count == 1 ? "" : "s", plan->step_count, plan->step_count == 1 ? "" : "s",
		       online ? "with this database" : "offline", plan->hash, plan->hash + 60);
}

/* A run of the command over its plans. */
struct checking {
	struct context *context;
	struct conn *conn;           /* NULL: offline */
	const struct format *format; /* NULL: text or JSON lines, plan by plan */
	struct diags all;            /* counts; with a format the findings themselves */
	const char **files;          /* what was checked */
	size_t file_count;
};

/* Findings as they come, or kept for the end. */
static void take(struct checking *c, const struct diags *diags, const struct diag *notes)
{
	if (!c->format) {
		for (const struct diag *note = notes; note; note = note->next)
			report_diag(stdout, note);
		if (diags->first)
			report_diags(stdout, diags);
		c->all.errors += diags->errors;
		c->all.warnings += diags->warnings;
		return;
	}
	for (const struct diag *note = notes; note; note = note->next)
		diags_append(&c->all, note);
	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		diags_append(&c->all, diag);
}

/* One plan: its findings are told, and counted. */
static bool check_one(struct checking *c, const char *operand, struct err *err)
{
	struct plan *plan = NULL;
	struct diags diags = {0};
	bool compiled = plan_compile_quietly(c->context, operand, &plan, &diags, err),
		 ok = compiled || !err->diag.summary;

	if (compiled)
		check_plan(plan, &diags);
	if (compiled && c->conn && diags.errors == 0)
		ok = check_with(c->conn, plan, &diags, err);
	c->files[c->file_count++] =
		arena_strdup(&c->context->arena, compiled && plan->span.file ? plan->span.file : operand);
	take(c, &diags, compiled ? plan->notes.first : NULL);
	if (ok && compiled && !c->format)
		say_fine(c->context, plan, &diags, c->conn != NULL);
	diags_release(&diags);
	plan_free(plan);
	return ok;
}

static bool check_list(struct checking *c, const char *const *paths, size_t count, struct err *err)
{
	bool ok = true;

	c->files = arena_array(&c->context->arena, const char *, count + 1);
	for (size_t i = 0; ok && i < count; i++)
		ok = check_one(c, paths[i], err);
	if (ok && c->format)
		c->format->write(stdout, c->files, &c->all);
	return ok;
}

static bool check_each(struct checking *c, struct err *err)
{
	glob_t found = {0};
	bool ok;

	if (c->context->operand_count > 0)
		return check_list(c, c->context->operands, c->context->operand_count, err);
	if (glob("plans/*.lua", 0, NULL, &found) != 0) {
		globfree(&found);
		err_set(err, EXIT_OWN, "there are no plans here");
		err_help(err, "name a file, or go to the folder that holds plans/");
		return false;
	}
	ok = check_list(c, (const char *const *)found.gl_pathv, found.gl_pathc, err);
	globfree(&found);
	return ok;
}

static enum exit_code run_check(struct context *context, struct err *err)
{
	struct checking c = {.context = context};
	bool ok = format_find(context->options.format, &c.format, err) && connect_or_offline(context, &c.conn, err) &&
	          check_each(&c, err);
	bool rejected = c.all.errors > 0 || (context->options.strict && c.all.warnings > 0);

	conn_close(c.conn);
	diags_release(&c.all);
	if (!ok)
		return err->code;
	return rejected ? EXIT_REJECTED : EXIT_DONE;
}

const struct command command_check = {
	.name = "check",
	.group = "write",
	.summary = "language, options, order of blocks; with a database also conflicts with it",
	.synopsis = "[PLAN...]",
	.description =
		"Compiles the plans (without PLAN: plans/*.lua) and applies the rules of plans. When a database is named, or "
		"libpq's default answers, the plan is also compared with it: what is there already, what is there and "
		"differs, what is missing. Nothing is changed. Findings go to stdout; exit code 4 when there is an error, "
		"with --strict also for a warning.",
	.accepts = "offline strict format",
	.server = SERVER_OPTIONAL,
	.operands_min = 0,
	.operands_max = 1000,
	.run = run_check,
};
