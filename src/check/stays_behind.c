/* The queries of plan/carry.h, for the objects that are refused. */
#include "check/stays_behind.h"

#include "plan/carry_question.h"

static void add_finding(struct catalogue_check *g, const struct step *step, const struct swap_pair *pair,
                        const struct rows *rows, size_t r)
{
	struct arena *arena = &g->diags->arena;
	const char *help = rows_get(rows, r, "help");
	struct diag *diag = diags_add(g->diags, SEVERITY_ERROR, "not-carried", step->span, "%s: %s",
	                              rows_get(rows, r, "name"), rows_get(rows, r, "statement"));

	diag_chain(arena, diag, step->chain, step->chain_length);
	diag_detail(arena, diag, "it belongs to %s, and would not be there behind the switch",
	            relname_quoted(arena, &pair->live));
	diag_help(arena, diag, "%s",
	          help ? help : "name it in leaves of rename_swap if it may stay with the retired table");
}

static void add_refused(struct catalogue_check *g, const struct step *step, const struct swap_pair *pair,
                        const struct rows *rows)
{
	for (size_t r = 0; r < rows_count(rows); r++)
		if (rows_integer(rows, r, "stage") == CARRY_REFUSED)
			add_finding(g, step, pair, rows, r);
}

/* All of them in one flush. */
static bool ask(struct catalogue_check *g, const struct step *step, const struct carry_question *question,
                struct err *err)
{
	const char *const *params = carry_params(question, g->arena);
	struct query *queries;
	struct rows **rows;
	size_t count = 0;
	bool ok;

	while (carry_queries[count].kind)
		count++;
	queries = arena_array(g->arena, struct query, count);
	rows = arena_array(g->arena, struct rows *, count);
	for (size_t k = 0; k < count; k++)
		queries[k] = (struct query){.sql = carry_queries[k].sql, .count = CARRY_PARAMS, .params = params};
	ok = conn_pipeline(g->conn, queries, count, 0, rows, NULL, err);
	for (size_t k = 0; k < count; k++) {
		if (ok)
			add_refused(g, step, question->pair, rows[k]);
		rows_free(rows[k]);
	}
	return ok;
}

static bool check_step(struct catalogue_check *g, const struct step *step, struct err *err)
{
	const struct swapping *swapping = step->type->swaps(step->args, g->arena);
	bool ok = true;

	for (size_t i = 0; i < swapping->count; i++) {
		struct carry_question question = {swapping, &swapping->pairs[i], "[]", g->run};

		ok = ok && ask(g, step, &question, err);
	}
	return ok;
}

/* Was it done, or is but its end left to do? */
static bool is_switched(const struct catalogue_check *g, const struct step *step)
{
	const struct facts *facts = &g->facts[step->number - 1];

	return (g->done && g->done[step->number - 1]) || (facts->now && facts->state == STATE_PARTIAL);
}

bool check_stays_behind(struct catalogue_check *g, struct err *err)
{
	for (size_t n = 1; n <= g->plan->step_count; n++) {
		const struct step *step = plan_step(g->plan, (int)n);

		if (step->type->swaps && !is_switched(g, step) && !check_step(g, step, err))
			return false;
	}
	return true;
}
