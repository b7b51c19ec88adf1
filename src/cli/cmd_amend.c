/* interlock amend: the edited plan for what has not run. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/amend_drift.h"
#include "cli/report.h"
#include "engine/amend.h"
#include "engine/naming.h"

enum { PREFIX_MIN = 8, PREFIX_SHOWN = 12 };

/* A prefix of a hash, long enough that nobody means another plan. */
static bool check_accept(const char *accept, struct err *err)
{
	size_t length = strlen(accept);

	if (length >= PREFIX_MIN && length <= 64 && strspn(accept, "0123456789abcdef") == length)
		return true;
	err_set(err, EXIT_USAGE, "\"--accept %s\" is not a hash, nor the first %d digits of one", accept, PREFIX_MIN);
	err_help(err, "interlock amend PLAN without --accept shows it");
	return false;
}

static void show_change(const struct difference *d, struct arena *arena)
{
	if (report_is_json())
		report_json(json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:o, s:s?, s:s?, s:s?, s:s}", "type", "change", "what",
		                      difference_kind_name(d->kind), "ran", d->early, "kind",
		                      d->block ? block_kind_name(d->block->kind) : NULL, "label",
		                      d->block ? d->block->label : NULL, "step",
		                      d->step ? json_integer(d->step->number) : json_null(), "option", d->option, "was",
		                      d->was, "is", d->is, "text", difference_text(d, arena)));
	else
		printf("  %s%s%s%s\n", d->early ? report_color(stdout, COLOR_RED) : "", d->early ? "has run: " : "",
		       difference_text(d, arena), d->early ? report_color(stdout, COLOR_PLAIN) : "");
}

static void show(const struct amendment *a, const struct plan *plan, struct arena *arena)
{
	if (!report_is_json())
		printf("%s%s%s  run %lld, %s: plan %.12s -> %.12s\n", report_color(stdout, COLOR_BOLD), plan->name,
		       report_color(stdout, COLOR_PLAIN), (long long)a->run.id, a->run.state, a->run.hash, plan->hash);
	for (size_t i = 0; i < a->differences.count; i++)
		show_change(&a->differences.items[i], arena);
	if (a->differences.count == 0 && !report_is_json())
		printf("  they mean the same, and are only written differently\n");
	for (size_t i = 0; i < a->lost_count && !a->differences.any_early; i++)
		if (report_is_json())
			report_json(json_pack("{s:s, s:s}", "type", "lost", "text", a->lost[i]));
		else
			printf("  %s\n", a->lost[i]);
}

/* Quoted where a shell would not take it as one word. */
static void add_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+";

	if (*word && strspn(word, plain) == strlen(word)) {
		buf_add(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_add(out, "'\\''");
		else
			buf_add_char(out, *word);
	buf_add_char(out, '\'');
}

/* interlock amend PLAN --set … --accept … */
static void say_command(const struct context *context, const struct plan *plan, struct err *err)
{
	const struct cli_options *options = &context->options;
	struct buf command = {0};

	buf_add(&command, "interlock amend ");
	add_word(&command, context->operands[0]);
	for (size_t i = 0; options->set_names && options->set_names[i]; i++) {
		struct buf setting = {0};

		buf_addf(&setting, "%s=%s", options->set_names[i], options->set_values[i]);
		buf_add(&command, " --set ");
		add_word(&command, buf_text(&setting));
		buf_release(&setting);
	}
	err_help(err, "%s --accept %.*s", buf_text(&command), PREFIX_SHOWN, plan->hash);
	buf_release(&command);
}

/* Was it this plan that the person looked at? */
static bool is_accepted(const struct context *context, const struct plan *plan, struct err *err)
{
	const char *accept = context->options.accept;

	if (!accept) {
		err_set(err, EXIT_CONFIRM, "this needs a confirmation: the hash of the plan that you mean");
		err_detail(err, "nothing was changed");
		say_command(context, plan, err);
		return false;
	}
	if (strncmp(plan->hash, accept, strlen(accept)) == 0)
		return true;
	err_set(err, EXIT_CHANGED, "the file compiles to %.12s, --accept names %s", plan->hash, accept);
	err_detail(err, "it was edited since, or is compiled with other parameters; nothing was changed");
	say_command(context, plan, err);
	return false;
}

static void say_end(struct context *context, const struct amendment *a, const struct plan *plan)
{
	if (context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:i}", "type", "done", "plan", plan->name, "hash", plan->hash,
		                      "was", a->run.hash, "changes", (int)a->differences.count));
		return;
	}
	printf("%samended%s: run %lld goes on with plan %.12s\n", report_color(stdout, COLOR_GREEN),
	       report_color(stdout, COLOR_PLAIN), (long long)a->run.id, plan->hash);
	printf("  next: interlock run %s\n", run_named(&a->run, &context->arena));
}

