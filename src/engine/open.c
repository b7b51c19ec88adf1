/* Opening a run: its sessions, its row, its plan, its lease, its claims. */
#include <string.h>

#include "engine/fingerprint.h"
#include "engine/lease.h"
#include "engine/naming.h"
#include "engine/own_reads.h"
#include "engine/preflight.h"
#include "engine/registry.h"
#include "engine/rollout.h"
#include "engine/run.h"
#include "engine/tool.h"
#include "engine/tx.h"
#include "plan/data_file.h"

static bool open_sessions(struct session *s, struct err *err)
{
	s->control = s->connector->open(s->connector->arg, err);
	if (!s->control)
		return false;
	s->worker = s->connector->open(s->connector->arg, err);
	return s->worker && session_settle(s->control, NULL, err) && session_settle(s->worker, s->control, err);
}

static bool changed(const struct run_row *run, const struct plan *plan, struct err *err)
{
	bool done = registry_finished(run);

	err_set(err, EXIT_CHANGED, "plan \"%s\" is not the one that %s", plan->name,
	        done ? "was run" : "is under way");
	err_detail(err, "the file compiles to %.12s…, the run began with %.12s…", plan->hash, run->hash);
	if (done)
		err_help(err, "give the new plan a new name");
	else
		err_help(err, "interlock amend %s shows the difference, and takes it over; or undo the run first",
		         run_named(run, &err->arena));
	err_at(err, plan->span);
	return false;
}

static bool never_run(const struct run_request *r, struct err *err)
{
	const char *name = r->plan ? r->plan->name : r->name;
	const char *parameters;

	err_set(err, EXIT_OWN, "plan \"%s\" has not been run in this database", name);
	parameters = r->plan ? plan_parameters(r->plan, &err->arena) : r->parameters;
	err_help(err, "interlock run %s begins it", plan_named(name, parameters, &err->arena));
	return false;
}

static bool unknown(const struct run_request *r, struct err *err)
{
	if (r->has_file)
		return never_run(r, err);
	err_set(err, EXIT_OWN, "there is no plan file and no run called \"%s\"", r->name);
	err_help(err, "a plan's name is looked for as plans/%s.lua; a path has a \"/\" or ends in .lua", r->name);
	return false;
}

/* The run's own plan; the file is only needed to begin it, and to say where files of data lie. */
static bool take_plan(struct session *s, const struct run_request *r, const struct run_options *o, struct err *err)
{
	if (!tool_read_plan(&s->run, &s->plan, err))
		return false;
	if (r->plan && strcmp(r->plan->hash, s->run.hash) == 0)
		data_files_move(s->plan, r->plan);
	s->given_lock_timeout = o->lock_timeout;
	s->given_lock_attempts = o->lock_attempts;
	s->lock_hold = s->plan->settings.lock_hold;
	s->steps = arena_array(&s->arena, struct step_row, s->plan->step_count);
	return true;
}

static bool is_state(const struct session *s, const char *state)
{
	return strcmp(s->run.state, state) == 0;
}

/* Finds the run; *begin: it has to be begun. */
static bool find(struct session *s, const struct run_request *r, bool *begin, struct err *err)
{
	const char *parameters = r->plan ? plan_parameters(r->plan, &s->arena) : r->parameters;
	bool found, ok;

	ok = registry_find(s->control, r->plan ? r->plan->name : r->name, parameters, &s->arena, &s->run, &found, err);
	*begin = ok && !found && r->plan;
	if (!ok || !found)
		return ok && (r->plan || unknown(r, err));
	/* Going back needs no file: the registry's copy is what was run. */
	if (!r->start || !r->plan || strcmp(r->plan->hash, s->run.hash) == 0)
		return true;
	*begin = is_state(s, "undone");
	return *begin || changed(&s->run, r->plan, err);
}

/* An adopted plan was done by others, so there is nothing of this run's to take back or to put back. */
static bool did_nothing(const struct session *s, struct err *err)
{
	err_set(err, EXIT_OWN, "plan \"%s\" was adopted: this run did nothing that could be taken back", s->run.plan);
	err_detail(err, "what it describes was there before, made by hand or by another tool; nothing was changed");
	err_help(err, "to take it away, write a plan under a new name that drops it");
	return false;
}

