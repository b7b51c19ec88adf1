/* interlock rehearse: the whole plan on a scratch copy, up, back and up again. */
#include "cli/act.h"
#include "cli/rehearse_copy.h"
#include "cli/rehearse_report.h"
#include "cli/report.h"
#include "engine/rehearse.h"

/* Which rows a sample holds is chance, and what they refer to may not be among them. */
static bool fails_at_the_sample(const struct scratch *scratch, const struct err *err)
{
	return err->code == EXIT_STEP && err_is(err, "23503") && scratch->row_count > 0;
}

static void say_failure(const struct scratch *scratch, struct err *err)
{
	if (err->code != EXIT_STEP && err->code != EXIT_REJECTED)
		return;
	if (err->diag.summary)
		err_detail(err, "in the rehearsal, on a copy with %lld rows: the database itself was only read",
		           (long long)scratch->row_count);
}

static bool rehearse_once(struct context *context, const struct plan *plan, int64_t sample, bool *again,
                          bool *warned, struct err *err)
{
	struct scratch scratch = {0};
	struct rehearse_report report = {.context = context, .scratch = &scratch};
	const struct rehearsal_listener listener = rehearse_listener(&report);
	struct rehearsal rehearsal = {.loop = context->loop, .scratch = &scratch, .plan = plan, .listener = &listener};
	bool ok = rehearse_copy(context, sample, &scratch, err);

	if (ok) {
		rehearse_say_copy(&scratch);
		ok = rehearse(&rehearsal, err);
		*again = !ok && fails_at_the_sample(&scratch, err);
		if (!*again && rehearsal.findings.first)
			report_diags(stdout, &rehearsal.findings);
		if (ok)
			rehearse_say_end(&report, &rehearsal);
		else
			say_failure(&scratch, err);
	}
	*warned = rehearsal.findings.warnings > 0;
	rehearsal_release(&rehearsal);
	rehearse_report_release(&report);
	scratch_release(&scratch);
	return ok;
}

static enum exit_code run_rehearse(struct context *context, struct err *err)
{
	bool again = false, warned = false, ok;
	struct plan *plan = NULL;
	int64_t sample;

	if (!rehearse_sample(context, &sample, err) || !act_compile(context, &plan, err)) {
		plan_free(plan);
		return err->code;
	}
	ok = rehearse_once(context, plan, sample, &again, &warned, err);
	if (again) {
		report_message("a row of the sample refers to one that is not in it: once more, without rows");
		err_release(err);
		ok = rehearse_once(context, plan, 0, &again, &warned, err);
	}
	plan_free(plan);
	if (!ok)
		return err->code;
	return warned && context->options.strict ? EXIT_REJECTED : EXIT_DONE;
}

const struct command command_rehearse = {
	.name = "rehearse",
	.group = "run",
	.summary = "the whole plan on a scratch copy: locks taken, rewrites, up, back, up again",
	.synopsis = "PLAN",
	.description =
		"Copies the schema of the database, its roles, settings, statistics and a row of each table to a throwaway server, "
		"and runs the plan there exactly as run would. Each statement is looked at: the locks that it takes, the tables "
		"that it rewrites, the indexes that it builds, what it reads all of, and whether it fails. Then undo leads back to "
		"the start, the schema is compared with the one before, and the plan runs again. At the end everything is thrown "
		"away, also after Ctrl-C.\n\n"
		"The database itself is only read. Gates, approvals, safety periods and rollouts count as open.\n\n"
		"The throwaway server is of the same major version where its programs are found here, or in --bindir; else it is "
		"said which version rehearses. With --in the copy is a database of its own on the server of that connection "
		"string, made and dropped again. pg_dump of the database's version or a newer one is needed in any case.\n\n"
		"Exit code 3 when a step fails, 4 when the checker rejects the plan, with --strict also for a warning; more in "
		"interlock help rehearsal.",
	.accepts = "in sample bindir strict",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_rehearse,
};
