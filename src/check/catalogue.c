/* The plan against this database: probes of many steps, in few round trips. */
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "check/ahead.h"
#include "check/check.h"
#include "check/earlier.h"
#include "check/facts.h"
#include "check/queries.h"
#include "check/rollouts.h"
#include "check/shadows.h"
#include "check/sql_hazards.h"
#include "check/stays_behind.h"
#include "check/types.h"
#include "check/zones.h"
#include "db/way_out.h"
#include "plan/dependents.h"
#include "plan/place.h"

enum { AT_ONCE = 64 };

/* On a table that is still to be made by this plan: then its maker is asked about first, and often that is enough.
 */
static bool waits_for_maker(const struct catalogue_check *g, const struct step *step)
{
	return step->type->absent_on_new_table && step->type->absent_on_new_table(step->args) &&
	       earlier_maker(g, step);
}

/* Its table is absent, so what it adds is too. */
static bool is_known(struct catalogue_check *g, const struct step *step)
{
	static const struct record nothing = {0};
	struct facts *facts = &g->facts[step->number - 1];
	const struct facts *made = &g->facts[earlier_maker(g, step)->number - 1];

	if (!made->now || made->state != STATE_ABSENT)
		return false;
	*facts = (struct facts){.server_version = conn_server_version(g->conn),
	                        .state = STATE_ABSENT,
	                        .now = &nothing,
	                        .run = g->run,
	                        .number = step->number,
	                        .archive_rows = -1};
	return true;
}

/* The line that the error is at, in a span that outlives it. */
static struct span place_of(const struct step *step, const struct err *err)
{
	return (struct span){step->span.file, err->diag.span.line ? err->diag.span.line : step->span.line};
}

static void add_finding(struct catalogue_check *g, const struct step *step, const struct err *err)
{
	struct diag *diag =
		diags_add(g->diags, SEVERITY_ERROR, err->diag.rule, place_of(step, err), "%s", err->diag.summary);

	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&g->diags->arena, diag, "%s", err->diag.details[i]);
	if (err->diag.help)
		diag_help(&g->diags->arena, diag, "%s", err->diag.help);
}

/* Would the step refuse to do what the catalogue asks of it? */
static void try_apply(struct catalogue_check *g, const struct step *step, const struct facts *facts, bool ahead)
{
	struct stmts stmts = {.arena = g->arena};
	struct diag *diag;

	if (!step->type->apply)
		return;
	step->type->apply(step->args, facts, &stmts);
	if (!stmts.refusal || earlier_changes(g, step, ahead))
		return;
	diag = diags_add(g->diags, SEVERITY_ERROR, stmts.refusal_rule ? stmts.refusal_rule : "refused",
	                 place_of_option(step, stmts.refusal_option), "%s", stmts.refusal);
	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	if (stmts.refusal_help)
		diag_help(&g->diags->arena, diag, "%s", stmts.refusal_help);
}

/* Was it said already that the type there is none? */
static bool is_unknown_type(const struct catalogue_check *g, struct span span)
{
	for (const struct diag *diag = g->diags->first; diag; diag = diag->next)
		if (strcmp(diag->rule, "unknown-type") == 0 && diag->span.line == span.line)
			return true;
	return false;
}

static void would_fail(struct catalogue_check *g, const struct step *step, const struct err *refusal)
{
	const char *help = refusal->diag.help ? refusal->diag.help : way_out(refusal->sqlstate);
	struct diag *diag;

	if (err_is(refusal, "42704") && is_unknown_type(g, place_of(step, refusal)))
		return;
	diag = diags_add(g->diags, SEVERITY_ERROR, "would-fail", place_of(step, refusal),
	                 "the server would refuse this step: %s", refusal->diag.summary);
	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	for (size_t i = 0; i < refusal->diag.detail_count; i++)
		diag_detail(&g->diags->arena, diag, "%s", refusal->diag.details[i]);
	diag_help(&g->diags->arena, diag, "%s", help ? help : "correct the plan; nothing was changed");
}

/* Does the server refuse what the plan says, and not only a temporary table, here and now? */
static bool is_certain(const struct err *refusal)
{
	return (err_is(refusal, "42") || err_is(refusal, "22") || err_is(refusal, "0A") || err_is(refusal, "3F") ||
	        err_is(refusal, "2B") || err_is(refusal, "55P04")) &&
	       !err_is(refusal, "42501");
}

static void could_not_build(struct catalogue_check *g, const struct step *step, const struct err *refusal)
{
	struct diag *diag;

	if (!g->thorough)
		return;
	diag = diags_add(g->diags, SEVERITY_ERROR, "cannot-check", step->span,
	                 "the step could not be tried out on a temporary table: %s", refusal->diag.summary);
	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	diag_help(&g->diags->arena, diag, "check again when that is over, as a role that may create temporary tables");
}

/*
 * Builds what is absent in pg_temp, so that a type or function that is not
 * there, or a default of the wrong type, is found before the run.  Not where
 * an earlier step changes what it stands on, or makes what can't be made here.
 */
