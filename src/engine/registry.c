/* Rows of the registry: made, found, read. */
#include "engine/registry.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "engine/batch.h"
#include "engine/brief.h"
#include "engine/naming.h"

enum { RUNS_SHOWN = 5 };

bool registry_environment(struct conn *conn, struct arena *arena, const char **environment, struct err *err)
{
	struct rows *rows;
	bool exists;

	*environment = NULL;
	if (!registry_look(conn, &exists, err))
		return false;
	if (!exists)
		return true;
	if (!conn_query(conn, QUERY("SELECT environment FROM interlock.meta"), &rows, err))
		return false;
	*environment = rows_count(rows) ? arena_strdup(arena, rows_get(rows, 0, "environment")) : NULL;
	rows_free(rows);
	return true;
}

bool registry_label(struct conn *conn, const char *environment, struct err *err)
{
	struct query label = {.sql = "UPDATE interlock.meta SET environment = $1", .count = 1, .params = &environment};
	bool exists;

	if (!registry_look_to_act(conn, &exists, err) || (!exists && environment && !registry_prepare(conn, err)))
		return false;
	if (!exists && !environment)
		return true;
	if (brief_end(conn, brief_begin(conn, err) && conn_query(conn, &label, NULL, err), err))
		return true;
	err_prefix(err, "can't label the database");
	return false;
}

/* By way of JSON, for status also reads a registry of version 1, which has no such columns. */
#define RUN_COLUMNS                                                                                               \
	"id, plan, parameters, attempt, state, hash, epoch, next_block, started_by, compiled, tool,"                  \
	" coalesce(seen > clock_timestamp() - interval '30 s', false) AS alive,"                                      \
	" coalesce((to_jsonb(run) ->> 'undo_from')::integer, -1) AS undo_from,"                                       \
	" to_jsonb(run) ->> 'interrupted_at' IS NOT NULL AS interrupted,"                                             \
	" to_jsonb(run) ->> 'outside_since' IS NOT NULL AS outside,"                                                  \
	" to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS started_at"

static void take_run(const struct rows *rows, size_t r, struct arena *arena, struct run_row *run)
{
	*run = (struct run_row){
		.id = rows_integer(rows, r, "id"),
		.epoch = rows_integer(rows, r, "epoch"),
		.attempt = (int)rows_integer(rows, r, "attempt"),
		.next_block = (int)rows_integer(rows, r, "next_block"),
		.undo_from = (int)rows_integer(rows, r, "undo_from"),
		.interrupted = rows_true(rows, r, "interrupted"),
		.outside = rows_true(rows, r, "outside"),
		.alive = rows_true(rows, r, "alive"),
		.plan = arena_strdup(arena, rows_get(rows, r, "plan")),
		.parameters = arena_strdup(arena, rows_get(rows, r, "parameters")),
		.state = arena_strdup(arena, rows_get(rows, r, "state")),
		.hash = arena_strdup(arena, rows_get(rows, r, "hash")),
		.started_by = arena_strdup(arena, rows_get(rows, r, "started_by")),
		.started_at = arena_strdup(arena, rows_get(rows, r, "started_at")),
		.compiled = arena_strdup(arena, rows_get(rows, r, "compiled")),
		.tool = arena_strdup(arena, rows_get(rows, r, "tool")),
	};
}

static bool find_runs(struct conn *conn, const struct query *query, struct arena *arena, struct run_row **runs,
                      size_t *count, struct err *err)
{
	struct rows *rows;

	if (!conn_query(conn, query, &rows, err))
		return false;
	*count = rows_count(rows);
	*runs = arena_array(arena, struct run_row, *count);
	for (size_t r = 0; r < *count; r++)
		take_run(rows, r, arena, &(*runs)[r]);
	rows_free(rows);
	return true;
}

bool registry_runs(struct conn *conn, const char *plan, const char *parameters, struct arena *arena,
                   struct run_row **runs, size_t *count, struct err *err)
{
	const char *params[] = {plan, parameters};
	struct query query = {
		.sql = "SELECT DISTINCT ON (plan, parameters) " RUN_COLUMNS " FROM interlock.run"
			   " WHERE plan = coalesce($1, plan) AND parameters = coalesce($2::jsonb, parameters)"
			   " ORDER BY plan, parameters, id DESC",
		.count = 2,
		.params = params,
	};

	return find_runs(conn, &query, arena, runs, count, err);
}

