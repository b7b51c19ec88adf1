/* What people decide about a run: passing a gate, approving, and withdrawing that. */
#include <string.h>

#include "engine/brief.h"
#include "engine/condition.h"
#include "engine/naming.h"
#include "engine/tx.h"

/*
 * May this session's role approve?  To withdraw an approval (`withdraws`) it
 * need not be another than the one that started the run.
 */
static bool may_approve(struct conn *conn, const struct run_row *run, const struct block *block,
                        const char *environment, bool withdraws, struct err *err)
{
	const struct approval_args *approval = &block->wait.approval;
	const char *params[] = {approval->role ? approval->role : "", run->started_by};
	bool development = environment && strcmp(environment, "development") == 0;
	struct query query = {
		.sql = "SELECT $1 = '' OR coalesce((SELECT pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')"
			   " FROM pg_catalog.pg_roles r WHERE r.rolname = $1), false) AS member, session_user = $2 AS starter,"
			   " session_user AS me",
		.count = 2,
		.params = params,
	};
	struct rows *rows;
	bool ok = true;

	if (!conn_query(conn, &query, &rows, err))
		return false;
	if (strcmp(rows_get(rows, 0, "member"), "t") != 0) {
		ok = err_set(err, EXIT_STEP, "role %s may not approve \"%s\"%s", rows_get(rows, 0, "me"), block->label,
		             withdraws ? ", nor withdraw that" : "");
		err_detail(err, "the plan wants a member of role %s", approval->role);
		err_help(err, "connect as such a role (-U)");
	} else if (!withdraws && approval->by_other && strcmp(rows_get(rows, 0, "starter"), "t") == 0 &&
	           !development) {
		ok = err_set(err, EXIT_STEP, "role %s started this run and can't approve it too", rows_get(rows, 0, "me"));
		err_detail(err, "the approval \"%s\" is for a second pair of eyes", block->label);
		err_help(err, "connect as another role (-U), or write by_other = false into the plan");
	}
	rows_free(rows);
	return ok;
}

static bool say_amended(const struct run_row *run, struct err *err)
{
	err_set(err, EXIT_CHANGED, "the plan of run \"%s\" was amended at this very moment", run->plan);
	err_help(err, "interlock status %s shows what it is now; nothing was decided", run_named(run, &err->arena));
	return false;
}

bool condition_decide(struct conn *conn, const struct run_row *run, const struct block *block,
                      const struct decision *decision, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)run->id),
	                        arena_printf(&arena, "%d", block->index),
	                        block_kind_name(block->kind),
	                        block->label,
	                        decision->evidence,
	                        run->hash};
	struct rows *rows = NULL;
	bool ok = block->kind != BLOCK_APPROVAL || may_approve(conn, run, block, decision->environment, false, err);

	/* The lock first: `amend` holds a stronger one while it exchanges the plan, and then the hash is another. */
	ok = ok && brief_begin(conn, err) &&
	     conn_query(conn, QUERY("LOCK TABLE interlock.condition IN ROW EXCLUSIVE MODE"), NULL, err) &&
	     conn_query(conn,
	                &(struct query){.sql =
	                                    "INSERT INTO interlock.condition (run, block, kind, label, satisfied_at,"
	                                    " satisfied_by, evidence, hash) SELECT r.id, $2::integer, $3, $4,"
	                                    " clock_timestamp(), session_user, $5, r.hash FROM interlock.run r"
	                                    " WHERE r.id = $1::bigint AND r.hash = $6"
	                                    " ON CONFLICT (run, block) DO UPDATE SET satisfied_at = clock_timestamp(),"
	                                    " satisfied_by = session_user, evidence = excluded.evidence,"
	                                    " hash = excluded.hash",
	                                .count = 6,
	                                .params = params},
	                &rows, err) &&
	     (rows_affected(rows) == 1 || say_amended(run, err));
	rows_free(rows);
	ok = brief_end(conn, ok, err);
	arena_release(&arena);
	return ok;
}

static bool say_none_given(const struct run_row *run, const struct block *block, struct err *err)
{
	err_set(err, EXIT_OWN, "there is nothing to withdraw: approval \"%s\" has not been given", block->label);
	err_help(err, "interlock log %s shows what was decided, and by whom", run_named(run, &err->arena));
	return false;
}

