/* From a word on the command line to a row of interlock.run. */
#include "cli/find_run.h"

#include <string.h>

#include "cli/act.h"
#include "cli/plans.h"
#include "engine/naming.h"
#include "engine/registry.h"

struct meant find_meant(struct context *context, const char *operand)
{
	struct meant meant = {.name = act_name_of_file(context, operand), .parameters = act_parameters(context)};
	struct diags diags = {0};
	struct err ignored = {0};
	struct plan *plan;

	if (plan_find_file(&context->arena, operand) &&
	    plan_compile_quietly(context, operand, &plan, &diags, &ignored)) {
		meant.name = arena_strdup(&context->arena, plan->name);
		meant.parameters = plan_parameters(plan, &context->arena);
		meant.hash = arena_strdup(&context->arena, plan->hash);
		plan_free(plan);
	}
	meant.typed = plan_named(operand, act_parameters(context), &context->arena);
	diags_release(&diags);
	err_release(&ignored);
	return meant;
}

bool find_run(struct conn *conn, const struct meant *meant, struct arena *arena, struct run_row *run,
              struct err *err)
{
	bool exists, found = false;

	if (!registry_look_to_act(conn, &exists, err))
		return false;
	if (exists && !registry_find(conn, meant->name, meant->parameters, arena, run, &found, err))
		return false;
	if (found)
		return true;
	err_set(err, EXIT_OWN, "no run of plan \"%s\" in this database", meant->name);
	err_help(err, "interlock run %s begins one", meant->typed);
	return false;
}

bool find_open_run(struct context *context, struct conn *conn, const struct meant *meant, const char *what,
                   struct run_row *run, struct err *err)
{
	if (!find_run(conn, meant, &context->arena, run, err))
		return false;
	if (!registry_finished(run) && strcmp(run->state, "undone") != 0)
		return true;
	return err_set(err, EXIT_OWN, "plan \"%s\" is %s; there is nothing to %s", run->plan, run->state, what);
}
