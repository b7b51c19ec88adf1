/* Column by column of a live table and the shadow that is to take its place. */
#include "check/shadows.h"

#include <jansson.h>
#include <string.h>

#include "plan/place.h"
#include "plan/shadow.h"
#include "plan/swapping.h"

/* One shadow, and the columns of both tables as its probe told them. */
struct beside {
	struct catalogue_check *g;
	const struct step *step;
	const char *live, *shadow;    /* quoted */
	bool is_switched, comes_back; /* by a later step of the plan; and with what was written behind it */
	json_t *live_columns, *shadow_columns, *back;
};

static const char *name_of(json_t *column)
{
	return json_string_value(json_object_get(column, "name"));
}

static bool has(json_t *column, const char *what)
{
	return json_is_true(json_object_get(column, what));
}

static json_t *column_of(json_t *columns, const char *name)
{
	json_t *column;
	size_t i;

	json_array_foreach(columns, i, column) if (strcmp(name_of(column), name) == 0) return column;
	return NULL;
}

static struct diag *add(const struct beside *b, enum severity severity, const char *rule, const char *option,
                        const char *summary)
{
	struct diags *diags = b->g->diags;
	struct diag *diag = diags_add(diags, severity, rule, place_of_option(b->step, option), "%s", summary);

	diag_chain(&diags->arena, diag, b->step->chain, b->step->chain_length);
	return diag;
}

static void loses_default(const struct beside *b, json_t *column, bool takes_null)
{
	struct arena *arena = &b->g->diags->arena;
	const char *name = ident_quoted(arena, name_of(column));
	bool fails = b->is_switched && !takes_null;
	struct diag *diag =
		add(b, fails ? SEVERITY_ERROR : SEVERITY_WARNING, "shadow-loses-default", "columns",
	        arena_printf(arena, "column %s of %s has no default, that of %s has one", name, b->shadow, b->live));

	diag_detail(arena, diag, "%s",
	            takes_null ? "an INSERT that leaves it out writes NULL behind the switch"
	                       : "an INSERT that leaves it out fails behind the switch: it takes no NULL");
	diag_help(arena, diag, "give it the default, or the identity, that it has in %s", b->live);
}

static void check_defaults(const struct beside *b)
{
	json_t *column;
	size_t i;

	json_array_foreach(b->shadow_columns, i, column)
	{
		json_t *live = column_of(b->live_columns, name_of(column));

		if (live && has(live, "has_default") && !has(column, "has_default"))
			loses_default(b, column, !has(column, "not_null"));
	}
}

/* Columns that both have are to stand in the same order; one finding tells it. */
static void check_order(const struct beside *b)
{
	struct arena *arena = &b->g->diags->arena;
	const char *before = NULL;
	json_t *column, *live;
	size_t i, k, last = 0;

	json_array_foreach(b->shadow_columns, i, column)
	{
		bool is_there = false;

		json_array_foreach(b->live_columns, k, live)
		{
			is_there = strcmp(name_of(live), name_of(column)) == 0;
			if (is_there)
				break;
		}
		if (is_there && before && k < last) {
			struct diag *diag = add(b, SEVERITY_WARNING, "shadow-reorders-columns", "columns",
			                        arena_printf(arena, "column %s stands behind %s in %s, and before it in %s",
			                                     ident_quoted(arena, name_of(column)), ident_quoted(arena, before),
			                                     b->shadow, b->live));

			diag_detail(arena, diag,
			            "INSERT and COPY without a list of columns write into the wrong ones behind the"
			            " switch, and SELECT * reads them in another order");
			diag_help(arena, diag, "keep the order, unless every statement names its columns");
			return;
		}
		if (is_there) {
			last = k;
			before = name_of(column);
		}
	}
}

/* What the plan does with it later. */
static void find_switch(struct beside *b, const struct shadow_shape *shape)
{
	for (size_t n = (size_t)b->step->number + 1; n <= b->g->plan->step_count; n++) {
		const struct step *step = plan_step(b->g->plan, (int)n);
		const struct swapping *s = step->type->swaps ? step->type->swaps(step->args, b->g->arena) : NULL;

		for (size_t i = 0; s && i < s->count; i++)
			if (relname_equal(&s->pairs[i].shadow, &shape->shadow)) {
				b->is_switched = true;
				b->comes_back |= s->sync_back;
			}
	}
}

static void check_way_back(const struct beside *b)
{
	struct arena *arena = &b->g->diags->arena;
	json_t *column;
	size_t i;

	json_array_foreach(b->live_columns, i, column)
	{
		const char *name = name_of(column);
		struct diag *diag;

		if (!has(column, "not_null") || has(column, "has_default") || column_of(b->back, name))
			continue;
		diag = add(b, SEVERITY_ERROR, "no-way-back-column", "copy_back",
		           arena_printf(arena,
		                        "nothing says what column %s of %s is to hold in rows written behind the switch",
		                        ident_quoted(arena, name), b->live));
		diag_detail(arena, diag, "it takes no NULL and has no default, so none of these rows could come back");
		diag_help(arena, diag, "copy_back = { %s = \"…\" }, or rename_swap without sync_back",
		          ident_quoted(arena, name));
	}
}

static void check_step(struct catalogue_check *g, const struct step *step, const struct facts *facts)
{
	struct shadow_shape shape;
	struct beside b = {.g = g, .step = step};

	if (!step->type->shadows(step->args, facts, g->arena, &shape))
		return;
	b.live = relname_quoted(g->arena, &shape.live);
	b.shadow = relname_quoted(g->arena, &shape.shadow);
	b.live_columns = json_loads(record_get(facts->now, "live_columns"), 0, NULL);
	b.shadow_columns = json_loads(record_get(facts->now, "shadow_columns"), 0, NULL);
	b.back = json_loads(shape.back, 0, NULL);
	find_switch(&b, &shape);
	check_defaults(&b);
	check_order(&b);
	if (b.comes_back)
		check_way_back(&b);
	json_decref(b.live_columns);
	json_decref(b.shadow_columns);
	json_decref(b.back);
}

void check_shadows(struct catalogue_check *g)
{
	for (size_t n = 1; n <= g->plan->step_count; n++) {
		const struct step *step = plan_step(g->plan, (int)n);
		const struct facts *facts = &g->facts[n - 1];

		if (step->type->shadows && facts->now && facts->state == STATE_ABSENT && !(g->done && g->done[n - 1]))
			check_step(g, step, facts);
	}
}
