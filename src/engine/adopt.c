/* Probes and verifications, each in its place; then the rows of a run that is over. */
#include "engine/adopt.h"

#include <string.h>

#include "check/facts.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/rollout.h"
#include "engine/verify.h"

/* ---- The run that there may be already ---- */

static bool say_open(const struct run_row *run, struct err *err)
{
	err_set(err, EXIT_HELD, "plan \"%s\" is under way: run %lld is %s", run->plan, (long long)run->id, run->state);
	err_detail(err, "what is there already, run finds by itself and leaves as it is");
	err_help(err, "interlock run %s goes on with it; nothing was changed", run_named(run, &err->arena));
	return false;
}

static bool say_other(const struct run_row *run, const struct plan *plan, struct err *err)
{
	err_set(err, EXIT_CHANGED, "plan \"%s\" is not the one that is %s here", plan->name, run->state);
	err_detail(err, "the file compiles to %.12s, run %lld was of %.12s", plan->hash, (long long)run->id,
	           run->hash);
	err_help(err, "give the new plan a new name; nothing was changed");
	return false;
}

static bool look_for_run(struct session *s, struct adoption *a, struct err *err)
{
	bool exists, found = false;

	if (!registry_look_to_act(s->control, &exists, err) ||
	    (exists && !registry_find(s->control, s->plan->name, plan_parameters(s->plan, &a->arena), &a->arena,
	                              &a->run, &found, err)))
		return false;
	if (!found)
		return true;
	if (!registry_finished(&a->run) && strcmp(a->run.state, "undone") != 0)
		return say_open(&a->run, err);
	if (registry_finished(&a->run) && strcmp(a->run.hash, s->plan->hash) != 0)
		return say_other(&a->run, s->plan, err);
	a->nothing = registry_finished(&a->run);
	return true;
}

/* ---- One step ---- */

/* A step that is looked at. */
struct look {
	struct session *session;
	struct adoption *adoption;
	const struct step *step;
};

static void add_finding(struct look *l, const struct err *err)
{
	struct diags *diags = &l->adoption->findings;
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, err->diag.rule, l->step->span, "%s", err->diag.summary);

	diag_chain(&diags->arena, diag, l->step->chain, l->step->chain_length);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&diags->arena, diag, "%s", err->diag.details[i]);
	if (err->sqlstate[0])
		diag_detail(&diags->arena, diag, "the server could not be asked (%s)", err->sqlstate);
	if (err->diag.help && !err->diag.rule)
		diag_help(&diags->arena, diag, "%s", err->diag.help);
}

static void add_absent(struct look *l, const struct facts *facts)
{
	struct diags *diags = &l->adoption->findings;
	const char *expected = record_get(facts->now, "expected"), *found = record_get(facts->now, "found");
	bool takes = step_class_of(l->step) == CLASS_DESTRUCTIVE;
	struct diag *diag =
		diags_add(diags, SEVERITY_ERROR, NULL, l->step->span, "%s: %s", step_text(l->step, &l->adoption->arena),
	              facts->state == STATE_PARTIAL ? "only a part of it is done"
	              : takes                       ? "it is still there"
	                                            : "it is not there");

	diag_chain(&diags->arena, diag, l->step->chain, l->step->chain_length);
	if (expected)
		diag_detail(&diags->arena, diag, "expected: %s", expected);
	if (found)
		diag_detail(&diags->arena, diag, "found:    %s", found);
}

/* What the server says inside a transaction of its own; false: the connection is gone. */
static bool begin(struct session *s, struct err *err)
{
	return conn_query(s->worker, QUERY("BEGIN"), NULL, err) &&
	       conn_query(s->worker, QUERY("SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"),
	                  NULL, err);
}