static bool try_build(struct catalogue_check *g, const struct step *step, const struct facts *facts,
                      struct err *err)
{
	struct err refusal = {0};
	struct ahead ahead = {true, true};
	bool ok, early;

	if (!g->builds || facts->state != STATE_ABSENT || !facts_can_build(step, g->arena) ||
	    earlier_changes(g, step, true))
		return true;
	early = earlier_may_bring(g, step);
	ok = (!early || ahead_begin(g, step, &ahead, &refusal)) &&
	     facts_build(g->conn, g->plan, step, g->arena, &refusal);
	if (early)
		ahead_end(g->conn);
	if (!ok && !conn_lost(g->conn) && refusal.sqlstate[0]) {
		if (!is_certain(&refusal))
			could_not_build(g, step, &refusal);
		else if (!early || !ahead_excuses(&ahead, &refusal))
			would_fail(g, step, &refusal);
		ok = true;
	} else if (!ok) {
		err_set(err, refusal.code, "%s", refusal.diag.summary);
	}
	err_release(&refusal);
	return ok;
}

/* What was found is believed by nobody: the step is looked at again in its place. */
static bool leave_for_later(struct facts *facts)
{
	facts->state = STATE_ABSENT;
	facts->now = NULL;
	return true;
}

/* Did the server refuse the comparison for want of something that an earlier step may make or change? */
static bool may_pass_later(const struct catalogue_check *g, const struct step *step, const struct err *err)
{
	static const char *const names[] = {"42704", "3F000", "42883", "42P01", "42703", "22P02"};
	bool by_name = step->type->stands_on_names && step->type->stands_on_names(step->args);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		by_name |= err_is(err, names[i]);
	return by_name && earlier_may_bring(g, step);
}

/* Will what is against it perhaps be gone when it runs? */
static bool may_pass(const struct catalogue_check *g, const struct step *step, const struct facts *facts,
                     bool ahead)
{
	struct earlier_obstructed o = {g, step};

	if (dependents_only(facts))
		return earlier_may_do_anything(g, step) || dependents_cleared(facts, earlier_clears, &o);
	return earlier_changes(g, step, ahead);
}

/* `ahead`: the facts are those with what is made_ahead. */
static bool judge(struct catalogue_check *g, const struct step *step, struct facts *facts, bool ahead,
                  struct err *err)
{
	bool is_against = facts->state == STATE_CONFLICT || facts->state == STATE_MISSING;
	struct err conflict = {0};

	if (is_against && may_pass(g, step, facts, ahead))
		return leave_for_later(facts);
	if (is_against) {
		facts_conflict(step, facts, EXIT_REJECTED, &conflict);
		if (step_class_of(step) == CLASS_VERIFY)
			conflict.diag.rule = "expectation";
		add_finding(g, step, &conflict);
		err_release(&conflict);
		return true;
	}
	if (facts->state != STATE_DONE)
		try_apply(g, step, facts, ahead);
	return try_build(g, step, facts, err);
}

/* The server could not answer: it is gone, or somebody who was asked to stop has cancelled the question. */
static bool no_answer(const struct catalogue_check *g, struct err *err)
{
	if (err_is(err, "57014") && interrupt_count() > 0)
		return !err_set(err, EXIT_INTERRUPTED, "interrupted; nothing was changed");
	return conn_lost(g->conn) || !err->sqlstate[0];
}

/* It misses something: asked again with what earlier steps bring, where all of that can be made for a moment. */
static bool take_ahead(struct catalogue_check *g, const struct step *step, struct facts *facts, struct err *err)
{
	struct ahead ahead;
	bool ok;

	if (earlier_changes(g, step, true))
		return leave_for_later(facts);
	ok = ahead_begin(g, step, &ahead, err) && facts_of_step(g->conn, g->plan, step, g->arena, facts, err);
	ahead_end(g->conn);
	if (!ok && no_answer(g, err))
		return false;
	if (ok && ahead.names)
		return judge(g, step, facts, true, err);
	if (!ok && !ahead_excuses(&ahead, err))
		would_fail(g, step, err);
	err_release(err);
	return leave_for_later(facts);
}

/* The answer about one step, with what it means. */
static bool take(struct catalogue_check *g, const struct step *step, const struct rows *answer, struct err *err)
{
	struct facts *facts = &g->facts[step->number - 1];
	bool later;

	if (facts_take(g->conn, g->plan, step, answer, g->arena, facts, err))
		return facts->state == STATE_MISSING && earlier_may_bring(g, step) ? take_ahead(g, step, facts, err)
		                                                                   : judge(g, step, facts, false, err);
	if (no_answer(g, err))
		return false;
	later = may_pass_later(g, step, err);
	if (!later)
		would_fail(g, step, err);
	err_release(err);
	return later ? take_ahead(g, step, facts, err) : leave_for_later(facts);
}