bool registry_runs_before(struct conn *conn, const char *plan, struct arena *arena, struct run_row **runs,
                          size_t *count, struct err *err)
{
	struct query query = {
		.sql = "SELECT " RUN_COLUMNS " FROM interlock.run WHERE plan = coalesce($1, plan) AND EXISTS (SELECT FROM"
			   " interlock.run r WHERE r.plan = run.plan AND r.parameters = run.parameters AND r.id > run.id)"
			   " AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = 'interlock'::regnamespace"
			   " AND c.relname ~ ('^archive_' || run.id || '_[0-9]+$')) ORDER BY id",
		.count = 1,
		.params = &plan,
	};

	return find_runs(conn, &query, arena, runs, count, err);
}

bool registry_find(struct conn *conn, const char *plan, const char *parameters, struct arena *arena,
                   struct run_row *run, bool *found, struct err *err)
{
	struct run_row *runs;
	size_t count;

	if (!registry_runs(conn, plan, parameters, arena, &runs, &count, err))
		return false;
	*found = count == 1;
	if (count == 1)
		*run = runs[0];
	if (count <= 1)
		return true;
	err_set(err, EXIT_USAGE, "plan \"%s\" has %zu runs with different parameters", plan, count);
	for (size_t i = 0; i < count && i < RUNS_SHOWN; i++)
		err_detail(err, "%s, %s", run_named(&runs[i], &err->arena), runs[i].state);
	err_help(err, "say which one with --set NAME=VALUE");
	return false;
}

/* The steps as JSON: [{"number": 1, "block": 0, "primitive": "…"}, …] */
static char *steps_json(const struct plan *plan)
{
	json_t *array = json_array();
	char *text;

	for (size_t b = 0; b < plan->block_count; b++)
		for (size_t s = 0; s < plan->blocks[b].step_count; s++)
			json_array_append_new(array,
			                      json_pack("{s:i, s:i, s:s}", "number", plan->blocks[b].steps[s].number, "block",
			                                (int)b, "primitive", plan->blocks[b].steps[s].type->name));
	text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	return text;
}

static bool insert_run(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                       struct err *err)
{
	char *compiled = plan_for_registry(plan);
	const char *params[] = {plan->name, plan_parameters(plan, arena), compiled, plan->hash,
	                        "interlock " INTERLOCK_VERSION};
	struct query query = {
		.sql = "INSERT INTO interlock.run (plan, parameters, attempt, state, compiled, hash, tool)"
			   " SELECT $1, $2::jsonb, 1 + count(*), 'running', $3::jsonb, $4, $5"
			   " FROM interlock.run WHERE plan = $1 AND parameters = $2::jsonb"
			   " RETURNING " RUN_COLUMNS,
		.count = 5,
		.params = params,
	};
	struct rows *rows;
	bool ok = conn_query(conn, &query, &rows, err);

	if (ok) {
		take_run(rows, 0, arena, run);
		rows_free(rows);
	}
	free(compiled);
	return ok;
}

static bool insert_steps(struct conn *conn, const struct plan *plan, int64_t run, struct err *err)
{
	char *steps = steps_json(plan);
	char number[24];
	const char *params[] = {number, steps};
	bool ok;

	snprintf(number, sizeof(number), "%lld", (long long)run);
	ok = conn_query(
		conn,
		&(struct query){
			.sql = "INSERT INTO interlock.step (run, number, block, primitive)"
				   " SELECT $1, s.number, s.block, s.primitive FROM pg_catalog.jsonb_to_recordset($2::jsonb)"
				   " AS s(number integer, block integer, primitive text)",
			.count = 2,
			.params = params},
		NULL, err);
	free(steps);
	return ok;
}

bool registry_finished(const struct run_row *run)
{
	return strcmp(run->state, "done") == 0 || strcmp(run->state, "adopted") == 0;
}

/* The rows of a new run, and its fence. */
static bool insert_all(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                       struct err *err)
{
	return insert_run(conn, plan, arena, run, err) && insert_steps(conn, plan, run->id, err) &&
	       conn_query(conn, QUERY(arena_printf(arena, "CREATE TABLE interlock.fence_%lld ()", (long long)run->id)),
	                  NULL, err);
}

static bool end_start(struct conn *conn, const struct plan *plan, bool ok, struct err *err)
{
	ok = brief_end(conn, ok, err);
	if (!ok && (err_is(err, "23505") || err_is(err, "55P03")))
		err_set(err, EXIT_HELD, "plan \"%s\" was started by somebody else at the same moment", plan->name);
	return ok;
}

bool registry_start(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                    struct err *err)
{
	bool ok = brief_begin(conn, err) && insert_all(conn, plan, arena, run, err);

	return end_start(conn, plan, ok, err);
}

