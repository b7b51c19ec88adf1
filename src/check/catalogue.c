/* The plan against this database: probes of many steps, in few round trips. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check/ahead.h"
#include "check/check.h"
#include "check/facts.h"
#include "check/queries.h"
#include "db/way_out.h"
#include "plan/dependents.h"
#include "plan/place.h"

enum { AT_ONCE = 64 };

static bool is_done(const struct catalogue_check *g, const struct step *step)
{
	return g->done && g->done[step->number - 1];
}

/* Is there what it would make already, so that nothing will come from it? */
static bool is_there(const struct catalogue_check *g, const struct step *step)
{
	const struct facts *facts = &g->facts[step->number - 1];

	return facts->now && facts->state == STATE_DONE;
}

/* Does an earlier step change another table that this one stands on? */
static bool changes_base(const struct catalogue_check *g, const struct step *earlier, const struct step *step)
{
	struct relname base;

	for (size_t n = 0; step->type->stands_on && step->type->stands_on(step->args, n, g->arena, &base); n++)
		if (step_type_changes(earlier->type, earlier->args, &base))
			return true;
	return false;
}

/*
 * Will a step that runs before this one, and is still to run, change what this
 * one stands on: SQL of the author's own, which may do anything, a step on the
 * same table, or, where that is not told by a table, any step?  Then this one
 * can only be judged in its place.  `ahead`: asked with what is made_ahead
 * there already, so that counts no more.
 */
static bool changed_before(const struct catalogue_check *g, const struct step *step, bool ahead)
{
	struct relname table, other;
	bool subject = step->type->subject && step->type->subject(step->args, &table);
	bool second = step->type->other_subject && step->type->other_subject(step->args, &other);
	bool by_names = step->type->stands_on_names && step->type->stands_on_names(step->args);

	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(g->plan, n);

		if (is_done(g, earlier) || step_class_of(earlier) == CLASS_VERIFY || (ahead && earlier->type->made_ahead))
			continue;
		if (!earlier->type->probe || (by_names && !earlier->type->leaves_names && !is_there(g, earlier)))
			return true;
		if ((subject && step_type_changes(earlier->type, earlier->args, &table)) ||
		    (second && step_type_changes(earlier->type, earlier->args, &other)) || changes_base(g, earlier, step))
			return true;
	}
	return false;
}

/* Will what it misses perhaps be there when it runs: changed, or made by an earlier step that is still to run? */
static bool may_come(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++)
		if (ahead_brings(g, plan_step(g->plan, n), step))
			return true;
	return changed_before(g, step, false);
}

/* The step that runs before this one, is still to run, and makes its table; NULL: none. */
static const struct step *maker_of(const struct catalogue_check *g, const struct step *step)
{
	struct relname table;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return NULL;
	for (int n = step->number - 1; n >= 1; n--) {
		const struct step *earlier = plan_step(g->plan, n);

		if (earlier->type->creates && earlier->type->creates(earlier->args, &table))
			return is_done(g, earlier) ? NULL : earlier;
	}
	return NULL;
}

/* On a table that is still to be made by this plan: then its maker is asked about first, and often that is enough.
 */
static bool waits_for_maker(const struct catalogue_check *g, const struct step *step)
{
	return step->type->absent_on_new_table && step->type->absent_on_new_table(step->args) && maker_of(g, step);
}

/* Its table is absent, so what it adds is too. */
static bool is_known(struct catalogue_check *g, const struct step *step)
{
	static const struct record nothing = {0};
	struct facts *facts = &g->facts[step->number - 1];
	const struct facts *made = &g->facts[maker_of(g, step)->number - 1];

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
	if (!stmts.refusal || changed_before(g, step, ahead))
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
	    changed_before(g, step, true))
		return true;
	early = may_come(g, step);
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
	return by_name && may_come(g, step);
}

/* Whose obstacles these are. */
struct obstructed {
	const struct catalogue_check *check;
	const struct step *step;
};

/*
 * Does an earlier step that is still to run work on what is in the way?  What
 * an archive keeps alive (`firm`: a column of a type) it does not clear away.
 */
static bool is_cleared_before(void *arg, const struct relname *what, bool firm)
{
	const struct obstructed *o = arg;

	for (int n = 1; n < o->step->number; n++) {
		const struct step *earlier = plan_step(o->check->plan, n);
		bool keeps = earlier->type->kept_for && earlier->type->kept_for(earlier->args) > 0;

		if (!is_done(o->check, earlier) && !is_there(o->check, earlier) &&
		    step_class_of(earlier) != CLASS_VERIFY && !(firm && keeps) &&
		    step_type_changes(earlier->type, earlier->args, what))
			return true;
	}
	return false;
}

/* Is an earlier step that is still to run SQL of the author's own, which may do anything? */
static bool anything_before(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++)
		if (!is_done(g, plan_step(g->plan, n)) && !plan_step(g->plan, n)->type->probe)
			return true;
	return false;
}