static void say_nothing(const struct context *context, const struct amendment *a, const struct plan *plan)
{
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:i}", "type", "done", "plan", plan->name, "hash", plan->hash,
		                      "changes", 0));
	else
		printf("nothing to amend: %s\n", a->nothing);
}

/* The exchange itself, on sessions that hold the lease. */
static bool exchange(struct context *context, const struct plan *plan, struct err *err)
{
	struct act act;
	bool open, ok;

	act_begin(&act, context);
	ok = run_open(&act.session, &(struct run_request){.plan = plan, .findings = &act.findings}, &act.options,
	              &open, err);
	act.session.listener = NULL; /* `run` asks before what it takes away, not we */
	ok = ok && amend_run(&act.session, plan, &act.findings, err);
	if (act.findings.errors > 0)
		report_diags(stderr, &act.findings);
	act_release(&act);
	return ok;
}

static bool look(struct context *context, const struct plan *plan, struct amendment *a, struct err *err)
{
	struct conn *conn = act_connect(context, err);
	bool ok = conn && amend_look(conn, plan, a, err);

	conn_close(conn);
	return ok;
}

static bool amend(struct context *context, const struct plan *plan, struct amendment *a, struct err *err)
{
	if (!look(context, plan, a, err))
		return false;
	if (a->nothing) {
		say_nothing(context, a, plan);
		return true;
	}
	show(a, plan, &context->arena);
	if (!amend_allowed(a, err))
		return false;
	if (context->options.dry_run)
		return true;
	if (!is_accepted(context, plan, err) || !act_confirm(context, "go on with the edited plan?", false, err) ||
	    !exchange(context, plan, err))
		return false;
	say_end(context, a, plan);
	return true;
}

static enum exit_code run_amend(struct context *context, struct err *err)
{
	struct amendment amendment = {0};
	struct plan *plan = NULL;
	bool ok;

	if (context->options.accept_drift && context->options.accept) {
		err_set(err, EXIT_USAGE, "--accept and --accept-drift are two decisions: a plan, and a table");
		err_help(err, "take them one after the other");
		return err->code;
	}
	if (context->options.accept_drift)
		return amend_drift(context, err) ? EXIT_DONE : err->code;
	ok = (!context->options.accept || check_accept(context->options.accept, err)) &&
	     act_compile(context, &plan, err) && amend(context, plan, &amendment, err);
	amend_release(&amendment);
	plan_free(plan);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_amend = {
	.name = "amend",
	.group = "maintain",
	.summary = "use the edited plan for what has not run yet, or a table as somebody changed it",
	.synopsis = "PLAN [--accept HASH | --accept-drift]",
	.description =
		"A run goes on with the plan that it began with, which the registry keeps; an edit of the file changes "
		"nothing, and run refuses it. amend compares the two, block by block and option by option. Without --accept "
		"it only shows what is different, and the command that takes it over.\n\n"
		"What has run stays as it was: a block that is done, or of which a step is, must say the same in both plans, "
		"else amend refuses and names the difference (exit code 7). Blocks behind it, and the settings, may be "
		"anything: what is new is checked against the catalogue as far as the next stop. An approval is for one plan "
		"alone and has to be given again; so has the pass of a gate that the edit changes. Tables that are new in "
		"the plan are claimed, those that it does not name any more are given up.\n\n"
		"--accept HASH: the new plan's hash, or its first 8 digits or more; it must be the file's, so that nobody "
		"takes over what he has not seen. It asks, and writes all in one transaction. A plan that is done is not "
		"amended: give the new one a new name. After undo to the start, run begins with the edited file by itself.\n\n"
		"--accept-drift is about the tables, not the file: where run refuses because somebody changed one of them by "
		"hand between two phases (exit code 7), it shows what changed, asks, and takes the tables as they are. Exactly "
		"what was shown is taken, and interlock log keeps what, who and when. No block runs anew for it.",
	.accepts = "accept accept-drift take-over",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_amend,
};