/* All its steps are done, by others; the journal says so. */
static bool end_adopted(struct conn *conn, const struct plan *plan, int64_t run, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *number = arena_printf(&arena, "%lld", (long long)run);
	bool ok;

	batch_add(&batch,
	          "UPDATE interlock.step SET state = 'done', finished_at = pg_catalog.clock_timestamp()"
	          " WHERE run = $1::bigint",
	          1, number);
	batch_add(&batch,
	          "UPDATE interlock.run SET state = 'adopted', next_block = $2::integer,"
	          " finished_at = pg_catalog.clock_timestamp() WHERE id = $1::bigint",
	          2, number, arena_printf(&arena, "%zu", plan->block_count));
	batch_add(&batch,
	          "INSERT INTO interlock.rollout (run, block, plan, parameters, label, percent) SELECT r.id, b.n - 1,"
	          " r.plan, r.parameters, b.value ->> 'label', 100 FROM interlock.run r CROSS JOIN LATERAL"
	          " pg_catalog.jsonb_array_elements(r.compiled -> 'blocks') WITH ORDINALITY AS b(value, n)"
	          " WHERE r.id = $1::bigint AND b.value ->> 'kind' = 'rollout'",
	          1, number);
	batch_add(&batch, "INSERT INTO interlock.event (run, kind, statement) VALUES ($1::bigint, 'adopt', $2)", 2,
	          number, arena_printf(&arena, "plan %s", plan->hash));
	ok = batch_send(&batch, conn, 0, NULL, NULL, err);
	arena_release(&arena);
	return ok;
}

bool registry_adopt(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                    struct err *err)
{
	bool ok =
		brief_begin(conn, err) && insert_all(conn, plan, arena, run, err) && end_adopted(conn, plan, run->id, err);

	return end_start(conn, plan, ok, err);
}

/* A JSON object of texts as a record. */
static const struct record *record_from(const char *text, struct arena *arena)
{
	json_t *object = text ? json_loads(text, 0, NULL) : NULL, *value;
	struct record *record;
	const char **names, **values, *name;
	size_t i = 0;

	if (!object)
		return NULL;
	record = arena_alloc(arena, sizeof(*record));
	names = arena_array(arena, const char *, json_object_size(object));
	values = arena_array(arena, const char *, json_object_size(object));
	json_object_foreach(object, name, value)
	{
		names[i] = arena_strdup(arena, name);
		values[i++] = arena_strdup(arena, json_string_value(value));
	}
	*record = (struct record){i, names, values};
	json_decref(object);
	return record;
}

bool registry_steps(struct conn *conn, int64_t run, size_t count, struct arena *arena, struct step_row *steps,
                    struct err *err)
{
	char number[24];
	const char *params[] = {number};
	struct query query = {.sql = "SELECT number, state, created, before, attempts, message,"
	                             " pg_catalog.to_jsonb(step) ->> 'result' AS result,"
	                             " pg_catalog.to_jsonb(step) ->> 'expired_at' IS NOT NULL AS expired,"
	                             " pg_catalog.to_jsonb(step) ->> 'doing' AS doing FROM interlock.step"
	                             " WHERE run = $1",
	                      .count = 1,
	                      .params = params};
	struct rows *rows;

	snprintf(number, sizeof(number), "%lld", (long long)run);
	if (!conn_query(conn, &query, &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows); r++) {
		size_t at = (size_t)rows_integer(rows, r, "number");

		if (at < 1 || at > count)
			continue;
		steps[at - 1] = (struct step_row){
			.state = arena_strdup(arena, rows_get(rows, r, "state")),
			.created = strcmp(rows_get(rows, r, "created"), "t") == 0,
			.before = record_from(rows_get(rows, r, "before"), arena),
			.attempts = (int)rows_integer(rows, r, "attempts"),
			.message = arena_strdup(arena, rows_get(rows, r, "message")),
			.result = arena_strdup(arena, rows_get(rows, r, "result")),
			.expired = rows_true(rows, r, "expired"),
			.doing = arena_strdup(arena, rows_get(rows, r, "doing")),
		};
	}
	rows_free(rows);
	return true;
}

bool registry_progress(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                       const bool **done, struct err *err)
{
	struct step_row *steps = arena_array(arena, struct step_row, plan->step_count);
	bool *are_done = arena_array(arena, bool, plan->step_count), exists, found = false, ok;

	*run = (struct run_row){0};
	*done = NULL;
	ok = registry_look(conn, &exists, err) &&
	     (!exists || registry_find(conn, plan->name, plan_parameters(plan, arena), arena, run, &found, err));
	if (!ok || !found || strcmp(run->hash, plan->hash) != 0) {
		*run = (struct run_row){0};
		return ok;
	}
	if (!registry_steps(conn, run->id, plan->step_count, arena, steps, err))
		return false;
	for (size_t i = 0; i < plan->step_count; i++)
		are_done[i] = steps[i].state && strcmp(steps[i].state, "done") == 0;
	*done = are_done;
	return true;
}
