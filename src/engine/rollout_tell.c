/* A rollout in words: who is in, and what to type to move it. */
#include "engine/look.h"
#include "engine/naming.h"
#include "plan/rollout.h"

static const char *text_in(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *move_command(const struct block *block, const char *named, int share, struct arena *arena)
{
	return arena_printf(arena, "interlock rollout %s %s %s --evidence TEXT", named, rollout_text(share, arena),
	                    label_named(block->label, arena));
}

void rollout_tell(const struct block *block, const struct condition_row *row, const char *named,
                  struct arena *arena, struct stop *stop)
{
	const struct rollout_args *args = &block->wait.rollout;
	int share = (int)json_integer_value(json_object_get(row->data, "share"));
	int next = rollout_next(args, share), back = rollout_previous(args, share);

	stop->percent = rollout_text(share, arena);
	if (text_in(row->data, "at"))
		stop->why =
			arena_printf(arena, "%s %% of the keys are in, since %s UTC by %s: %s", stop->percent,
		                 text_in(row->data, "at"), text_in(row->data, "by"), text_in(row->data, "evidence"));
	else
		stop->why = arena_printf(arena, "nobody is in yet; its stops are %s %%", rollout_list(args, arena));
	if (next > 0)
		stop->command = move_command(block, named, next, arena);
	if (back >= 0)
		stop->back = move_command(block, named, back, arena);
}