/* May that role see the run and decide?  Also true for a role that does not exist: the grant will say so. */
static bool may_decide(struct session *s, const char *role, bool *may, struct err *err)
{
	struct query query = {
		.sql = "SELECT coalesce(pg_catalog.has_schema_privilege(r.oid, 'interlock', 'USAGE')"
			   " AND pg_catalog.has_table_privilege(r.oid, 'interlock.condition', 'UPDATE')"
			   " AND pg_catalog.has_table_privilege(r.oid, 'interlock.run', 'SELECT'), false) AS may"
			   " FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_roles r ON r.rolname = $1",
		.count = 1,
		.params = &role};
	struct rows *rows;

	if (!conn_query(s->control, &query, &rows, err))
		return false;
	*may = rows_true(rows, 0, "may");
	rows_free(rows);
	return true;
}

static void add_grants(struct batch *batch, const char *role)
{
	role = ident_quoted(batch->arena, role);
	batch_add(batch, "SELECT pg_catalog.pg_advisory_xact_lock(4803659, 0)",
	          0); /* two that grant at once collide */
	batch_add(batch, arena_printf(batch->arena, "GRANT USAGE ON SCHEMA interlock TO %s", role), 0);
	batch_add(
		batch,
		arena_printf(
			batch->arena,
			"GRANT SELECT ON interlock.meta, interlock.run, interlock.step, interlock.condition, interlock.control TO %s",
			role),
		0);
	batch_add(batch, arena_printf(batch->arena, "GRANT INSERT, UPDATE ON interlock.condition TO %s", role), 0);
}

bool run_grant_approvers(struct session *s, const struct plan *plan, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok = true, may;

	for (size_t b = 0; ok && b < plan->block_count; b++) {
		const struct block *block = &plan->blocks[b];

		if (block->kind != BLOCK_APPROVAL || !block->wait.approval.role)
			continue;
		ok = may_decide(s, block->wait.approval.role, &may, err);
		if (ok && !may)
			add_grants(&batch, block->wait.approval.role);
	}
	ok = ok && (batch.count == 0 || tx_run(s, &batch, NULL, err));
	if (!ok && err_is(err, "42704"))
		err_help(err, "the plan has an approval by that role: create it, or name another");
	arena_release(&arena);
	return ok;
}

/* A run that does not exist yet: checked first, so that a plan that is turned away leaves no trace. */
static bool begin_run(struct session *s, const struct plan *plan, struct diags *findings, struct err *err)
{
	return preflight(s, plan, 0, findings, err) && registry_prepare(s->control, err) &&
	       registry_start(s->control, plan, &s->arena, &s->run, err);
}

/* The run of that plan, found or begun; *done: it is finished, and there is nothing to begin. */
static bool settle_run(struct session *s, const struct run_request *r, bool *done, struct err *err)
{
	bool begin = r->plan != NULL, exists;

	*done = false;
	if (!registry_look_to_act(s->control, &exists, err) || (exists && !find(s, r, &begin, err)))
		return false;
	if ((!exists || begin) && r->plan && !r->start)
		return never_run(r, err);
	if (!exists && !r->plan)
		return unknown(r, err);
	if (begin && !begin_run(s, r->plan, r->findings, err))
		return false;
	if (!r->start && !r->reads_only && is_state(s, "adopted"))
		return did_nothing(s, err);
	*done = r->start && registry_finished(&s->run);
	return true;
}

bool run_open(struct session *s, const struct run_request *r, const struct run_options *o, bool *open,
              struct err *err)
{
	bool done;

	*open = false;
	s->reads_only = r->reads_only;
	if (!open_sessions(s, err) || !settle_run(s, r, &done, err) || !take_plan(s, r, o, err))
		return false;
	*open = !done;
	return done || (lease_acquire(s, o->take_over, err) &&
	                (r->reads_only || (claims_take(s, err) && run_grant_approvers(s, s->plan, err) &&
	                                   rollout_let_ask(s->control, s->plan, err))) &&
	                own_reads_find(s, err) && tool_note(s, err) &&
	                registry_steps(s->control, s->run.id, s->plan->step_count, &s->arena, s->steps, err));
}

bool run_open_to_look(struct session *s, const struct run_row *run, struct err *err)
{
	static const struct run_options none = {0};
	static const struct run_request nothing = {0};

	s->run = *run;
	s->looking = true;
	return open_sessions(s, err) && take_plan(s, &nothing, &none, err) && lease_acquire(s, false, err) &&
	       own_reads_find(s, err) && tool_note(s, err) &&
	       registry_steps(s->control, s->run.id, s->plan->step_count, &s->arena, s->steps, err);
}
