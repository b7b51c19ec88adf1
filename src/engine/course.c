/* Two columns of interlock.run. */
#include "engine/course.h"

#include "engine/tx.h"

bool course_forward(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	if (s->run.undo_from < 0 && !s->run.interrupted)
		return true;
	course_back(s, -1, &batch);
	ok = tx_run(s, &batch, NULL, err);
	if (ok) {
		s->run.undo_from = -1;
		s->run.interrupted = false;
	}
	arena_release(&arena);
	return ok;
}

void course_back(struct session *s, int from, struct batch *batch)
{
	batch_add(batch,
	          "UPDATE interlock.run SET undo_from = nullif($2::integer, -1), interrupted_at = NULL WHERE id ="
	          " $1::bigint",
	          2, arena_printf(batch->arena, "%lld", (long long)s->run.id), arena_printf(batch->arena, "%d", from));
}

void course_interrupted(struct session *s)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};

	batch_add(
		&batch,
		"UPDATE interlock.run SET state = 'waiting', interrupted_at = clock_timestamp() WHERE id = $1::bigint", 1,
		arena_printf(&arena, "%lld", (long long)s->run.id));
	if (!conn_lost(s->worker) && !s->lease_lost)
		tx_run(s, &batch, NULL, &ignored);
	err_release(&ignored);
	arena_release(&arena);
}

const char *course_aim(const struct plan *plan, int from, struct arena *arena)
{
	if (from <= 0 || (size_t)from > plan->block_count)
		return "its start";
	return arena_printf(arena, "behind \"%s\"", plan->blocks[from - 1].label);
}
