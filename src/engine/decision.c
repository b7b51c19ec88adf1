/* What people decide about a run: passing a gate, approving. */
#include <string.h>

#include "engine/brief.h"
#include "engine/condition.h"
#include "engine/naming.h"

/* May this session's role approve? */
static bool may_approve(struct conn *conn, const struct run_row *run, const struct block *block,
                        const char *environment, struct err *err)
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
		ok = err_set(err, EXIT_STEP, "role %s may not approve \"%s\"", rows_get(rows, 0, "me"), block->label);
		err_detail(err, "the plan wants a member of role %s", approval->role);
		err_help(err, "connect as such a role (-U)");
	} else if (approval->by_other && strcmp(rows_get(rows, 0, "starter"), "t") == 0 && !development) {
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
	bool ok = block->kind != BLOCK_APPROVAL || may_approve(conn, run, block, decision->environment, err);

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
