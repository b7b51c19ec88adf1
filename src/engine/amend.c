/* Comparing, and one transaction: plan, steps, claims, conditions, journal. */
#include "engine/amend.h"

#include <stdlib.h>
#include <string.h>

#include "engine/condition.h"
#include "engine/fingerprint.h"
#include "engine/naming.h"
#include "engine/preflight.h"
#include "engine/registry.h"
#include "engine/rollout.h"
#include "engine/run.h"
#include "engine/tool.h"
#include "engine/tx.h"

/* ---- Looking ---- */

static bool has_begun(const struct step_row *row)
{
	return row->state && strcmp(row->state, "pending") != 0 && strcmp(row->state, "undone") != 0;
}

/* Behind the last block that is done, or of which a step is. */
static int boundary_of(const struct plan *plan, const struct step_row *steps, int next_block)
{
	int boundary = next_block;

	for (size_t b = 0; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].step_count; i++)
			if (has_begun(&steps[plan->blocks[b].steps[i].number - 1]) && (int)b >= boundary)
				boundary = (int)b + 1;
	return boundary;
}

/* Is the block of that number in both plans, and the same? */
static bool same_block(const struct plan *was, const struct plan *is, int64_t number)
{
	return number >= 0 && (size_t)number < was->block_count && (size_t)number < is->block_count &&
	       block_equal(was, &was->blocks[number], is, &is->blocks[number]);
}

static bool same_step(const struct plan *was, const struct plan *is, int64_t number)
{
	return number >= 1 && (size_t)number <= was->step_count && (size_t)number <= is->step_count &&
	       step_equal(was, plan_step(was, (int)number), is, plan_step(is, (int)number));
}

/* Is the block of that number the same rollout in both, with other stops perhaps?  Who is in stays in. */
static bool same_rollout(const struct plan *was, const struct plan *is, int64_t number)
{
	return number >= 0 && (size_t)number < was->block_count && (size_t)number < is->block_count &&
	       was->blocks[number].kind == BLOCK_ROLLOUT && is->blocks[number].kind == BLOCK_ROLLOUT &&
	       strcmp(was->blocks[number].label, is->blocks[number].label) == 0;
}

/* Decisions about blocks that are still to come: approvals are for one plan alone, gates for one definition. */
static bool find_lost(struct conn *conn, const struct plan *plan, struct amendment *a, struct err *err)
{
	const char *params[] = {arena_printf(&a->arena, "%lld", (long long)a->run.id),
	                        arena_printf(&a->arena, "%d", a->run.next_block)};
	struct query query = {.sql = "SELECT block, kind, label, satisfied_by FROM interlock.condition"
	                             " WHERE run = $1::bigint AND block >= $2::integer AND satisfied_at IS NOT NULL"
	                             " ORDER BY block",
	                      .count = 2,
	                      .params = params};
	const char **lost;
	struct rows *rows;

	if (!conn_query(conn, &query, &rows, err))
		return false;
	lost = arena_array(&a->arena, const char *, rows_count(rows));
	for (size_t r = 0; r < rows_count(rows); r++)
		if (strcmp(rows_get(rows, r, "kind"), block_kind_name(BLOCK_APPROVAL)) == 0 ||
		    (!same_block(a->plan, plan, rows_integer(rows, r, "block")) &&
		     !same_rollout(a->plan, plan, rows_integer(rows, r, "block"))))
			lost[a->lost_count++] =
				arena_printf(&a->arena, "%s \"%s\" by %s was for the plan as it is: it has to be given again",
			                 rows_get(rows, r, "kind"), rows_get(rows, r, "label"),
			                 rows_get(rows, r, "satisfied_by") ? rows_get(rows, r, "satisfied_by") : "?");
	a->lost = lost;
	rows_free(rows);
	return true;
}

static bool say_over(const struct run_row *run, const struct plan *plan, struct err *err)
{
	err_set(err, EXIT_CHANGED, "plan \"%s\" is %s: there is nothing left of it to amend", run->plan, run->state);
	err_detail(err, "the file compiles to %.12s, the run was of %.12s", plan->hash, run->hash);
	err_help(err, "give the new plan a new name; nothing was changed");
	return false;
}

