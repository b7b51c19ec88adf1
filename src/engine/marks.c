/* What a step leaves in the registry, in the transaction that does its work: its row, and its lines in the
 * journal. */
#include "engine/work.h"
#include "plan/json_text.h"

static const char *record_json(const struct record *record, struct arena *arena)
{
	json_t *object = json_object();

	for (size_t i = 0; record && i < record->count; i++)
		json_object_set_new(object, record->names[i],
		                    record->values[i] ? json_string(record->values[i]) : json_null());
	return json_text_new(object, arena);
}

static const char *mark_forward =
	"UPDATE interlock.step SET state = $3, created = created OR $4::boolean, before = coalesce(before, $5::jsonb),"
	" attempts = attempts + 1, epoch = $6::bigint, started_at = coalesce(started_at, clock_timestamp()),"
	" finished_at = CASE WHEN $3 = 'done' THEN clock_timestamp() END, expired_at = NULL, sqlstate = NULL, message = NULL,"
	" result = $7 WHERE run = $1::bigint AND number = $2::integer";
static const char *mark_back =
	"UPDATE interlock.step SET state = $3, created = created AND $3 <> 'undone',"
	" before = CASE WHEN $3 <> 'undone' THEN before END, attempts = attempts + 1, epoch = $4::bigint,"
	" finished_at = CASE WHEN $3 = 'undone' THEN clock_timestamp() END, sqlstate = NULL, message = NULL"
	" WHERE run = $1::bigint AND number = $2::integer";

static const char *forget_chunks = "DELETE FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer";

/* The state stays: what had failed in its place is still to be done there. */
static const char *mark_verified =
	"UPDATE interlock.step SET result = $3,"
	" finished_at = CASE WHEN state = 'done' THEN clock_timestamp() ELSE finished_at END,"
	" sqlstate = CASE WHEN state <> 'done' THEN sqlstate END, message = CASE WHEN state <> 'done' THEN message END"
	" WHERE run = $1::bigint AND number = $2::integer";

void group_mark(struct work *w, struct batch *batch, bool ends)
{
	const char *run = arena_printf(&w->arena, "%lld", (long long)w->session->run.id);
	const char *number = arena_printf(&w->arena, "%d", w->step->number);
	const char *epoch = arena_printf(&w->arena, "%lld", (long long)w->session->run.epoch);

	if (w->direction == FORWARD) {
		bool makes = w->stmts.count > 0 && w->step->type->class != CLASS_VERIFY;
		const char *before = makes && w->facts.now ? record_json(w->facts.now, &w->arena) : NULL;

		batch_add_often(batch, mark_forward, 7, run, number, ends ? "done" : "running", makes ? "true" : "false",
		                before, epoch, w->result);
	} else if (w->direction == BACK) {
		batch_add_often(batch, mark_back, 4, run, number, ends ? "undone" : "undoing", epoch);
		if (ends) /* a later run begins anew */
			batch_add_often(batch, forget_chunks, 2, run, number);
	} else if (w->direction == VERIFY) {
		batch_add_often(batch, mark_verified, 3, run, number, w->result);
	} else if (w->direction == EXPIRE && ends) {
		batch_add(batch,
		          "UPDATE interlock.step SET expired_at = clock_timestamp() WHERE run = $1::bigint AND number ="
		          " $2::integer",
		          2, run, number);
	}
}

/* It runs with the plan's search_path, so every name in it says where it comes from. */
void group_journal(struct work *w, struct batch *batch, const struct stmt *first, size_t size, const char *ms)
{
	static const char *const kinds[] = {"run", "undo", "restore", "expire", "verify", "finish", "follow"};
	json_t *texts;

	if (w->direction == FOLLOW) /* every look at the run does it */
		return;
	texts = json_array();
	for (const struct stmt *stmt = first; size--; stmt = stmt->next)
		json_array_append_new(texts, json_string(stmt->sql));
	batch_add_often(
		batch,
		"INSERT INTO interlock.event (run, step, kind, statement, lock_attempts, result, ms) SELECT $1::pg_catalog.int8,"
		" $2::pg_catalog.int4, $3::pg_catalog.text, t, $4::pg_catalog.int4, $7::pg_catalog.text, coalesce($6::pg_catalog.float8,"
		" extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp())"
		" OPERATOR(pg_catalog.*) 1000) FROM pg_catalog.jsonb_array_elements_text($5::pg_catalog.jsonb) AS t",
		7, arena_printf(&w->arena, "%lld", (long long)w->session->run.id),
		arena_printf(&w->arena, "%d", w->step->number), kinds[w->direction],
		arena_printf(&w->arena, "%lld", (long long)w->patience->attempts + 1), json_text_new(texts, &w->arena), ms,
		w->result);
}
