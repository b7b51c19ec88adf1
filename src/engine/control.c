/* Pausing a run and letting it go on. */
#include "engine/control.h"

#include "engine/brief.h"
#include "engine/exec.h"

enum { LOOK_AGAIN_MS = 500 };

static void take(const struct rows *rows, struct arena *arena, struct control *control)
{
	*control = (struct control){0};
	if (rows_count(rows) == 0)
		return;
	control->paused = rows_true(rows, 0, "paused");
	control->reason = arena_strdup(arena, rows_get(rows, 0, "reason"));
	control->by = arena_strdup(arena, rows_get(rows, 0, "changed_by"));
	control->at = arena_strdup(arena, rows_get(rows, 0, "changed_at"));
}

bool control_read(struct conn *conn, int64_t run, struct arena *arena, struct control *control, struct err *err)
{
	const char *number = arena_printf(arena, "%lld", (long long)run);
	struct query query = {
		.sql = "SELECT paused, reason, changed_by, to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS"
			   " changed_at FROM interlock.control WHERE run = $1::bigint",
		.count = 1,
		.params = &number,
		.prepare = true};
	struct rows *rows;

	*control = (struct control){0};
	if (!conn_query(conn, &query, &rows, err))
		return false;
	take(rows, arena, control);
	rows_free(rows);
	return true;
}

static bool write_wish(struct conn *conn, int64_t run, const struct control *wish, struct arena *arena,
                       struct err *err)
{
	const char *params[] = {arena_printf(arena, "%lld", (long long)run), wish->paused ? "true" : "false",
	                        wish->reason};

	return conn_query(conn,
	                  &(struct query){.sql = "INSERT INTO interlock.control (run, paused, reason)"
	                                         " VALUES ($1::bigint, $2::boolean, $3)"
	                                         " ON CONFLICT (run) DO UPDATE SET paused = excluded.paused,"
	                                         " reason = excluded.reason, changed_by = session_user,"
	                                         " changed_at = clock_timestamp()",
	                                  .count = 3,
	                                  .params = params},
	                  NULL, err);
}

static bool journal(struct conn *conn, int64_t run, const struct control *wish, struct arena *arena,
                    struct err *err)
{
	const char *params[] = {arena_printf(arena, "%lld", (long long)run), wish->paused ? "pause" : "resume",
	                        wish->reason};

	return conn_query(conn,
	                  &(struct query){.sql = "INSERT INTO interlock.event (run, kind, statement)"
	                                         " VALUES ($1::bigint, $2, $3)",
	                                  .count = 3,
	                                  .params = params},
	                  NULL, err);
}

bool control_set(struct conn *conn, int64_t run, const struct control *wish, struct control *before,
                 struct arena *arena, struct err *err)
{
	bool ok = brief_begin(conn, err) && control_read(conn, run, arena, before, err) &&
	          write_wish(conn, run, wish, arena, err) && journal(conn, run, wish, arena, err);

	return brief_end(conn, ok, err);
}

const char *control_sentence(const struct control *control, struct arena *arena)
{
	return arena_printf(arena, "paused by %s at %s UTC%s%s", control->by, control->at, control->reason ? ": " : "",
	                    control->reason ? control->reason : "");
}

static bool lost(struct err *err)
{
	err_set(err, EXIT_HELD, "another interlock has taken over this run while it was paused");
	err_help(err, "interlock status shows where it stands");
	return false;
}

bool control_wait(struct session *s, const struct step *step, struct err *err)
{
	bool told = false, paused = s->heeds_pause, ok = true;

	while (paused) {
		struct arena arena = {0};
		struct control control;

		ok = control_read(s->control, s->run.id, &arena, &control, err);
		paused = ok && control.paused;
		if (paused && !told)
			session_say(s, step, STEP_PAUSED, 0, control_sentence(&control, &arena));
		told |= paused;
		if (paused && (s->lease_lost || !loop_sleep(s->connector->loop, LOOK_AGAIN_MS)))
			paused = ok = s->lease_lost ? lost(err) : !exec_interrupted(err);
		arena_release(&arena);
	}
	if (ok && told)
		session_say(s, step, STEP_RESUMED, 0, NULL);
	return ok;
}
