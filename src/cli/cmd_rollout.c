/* interlock rollout: lets more, or fewer, of the application's keys in. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/decide.h"
#include "cli/find_run.h"
#include "cli/report.h"
#include "cli/stops.h"
#include "engine/condition.h"
#include "engine/naming.h"
#include "engine/rollout.h"
#include "engine/rollout_share.h"
#include "engine/tool.h"
#include "plan/rollout.h"

/* A rollout that is to be moved. */
struct moving {
	struct context *context;
	struct conn *conn;
	struct run_row run;
	const struct block *block;
	struct rollout_wish wish;
	int was;
	bool returned; /* the run had passed it, and waits there again */
};

static bool read_wish(const struct context *context, struct rollout_wish *wish, struct err *err)
{
	if (context->operand_count < 2 || !rollout_parse(context->operands[1], &wish->share)) {
		err_set(err, EXIT_USAGE, "rollout needs a plan and a percentage");
		err_help(err, "as interlock rollout %s 10 --evidence TEXT; interlock status shows where it stands",
		         context->operands[0]);
		return false;
	}
	if (!context->options.evidence || !*context->options.evidence) {
		err_set(err, EXIT_USAGE, "rollout needs --evidence TEXT");
		err_help(err, "write down why it may be moved, or has to go back; it is kept with the run");
		return false;
	}
	wish->evidence = context->options.evidence;
	wish->dry_run = context->options.dry_run;
	return true;
}

static bool is_movable(const struct run_row *run, struct err *err)
{
	if (strcmp(run->state, "undone") != 0 && strcmp(run->state, "adopted") != 0)
		return true;
	return err_set(err, EXIT_OWN, "plan \"%s\" is %s; there is nothing to move", run->plan, run->state);
}

/* The run goes back to the rollout that it has passed, on sessions of its own. */
static bool go_back(struct moving *m, struct err *err)
{
	struct act act;
	struct session session = {0};
	bool ok;

	act_begin(&act, m->context);
	session.connector = &act.connector;
	ok = rollout_return(&session, &m->run, m->block, err);
	session_release(&session);
	act_release(&act);
	m->returned = ok;
	return ok;
}

static bool move(struct moving *m, struct err *err)
{
	bool passed;

	if (!rollout_move(m->conn, &m->run, m->block, &m->wish, &m->was, &passed, err))
		return false;
	if (!passed || m->wish.dry_run)
		return true;
	return go_back(m, err) && rollout_move(m->conn, &m->run, m->block, &m->wish, &m->was, &passed, err);
}

static void say_text(const struct moving *m, const struct stop *stop, const char *share)
{
	const char *is = rollout_text(m->wish.share, &m->context->arena);

	if (m->was == m->wish.share)
		printf("nothing to do: rollout \"%s\" of plan \"%s\" is at %s %%\n", m->block->label, m->run.plan, is);
	else
		printf("rollout \"%s\" of plan \"%s\" is at %s %%, it was at %s %%%s\n", m->block->label, m->run.plan, is,
		       rollout_text(m->was, &m->context->arena), m->returned ? "; the run waits at it again" : "");
	if (share)
		printf("  in now: %s\n", share);
	printf("  next: %s\n", stop->command);
	if (stop->back)
		printf("  back: %s\n", stop->back);
}

static bool say(const struct moving *m, const struct plan *plan, struct err *err)
{
	struct arena *arena = &m->context->arena;
	const char *share;
	struct stop stop;
	json_t *line;

	if (m->wish.dry_run) {
		report_message("rollout \"%s\" of plan \"%s\" would go from %s %% to %s %%; nothing was changed",
		               m->block->label, plan->name, rollout_text(m->was, arena),
		               rollout_text(m->wish.share, arena));
		return true;
	}
	if (!condition_tell(m->conn, &m->run, m->block, arena, &stop, err) ||
	    !rollout_share(m->conn, plan->name, &m->block->wait.rollout, m->wish.share, arena, &share, err))
		return false;
	if (!m->context->options.json) {
		say_text(m, &stop, share);
		return true;
	}
	line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "type", "done", "plan", plan->name, "kind", "rollout",
	                 "label", m->block->label, "next", stop.command, "returned", m->returned);
	stop_add(line, &stop);
	json_object_set_new(line, "was", stop_percent(rollout_text(m->was, arena)));
	json_object_set_new(line, "share", share ? json_string(share) : json_null());
	report_json(line);
	return true;
}

static bool find_and_move(struct moving *m, struct err *err)
{
	struct plan *plan;
	bool ok;

	if (!tool_read_plan(&m->run, &plan, err))
		return false;
	m->block = decide_block(plan, BLOCK_ROLLOUT, m->context->operands[2], err);
	ok = m->block && move(m, err) && say(m, plan, err);
	plan_free(plan);
	return ok;
}

static enum exit_code run_rollout(struct context *context, struct err *err)
{
	struct moving m = {.context = context};
	struct meant meant;
	bool ok = read_wish(context, &m.wish, err);

	if (ok) {
		meant = find_meant(context, context->operands[0]);
		m.conn = act_connect(context, err);
		ok = m.conn && find_run(m.conn, &meant, &context->arena, &m.run, err) && is_movable(&m.run, err) &&
		     find_and_move(&m, err);
	}
	conn_close(m.conn);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_rollout = {
	.name = "rollout",
	.group = "decide",
	.summary = "let more of the keys into a rollout, or fewer",
	.synopsis = "PLAN PERCENT [LABEL] --evidence TEXT",
	.description =
		"Up it goes to the next stop that the plan names, while the run waits at the rollout; down to any of them, or to "
		"0, at once. Who moved it, when and why stays in interlock log. Nothing else moves it: not run, wait or sync. The "
		"same percentage again does nothing. At 100 run goes on.\n\n"
		"It waits for nobody and asks nothing: what the application asks next, it is told by the new percentage. Where the "
		"run has passed the rollout and begun nothing behind it (it waits at a safety period, say), it goes back to it, "
		"and those stops begin anew when it passes again. Behind a phase that has begun, undo comes first.",
	.accepts = "evidence",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 3,
	.run = run_rollout,
};