static bool say_passed(const struct run_row *run, const struct block *block, struct err *err)
{
	err_set(err, EXIT_OWN, "approval \"%s\" can't be withdrawn: the run is behind it", block->label);
	err_help(err, "interlock pause %s stops it at its next safe point; interlock undo goes back",
	         run_named(run, &err->arena));
	return false;
}

/* The row is locked first, and looked at afterwards: a run that passes it at the same moment comes before, or
 * after. */
static bool withdraw(struct conn *conn, const struct run_row *run, const struct block *block, const char **params,
                     struct err *err)
{
	struct query lock = {.sql = "SELECT FROM interlock.condition WHERE run = $1::bigint AND block = $2::integer"
	                            " AND kind = 'approval' AND satisfied_at IS NOT NULL FOR UPDATE",
	                     .count = 2,
	                     .params = params};
	struct query change = {
		.sql =
			"UPDATE interlock.condition c SET satisfied_at = NULL, satisfied_by = NULL, evidence = NULL,"
			" hash = NULL, data = coalesce(c.data, '{}') || pg_catalog.jsonb_build_object('withdrawn',"
			" coalesce(c.data -> 'withdrawn', '[]') || pg_catalog.jsonb_build_object('at', clock_timestamp(),"
			" 'by', session_user, 'reason', $3::text, 'given_at', c.satisfied_at, 'given_by', c.satisfied_by,"
			" 'evidence', c.evidence)) FROM interlock.run r WHERE r.id = $1::bigint AND r.next_block <= $2::integer"
			" AND c.run = r.id AND c.block = $2::integer",
		.count = 3,
		.params = params};
	struct rows *rows = NULL;
	bool ok = conn_query(conn, &lock, &rows, err) && (rows_count(rows) == 1 || say_none_given(run, block, err));

	rows_free(rows);
	rows = NULL;
	ok = ok && conn_query(conn, &change, &rows, err) && (rows_affected(rows) == 1 || say_passed(run, block, err));
	rows_free(rows);
	return ok;
}

bool condition_withdraw(struct conn *conn, const struct run_row *run, const struct block *block,
                        const struct decision *decision, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)run->id),
	                        arena_printf(&arena, "%d", block->index), decision->evidence};
	bool ok = may_approve(conn, run, block, decision->environment, true, err) && brief_begin(conn, err);

	if (ok)
		ok = brief_end(conn, withdraw(conn, run, block, params, err), err);
	arena_release(&arena);
	return ok;
}

bool condition_hold(struct session *s, const struct block *block, bool *given, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows *rows = NULL;
	bool ok;

	batch_add(&batch,
	          "SELECT FROM interlock.condition WHERE run = $1::bigint AND block = $2::integer"
	          " AND satisfied_at IS NOT NULL FOR UPDATE",
	          2, arena_printf(&arena, "%lld", (long long)s->run.id), arena_printf(&arena, "%d", block->index));
	ok = tx_begin(s, &batch, &rows, err);
	*given = ok && rows_count(rows) == 1;
	rows_free(rows);
	arena_release(&arena);
	return ok;
}

void condition_journal(struct session *s, int block, struct batch *batch)
{
	batch_add(
		batch,
		"INSERT INTO interlock.event (at, run, kind, statement, role) SELECT d.at, c.run, d.kind,"
		" c.kind || ' \"' || c.label || '\"' || coalesce(': ' || d.why, ''), coalesce(d.who, '')"
		" FROM interlock.condition c CROSS JOIN LATERAL (SELECT 'passed' AS kind, c.satisfied_at AS at,"
		" c.satisfied_by AS who, c.evidence AS why UNION ALL SELECT 'passed', (w.one ->> 'given_at')::timestamptz,"
		" w.one ->> 'given_by', w.one ->> 'evidence' FROM pg_catalog.jsonb_array_elements(c.data -> 'withdrawn') w(one)"
		" UNION ALL SELECT 'withdrawn', (w.one ->> 'at')::timestamptz, w.one ->> 'by', w.one ->> 'reason'"
		" FROM pg_catalog.jsonb_array_elements(c.data -> 'withdrawn') w(one)) d"
		" WHERE c.run = $1::bigint AND c.block >= $2::integer AND d.at IS NOT NULL ORDER BY d.at, d.kind",
		2, arena_printf(batch->arena, "%lld", (long long)s->run.id), arena_printf(batch->arena, "%d", block));
}
