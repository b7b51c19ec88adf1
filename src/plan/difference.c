/* Two plans side by side: what stands in both, in order, and what is left between. */
#include "plan/difference.h"

#include <stdlib.h>
#include <string.h>

const char *difference_kind_name(enum difference_kind kind)
{
	static const char *const names[] = {"new", "gone", "changed"};

	return names[kind];
}

/* ---- The data of a block, a step ---- */

static json_t *data_of_block(const struct plan *plan, const struct block *block)
{
	return json_array_get(json_object_get(plan->filled, "blocks"), (size_t)block->index);
}

static json_t *data_of_step(const struct plan *plan, const struct step *step)
{
	const struct block *block = plan_block_of(plan, step);
	json_t *steps = json_object_get(data_of_block(plan, block), "steps");

	return json_array_get(steps, (size_t)(step->number - block->steps[0].number));
}

static bool same_options(json_t *a, json_t *b)
{
	json_t *in_a = json_object_get(a, "options"), *in_b = json_object_get(b, "options");

	return (json_object_size(in_a) == 0 && json_object_size(in_b) == 0) || json_equal(in_a, in_b);
}

bool step_equal(const struct plan *a, const struct step *in_a, const struct plan *b, const struct step *in_b)
{
	return in_a->type == in_b->type && same_options(data_of_step(a, in_a), data_of_step(b, in_b));
}

static bool same_name(const struct block *a, const struct block *b)
{
	return a->kind == b->kind && strcmp(a->label, b->label) == 0;
}

bool block_equal(const struct plan *a, const struct block *in_a, const struct plan *b, const struct block *in_b)
{
	if (!same_name(in_a, in_b) || in_a->step_count != in_b->step_count)
		return false;
	for (size_t i = 0; i < in_a->step_count; i++)
		if (!step_equal(a, &in_a->steps[i], b, &in_b->steps[i]))
			return false;
	return in_a->kind == BLOCK_PHASE || same_options(data_of_block(a, in_a), data_of_block(b, in_b));
}

/* ---- Two lists side by side ---- */

/* What is compared: the blocks of the plans, or the steps of two blocks. */
struct comparison {
	const struct plan *was, *is;
	const struct block *block_was, *block_is; /* whose steps; NULL: the blocks */
	int boundary;
	struct arena *arena;
	struct differences *out;
};

/* The pairs that belong together, by place in the older list; -1: none. */
struct alignment {
	int *partner;
	size_t was, is;
};

static bool belong(const struct comparison *c, size_t i, size_t j)
{
	return c->block_was ? step_equal(c->was, &c->block_was->steps[i], c->is, &c->block_is->steps[j])
	                    : same_name(&c->was->blocks[i], &c->is->blocks[j]);
}

/* Left over on both sides at the same place: is the one what became of the other? */
static bool alike(const struct comparison *c, size_t i, size_t j)
{
	return c->block_was ? c->block_was->steps[i].type == c->block_is->steps[j].type
	                    : c->was->blocks[i].kind == c->is->blocks[j].kind;
}

/* The longest common subsequence: most[i][j] is its length from i and j on. */
static void find_common(const struct comparison *c, struct alignment *a)
{
	size_t width = a->is + 1, i = 0, j = 0;
	int *most = arena_array(c->arena, int, (a->was + 1) * width);

	for (size_t x = a->was; x-- > 0;)
		for (size_t y = a->is; y-- > 0;) {
			int skip = most[(x + 1) * width + y] > most[x * width + y + 1] ? most[(x + 1) * width + y]
			                                                               : most[x * width + y + 1];
			int both = belong(c, x, y) ? 1 + most[(x + 1) * width + y + 1] : 0;

			most[x * width + y] = both > skip ? both : skip;
		}
	while (i < a->was && j < a->is)
		if (belong(c, i, j) && most[i * width + j] == 1 + most[(i + 1) * width + j + 1])
			a->partner[i++] = (int)j++;
		else if (most[(i + 1) * width + j] >= most[i * width + j + 1])
			i++;
		else
			j++;
}

/* Between what is common: the next of the same kind on the other side. */
static void pair_rest(const struct comparison *c, struct alignment *a)
{
	size_t next = 0;

	for (size_t i = 0; i < a->was; i++) {
		size_t end = a->is;

		if (a->partner[i] >= 0) {
			next = (size_t)a->partner[i] + 1;
			continue;
		}
		for (size_t k = i + 1; k < a->was; k++)
			if (a->partner[k] >= 0) {
				end = (size_t)a->partner[k];
				break;
			}
		for (size_t j = next; j < end; j++)
			if (alike(c, i, j)) {
				a->partner[i] = (int)j;
				next = j + 1;
				break;
			}
	}
}

static struct alignment align(const struct comparison *c, size_t was, size_t is)
{
	struct alignment a = {arena_array(c->arena, int, was), was, is};

	for (size_t i = 0; i < was; i++)
		a.partner[i] = -1;
	find_common(c, &a);
	pair_rest(c, &a);
	return a;
}

/* ---- What differs ---- */

static struct difference *add(struct comparison *c, enum difference_kind kind, int place)
{
	struct differences *out = c->out;
	struct difference *all;

