/* Comparing run.tool with our own version. */
#include "engine/tool.h"

#include <string.h>

#include "base/version.h"
#include "engine/tx.h"

static const char name[] = "interlock ";

static bool is_ours(const struct run_row *run)
{
	return !run->tool || strcmp(run->tool, "interlock " INTERLOCK_VERSION) == 0;
}

const char *tool_difference(const struct run_row *run, struct arena *arena)
{
	return is_ours(run) ? NULL : arena_printf(arena, "begun with %s; this is %s", run->tool, INTERLOCK_VERSION);
}

bool tool_read_plan(const struct run_row *run, struct plan **out, struct err *err)
{
	if (plan_from_registry(run->compiled, run->hash, out, err))
		return true;
	err_detail(err, "run %lld of plan \"%s\" was begun with %s; this is %s%s", (long long)run->id, run->plan,
	           run->tool ? run->tool : "another version", name, INTERLOCK_VERSION);
	err_detail(err, "nothing was changed");
	return false;
}

bool tool_note(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *difference = tool_difference(&s->run, &arena);
	bool ok = true;

	if (difference) {
		batch_add(&batch,
		          "INSERT INTO interlock.event (run, kind, statement) SELECT $1::bigint, 'tool', $2 WHERE $2 IS"
		          " DISTINCT FROM (SELECT statement FROM interlock.event WHERE run = $1::bigint AND kind = 'tool'"
		          " ORDER BY id DESC LIMIT 1)",
		          2, arena_printf(&arena, "%lld", (long long)s->run.id), difference);
		ok = tx_run(s, &batch, NULL, err);
	}
	arena_release(&arena);
	return ok;
}
