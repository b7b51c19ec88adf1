/* Showing the differences that a run stops at, and asking whether they are meant. */
#include "cli/amend_drift.h"

#include <jansson.h>
#include <stdio.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/drift.h"
#include "engine/naming.h"

static void show(const struct act *act, const struct drift *drift)
{
	if (!report_is_json())
		printf("%s%s%s  run %lld: changed since the last phase, and not by this plan\n",
		       report_color(stdout, COLOR_BOLD), act->session.plan->name, report_color(stdout, COLOR_PLAIN),
		       (long long)act->session.run.id);
	for (size_t i = 0; i < drift->text_count; i++)
		if (report_is_json())
			report_json(json_pack("{s:s, s:s}", "type", "drift", "text", drift->texts[i]));
		else
			printf("  %s\n", drift->texts[i]);
}

static void say_end(const struct act *act, const struct drift *drift)
{
	const struct run_row *run = &act->session.run;

	if (report_is_json())
		report_json(
			json_pack("{s:s, s:s, s:i}", "type", "done", "plan", run->plan, "changes", (int)drift->text_count));
	else if (drift->text_count == 0)
		printf("nothing to accept: %s\n", drift->nothing);
	else
		printf("%saccepted%s: run %lld goes on with %s as %s\n  next: interlock run %s\n",
		       report_color(stdout, COLOR_GREEN), report_color(stdout, COLOR_PLAIN), (long long)run->id,
		       drift->count == 1 ? drift->tables[0].name : "the tables", drift->count == 1 ? "it is" : "they are",
		       run_named(run, &act->context->arena));
}

static bool accept(struct act *act, struct drift *drift, struct err *err)
{
	if (!drift_look(&act->session, drift, err))
		return false;
	if (drift->text_count == 0) {
		say_end(act, drift);
		return true;
	}
	show(act, drift);
	if (act->context->options.dry_run)
		return true;
	if (!act_confirm(act->context, "is that meant, and shall the plan go on with it?", false, err) ||
	    !drift_accept(&act->session, drift, err))
		return false;
	say_end(act, drift);
	return true;
}

bool amend_drift(struct context *context, struct err *err)
{
	struct drift drift = {0};
	struct act act;
	bool ok = act_open_to_read(&act, context, err);

	if (ok) {
		ok = accept(&act, &drift, err);
		run_leave(&act.session);
	}
	act_release(&act);
	return ok;
}
