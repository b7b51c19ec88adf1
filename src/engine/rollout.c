/*
 * Moving a rollout, going back to one, ending it.  Who moves it and who passes
 * it lock its row of interlock.condition first, so that one sees the other.
 */
#include "engine/rollout.h"

#include <string.h>

#include "engine/brief.h"
#include "engine/condition.h"
#include "engine/lease.h"
#include "engine/naming.h"
#include "engine/run.h"
#include "engine/tx.h"
#include "plan/rollout.h"

/* ---- Moving ---- */

/* Of a run, while its rollout is locked. */
struct position {
	bool reached, same_plan, over, undoing, begun;
	int next_block, share;
};

static const char position_question[] =
	"SELECT r.hash = $3 AS same_plan, r.state IN ('done', 'adopted', 'undone')"
	" OR r.next_block >= pg_catalog.jsonb_array_length(r.compiled -> 'blocks') AS over,"
	" r.undo_from IS NOT NULL AS undoing, r.next_block, coalesce((SELECT o.percent * 100 FROM interlock.rollout o"
	" WHERE o.run = r.id AND o.block = $2::integer), 0)::integer AS share,"
	" EXISTS (SELECT FROM interlock.step s WHERE s.run = r.id AND s.block > $2::integer"
	" AND s.state NOT IN ('pending', 'undone')) AS begun FROM interlock.run r WHERE r.id = $1::bigint";

/* The lock first: `amend` holds a stronger one while it exchanges the plan; who passes holds the row. */
static bool read_position(struct conn *conn, const char *const *params, struct position *now, struct err *err)
{
	struct rows *rows = NULL;
	bool ok = conn_query(conn, QUERY("LOCK TABLE interlock.condition IN ROW EXCLUSIVE MODE"), NULL, err) &&
	          conn_query(conn,
	                     &(struct query){.sql = "SELECT FROM interlock.condition WHERE run = $1::bigint"
	                                            " AND block = $2::integer AND reached_at IS NOT NULL FOR UPDATE",
	                                     .count = 2,
	                                     .params = params},
	                     &rows, err);

	if (!ok)
		return false;
	*now = (struct position){.reached = rows_count(rows) == 1};
	rows_free(rows);
	if (!conn_query(conn, &(struct query){.sql = position_question, .count = 3, .params = params}, &rows, err))
		return false;
	now->same_plan = rows_true(rows, 0, "same_plan");
	now->over = rows_true(rows, 0, "over");
	now->undoing = rows_true(rows, 0, "undoing");
	now->begun = rows_true(rows, 0, "begun");
	now->next_block = (int)rows_integer(rows, 0, "next_block");
	now->share = (int)rows_integer(rows, 0, "share");
	rows_free(rows);
	return true;
}

/* Somebody changed, undid or ended the run; or it is not there. */
static bool stands_there(const struct position *now, const struct run_row *run, const struct block *block,
                         struct err *err)
{
	if (!now->same_plan) {
		err_set(err, EXIT_CHANGED, "the plan of run \"%s\" was amended at this very moment", run->plan);
		err_help(err, "interlock status %s shows what it is now; nothing was changed",
		         run_named(run, &err->arena));
	} else if (now->undoing) {
		err_set(err, EXIT_OWN, "an undo of plan \"%s\" is under way", run->plan);
		err_help(err, "interlock undo %s goes on with it; nothing was changed", run_named(run, &err->arena));
	} else if (now->over || now->begun) {
		err_set(err, EXIT_OWN, "rollout \"%s\" can't be moved: the run is behind it", block->label);
		err_detail(err, "what the plan did since counts on everybody being in");
		err_help(err, "interlock undo %s goes back stop by stop, and so to the rollout; nothing was changed",
		         run_named(run, &err->arena));
	} else if (now->next_block < block->index || (now->next_block == block->index && !now->reached)) {
		err_set(err, EXIT_OWN, "rollout \"%s\" can't be moved: the run has not come to it", block->label);
		err_help(err, "interlock run %s goes on to it; nothing was changed", run_named(run, &err->arena));
	} else {
		return true;
	}
	return false;
}

static bool may_move(const struct position *now, const struct run_row *run, const struct block *block, int share,
                     struct err *err)
{
	const struct rollout_args *args = &block->wait.rollout;
	int next = rollout_next(args, now->share);

	if (!stands_there(now, run, block, err))
		return false;
	if (!rollout_has(args, share)) {
		err_set(err, EXIT_OWN, "%s is no stop of rollout \"%s\"", rollout_text(share, &err->arena), block->label);
		err_help(err, "its stops are 0, %s; nothing was changed", rollout_list(args, &err->arena));
		return false;
	}
	if (share <= now->share || share == next)
		return true;
	err_set(err, EXIT_OWN, "rollout \"%s\" is at %s %%, and %s %% is not its next stop", block->label,
	        rollout_text(now->share, &err->arena), rollout_text(share, &err->arena));
	err_help(err, "go to %s first; down it goes to any of its stops at once; nothing was changed",
	         rollout_text(next, &err->arena));
	return false;
}

