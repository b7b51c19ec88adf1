/* The plan against this database: probes of many steps, in few round trips. */
#include <string.h>

#include "check/check.h"
#include "check/facts.h"

enum { AT_ONCE = 64 };

/* One gathering. */
struct gather {
	struct conn *conn;
	const struct plan *plan;
	struct arena *arena;
	struct facts *facts;
	struct diags *diags;
};

/* Will the table of a step that found it missing be there, because an earlier step makes it? */
static bool made_before(const struct plan *plan, const struct step *step)
{
	struct relname table;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return false;
	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(plan, n);

		if (strcmp(earlier->type->name, "sql_step") == 0 ||
		    (earlier->type->creates && earlier->type->creates(earlier->args, &table)))
			return true;
	}
	return false;
}

/* Is a table that an expectation is about changed by an earlier step?  Then it can only be judged in its place. */
static bool changed_before(const struct plan *plan, const struct step *step)
{
	struct relname table, other;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return false;
	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(plan, n);

		if (step_class_of(earlier) != CLASS_VERIFY && earlier->type->subject &&
		    earlier->type->subject(earlier->args, &other) && relname_equal(&table, &other))
			return true;
	}
	return false;
}

static void add_finding(struct gather *g, const struct step *step, const struct err *err)
{
	struct diag *diag = diags_add(g->diags, SEVERITY_ERROR, err->diag.rule, step->span, "%s", err->diag.summary);

	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&g->diags->arena, diag, "%s", err->diag.details[i]);
	if (err->diag.help)
		diag_help(&g->diags->arena, diag, "%s", err->diag.help);
}

/* Would the step refuse to do what the catalogue asks of it? */
static void try_apply(struct gather *g, const struct step *step, const struct facts *facts)
{
	struct stmts stmts = {.arena = g->arena};
	struct diag *diag;

	if (!step->type->apply)
		return;
	step->type->apply(step->args, facts, &stmts);
	if (!stmts.refusal)
		return;
	diag = diags_add(g->diags, SEVERITY_ERROR, stmts.refusal_rule ? stmts.refusal_rule : "refused", step->span,
	                 "%s", stmts.refusal);
	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	if (stmts.refusal_help)
		diag_help(&g->diags->arena, diag, "%s", stmts.refusal_help);
}

static void judge(struct gather *g, const struct step *step, struct facts *facts)
{
	struct err err = {0};

	bool expectation = step_class_of(step) == CLASS_VERIFY;

	if ((facts->state == STATE_MISSING && made_before(g->plan, step)) ||
	    (expectation && changed_before(g->plan, step))) {
		facts->state = STATE_ABSENT;
		return;
	}
	if (facts->state == STATE_CONFLICT || facts->state == STATE_MISSING) {
		facts_conflict(step, facts, EXIT_REJECTED, &err);
		if (expectation)
			err.diag.rule = "expectation";
		add_finding(g, step, &err);
		err_release(&err);
		return;
	}
	if (facts->state != STATE_DONE)
		try_apply(g, step, facts);
}

/* Sends the questions of up to AT_ONCE steps in one flush. */
static bool gather_some(struct gather *g, const struct step **steps, size_t count, struct err *err)
{
	struct query questions[AT_ONCE] = {{0}};
	struct rows *answers[AT_ONCE] = {0};
	size_t failed;
	bool ok;

	for (size_t i = 0; i < count; i++)
		questions[i] = facts_question(steps[i], g->arena);
	ok = conn_pipeline(g->conn, questions, count, 0, answers, &failed, err);
	if (!ok)
		err_at(err, steps[failed]->span);
	for (size_t i = 0; i < count; i++) {
		struct facts *facts = &g->facts[steps[i]->number - 1];

		facts->number = steps[i]->number;
		facts->archive_rows = -1;
		ok = ok && facts_take(g->conn, g->plan, steps[i], answers[i], g->arena, facts, err);
		if (ok)
			judge(g, steps[i], facts);
		rows_free(answers[i]);
	}
	return ok;
}

static bool gather_all(struct gather *g, size_t from, size_t to, struct err *err)
{
	const struct step *some[AT_ONCE];
	size_t count = 0;
	bool ok = true;

	for (size_t b = from; b < to; b++)
		for (size_t s = 0; s < g->plan->blocks[b].step_count; s++) {
			const struct step *step = &g->plan->blocks[b].steps[s];

			if (facts_has_probe(step))
				some[count++] = step;
			if (count == AT_ONCE) {
				ok = ok && gather_some(g, some, count, err);
				count = 0;
			}
		}
	return ok && (count == 0 || gather_some(g, some, count, err));
}

bool check_catalogue(struct conn *conn, const struct plan *plan, size_t from, size_t to, struct arena *arena,
                     struct facts *facts, struct diags *diags, struct err *err)
{
	struct gather g = {conn, plan, arena, facts, diags};
	struct err ignored = {0};
	bool ok = conn_query(conn, QUERY("BEGIN"), NULL, err) &&
	          conn_query(conn, QUERY("SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"),
	                     NULL, err) &&
	          gather_all(&g, from, to, err);

	if (!conn_lost(conn))
		conn_query(conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok;
}
