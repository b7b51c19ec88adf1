/* interlock check: language, options, order of blocks; with a database also the catalogue. */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cli/act.h"
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

/* One plan: its findings are printed, and counted into `all`. */
static bool check_one(struct context *context, const char *operand, struct conn *conn, struct diags *all,
                      struct err *err)
{
	struct plan *plan = NULL;
	struct diags diags = {0};
	bool compiled = plan_compile_quietly(context, operand, &plan, &diags, err),
		 ok = compiled || !err->diag.summary;

	if (compiled)
		check_plan(plan, &diags);
	if (compiled && conn && diags.errors == 0)
		ok = check_with(conn, plan, &diags, err);
	for (struct diag *note = compiled ? plan->notes.first : NULL; note; note = note->next)
		report_diag(stdout, note);
	if (diags.first)
		report_diags(stdout, &diags);
	if (ok && compiled)
		say_fine(context, plan, &diags, conn != NULL);
	all->errors += diags.errors;
	all->warnings += diags.warnings;
	diags_release(&diags);
	plan_free(plan);
	return ok;
}

/* A server when one is named or answers; *err only when a named one fails. */
static bool maybe_connect(struct context *context, struct conn **conn, struct err *err)
{
	*conn = NULL;
	if (context->options.offline)
		return true;
	*conn = act_connect(context, err);
	if (*conn)
		return true;
	if (context->target.named)
		return false;
	err_release(err);
	if (!context->options.json)
		report_message("no database named, and none answers: checking offline");
	return true;
}

static bool check_each(struct context *context, struct conn *conn, struct diags *all, struct err *err)
{
	glob_t found = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < context->operand_count; i++)
		ok = check_one(context, context->operands[i], conn, all, err);
	if (context->operand_count > 0)
		return ok;
	if (glob("plans/*.lua", 0, NULL, &found) != 0) {
		globfree(&found);
		err_set(err, EXIT_OWN, "there are no plans here");
		err_help(err, "name a file, or go to the folder that holds plans/");
		return false;
	}
	for (size_t i = 0; ok && i < found.gl_pathc; i++)
		ok = check_one(context, found.gl_pathv[i], conn, all, err);
	globfree(&found);
	return ok;
}

static enum exit_code run_check(struct context *context, struct err *err)
{
	struct diags all = {0};
	struct conn *conn;
	bool ok = maybe_connect(context, &conn, err) && check_each(context, conn, &all, err);

	conn_close(conn);
	if (!ok)
		return err->code;
	return all.errors > 0 || (context->options.strict && all.warnings > 0) ? EXIT_REJECTED : EXIT_DONE;
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
	.accepts = "offline strict",
	.server = SERVER_OPTIONAL,
	.operands_min = 0,
	.operands_max = 1000,
	.run = run_check,
};
