/* The types that the steps of a plan name: is each of them there, or still to come? */
#include "check/types.h"

#include <jansson.h>
#include <stdlib.h>

#include "check/ahead.h"
#include "check/earlier.h"

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

		if (!earlier_is_done(g, earlier) && step_class_of(earlier) != CLASS_VERIFY && !earlier->type->probe)
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

	if (comes || !earlier_may_bring(g, step))
		return comes;
	if (ahead_begin(g, step, &ahead, err) && conn_query(g->conn, &there, &rows, err))
		comes = !ahead.names || rows_true(rows, 0, "there");
	ahead_end(g->conn);
	if (!conn_lost(g->conn))
		err_release(err);
	rows_free(rows);
	return comes;
}

bool check_types(struct catalogue_check *g, struct err *err)
{
	json_t *types = types_of(g);
	char *list = json_dumps(types, JSON_COMPACT);
	const char *params[] = {list};
	struct rows *rows = NULL;
	bool ok;

	ok = conn_query(g->conn,
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