/* Sends the questions of up to AT_ONCE steps in one flush. */
static bool gather_some(struct catalogue_check *g, const struct step **steps, size_t count, struct err *err)
{
	struct query questions[AT_ONCE] = {{0}};
	struct rows *answers[AT_ONCE] = {0};
	size_t failed;
	bool ok;

	for (size_t i = 0; i < count; i++)
		questions[i] = facts_question(steps[i], NULL, g->arena);
	ok = conn_pipeline(g->conn, questions, count, 0, answers, &failed, err);
	if (!ok)
		err_at(err, steps[failed]->span);
	for (size_t i = 0; i < count; i++) {
		struct facts *facts = &g->facts[steps[i]->number - 1];

		facts->number = steps[i]->number;
		facts->run = g->run;
		facts->before = g->before ? g->before[steps[i]->number - 1] : NULL;
		facts->archive_rows = -1;
		ok = ok && take(g, steps[i], answers[i], err);
		rows_free(answers[i]);
	}
	return ok;
}

/* In which order steps are asked about: what later ones may stand on first, and last what waits for its table's
 * maker.
 */
enum turn { TURN_NAMES, TURN_MOST, TURN_WAITING };

static enum turn turn_of(const struct catalogue_check *g, const struct step *step)
{
	return step->type->made_ahead ? TURN_NAMES : waits_for_maker(g, step) ? TURN_WAITING : TURN_MOST;
}

static bool gather_these(struct catalogue_check *g, enum turn turn, struct err *err)
{
	const struct step *some[AT_ONCE];
	size_t count = 0;
	bool ok = true;

	for (size_t b = g->from; ok && b < g->to; b++)
		for (size_t s = 0; ok && s < g->plan->blocks[b].step_count; s++) {
			const struct step *step = &g->plan->blocks[b].steps[s];

			if (!facts_has_probe(step) || earlier_is_done(g, step) || turn_of(g, step) != turn ||
			    (turn == TURN_WAITING && is_known(g, step)))
				continue;
			some[count++] = step;
			if (count == AT_ONCE) {
				ok = gather_some(g, some, count, err);
				count = 0;
			}
		}
	return ok && (count == 0 || gather_some(g, some, count, err));
}

static const char own_path[] = "pg_catalog, pg_temp";

static bool set_path(struct catalogue_check *g, const char *path, struct err *err)
{
	return conn_query(g->conn,
	                  &(struct query){.sql = "SELECT pg_catalog.set_config('search_path', $1, true)",
	                                  .count = 1,
	                                  .params = &path},
	                  NULL, err);
}

/* "15.3" as the server writes it: 150003. */
static int version_number(const char *version)
{
	const char *dot = strchr(version, '.');

	return atoi(version) * 10000 + (dot ? atoi(dot + 1) : 0);
}

static void too_old(struct catalogue_check *g, struct span span, const char *what, int wanted)
{
	struct diag *diag = diags_add(g->diags, SEVERITY_ERROR, "server-version", span,
	                              "%s is for PostgreSQL %d and newer, this server is %s", what, wanted / 10000,
	                              conn_server_version_text(g->conn));

	diag_help(&g->diags->arena, diag, "upgrade the server, or write the plan for the version that it is");
}

static void check_versions(struct catalogue_check *g)
{
	int server = conn_server_version(g->conn);
	const char *minimum = g->plan->settings.min_server;

	if (minimum && server < version_number(minimum))
		too_old(g, g->plan->span, "this plan", version_number(minimum));
	for (size_t b = g->from; b < g->to; b++)
		for (size_t i = 0; i < g->plan->blocks[b].step_count; i++) {
			const struct step *step = &g->plan->blocks[b].steps[i];

			if (server < step->type->min_server)
				too_old(g, step->span, step->type->name, step->type->min_server);
		}
}

/* Probes are long and look up single rows: compiling one can take ten seconds. */
static bool begin(struct conn *conn, struct err *err)
{
	return conn_query(conn, QUERY("BEGIN"), NULL, err) &&
	       conn_query(conn, QUERY("SELECT pg_catalog.set_config('jit', 'off', true)"), NULL, err);
}

bool check_catalogue(struct catalogue_check *check, struct err *err)
{
	struct err ignored = {0};
	bool ok = check_zones(check->conn, check->plan, check->diags, err) && begin(check->conn, err) &&
	          set_path(check, own_path, err) && gather_these(check, TURN_NAMES, err) &&
	          set_path(check, check->plan->settings.search_path, err) && check_types(check, err) &&
	          set_path(check, own_path, err) && gather_these(check, TURN_MOST, err) &&
	          gather_these(check, TURN_WAITING, err) && check_rollouts(check, err) && check_queries(check, err) &&
	          set_path(check, own_path, err) && check_stays_behind(check, err);

	if (ok)
		check_shadows(check);
	check_versions(check);
	if (!conn_lost(check->conn))
		conn_query(check->conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok && check_sql_hazards(check, err);
}