static bool say_no_run(const struct plan *plan, struct err *err)
{
	err_set(err, EXIT_OWN, "plan \"%s\" has not been run in this database", plan->name);
	err_help(err, "interlock run %s begins it, as the file is now",
	         plan_named(plan->name, plan_parameters(plan, &err->arena), &err->arena));
	return false;
}

static bool find_run(struct conn *conn, const struct plan *plan, struct amendment *a, struct err *err)
{
	bool exists, found = false;

	if (!registry_look_to_act(conn, &exists, err) ||
	    (exists &&
	     !registry_find(conn, plan->name, plan_parameters(plan, &a->arena), &a->arena, &a->run, &found, err)))
		return false;
	if (!found)
		return say_no_run(plan, err);
	if (strcmp(a->run.hash, plan->hash) == 0)
		a->nothing = arena_printf(&a->arena, "the file is the plan of run %lld", (long long)a->run.id);
	else if (registry_finished(&a->run))
		return say_over(&a->run, plan, err);
	else if (strcmp(a->run.state, "undone") == 0)
		a->nothing = arena_printf(&a->arena, "plan \"%s\" was undone; interlock run %s begins it as the file is",
		                          plan->name, run_named(&a->run, &a->arena));
	return true;
}

bool amend_look(struct conn *conn, const struct plan *plan, struct amendment *a, struct err *err)
{
	struct step_row *steps;

	*a = (struct amendment){0};
	if (!find_run(conn, plan, a, err))
		return false;
	if (a->nothing)
		return true;
	if (!tool_read_plan(&a->run, &a->plan, err))
		return false;
	steps = arena_array(&a->arena, struct step_row, a->plan->step_count);
	if (!registry_steps(conn, a->run.id, a->plan->step_count, &a->arena, steps, err))
		return false;
	differences_find(a->plan, plan, boundary_of(a->plan, steps, a->run.next_block), &a->arena, &a->differences);
	return find_lost(conn, plan, a, err);
}

void amend_release(struct amendment *a)
{
	plan_free(a->plan);
	arena_release(&a->arena);
	*a = (struct amendment){0};
}

static bool say_early(const struct run_row *run, const struct plan *was, const struct differences *differences,
                      struct err *err)
{
	const char *last = differences->first_early > 0 ? was->blocks[differences->first_early - 1].label : "start";

	err_set(err, EXIT_CHANGED, "the edit changes what plan \"%s\" has already run", was->name);
	for (size_t i = 0; i < differences->count; i++)
		if (differences->items[i].early)
			err_detail(err, "%s", difference_text(&differences->items[i], &err->arena));
	err_help(err,
	         "leave that as it was, and write what is to be different as a phase of its own behind it; or take it"
	         " back first, as far as you need: interlock undo %s --to %s; nothing was changed",
	         run_named(run, &err->arena), label_named(last, &err->arena));
	return false;
}

bool amend_allowed(const struct amendment *a, struct err *err)
{
	return !a->differences.any_early || say_early(&a->run, a->plan, &a->differences, err);
}

/* ---- Exchanging ---- */

/* An exchange under way. */
struct exchange {
	struct session *session;
	const struct plan *was, *is;
	struct arena arena;
	const char *run;
};

/* Once more, with what the lease protects. */
static bool still_allowed(struct exchange *x, struct err *err)
{
	struct session *s = x->session;
	int boundary = boundary_of(x->was, s->steps, s->run.next_block);
	struct differences differences;

	if (registry_finished(&s->run) || strcmp(s->run.state, "undone") == 0)
		return say_over(&s->run, x->is, err);
	differences_find(x->was, x->is, boundary, &x->arena, &differences);
	return !differences.any_early || say_early(&x->session->run, x->was, &differences, err);
}

/*
 * What an undone step left in an archive is found by the step's number: no
 * other step may get it.
 */
