/* Questions, answers, and their form in the registry. */
#include "engine/carried.h"

#include <string.h>

#include "plan/json_text.h"

size_t carried_kinds(void)
{
	size_t count = 0;

	while (carry_queries[count].kind)
		count++;
	return count;
}

void carried_plan_once(struct batch *batch)
{
	batch_add_often(batch, "SET LOCAL plan_cache_mode TO force_generic_plan", 0);
}

size_t carried_ask(const struct carry_question *question, struct batch *batch)
{
	const char *const *params = carry_params(question, batch->arena);
	size_t first = batch->count;

	for (size_t i = 0; carry_queries[i].kind; i++)
		batch_add_query(
			batch,
			(struct query){.sql = carry_queries[i].sql, .count = CARRY_PARAMS, .params = params, .prepare = true});
	return first;
}

void carried_take(struct rows *const *answers, struct arena *arena, struct carried *out)
{
	size_t kinds = carried_kinds(), total = 0;

	for (size_t k = 0; k < kinds; k++)
		total += rows_count(answers[k]);
	out->items = arena_array(arena, struct carried_item, total + 1);
	out->count = 0;
	for (size_t k = 0; k < kinds; k++)
		for (size_t r = 0; r < rows_count(answers[k]); r++)
			out->items[out->count++] = (struct carried_item){
				.stage = (enum carry_stage)rows_integer(answers[k], r, "stage"),
				.kind = k,
				.name = arena_strdup(arena, rows_get(answers[k], r, "name")),
				.statement = arena_strdup(arena, rows_get(answers[k], r, "statement")),
				.help = arena_strdup(arena, rows_get(answers[k], r, "help")),
			};
}

size_t carried_ask_portrait(const struct carry_question *question, const char *other, struct batch *batch)
{
	const char **params = arena_array(batch->arena, const char *, CARRY_PARAMS);

	memcpy(params, carry_params(question, batch->arena), CARRY_PARAMS * sizeof(*params));
	params[1] = other;
	return batch_add_query(
		batch, (struct query){.sql = carry_portrait, .count = CARRY_PARAMS, .params = params, .prepare = true});
}

void carried_keep_portrait(int64_t run, int number, const char *portrait, struct batch *batch)
{
	batch_add_often(batch,
	                "UPDATE interlock.pair SET carried = carried || pg_catalog.jsonb_build_object('after',"
	                " $3::pg_catalog.jsonb) WHERE run = $1::pg_catalog.int8 AND number = $2::pg_catalog.int4",
	                3, arena_printf(batch->arena, "%lld", (long long)run),
	                arena_printf(batch->arena, "%d", number), portrait);
}

static const char *or_nothing(const char *text)
{
	return text ? text : "nothing";
}

size_t carried_lacks(const char *portrait, const char *other, struct arena *arena, const char *const **lines)
{
	json_t *a = json_loads(portrait ? portrait : "{}", 0, NULL), *b = json_loads(other ? other : "{}", 0, NULL);
	const char **out = arena_array(arena, const char *, json_object_size(a) + 1), *name;
	json_t *value;
	size_t count = 0;

	json_object_foreach(a, name, value) if (!json_equal(value, json_object_get(b, name))) out[count++] =
		arena_printf(arena, "%s: %s, not %s", name, or_nothing(json_text(json_object_get(b, name), arena)),
	                 json_text(value, arena));
	json_decref(a);
	json_decref(b);
	*lines = out;
	return count;
}

static bool is_kept(enum carry_stage stage, bool back)
{
	return back ? stage == CARRY_BACK_VALIDATE
	            : stage == CARRY_LOCK || stage == CARRY_LOCK_VIEW || stage == CARRY_VALIDATE ||
	                  stage >= CARRY_BACK_DETACH;
}

const char *carried_to_json(const struct carried *carried, const char *before, bool back, struct arena *arena)
{
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < carried->count; i++) {
		const struct carried_item *item = &carried->items[i];

		if (is_kept(item->stage, back))
			json_array_append_new(
				list, json_pack("{s:i, s:i, s:s?, s:s?}", "stage", back ? CARRY_VALIDATE : (int)item->stage,
			                    "kind", (int)item->kind, "name", item->name, "statement", item->statement));
	}
	json_object_set_new(object, "items", list);
	if (!back)
		json_object_set_new(object, "before", json_loads(before ? before : "{}", 0, NULL));
	return json_text_new(object, arena);
}

void carried_from_json(const char *text, struct arena *arena, struct carried *out)
{
	json_t *object = text ? json_loads(text, 0, NULL) : NULL, *list = json_object_get(object, "items"), *item;
	size_t i;

	*out = (struct carried){.items = arena_array(arena, struct carried_item, json_array_size(list) + 1),
	                        .count = json_array_size(list),
	                        .before = json_text(json_object_get(object, "before"), arena),
	                        .after = json_text(json_object_get(object, "after"), arena)};
	json_array_foreach(list, i, item) out->items[i] =
		(struct carried_item){.stage = (enum carry_stage)json_integer_value(json_object_get(item, "stage")),
	                          .kind = (size_t)json_integer_value(json_object_get(item, "kind")),
	                          .name = json_text_of(item, "name", arena),
	                          .statement = json_text_of(item, "statement", arena)};
	json_decref(object);
}
