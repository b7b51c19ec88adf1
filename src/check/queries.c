/* EXPLAIN of each query, under a savepoint and with the settings of the run. */
#include "check/queries.h"

#include <string.h>

#include "db/way_out.h"
#include "plan/place.h"

#define EXPLAIN "EXPLAIN "

void queries_explain_refusal(const struct stmt *stmt, struct err *err)
{
	/* Types that have no operator, rows of different length, collations that don't agree. */
	static const char *const codes[] = {"42883", "42804", "42601", "42P21", "42P22", "42846"};

	for (size_t i = 0; stmt->help && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (err_is(err, codes[i]))
			err_help(err, "%s", stmt->help);
	/* $1, to which nobody gave a value: the protocol's own complaint, or the parser's. */
	if (err_is(err, "08P01") || err_is(err, "42P02")) {
		err_set(err, EXIT_STEP, "the query has a parameter, as $1");
		err_help(err, "write a value in its place");
	}
}

/* Will it still change something that a query may read? */
static bool changes(const struct catalogue_check *g, const struct step *step)
{
	const struct facts *facts = &g->facts[step->number - 1];

	return step_class_of(step) != CLASS_VERIFY && !(g->done && g->done[step->number - 1]) &&
	       !(step->type->probe && facts->now && facts->state == STATE_DONE);
}

static void add_finding(struct catalogue_check *g, const struct step *step, const char *rule,
                        const struct err *why)
{
	struct arena *arena = &g->diags->arena;
	struct span span = {step->span.file, why->diag.span.line ? why->diag.span.line : step->span.line};
	struct diag *diag =
		diags_add(g->diags, SEVERITY_ERROR, rule, span, "%s: %s", step_text(step, g->arena), why->diag.summary);

	diag_chain(arena, diag, step->chain, step->chain_length);
	for (size_t i = 0; i < why->diag.detail_count; i++)
		diag_detail(arena, diag, "%s", why->diag.details[i]);
	if (err_is(why, "42P01"))
		diag_detail(arena, diag, "looked for with search_path = %s", g->plan->settings.search_path);
	if (why->diag.help)
		diag_help(arena, diag, "%s", why->diag.help);
	else
		diag_help(arena, diag, "%s; nothing was changed",
		          err_is(why, "42501") ? way_out("42501") : "correct the query");
}

/*
 * What is locked now may be free when the run comes there.  Only check says
 * so; the step itself waits.
 */
static void take_refusal(struct catalogue_check *g, const struct step *step, const struct stmt *stmt,
                         struct err *why)
{
	struct span at = place_of_sql(step, stmt->sql, why->position ? why->position - (int)strlen(EXPLAIN) : 0);

	if (!err_is(why, "55P03")) {
		queries_explain_refusal(stmt, why);
		err_at(why, at);
		add_finding(g, step, "would-fail", why);
	} else if (g->thorough) {
		add_finding(g, step, "cannot-check", why);
	}
}

static bool end_look(struct catalogue_check *g, struct err *err)
{
	struct query queries[] = {*QUERY("ROLLBACK TO SAVEPOINT interlock_look"),
	                          *QUERY("RELEASE SAVEPOINT interlock_look")};

	return conn_pipeline(g->conn, queries, 2, 0, NULL, NULL, err);
}

/* One statement of a verification, planned as the run would plan it. */
static bool look(struct catalogue_check *g, const struct step *step, const struct stmt *stmt, struct err *err)
{
	const char *path = g->plan->settings.search_path;
	struct query queries[] = {
		*QUERY("SAVEPOINT interlock_look"),
		*QUERY("SET TRANSACTION READ ONLY"),
		{.sql =
	         "SELECT pg_catalog.set_config('search_path', $1, true),"
	         " pg_catalog.set_config('lock_timeout', '2s', true), pg_catalog.set_config('row_security', 'off', true)",
	     .count = 1,
	     .params = &path},
		*QUERY(arena_printf(g->arena, EXPLAIN "%s", stmt->sql)),
	};
	struct err why = {0};
	bool planned = conn_pipeline(g->conn, queries, sizeof(queries) / sizeof(queries[0]), 0, NULL, NULL, &why);
	bool refused = !planned && !conn_lost(g->conn) && why.sqlstate[0];

	if (refused)
		take_refusal(g, step, stmt, &why);
	else if (!planned)
		err_set(err, why.code, "%s", why.diag.summary);
	err_release(&why);
	return (planned || refused) && end_look(g, err);
}

static bool look_at_step(struct catalogue_check *g, const struct step *step, struct err *err)
{
	const struct facts *facts = &g->facts[step->number - 1];
	struct stmts stmts = {.arena = g->arena};
	bool ok = true;

	if (!step->type->judges_rows || (g->done && g->done[step->number - 1]) || facts->state != STATE_ABSENT)
		return true;
	step->type->apply(step->args, facts, &stmts);
	for (const struct stmt *stmt = stmts.first; ok && stmt; stmt = stmt->next)
		ok = look(g, step, stmt, err);
	return ok;
}

bool check_queries(struct catalogue_check *g, struct err *err)
{
	for (size_t b = 0; b < g->to; b++)
		for (size_t i = 0; i < g->plan->blocks[b].step_count; i++) {
			const struct step *step = &g->plan->blocks[b].steps[i];

			if (changes(g, step))
				return true;
			if (b >= g->from && !look_at_step(g, step, err))
				return false;
		}
	return true;
}