/* Will what is against it perhaps be gone when it runs? */
static bool may_pass(const struct catalogue_check *g, const struct step *step, const struct facts *facts,
                     bool ahead)
{
	struct obstructed o = {g, step};

	if (dependents_only(facts))
		return anything_before(g, step) || dependents_cleared(facts, is_cleared_before, &o);
	return changed_before(g, step, ahead);
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

/* It misses something: asked again with what earlier steps bring, where all of that can be made for a moment. */
static bool take_ahead(struct catalogue_check *g, const struct step *step, struct facts *facts, struct err *err)
{
	struct ahead ahead;
	bool ok;

	if (changed_before(g, step, true))
		return leave_for_later(facts);
	ok = ahead_begin(g, step, &ahead, err) && facts_of_step(g->conn, g->plan, step, g->arena, facts, err);
	ahead_end(g->conn);
	if (!ok && (conn_lost(g->conn) || !err->sqlstate[0]))
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
		return facts->state == STATE_MISSING && may_come(g, step) ? take_ahead(g, step, facts, err)
		                                                          : judge(g, step, facts, false, err);
	if (conn_lost(g->conn) || !err->sqlstate[0])
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
		questions[i] = facts_question(steps[i], g->arena);
	ok = conn_pipeline(g->conn, questions, count, 0, answers, &failed, err);
	if (!ok)
		err_at(err, steps[failed]->span);
	for (size_t i = 0; i < count; i++) {
		struct facts *facts = &g->facts[steps[i]->number - 1];

		facts->number = steps[i]->number;
		facts->run = g->run;
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

			if (!facts_has_probe(step) || is_done(g, step) || turn_of(g, step) != turn ||
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

/* The types that steps name in options of their own, each once, as an array for the server. */
static json_t *types_of(const struct catalogue_check *g)
{
	json_t *types = json_object();

	for (size_t b = g->from; b < g->to; b++)
		for (size_t s = 0; s < g->plan->blocks[b].step_count; s++) {
			const struct step *step = &g->plan->blocks[b].steps[s];

			for (const struct option *o = step->type->options; o->name; o++) {
				const char *type =
					o->kind == OPTION_TYPE ? *(const char **)((char *)step->args + o->offset) : NULL;

				if (type && !json_object_get(types, type))
					json_object_set_new(types, type, json_integer(step->number));
			}
		}
	return types;
}

static void unknown_type(struct catalogue_check *g, const char *type, int number)
{
	const struct step *step = plan_step(g->plan, number);
	struct option_place place = {step->span, step->chain, step->chain_length, step->type->name};
	struct diag *diag =
		option_error(&place, g->diags, "unknown-type", "type", "there is no type \"%s\" here", type);

	diag_detail(&g->diags->arena, diag, "looked for with search_path = %s", g->plan->settings.search_path);
	diag_help(&g->diags->arena, diag, "correct it, write its schema, or set the plan's search_path");
}

/* Will SQL of the author's own run before this step, which may do anything? */
static bool sql_before(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(g->plan, n);

		if (!is_done(g, earlier) && step_class_of(earlier) != CLASS_VERIFY && !earlier->type->probe)
			return true;
	}
	return false;
}

/* May it be there when the step runs?  *err where the connection failed. */
static bool type_may_come(struct catalogue_check *g, const char *type, const struct step *step, struct err *err)
{
	struct query there = {
		.sql = "SELECT pg_catalog.to_regtype($1) IS NOT NULL AS there", .count = 1, .params = &type};
	bool comes = sql_before(g, step);
	struct ahead ahead;
	struct rows *rows = NULL;

	if (comes || !may_come(g, step))
		return comes;
	if (ahead_begin(g, step, &ahead, err) && conn_query(g->conn, &there, &rows, err))
		comes = !ahead.names || rows_true(rows, 0, "there");
	ahead_end(g->conn);
	if (!conn_lost(g->conn))
		err_release(err);
	rows_free(rows);
	return comes;
}

/* All types in one question; a plan that makes types by sql_step is asked about them when it runs. */
static bool check_types(struct catalogue_check *g, struct err *err)
{
	json_t *types = types_of(g);
	char *list = json_dumps(types, JSON_COMPACT);
	const char *params[] = {list};
	struct rows *rows = NULL;
	bool ok;

	ok = set_path(g, g->plan->settings.search_path, err) &&
	     conn_query(g->conn,
	                &(struct query){.sql = "SELECT key AS type, value::integer AS number FROM"
	                                       " pg_catalog.jsonb_each_text($1::pg_catalog.jsonb)"
	                                       " WHERE pg_catalog.to_regtype(key) IS NULL ORDER BY 2",
	                                .count = 1,
	                                .params = params},
	                &rows, err);
	for (size_t r = 0; ok && r < rows_count(rows); r++) {
		const char *type = rows_get(rows, r, "type");
		int number = (int)rows_integer(rows, r, "number");

		if (!type_may_come(g, type, plan_step(g->plan, number), err) && !conn_lost(g->conn))
			unknown_type(g, type, number);
		ok = !conn_lost(g->conn);
	}
	rows_free(rows);
	free(list);
	json_decref(types);
	return ok;
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

bool check_catalogue(struct catalogue_check *check, struct err *err)
{
	struct err ignored = {0};
	bool ok = conn_query(check->conn, QUERY("BEGIN"), NULL, err) && set_path(check, own_path, err) &&
	          gather_these(check, TURN_NAMES, err) && check_types(check, err) && set_path(check, own_path, err) &&
	          gather_these(check, TURN_MOST, err) && gather_these(check, TURN_WAITING, err) &&
	          check_queries(check, err);

	check_versions(check);
	if (!conn_lost(check->conn))
		conn_query(check->conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok;
}
