/* Names and lists as the texts of parameters. */
#include "plan/carry_question.h"

#include "plan/probes.h"

static const char *lives(const struct swapping *s, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, s->count);

	for (size_t i = 0; i < s->count; i++)
		items[i] = relname_quoted(arena, &s->pairs[i].live);
	return array_or_empty(items, s->count, arena);
}

const char *const *carry_params(const struct carry_question *q, struct arena *arena)
{
	const char **params = arena_array(arena, const char *, CARRY_PARAMS);

	params[0] = relname_quoted(arena, &q->pair->live);
	params[1] = relname_quoted(arena, &q->pair->shadow);
	params[2] = q->pair->retired.name;
	params[3] = arena_printf(arena, "%lld", (long long)q->run);
	params[4] = lives(q->swapping, arena);
	params[5] = q->foreign_keys;
	params[6] = array_or_empty(q->swapping->leaves.items, q->swapping->leaves.count, arena);
	return params;
}
