/* The plan against this database: probes of many steps, in few round trips. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/facts.h"

enum { AT_ONCE = 64 };

static bool is_done(const struct catalogue_check *g, const struct step *step)
{
	return g->done && g->done[step->number - 1];
}

/*
 * Will a step that runs before this one, and is still to run, change what this
 * one stands on: SQL of the author's own, which may do anything, or a step on
 * the same table?  Then this one can only be judged in its place.
 */
static bool changed_before(const struct catalogue_check *g, const struct step *step)
{
	struct relname table, other;
	bool subject = step->type->subject && step->type->subject(step->args, &table);

	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(g->plan, n);

		if (is_done(g, earlier) || step_class_of(earlier) == CLASS_VERIFY)
			continue;
		if (!earlier->type->probe)
			return true;
		if (subject && earlier->type->subject && earlier->type->subject(earlier->args, &other) &&
		    relname_equal(&table, &other))
			return true;
	}
	return false;
}

/* Will what it misses perhaps be there when it runs: changed, or made by an earlier step that is still to run? */
static bool may_come(const struct catalogue_check *g, const struct step *step)
{
	for (int n = 1; n < step->number; n++) {
		const struct facts *facts = &g->facts[n - 1];
		bool there = facts->now && facts->state == STATE_DONE;

		if (plan_step(g->plan, n)->type->makes_names && !is_done(g, plan_step(g->plan, n)) && !there)
			return true;
	}
	return changed_before(g, step);
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

static void add_finding(struct catalogue_check *g, const struct step *step, const struct err *err)
{
	struct diag *diag = diags_add(g->diags, SEVERITY_ERROR, err->diag.rule, step->span, "%s", err->diag.summary);

	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(&g->diags->arena, diag, "%s", err->diag.details[i]);
	if (err->diag.help)
		diag_help(&g->diags->arena, diag, "%s", err->diag.help);
}

/* Would the step refuse to do what the catalogue asks of it? */
static void try_apply(struct catalogue_check *g, const struct step *step, const struct facts *facts)
{
	struct stmts stmts = {.arena = g->arena};
	struct diag *diag;

	if (!step->type->apply)
		return;
	step->type->apply(step->args, facts, &stmts);
	if (!stmts.refusal || changed_before(g, step))
		return;
	diag = diags_add(g->diags, SEVERITY_ERROR, stmts.refusal_rule ? stmts.refusal_rule : "refused", step->span,
	                 "%s", stmts.refusal);
	diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
	if (stmts.refusal_help)
		diag_help(&g->diags->arena, diag, "%s", stmts.refusal_help);
}

/*
 * Builds what is absent in pg_temp, so that a type or function that is not
 * there, or a default of the wrong type, is found before the run.  Not where
 * the step stands on what an earlier step makes.
 */
static bool try_build(struct catalogue_check *g, const struct step *step, const struct facts *facts,
                      struct err *err)
{
	struct err refusal = {0};
	struct diag *diag;
	bool ok;

	if (!g->thorough || facts->state != STATE_ABSENT || may_come(g, step))
		return true;
	ok = facts_build(g->conn, g->plan, step, g->arena, &refusal);
	if (!ok && !conn_lost(g->conn) && refusal.sqlstate[0]) {
		diag = diags_add(g->diags, SEVERITY_ERROR, "would-fail", step->span,
		                 "the server would refuse this step: %s", refusal.diag.summary);
		diag_chain(&g->diags->arena, diag, step->chain, step->chain_length);
		if (refusal.diag.help)
			diag_help(&g->diags->arena, diag, "%s", refusal.diag.help);
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

/* Did the server miss something by name that an earlier step may make? */
static bool misses_a_name(const struct catalogue_check *g, const struct step *step, const struct err *err)
{
	return (err_is(err, "42704") || err_is(err, "3F000") || err_is(err, "42883") || err_is(err, "42P01")) &&
	       may_come(g, step);
}

static bool judge(struct catalogue_check *g, const struct step *step, struct facts *facts, struct err *err)
{
	bool is_against = facts->state == STATE_CONFLICT || facts->state == STATE_MISSING;
	struct err conflict = {0};

	if (is_against && (facts->state == STATE_MISSING ? may_come(g, step) : changed_before(g, step)))
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
		try_apply(g, step, facts);
	return try_build(g, step, facts, err);
}

/* The answer about one step, with what it means. */
static bool take(struct catalogue_check *g, const struct step *step, const struct rows *answer, struct err *err)
{
	struct facts *facts = &g->facts[step->number - 1];

	if (facts_take(g->conn, g->plan, step, answer, g->arena, facts, err))
		return judge(g, step, facts, err);
	if (!misses_a_name(g, step, err))
		return false;
	err_release(err);
	return leave_for_later(facts);
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

/* Asks about the steps that wait for the answer about their table's maker, or about the others. */
static bool gather_these(struct catalogue_check *g, bool waiting, struct err *err)
{
	const struct step *some[AT_ONCE];
	size_t count = 0;
	bool ok = true;

	for (size_t b = g->from; ok && b < g->to; b++)
		for (size_t s = 0; ok && s < g->plan->blocks[b].step_count; s++) {
			const struct step *step = &g->plan->blocks[b].steps[s];

			if (!facts_has_probe(step) || is_done(g, step) || waits_for_maker(g, step) != waiting ||
			    (waiting && is_known(g, step)))
				continue;
			some[count++] = step;
			if (count == AT_ONCE) {
				ok = gather_some(g, some, count, err);
				count = 0;
			}
		}
	return ok && (count == 0 || gather_some(g, some, count, err));
}

static bool gather_all(struct catalogue_check *g, struct err *err)
{
	return gather_these(g, false, err) && gather_these(g, true, err);
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

/* All types in one question; a plan that makes types by sql_step is asked about them when it runs. */
static bool check_types(struct catalogue_check *g, struct err *err)
{
	json_t *types = types_of(g);
	char *list = json_dumps(types, JSON_COMPACT);
	const char *path[] = {g->plan->settings.search_path}, *params[] = {list};
	struct rows *rows = NULL;
	bool ok;

	ok =
		conn_query(g->conn,
	               &(struct query){
					   .sql = "SELECT pg_catalog.set_config('search_path', $1, true)", .count = 1, .params = path},
	               NULL, err) &&
		conn_query(g->conn,
	               &(struct query){.sql = "SELECT key AS type, value::integer AS number FROM"
	                                      " pg_catalog.jsonb_each_text($1::pg_catalog.jsonb)"
	                                      " WHERE pg_catalog.to_regtype(key) IS NULL ORDER BY 2",
	                               .count = 1,
	                               .params = params},
	               &rows, err);
	for (size_t r = 0; ok && r < rows_count(rows); r++)
		if (!may_come(g, plan_step(g->plan, (int)rows_integer(rows, r, "number"))))
			unknown_type(g, rows_get(rows, r, "type"), (int)rows_integer(rows, r, "number"));
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
	bool ok =
		conn_query(check->conn, QUERY("BEGIN"), NULL, err) && check_types(check, err) &&
		conn_query(check->conn, QUERY("SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"),
	               NULL, err) &&
		gather_all(check, err);

	check_versions(check);
	if (!conn_lost(check->conn))
		conn_query(check->conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return ok;
}
