/* From names on the command line to a row of interlock.condition. */
#include "cli/decide.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/find_run.h"
#include "cli/report.h"
#include "engine/condition.h"
#include "engine/naming.h"
#include "engine/tool.h"

const struct block *decide_block(const struct plan *plan, enum block_kind kind, const char *label, struct err *err)
{
	const struct block *found = NULL;
	size_t count = 0;
	struct buf labels = {0};

	for (size_t b = 0; b < plan->block_count; b++) {
		if (plan->blocks[b].kind != kind)
			continue;
		buf_addf(&labels, "%s\"%s\"", labels.length ? ", " : "", plan->blocks[b].label);
		if (label && strcmp(plan->blocks[b].label, label) != 0)
			continue;
		found = &plan->blocks[b];
		count++;
	}
	if (count != 1) {
		if (label)
			err_set(err, EXIT_USAGE, "plan \"%s\" has no %s \"%s\"", plan->name, block_kind_name(kind), label);
		else if (count == 0)
			err_set(err, EXIT_USAGE, "plan \"%s\" has no %s", plan->name, block_kind_name(kind));
		else
			err_set(err, EXIT_USAGE, "plan \"%s\" has %zu blocks of kind %s", plan->name, count,
			        block_kind_name(kind));
		if (labels.length)
			err_help(err, "it has %s", buf_text(&labels));
		found = NULL;
	}
	buf_release(&labels);
	return found;
}

/* What is approved is what the run will do: a file that says something else is not it. */
static bool is_same_plan(const struct run_row *run, const struct meant *meant, struct err *err)
{
	if (!meant->hash || strcmp(meant->hash, run->hash) == 0)
		return true;
	err_set(err, EXIT_CHANGED, "the file of plan \"%s\" is not the plan that is under way", run->plan);
	err_detail(err, "it compiles to %.12s..., the run has %.12s...; nothing was decided", meant->hash, run->hash);
	err_help(err, "interlock status %s shows the plan that would be approved; interlock amend takes the file over",
	         run_named(run, &err->arena));
	return false;
}

static void say(struct context *context, const struct run_row *run, const struct plan *plan,
                const struct block *block)
{
	bool withdrawn = context->options.withdraw;

	if (context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:b}", "type", "done", "plan", plan->name, "kind",
		                      block_kind_name(block->kind), "label", block->label, "withdrawn", withdrawn));
		return;
	}
	printf("%s \"%s\" of plan \"%s\" is %s\n", block_kind_name(block->kind), block->label, plan->name,
	       withdrawn                   ? "withdrawn"
	       : block->kind == BLOCK_GATE ? "passed"
	                                   : "given");
	if (!withdrawn)
		printf("  next: interlock run %s\n", run_named(run, &context->arena));
}

/* The block is found in the plan that the run has. */
static bool decide_in(struct context *context, struct conn *conn, const struct choice *choice,
                      const struct run_row *run, struct err *err)
{
	struct decision decision = {choice->evidence, act_environment()};
	const struct block *block;
	struct plan *plan;
	bool ok;

	if (!tool_read_plan(run, &plan, err))
		return false;
	block = decide_block(plan, choice->kind, choice->label, err);
	ok = block && (context->options.dry_run ||
	               (choice->withdraw ? condition_withdraw : condition_decide)(conn, run, block, &decision, err));
	if (ok && context->options.dry_run)
		report_message("%s \"%s\" of plan \"%s\" would be %s; nothing was changed", block_kind_name(block->kind),
		               block->label, plan->name, choice->withdraw ? "withdrawn" : "decided");
	else if (ok)
		say(context, run, plan, block);
	plan_free(plan);
	return ok;
}

bool decide(struct context *context, const char *operand, const struct choice *choice, struct err *err)
{
	struct meant meant = find_meant(context, operand);
	struct conn *conn = act_connect(context, err);
	struct run_row run;
	bool ok;

	ok = conn && find_open_run(context, conn, &meant, "decide", &run, err) &&
	     (choice->kind != BLOCK_APPROVAL || is_same_plan(&run, &meant, err)) &&
	     decide_in(context, conn, choice, &run, err);
	conn_close(conn);
	return ok;
}