/* What the application reads, what status tells, and the journal. */
static bool write_move(struct conn *conn, const char *run, const struct block *block,
                       const struct rollout_wish *wish, int was, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *number = arena_printf(&arena, "%d", block->index),
			   *share = arena_printf(&arena, "%d", wish->share);
	bool ok;

	batch_add(
		&batch,
		"INSERT INTO interlock.rollout (run, block, plan, parameters, label, percent) SELECT r.id, $2::integer,"
		" r.plan, r.parameters, $3, $4::integer / 100.0 FROM interlock.run r WHERE r.id = $1::bigint"
		" ON CONFLICT (run, block) DO UPDATE SET percent = excluded.percent",
		4, run, number, block->label, share);
	batch_add(
		&batch,
		"UPDATE interlock.condition SET data = pg_catalog.jsonb_build_object('share', $3::integer,"
		" 'by', session_user, 'at', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),"
		" 'evidence', $4::text), satisfied_at = CASE WHEN $3::integer = 10000 THEN pg_catalog.clock_timestamp() END,"
		" satisfied_by = CASE WHEN $3::integer = 10000 THEN session_user END,"
		" evidence = CASE WHEN $3::integer = 10000 THEN $4 END WHERE run = $1::bigint AND block = $2::integer",
		4, run, number, share, wish->evidence);
	batch_add(&batch, "INSERT INTO interlock.event (run, kind, statement) VALUES ($1::bigint, 'rollout', $2)", 2,
	          run,
	          arena_printf(&arena, "rollout \"%s\": %s %% -> %s %%: %s", block->label, rollout_text(was, &arena),
	                       rollout_text(wish->share, &arena), wish->evidence));
	ok = batch_send(&batch, conn, 0, NULL, NULL, err);
	arena_release(&arena);
	return ok;
}

bool rollout_move(struct conn *conn, const struct run_row *run, const struct block *block,
                  const struct rollout_wish *wish, int *was, bool *passed, struct err *err)
{
	struct arena arena = {0};
	struct position now = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)run->id),
	                        arena_printf(&arena, "%d", block->index), run->hash};
	bool ok;

	*passed = false;
	ok = brief_begin(conn, err) &&
	     conn_query(conn, QUERY("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"), NULL, err) &&
	     read_position(conn, params, &now, err) && may_move(&now, run, block, wish->share, err);
	if (ok) {
		*was = now.share;
		*passed = now.next_block > block->index && wish->share < now.share;
		ok = wish->dry_run || *passed || wish->share == now.share ||
		     write_move(conn, params[0], block, wish, now.share, err);
	}
	ok = brief_end(conn, ok, err);
	arena_release(&arena);
	return ok;
}

/* ---- Back to it ---- */

/* Still behind it, and nothing begun, now that nobody else can go on. */
static bool may_return(const struct session *s, const struct block *block, struct err *err)
{
	struct position now = {.reached = true,
	                       .same_plan = true,
	                       .next_block = s->run.next_block,
	                       .undoing = s->run.undo_from >= 0,
	                       .over = (size_t)s->run.next_block >= s->plan->block_count};

	for (size_t n = 1; n <= s->plan->step_count; n++) {
		const char *state = s->steps[n - 1].state;

		now.begun |= plan_block_of(s->plan, plan_step(s->plan, (int)n))->index > block->index && state &&
		             strcmp(state, "pending") != 0 && strcmp(state, "undone") != 0;
	}
	return stands_there(&now, &s->run, block, err);
}

static bool step_back(struct session *s, const struct block *block, struct err *err)
{
	struct batch batch = {.arena = &s->arena};
	const char *run = arena_printf(&s->arena, "%lld", (long long)s->run.id);
	const char *number = arena_printf(&s->arena, "%d", block->index);

	batch_add(&batch, "SET LOCAL synchronous_commit TO DEFAULT", 0);
	condition_journal(s, block->index + 1, &batch);
	batch_add(&batch, "DELETE FROM interlock.condition WHERE run = $1::bigint AND block > $2::integer", 2, run,
	          number);
	rollout_forget(s, block->index + 1, &batch);
	batch_add(&batch,
	          "UPDATE interlock.run SET next_block = $2::integer, state = 'waiting', finished_at = NULL"
	          " WHERE id = $1::bigint",
	          2, run, number);
	return tx_run(s, &batch, NULL, err);
}

bool rollout_return(struct session *s, const struct run_row *run, const struct block *block, struct err *err)
{
	bool ok;

	if (!run_open_to_look(s, run, err))
		return false;
	ok = may_return(s, block, err) && condition_leave(s, block->index + 1, err) && step_back(s, block, err);
	lease_release(s);
	return ok;
}

/* ---- Its end ---- */

bool rollout_last(struct conn *conn, int64_t run, const struct plan *plan, int *block, int *share, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)run)};
	struct query query = {.sql = "SELECT block, (percent * 100)::integer AS share FROM interlock.rollout"
	                             " WHERE run = $1::bigint AND percent > 0 ORDER BY block DESC LIMIT 1",
	                      .count = 1,
	                      .params = params};
	struct rows *rows = NULL;
	bool ok = !plan_has_block(plan, BLOCK_ROLLOUT, 0) || conn_query(conn, &query, &rows, err);

	*block = -1;
	*share = 0;
	if (ok && rows && rows_count(rows)) {
		*block = (int)rows_integer(rows, 0, "block");
		*share = (int)rows_integer(rows, 0, "share");
	}
	rows_free(rows);
	arena_release(&arena);
	return ok;
}

void rollout_forget(const struct session *s, int block, struct batch *batch)
{
	const char *run = arena_printf(batch->arena, "%lld", (long long)s->run.id);
	const char *number = arena_printf(batch->arena, "%d", block);

	if (!plan_has_block(s->plan, BLOCK_ROLLOUT, (size_t)block))
		return;
	batch_add(
		batch,
		"INSERT INTO interlock.event (run, kind, statement) SELECT o.run, 'rollout', 'rollout \"' || o.label ||"
		" '\": ' || pg_catalog.trim_scale(o.percent) || ' % -> 0 %: taken back' FROM interlock.rollout o"
		" WHERE o.run = $1::bigint AND o.block >= $2::integer AND o.percent > 0 ORDER BY o.block DESC",
		2, run, number);
	batch_add(batch, "DELETE FROM interlock.rollout WHERE run = $1::bigint AND block >= $2::integer", 2, run,
	          number);
}
