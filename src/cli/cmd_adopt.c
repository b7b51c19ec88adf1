/* interlock adopt: record what the database already has. */
#include <jansson.h>
#include <stdio.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/adopt.h"

static void show_believed(const struct adoption *a, struct arena *arena)
{
	if (a->believed_count > 0)
		report_message("the catalogue can't tell whether these were done:");
	for (size_t i = 0; i < a->believed_count; i++) {
		const struct step *step = a->believed[i];

		report_message("  step %d  %s", step->number, step_text(step, arena));
		if (report_is_json())
			report_json(json_pack("{s:s, s:i, s:s, s:s}", "type", "believed", "number", step->number, "primitive",
			                      step->type->name, "summary", step_text(step, arena)));
	}
}

static bool ask(struct act *act, const struct adoption *a, struct err *err)
{
	if (a->believed_count == 0)
		return true;
	show_believed(a, &act->context->arena);
	return act_confirm(act->context, "were they done, all of them?", false, err);
}

static void say_end(const struct act *act, const struct adoption *a)
{
	const struct plan *plan = act->file;

	if (act->context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:I, s:i, s:s}", "type", "done", "plan", plan->name, "hash",
		                      plan->hash, "run", (json_int_t)a->run.id, "steps", (int)plan->step_count, "state",
		                      a->nothing ? a->run.state : "adopted"));
	else if (a->nothing)
		printf("nothing to adopt: plan \"%s\" is %s\n", plan->name, a->run.state);
	else
		printf("%sadopted%s: plan \"%s\", %zu step%s; there will be nothing to undo\n",
		       report_color(stdout, COLOR_GREEN), report_color(stdout, COLOR_PLAIN), plan->name, plan->step_count,
		       plan->step_count == 1 ? "" : "s");
}

static bool say_dry(const struct act *act, const struct adoption *a)
{
	show_believed(a, &act->context->arena);
	if (!act->context->options.json)
		printf("plan \"%s\" can be adopted: everything that the catalogue can tell is there\n", act->file->name);
	return true;
}

static bool adopt(struct act *act, struct err *err)
{
	struct session *s = &act->session;
	struct adoption adoption = {0};
	bool ok;

	s->plan = act->file; /* borrowed: there is no run that owns one */
	ok = (s->control = session_open(s->connector, err)) && (s->worker = session_open(s->connector, err)) &&
	     adopt_look(s, &adoption, err);
	if (adoption.findings.errors > 0)
		report_diags(stderr, &adoption.findings);
	if (ok && !adoption.nothing && act->context->options.dry_run) {
		ok = say_dry(act, &adoption);
	} else if (ok) {
		ok = adoption.nothing || (ask(act, &adoption, err) && adopt_write(s, &adoption, err));
		if (ok)
			say_end(act, &adoption);
	}
	s->plan = NULL;
	adopt_release(&adoption);
	return ok;
}

static enum exit_code run_adopt(struct context *context, struct err *err)
{
	struct act act;
	bool ok;

	act_begin(&act, context);
	ok = act_compile(context, &act.file, err) && adopt(&act, err);
	act_release(&act);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_adopt = {
	.name = "adopt",
	.group = "maintain",
	.summary = "record what the database already has",
	.synopsis = "PLAN",
	.description =
		"For what was done by hand or by another tool: the plan counts as done from then on, and nothing but the "
		"registry is changed. Each step is looked up in the catalogue and must be there exactly as the plan says; "
		"verify steps are asked and must hold. Whatever is missing, half done or different is listed, and nothing is "
		"written (exit code 4).\n\n"
		"Of some steps the catalogue tells nothing (sql_step): they are listed, and you are asked whether they were "
		"done. Gates, approvals and safety periods are passed over. Afterwards run says that there is nothing to do, "
		"status says \"adopted\", and undo refuses, because this run made nothing that it could take back. -n only looks.",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_adopt,
};