static bool archives_stay(struct exchange *x, struct err *err)
{
	struct query query = {
		.sql = "SELECT c.relname, substring(c.relname from '[0-9]+$')::bigint AS number"
			   " FROM pg_catalog.pg_class c"
			   " WHERE c.relnamespace = 'interlock'::regnamespace"
			   " AND c.relkind IN ('r', 'p') AND c.relname ~ ('^[a-z_]+_' || $1 || '_[0-9]{1,9}$') ORDER BY 2",
		.count = 1,
		.params = &x->run};
	struct rows *rows;
	bool ok = true;

	if (!conn_query(x->session->worker, &query, &rows, err))
		return false;
	for (size_t r = 0; ok && r < rows_count(rows); r++) {
		int64_t number = rows_integer(rows, r, "number");
		const struct step *step = plan_step(x->was, (int)number);

		if (!step || same_step(x->was, x->is, number))
			continue;
		ok = err_set(err, EXIT_CHANGED, "step %lld is to be another one, and has an archive", (long long)number);
		err_detail(err, "interlock.%s holds what undo of \"%s\" kept", rows_get(rows, r, "relname"),
		           step_text(step, &x->arena));
		err_help(err, "leave that step as it is, and in its place: add others behind it; nothing was changed");
	}
	rows_free(rows);
	return ok;
}

/* The rows that the steps of the edited plan will have. */
static void take_steps(struct exchange *x)
{
	struct session *s = x->session;
	struct step_row *steps = arena_array(&s->arena, struct step_row, x->is->step_count);

	for (size_t i = 0; i < x->is->step_count; i++)
		if (same_step(x->was, x->is, (int64_t)i + 1))
			steps[i] = s->steps[i];
	s->steps = steps;
}

/* [{"number": 1, "block": 0, "primitive": "…", "same": true}, …] */
static char *steps_json(const struct exchange *x)
{
	json_t *array = json_array();
	char *text;

	for (size_t b = 0; b < x->is->block_count; b++)
		for (size_t i = 0; i < x->is->blocks[b].step_count; i++) {
			const struct step *step = &x->is->blocks[b].steps[i];

			json_array_append_new(array, json_pack("{s:i, s:i, s:s, s:b}", "number", step->number, "block", (int)b,
			                                       "primitive", step->type->name, "same",
			                                       same_step(x->was, x->is, step->number)));
		}
	text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	return text;
}

/* The blocks from the next one on that are not what they were, as an array literal. */
static const char *changed_blocks(struct exchange *x)
{
	size_t end = x->was->block_count > x->is->block_count ? x->was->block_count : x->is->block_count;
	struct buf list = {0};
	const char *copy;

	for (size_t b = (size_t)x->session->run.next_block; b < end; b++)
		if (!same_block(x->was, x->is, (int64_t)b) && !same_rollout(x->was, x->is, (int64_t)b))
			buf_addf(&list, "%s%zu", list.length ? "," : "", b);
	copy = arena_printf(&x->arena, "{%s}", buf_text(&list));
	buf_release(&list);
	return copy;
}

static void add_steps(struct exchange *x, struct batch *batch)
{
	char *steps = steps_json(x);

	batch_add(batch,
	          "DELETE FROM interlock.step WHERE run = $1::bigint AND number NOT IN (SELECT s.number"
	          " FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS s(number integer, same boolean) WHERE s.same)",
	          2, x->run, steps);
	batch_add(batch,
	          "INSERT INTO interlock.step (run, number, block, primitive) SELECT $1::bigint, s.number, s.block,"
	          " s.primitive FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS s(number integer, block integer,"
	          " primitive text) ON CONFLICT (run, number) DO UPDATE SET block = excluded.block",
	          2, x->run, steps);
	free(steps);
}

/* What an approval was given for stays on record: it is no longer good because the hash is another. */
static void add_conditions(struct exchange *x, struct batch *batch)
{
	const char *next = arena_printf(&x->arena, "%d", x->session->run.next_block), *changed = changed_blocks(x);

	batch_add(batch,
	          "INSERT INTO interlock.event (run, kind, statement) SELECT $1::bigint, 'amend', 'plan ' || $4 ||"
	          " ' -> ' || $5 || coalesce('; no longer good: ' || (SELECT string_agg(kind || ' \"' || label ||"
	          " '\" by ' || coalesce(satisfied_by, '?') || coalesce(' (' || evidence || ')', ''), ', ' ORDER BY"
	          " block) FROM interlock.condition WHERE run = $1::bigint AND block >= $2::integer"
	          " AND (kind = 'approval' OR block = ANY ($3::integer[])) AND satisfied_at IS NOT NULL), '')",
	          5, x->run, next, changed, x->session->run.hash, x->is->hash);
	batch_add(batch, "DELETE FROM interlock.condition WHERE run = $1::bigint AND block = ANY ($2::integer[])", 2,
	          x->run, changed);
	batch_add(
		batch,
		"DELETE FROM interlock.rollout WHERE run = $1::bigint AND block = ANY ($2::integer[]) AND percent = 0", 2,
		x->run, changed);
}

