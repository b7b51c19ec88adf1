/* Rows of interlock.step and the tables of their numbers, against the times that the plan says. */
#include "engine/kept.h"

#include <jansson.h>
#include <stdlib.h>

/*
 * $2: [{"number", "ms", "by_undo"}] of the steps that may keep something.  What
 * undo would need is there as long as the step is done; of what undo took out
 * of the way, or could not put back, a table of the step's number tells.
 */
static const char question[] =
	"SELECT k.number, to_char(t.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS until,"
	" t.until <= clock_timestamp() AS over, t.by_undo FROM jsonb_to_recordset($2::jsonb)"
	" k(number integer, ms bigint, by_undo boolean) JOIN interlock.step s ON s.run = $1::bigint AND s.number = k.number"
	" CROSS JOIN LATERAL (SELECT s.finished_at + k.ms * interval '1 ms' AS until, k.by_undo OR s.state = 'undone' AS by_undo) t"
	" WHERE s.finished_at IS NOT NULL AND CASE WHEN t.by_undo THEN s.state IN ('done', 'undone')"
	"  AND to_regclass('interlock.archive_' || s.run || '_' || s.number) IS NOT NULL"
	" ELSE s.state = 'done' AND s.created AND to_jsonb(s) ->> 'expired_at' IS NULL END ORDER BY k.number";

static json_t *may_keep(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t n = 1; n <= plan->step_count; n++) {
		const struct step *step = plan_step(plan, (int)n);
		int64_t ms = step->type->kept_for && step->type->expire ? step->type->kept_for(step->args) : 0;

		if (ms > 0)
			json_array_append_new(list, json_pack("{s:i, s:I, s:b}", "number", step->number, "ms", (json_int_t)ms,
			                                      "by_undo", step->type->undo_keeps));
	}
	return list;
}

static void take_rows(const struct rows *rows, const struct plan *plan, struct arena *arena, struct kept *kept)
{
	kept->count = rows_count(rows);
	kept->steps = arena_array(arena, struct kept_step, kept->count);
	for (size_t r = 0; r < kept->count; r++) {
		kept->steps[r] = (struct kept_step){
			.step = plan_step(plan, (int)rows_integer(rows, r, "number")),
			.over = rows_true(rows, r, "over"),
			.until = arena_strdup(arena, rows_get(rows, r, "until")),
			.left_by_undo = rows_true(rows, r, "by_undo"),
		};
		kept->over += kept->steps[r].over;
	}
}

bool kept_find(struct conn *conn, const struct run_row *run, const struct plan *plan, struct arena *arena,
               struct kept *kept, struct err *err)
{
	json_t *list = may_keep(plan);
	char *text = json_dumps(list, JSON_COMPACT);
	const char *params[] = {arena_printf(arena, "%lld", (long long)run->id), text};
	struct rows *rows = NULL;
	bool ok;

	*kept = (struct kept){0};
	ok = json_array_size(list) == 0 ||
	     conn_query(conn, &(struct query){.sql = question, .count = 2, .params = params}, &rows, err);
	if (ok && rows)
		take_rows(rows, plan, arena, kept);
	rows_free(rows);
	free(text);
	json_decref(list);
	return ok;
}
