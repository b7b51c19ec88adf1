/* From names on the command line to a row of interlock.condition. */
#include "cli/decide.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/plans.h"
#include "cli/report.h"
#include "engine/condition.h"
#include "engine/registry.h"

/* The block of that kind; without a label it must be the only one. */
static const struct block *find_block(const struct plan *plan, enum block_kind kind, const char *label,
                                      struct err *err)
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

static bool find_run(struct context *context, struct conn *conn, const char *name, struct run_row *run,
                     struct err *err)
{
	bool exists, found = false;

	if (!registry_look_to_act(conn, &exists, err))
		return false;
	if (exists && !registry_find(conn, name, act_parameters(context), &context->arena, run, &found, err))
		return false;
	if (!found) {
		err_set(err, EXIT_OWN, "no run of plan \"%s\" in this database", name);
		err_help(err, "interlock run %s begins one", name);
		return false;
	}
	if (strcmp(run->state, "done") != 0 && strcmp(run->state, "undone") != 0)
		return true;
	return err_set(err, EXIT_OWN, "plan \"%s\" is %s; there is nothing to decide", name, run->state);
}

static void say(struct context *context, const struct plan *plan, const struct block *block)
{
	if (context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:s}", "type", "done", "plan", plan->name, "kind",
		                      block_kind_name(block->kind), "label", block->label));
		return;
	}
	printf("%s \"%s\" of plan \"%s\" is %s\n", block_kind_name(block->kind), block->label, plan->name,
	       block->kind == BLOCK_GATE ? "passed" : "given");
	printf("  next: interlock run %s\n", plan->name);
}

bool decide(struct context *context, const char *operand, enum block_kind kind, const char *label,
            const char *evidence, struct err *err)
{
	const char *name = act_plan_name(context, operand, err);
	struct conn *conn = name ? act_connect(context, err) : NULL;
	const struct block *block = NULL;
	struct plan *plan = NULL;
	struct run_row run;
	bool ok;

	ok = conn && find_run(context, conn, name, &run, err) &&
	     plan_from_registry(run.compiled, run.hash, &plan, err) && (block = find_block(plan, kind, label, err)) &&
	     condition_decide(conn, &run, block, evidence, err);
	if (ok)
		say(context, plan, block);
	conn_close(conn);
	plan_free(plan);
	return ok;
}
