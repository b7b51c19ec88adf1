/* A row of interlock.control, and the words about it. */
#include "cli/pause.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/find_run.h"
#include "cli/report.h"
#include "engine/control.h"
#include "engine/naming.h"

static void say(struct context *context, const struct run_row *run, const struct control *wish,
                const struct control *before)
{
	const char *command = arena_printf(&context->arena, "interlock %s %s", wish->paused ? "resume" : "run",
	                                   run_named(run, &context->arena));

	if (context->options.json) {
		report_json(json_pack("{s:s, s:s, s:b, s:b, s:s?, s:s}", "type", "done", "plan", run->plan, "paused",
		                      wish->paused, "was_paused", before->paused, "reason", wish->reason, "next",
		                      command));
		return;
	}
	if (!wish->paused && !before->paused)
		printf("plan \"%s\" is not paused\n", run->plan);
	else
		printf("plan \"%s\" %s%s\n", run->plan, wish->paused ? "is paused" : "may go on",
		       wish->paused && run->alive && strcmp(run->state, "running") == 0
		           ? "; a run under way stops at its next safe point"
		           : "");
	if (wish->paused && before->paused)
		printf("  it was %s\n", control_sentence(before, &context->arena));
	printf("  next: %s\n", command);
}

enum exit_code pause_run(struct context *context, bool pause, struct err *err)
{
	struct meant meant = find_meant(context, context->operands[0]);
	struct control wish = {.paused = pause, .reason = context->options.reason}, before;
	struct conn *conn = act_connect(context, err);
	struct run_row run;
	bool ok;

	ok = conn && find_open_run(context, conn, &meant, pause ? "pause" : "resume", &run, err);
	if (ok && context->options.dry_run) {
		report_message("plan \"%s\" would be %s; nothing was changed", run.plan, pause ? "paused" : "resumed");
	} else if (ok) {
		ok = control_set(conn, run.id, &wish, &before, &context->arena, err);
		if (ok)
			say(context, &run, &wish, &before);
	}
	conn_close(conn);
	return ok ? EXIT_DONE : err->code;
}