	if (out->count == out->room) {
		all = arena_array(c->arena, struct difference, out->room * 2 + 8);
		if (out->count)
			memcpy(all, out->items, out->count * sizeof(*all));
		out->items = all;
		out->room = out->room * 2 + 8;
	}
	out->items[out->count] = (struct difference){.kind = kind, .early = place < c->boundary};
	if (place < c->boundary) {
		out->first_early = out->any_early && out->first_early < place ? out->first_early : place;
		out->any_early = true;
	}
	return &out->items[out->count++];
}

static const char *value_text(struct arena *arena, json_t *value)
{
	char *text = value && !json_is_null(value) ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

/* The options that differ, of one place. */
static void compare_options(struct comparison *c, json_t *was, json_t *is, const struct difference *place, int at)
{
	json_t *value;
	const char *name;

	json_object_foreach(was, name, value)
	{
		struct difference *d;

		if (json_equal(value, json_object_get(is, name)))
			continue;
		d = add(c, DIFFERENCE_CHANGED, at);
		d->block = place->block;
		d->step = place->step;
		d->option = arena_strdup(c->arena, name);
		d->was = value_text(c->arena, value);
		d->is = value_text(c->arena, json_object_get(is, name));
	}
	json_object_foreach(is, name, value)
	{
		struct difference *d;

		if (json_object_get(was, name))
			continue;
		d = add(c, DIFFERENCE_CHANGED, at);
		d->block = place->block;
		d->step = place->step;
		d->option = arena_strdup(c->arena, name);
		d->is = value_text(c->arena, value);
	}
}

static void step_differs(struct comparison *c, enum difference_kind kind, const struct step *step, int at)
{
	struct difference *d = add(c, kind, at);

	d->block = kind == DIFFERENCE_NEW ? c->block_is : c->block_was;
	d->step = step;
}

static void compare_steps(struct comparison *blocks, const struct block *was, const struct block *is)
{
	struct comparison c = *blocks;
	struct alignment a;
	size_t j = 0;

	c.block_was = was;
	c.block_is = is;
	a = align(&c, was->step_count, is->step_count);
	for (size_t i = 0; i < a.was; i++) {
		const struct step *step = &was->steps[i];

		for (; a.partner[i] >= 0 && j < (size_t)a.partner[i]; j++)
			step_differs(&c, DIFFERENCE_NEW, &is->steps[j], was->index);
		if (a.partner[i] < 0) {
			step_differs(&c, DIFFERENCE_GONE, step, was->index);
			continue;
		}
		compare_options(&c, json_object_get(data_of_step(c.was, step), "options"),
		                json_object_get(data_of_step(c.is, &is->steps[j]), "options"),
		                &(struct difference){.block = was, .step = step}, was->index);
		j++;
	}
	for (; j < a.is; j++)
		step_differs(&c, DIFFERENCE_NEW, &is->steps[j], was->index);
}

static void compare_pair(struct comparison *c, const struct block *was, const struct block *is)
{
	struct difference place = {.block = was};

	if (strcmp(was->label, is->label) != 0) {
		struct difference *d = add(c, DIFFERENCE_CHANGED, was->index);

		d->block = was;
		d->option = "label";
		d->was = arena_printf(c->arena, "\"%s\"", was->label);
		d->is = arena_printf(c->arena, "\"%s\"", is->label);
	}
	if (was->kind == BLOCK_PHASE)
		compare_steps(c, was, is);
	else
		compare_options(c, json_object_get(data_of_block(c->was, was), "options"),
		                json_object_get(data_of_block(c->is, is), "options"), &place, was->index);
}

void differences_find(const struct plan *was, const struct plan *is, int boundary, struct arena *arena,
                      struct differences *out)
{
	struct comparison c = {.was = was, .is = is, .boundary = boundary, .arena = arena, .out = out};
	struct alignment a;
	size_t j = 0;

	*out = (struct differences){0};
	/* Settings hold for what is still to run: never early. */
	compare_options(&c, json_object_get(was->filled, "settings"), json_object_get(is->filled, "settings"),
	                &(struct difference){0}, boundary);
	a = align(&c, was->block_count, is->block_count);
	for (size_t i = 0; i < a.was; i++) {
		const struct block *block = &was->blocks[i];

		for (; a.partner[i] >= 0 && j < (size_t)a.partner[i]; j++)
			add(&c, DIFFERENCE_NEW, block->index)->block = &is->blocks[j];
		if (a.partner[i] < 0)
			add(&c, DIFFERENCE_GONE, block->index)->block = block;
		else
			compare_pair(&c, block, &is->blocks[j++]);
	}
	for (; j < a.is; j++)
		add(&c, DIFFERENCE_NEW, (int)was->block_count)->block = &is->blocks[j];
}

const char *difference_text(const struct difference *d, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	if (d->block)
		buf_addf(&text, "%s \"%s\"", block_kind_name(d->block->kind), d->block->label);
	else
		buf_add(&text, "settings");
	if (d->step)
		buf_addf(&text, ", step %d  %s", d->step->number - d->block->steps[0].number + 1,
		         step_text(d->step, arena));
	if (!d->option)
		buf_addf(&text, " is %s", difference_kind_name(d->kind));
	else
		buf_addf(&text, ": %s was %s, is %s", d->option, d->was ? d->was : "not given",
		         d->is ? d->is : "not given");
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}