/* Behind add_conditions(): rollouts that would be gone while somebody is in. */
static size_t add_rollouts_left(struct exchange *x, struct batch *batch)
{
	return batch_add(batch,
	                 "SELECT label, pg_catalog.trim_scale(percent) AS percent FROM interlock.rollout"
	                 " WHERE run = $1::bigint AND block = ANY ($2::integer[])",
	                 2, x->run, changed_blocks(x));
}

static bool none_left(struct exchange *x, const struct rows *rows, struct err *err)
{
	if (rows_count(rows) == 0)
		return true;
	err_set(err, EXIT_CHANGED, "rollout \"%s\" is at %s %%, and the edited plan has another block in its place",
	        rows_get(rows, 0, "label"), rows_get(rows, 0, "percent"));
	err_help(err, "interlock rollout %s 0 %s --evidence TEXT takes those out who are in; nothing was changed",
	         run_named(&x->session->run, &err->arena), label_named(rows_get(rows, 0, "label"), &err->arena));
	return false;
}

/* What failed is forgotten with the step that failed. */
static void add_plan(struct exchange *x, struct batch *batch)
{
	char *compiled = plan_for_registry(x->is);

	batch_add(batch,
	          "UPDATE interlock.run SET compiled = $2::jsonb, hash = $3, state = CASE WHEN EXISTS (SELECT FROM"
	          " interlock.step WHERE run = $1::bigint AND message IS NOT NULL) THEN 'failed' ELSE 'waiting' END"
	          " WHERE id = $1::bigint",
	          3, x->run, compiled, x->is->hash);
	free(compiled);
}

/* The lock keeps decisions out until they can see the new plan (condition_decide()). */
static bool exchange(struct exchange *x, struct err *err)
{
	struct session *s = x->session;
	struct batch batch = {.arena = &x->arena};
	struct rows **answers;
	size_t rollouts;
	bool ok;

	claims_add(s, x->is, &batch);
	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	batch_add(&batch, "LOCK TABLE interlock.condition IN SHARE ROW EXCLUSIVE MODE", 0);
	claims_drop_others(s, x->is, &batch);
	add_steps(x, &batch);
	add_conditions(x, &batch);
	rollouts = add_rollouts_left(x, &batch);
	add_plan(x, &batch);
	answers = batch_results(&batch);
	ok = tx_begin(s, &batch, answers, err);
	if (ok && (!claims_free(answers[1], err) || !none_left(x, answers[rollouts], err))) {
		tx_rollback(s);
		ok = false;
	}
	ok = ok && tx_commit(s, err);
	batch_free_results(&batch, answers);
	return ok;
}

/* A safety period that is waited for and will be another: what it wrote into comments goes first. */
static bool leave_stop(struct exchange *x, struct err *err)
{
	int next = x->session->run.next_block;

	return same_block(x->was, x->is, next) || condition_leave(x->session, next, err);
}

/* Does the catalogue agree, as far as a run would go now? */
static bool catalogue_agrees(struct exchange *x, struct diags *findings, struct err *err)
{
	struct session *s = x->session;
	size_t before = findings->errors;

	if (preflight(s, x->is, (size_t)s->run.next_block, findings, err))
		return true;
	if (findings->errors > before)
		err_set(err, err->code, "plan \"%s\" was not amended; nothing was changed", x->is->name);
	return false;
}

bool amend_run(struct session *s, const struct plan *plan, struct diags *findings, struct err *err)
{
	struct exchange x = {.session = s, .was = s->plan, .is = plan};
	bool ok;

	x.run = arena_printf(&x.arena, "%lld", (long long)s->run.id);
	ok = still_allowed(&x, err) && archives_stay(&x, err);
	if (ok) {
		take_steps(&x);
		ok = catalogue_agrees(&x, findings, err) && run_grant_approvers(s, plan, err) &&
		     rollout_let_ask(s->control, plan, err) && leave_stop(&x, err) &&
		     condition_leave(s, s->run.next_block, err) && exchange(&x, err);
	}
	if (!ok)
		run_leave(s);
	arena_release(&x.arena);
	return ok;
}
