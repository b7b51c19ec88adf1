/* Rows of interlock.condition: reached, due, satisfied; and who looks at which kind of stop. */
#include "engine/condition.h"

#include <string.h>

#include "engine/look.h"
#include "engine/naming.h"
#include "engine/notes.h"
#include "engine/tx.h"

/* $3: the length of a safety period in ms. */
static const char row_question[] =
	"SELECT c.reached_at IS NOT NULL AS reached, c.satisfied_at IS NOT NULL AS satisfied, c.hash, c.satisfied_by,"
	" coalesce(c.due <= t.now, false) AS due_passed, to_char(c.due AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS due,"
	" ceil(extract(epoch FROM c.due - t.now) * 1000)::bigint AS due_in, c.data::text AS data,"
	" to_char(t.now AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS now, extract(epoch FROM t.now)::bigint AS now_s,"
	" to_char(t.fresh AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS fresh_due, extract(epoch FROM t.fresh)::text AS fresh_due_s"
	" FROM (SELECT n.now, n.now + $3::bigint * interval '1 ms' AS fresh FROM (SELECT clock_timestamp() AS now) n) t"
	" LEFT JOIN interlock.condition c ON c.run = $1::bigint AND c.block = $2::integer";

static void take_row(const struct rows *rows, struct arena *arena, struct condition_row *row)
{
	const char *data = rows_get(rows, 0, "data");

	*row = (struct condition_row){
		.reached = rows_true(rows, 0, "reached"),
		.satisfied = rows_true(rows, 0, "satisfied"),
		.due_passed = rows_true(rows, 0, "due_passed"),
		.due_in = rows_integer(rows, 0, "due_in"),
		.now_s = rows_integer(rows, 0, "now_s"),
		.hash = arena_strdup(arena, rows_get(rows, 0, "hash")),
		.by = arena_strdup(arena, rows_get(rows, 0, "satisfied_by")),
		.due = arena_strdup(arena, rows_get(rows, 0, "due")),
		.now = arena_strdup(arena, rows_get(rows, 0, "now")),
		.fresh_due = arena_strdup(arena, rows_get(rows, 0, "fresh_due")),
		.fresh_due_s = arena_strdup(arena, rows_get(rows, 0, "fresh_due_s")),
		.data = data ? json_loads(data, 0, NULL) : NULL,
	};
}

static bool read_row(struct conn *conn, const struct run_row *run, const struct block *block, struct arena *arena,
                     struct condition_row *row, struct err *err)
{
	int64_t length = block->kind == BLOCK_SAFETY_PERIOD ? block->wait.safety.length : 0;
	const char *params[] = {arena_printf(arena, "%lld", (long long)run->id),
	                        arena_printf(arena, "%d", block->index),
	                        arena_printf(arena, "%lld", (long long)length)};
	struct rows *rows;

	if (!conn_query(conn, &(struct query){.sql = row_question, .count = 3, .params = params}, &rows, err))
		return false;
	take_row(rows, arena, row);
	rows_free(rows);
	return true;
}

bool look_reached(struct look *l, struct err *err)
{
	struct batch batch = {.arena = l->arena};

	if (l->row.reached)
		return true;
	batch_add(&batch,
	          "INSERT INTO interlock.condition (run, block, kind, label, reached_at)"
	          " VALUES ($1::bigint, $2::integer, $3, $4, clock_timestamp())"
	          " ON CONFLICT (run, block) DO UPDATE SET reached_at = excluded.reached_at",
	          4, l->run, l->index, block_kind_name(l->block->kind), l->block->label);
	return tx_run(l->session, &batch, NULL, err);
}

bool look_satisfied(struct look *l, const char *by, const char *evidence, struct err *err)
{
	struct batch batch = {.arena = l->arena};

	batch_add(&batch,
	          "UPDATE interlock.condition SET satisfied_at = clock_timestamp(), satisfied_by = $3, evidence = $4"
	          " WHERE run = $1::bigint AND block = $2::integer",
	          4, l->run, l->index, by, evidence);
	return tx_run(l->session, &batch, NULL, err);
}

/* "; that of anna was withdrawn by bob: why", or nothing. */
static const char *withdrawn_text(const struct condition_row *row, struct arena *arena)
{
	json_t *list = json_object_get(row->data, "withdrawn"), *last;
	const char *reason;

	if (row->satisfied || json_array_size(list) == 0)
		return "";
	last = json_array_get(list, json_array_size(list) - 1);
	reason = json_string_value(json_object_get(last, "reason"));
	return arena_printf(arena, "; that of %s was withdrawn by %s%s%s",
	                    json_string_value(json_object_get(last, "given_by")),
	                    json_string_value(json_object_get(last, "by")), reason ? ": " : "", reason ? reason : "");
}