static void rollback(struct session *s)
{
	struct err ignored = {0};

	if (!conn_lost(s->worker) && conn_in_transaction(s->worker))
		conn_query(s->worker, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
}

/* Asks each of its questions, again where somebody's lock was in the way. */
static bool ask_all(struct look *l, struct work *w, struct err *err)
{
	l->step->type->apply(l->step->args, &w->facts, &w->stmts);
	if (w->stmts.refusal)
		return err_set(err, EXIT_STEP, "%s", w->stmts.refusal);
	for (const struct stmt *stmt = w->stmts.first; stmt;) {
		enum outcome outcome;

		if (!w->open && !begin(l->session, err))
			return false;
		w->open = true;
		outcome = verify_ask(w, stmt, err);
		rollback(l->session);
		w->open = false;
		if (outcome == OUTCOME_FAILED)
			return false;
		if (outcome == OUTCOME_AGAIN)
			err_release(err);
		else
			stmt = stmt->next;
	}
	return true;
}

static bool verification_holds(struct look *l, const struct facts *facts, struct err *err)
{
	struct patience patience = {0};
	struct work work = {
		.session = l->session, .step = l->step, .direction = VERIFY, .facts = *facts, .patience = &patience};
	struct err failure = {0};
	bool ok;

	work.stmts.arena = &work.arena;
	work.open = conn_in_transaction(l->session->worker);
	ok = ask_all(l, &work, &failure);
	if (!ok) {
		err_set(err, failure.code, "%s: %s", step_text(l->step, &work.arena), failure.diag.summary);
		for (size_t i = 0; i < failure.diag.detail_count; i++)
			err_detail(err, "%s", failure.diag.details[i]);
		memcpy(err->sqlstate, failure.sqlstate, sizeof(err->sqlstate));
		err->diag.rule = failure.code == EXIT_STEP && !failure.sqlstate[0] ? "expectation" : NULL;
	}
	err_release(&failure);
	arena_release(&work.arena);
	return ok;
}

/* Is it there?  What speaks against it is a finding; false: *err is one as well, or the end of the command. */
static bool judge(struct look *l, const struct facts *facts, struct err *err)
{
	bool verifies = step_class_of(l->step) == CLASS_VERIFY;

	if (facts->state == STATE_CONFLICT || facts->state == STATE_MISSING) {
		facts_conflict(l->step, facts, EXIT_STEP, err);
		if (verifies)
			err->diag.rule = "expectation";
		return false;
	}
	if (verifies && facts->state != STATE_DONE)
		return verification_holds(l, facts, err);
	if (facts->state != STATE_DONE)
		add_absent(l, facts);
	return true;
}

static bool look_at(struct look *l, struct err *err)
{
	struct facts facts = {.number = l->step->number, .archive_rows = -1};
	struct err failure = {0};
	bool ok;

	if ((!l->step->type->probe || l->step->type->only_registry_tells) && step_class_of(l->step) != CLASS_VERIFY) {
		l->adoption->believed[l->adoption->believed_count++] = l->step;
		return true;
	}
	if (!begin(l->session, err))
		return false;
	facts.server_version = conn_server_version(l->session->worker);
	ok = (!l->step->type->probe ||
	      facts_of_step(l->session->worker, l->session->plan, l->step, &l->adoption->arena, &facts, &failure)) &&
	     judge(l, &facts, &failure);
	rollback(l->session);
	if (!ok && failure.code != EXIT_STEP) {
		err_set(err, failure.code, "%s", failure.diag.summary);
		err_release(&failure);
		return false;
	}
	if (!ok)
		add_finding(l, &failure);
	err_release(&failure);
	return true;
}

bool adopt_look(struct session *s, struct adoption *a, struct err *err)
{
	*a = (struct adoption){0};
	if (!look_for_run(s, a, err))
		return false;
	if (a->nothing)
		return true;
	a->believed = arena_array(&a->arena, const struct step *, s->plan->step_count);
	for (size_t n = 1; n <= s->plan->step_count; n++) {
		struct look look = {s, a, plan_step(s->plan, (int)n)};

		if (exec_interrupted(err) || !look_at(&look, err))
			return false;
	}
	if (a->findings.errors == 0)
		return true;
	return err_set(err, EXIT_REJECTED,
	               "plan \"%s\" was not adopted: the database is not as it says; nothing was changed",
	               s->plan->name);
}

bool adopt_write(struct session *s, struct adoption *a, struct err *err)
{
	return registry_prepare(s->control, err) && rollout_let_ask(s->control, s->plan, err) &&
	       registry_adopt(s->control, s->plan, &a->arena, &a->run, err);
}

void adopt_release(struct adoption *a)
{
	diags_release(&a->findings);
	arena_release(&a->arena);
	*a = (struct adoption){0};
}