static void approval_tell(const struct block *block, const struct condition_row *row, const char *named,
                          struct arena *arena, struct stop *stop)
{
	const struct approval_args *approval = &block->wait.approval;

	stop->why = approval->role ? arena_printf(arena, "a member of role %s has to approve%s", approval->role,
	                                          approval->by_other ? ", not the role that started the run" : "")
	                           : "somebody has to approve";
	stop->why = arena_printf(arena, "%s%s", stop->why, withdrawn_text(row, arena));
	stop->command = arena_printf(arena, "interlock approve %s %s", named, label_named(block->label, arena));
}

/* As the row says: an approval is good for the plan that it was given for. */
static bool is_open(const struct block *block, const struct condition_row *row, const char *hash)
{
	return row->satisfied && (block->kind != BLOCK_APPROVAL || (row->hash && strcmp(row->hash, hash) == 0));
}

static void tell(const struct block *block, const struct condition_row *row, const struct run_row *run,
                 struct arena *arena, struct stop *stop)
{
	*stop = (struct stop){.open = is_open(block, row, run->hash)};
	if (block->kind == BLOCK_GATE)
		gate_tell(block, run_named(run, arena), arena, stop);
	else if (block->kind == BLOCK_APPROVAL)
		approval_tell(block, row, run_named(run, arena), arena, stop);
	else if (block->kind == BLOCK_ROLLOUT)
		rollout_tell(block, row, run_named(run, arena), arena, stop);
	else
		safety_tell(block, row, arena, stop);
	if (!stop->command)
		stop->command = arena_printf(arena, "interlock run %s", run_named(run, arena));
	if (block->kind == BLOCK_APPROVAL && row->satisfied && !stop->open)
		stop->why = arena_printf(arena, "%s; what %s approved was another plan", stop->why, row->by);
}

bool condition_tell(struct conn *conn, const struct run_row *run, const struct block *block, struct arena *arena,
                    struct stop *stop, struct err *err)
{
	struct condition_row row;

	if (!read_row(conn, run, block, arena, &row, err))
		return false;
	tell(block, &row, run, arena, stop);
	json_decref(row.data);
	return true;
}

static bool ask(struct look *l, struct stop *stop, struct err *err)
{
	if (l->block->kind == BLOCK_SAFETY_PERIOD)
		return safety_look(l, stop, err);
	if (!look_reached(l, err))
		return false;
	return l->block->kind != BLOCK_GATE || gate_look(l, stop, err);
}

bool condition_look(struct session *s, const struct block *block, struct stop *stop, struct err *err)
{
	struct look l = {.session = s,
	                 .block = block,
	                 .arena = &s->arena,
	                 .run = arena_printf(&s->arena, "%lld", (long long)s->run.id),
	                 .index = arena_printf(&s->arena, "%d", block->index)};
	bool ok = read_row(s->control, &s->run, block, l.arena, &l.row, err);

	if (ok) {
		tell(block, &l.row, &s->run, l.arena, stop);
		ok = stop->open || ask(&l, stop, err);
	}
	json_decref(l.row.data);
	return ok;
}

/* The notes of one row are given back, and with them their record. */
static bool leave_row(struct session *s, const char *run, const char *block, json_t *notes, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	batch_add(
		&batch,
		"UPDATE interlock.condition SET data = data - 'notes' WHERE run = $1::bigint AND block = $2::integer", 2,
		run, block);
	ok = notes_take_all(s, notes, &batch, err);
	if (!ok && err->code == EXIT_STEP)
		err_prefix(err, "the comment of a table that a safety period watches can't be given back");
	arena_release(&arena);
	return ok;
}

bool condition_leave(struct session *s, int block, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)s->run.id), arena_printf(&arena, "%d", block)};
	struct query query = {.sql = "SELECT block::text AS block, data ->> 'notes' AS notes FROM interlock.condition"
	                             " WHERE run = $1::bigint AND block >= $2::integer AND data ->> 'notes' <> '{}'",
	                      .count = 2,
	                      .params = params};
	struct rows *rows = NULL;
	bool ok = conn_query(s->control, &query, &rows, err);

	for (size_t r = 0; ok && r < rows_count(rows); r++) {
		json_t *notes = json_loads(rows_get(rows, r, "notes"), 0, NULL);

		ok = leave_row(s, params[0], rows_get(rows, r, "block"), notes, err);
		json_decref(notes);
	}
	rows_free(rows);
	arena_release(&arena);
	return ok;
}
