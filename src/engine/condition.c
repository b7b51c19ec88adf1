/* Rows of interlock.condition: reached, due, satisfied. */
#include "engine/condition.h"

#include <string.h>

#include "engine/brief.h"
#include "engine/tx.h"

enum { COUNTERS_LATE_MS = 1100 };

/* What one look at a block needs. */
struct look {
	struct session *session;
	const struct block *block;
	struct arena *arena;
	const char *run, *index;
	struct rows *row;
};

static const char row_question[] =
	"SELECT satisfied_at IS NOT NULL AS satisfied, hash, satisfied_by, coalesce(due <= clock_timestamp(), false) AS due_now,"
	" to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS due, data ->> 'scans' AS scans"
	" FROM interlock.condition WHERE run = $1::bigint AND block = $2::integer";

/* The sum of scans of the watched tables; NULL when statistics are not there. */
static const char scans_question[] =
	"SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint AS scans FROM pg_catalog.pg_stat_user_tables"
	" WHERE pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(relname) = ANY (string_to_array($1, E'\\n'))";

static const char *watched(const struct block *block, struct arena *arena)
{
	struct buf names = {0};
	const char *copy;

	for (size_t i = 0; i < block->wait.safety.unused.count; i++) {
		buf_add(&names, i ? "\n" : "");
		ident_quote_relname(&names, &block->wait.safety.unused.items[i]);
	}
	copy = arena_strdup(arena, buf_text(&names));
	buf_release(&names);
	return copy;
}

/* Sets the row as reached; a safety period gets its due time and the counters of now. */
static void add_reached(struct look *l, struct batch *batch, bool again)
{
	const struct block *block = l->block;
	const char *length = arena_printf(l->arena, "%lld", (long long)block->wait.safety.length);
	bool safety = block->kind == BLOCK_SAFETY_PERIOD;

	batch_add(
		batch,
		"INSERT INTO interlock.condition (run, block, kind, label, reached_at, due, data)"
		" SELECT $1::bigint, $2::integer, $3, $4, clock_timestamp(),"
		" clock_timestamp() + $5::bigint * interval '1 ms',"
		" jsonb_build_object('scans', (SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint::text"
		"  FROM pg_catalog.pg_stat_user_tables WHERE pg_catalog.quote_ident(schemaname) || '.' ||"
		"  pg_catalog.quote_ident(relname) = ANY (string_to_array($6, E'\\n'))))"
		" ON CONFLICT (run, block) DO UPDATE SET reached_at = coalesce(CASE WHEN NOT $7::boolean THEN"
		" condition.reached_at END, excluded.reached_at), due = coalesce(CASE WHEN NOT $7::boolean THEN"
		" condition.due END, excluded.due), data = coalesce(CASE WHEN NOT $7::boolean THEN condition.data END,"
		" excluded.data)",
		7, l->run, l->index, block_kind_name(block->kind), block->label, safety ? length : NULL,
		safety ? watched(block, l->arena) : "", again ? "true" : "false");
}

/* What our own statements have read is in the counters before they are looked at; else we would restart the
 * period. */
static bool flush_statistics(struct look *l, struct err *err)
{
	struct session *s = l->session;

	if (l->block->wait.safety.unused.count == 0)
		return true;
	if (conn_server_version(s->worker) >= 150000)
		return conn_query(s->worker, QUERY("SELECT pg_catalog.pg_stat_force_next_flush()"), NULL, err);
	loop_sleep(s->connector->loop,
	           COUNTERS_LATE_MS); /* a session sends its counters when it is idle, at most so often */
	return conn_query(s->worker, QUERY("SELECT 1"), NULL, err) &&
	       (loop_sleep(s->connector->loop, COUNTERS_LATE_MS), true);
}

static bool write_reached(struct look *l, bool again, struct err *err)
{
	struct batch batch = {.arena = l->arena};

	if (l->block->kind == BLOCK_SAFETY_PERIOD && !flush_statistics(l, err))
		return false;
	add_reached(l, &batch, again);
	return tx_run(l->session, &batch, NULL, err);
}

/* Reads the row, making it first. */
static bool read_row(struct look *l, struct err *err)
{
	struct batch batch = {.arena = l->arena};
	bool ok;

	if (!write_reached(l, false, err))
		return false;
	batch_add(&batch, row_question, 2, l->run, l->index);
	ok = tx_begin(l->session, &batch, &l->row, err);
	if (ok)
		tx_rollback(l->session);
	return ok;
}

static bool satisfy(struct look *l, const char *by, const char *evidence, struct err *err)
{
	struct batch batch = {.arena = l->arena};

	batch_add(&batch,
	          "UPDATE interlock.condition SET satisfied_at = clock_timestamp(), satisfied_by = $3, evidence = $4"
	          " WHERE run = $1::bigint AND block = $2::integer",
	          4, l->run, l->index, by, evidence);
	return tx_run(l->session, &batch, NULL, err);
}

/* A gate's query: exactly one boolean, with the plan's search_path. */
static bool ask_gate(struct look *l, bool *passes, struct err *err)
{
	struct batch batch = {.arena = l->arena};
	struct rows *answers[2] = {0};
	bool ok;

	*passes = false;
	batch_add(&batch, "SELECT pg_catalog.set_config('search_path', $1, true)", 1,
	          l->session->plan->settings.search_path);
	batch_add(&batch, l->block->wait.gate.query, 0);
	ok = tx_begin(l->session, &batch, answers, err);
	if (ok) {
		tx_rollback(l->session);
		if (rows_count(answers[1]) != 1 || rows_columns(answers[1]) != 1)
			ok = err_set(err, EXIT_STEP, "the query of gate \"%s\" gave %zu rows of %zu columns, not one boolean",
			             l->block->label, rows_count(answers[1]), rows_columns(answers[1]));
		else
			*passes = rows_value(answers[1], 0, 0) && strcmp(rows_value(answers[1], 0, 0), "t") == 0;
	}
	if (!ok)
		err_at(err, l->block->span);
	rows_free(answers[0]);
	rows_free(answers[1]);
	return ok;
}

/* One statement in a transaction of its own that leaves nothing behind; the caller frees the rows. */
static bool ask(struct look *l, struct batch *batch, struct rows **rows, struct err *err)
{
	*rows = NULL;
	if (!tx_begin(l->session, batch, rows, err))
		return false;
	tx_rollback(l->session);
	return true;
}

/* Are there sessions named APP/VERSION, and none older?  A version that is not numbers counts as older. */
static const char app_question[] =
	"SELECT count(*) AS there, count(*) FILTER (WHERE v !~ '^[0-9]+([.][0-9]+)*$' OR"
	" CASE WHEN v ~ '^[0-9]+([.][0-9]+)*$' THEN"
	" string_to_array(regexp_replace(v, '([.]0+)+$', ''), '.')::bigint[]"
	" < string_to_array(regexp_replace($2, '([.]0+)+$', ''), '.')::bigint[] END) AS older,"
	" min(v) AS example FROM (SELECT substr(application_name, length($1) + 2) AS v FROM pg_catalog.pg_stat_activity"
	" WHERE datname = current_database() AND starts_with(application_name, $1 || '/')) AS sessions";

static bool ask_app(struct look *l, bool *passes, const char **why, struct err *err)
{
	const struct gate_args *gate = &l->block->wait.gate;
	struct batch batch = {.arena = l->arena};
	struct rows *rows;

	batch_add(&batch, app_question, 2, gate->app, gate->at_least);
	if (!ask(l, &batch, &rows, err))
		return false;
	*passes = rows_integer(rows, 0, "there") > 0 && rows_integer(rows, 0, "older") == 0;
	*why = rows_integer(rows, 0, "there") == 0
	           ? arena_printf(l->arena, "no session is named %s/VERSION", gate->app)
	           : arena_printf(l->arena, "%s sessions of %s are older than %s", rows_get(rows, 0, "older"),
	                          gate->app, gate->at_least);
	rows_free(rows);
	return true;
}

/* Notes when such a session was last seen, and tells how long ago that is. */
static const char quiet_question[] =
	"WITH now AS (SELECT count(*) AS there FROM pg_catalog.pg_stat_activity"
	"  WHERE datname = current_database() AND application_name LIKE $3)"
	" UPDATE interlock.condition c SET data = CASE WHEN now.there > 0 THEN"
	"  coalesce(c.data, '{}'::jsonb) || jsonb_build_object('seen', clock_timestamp()) ELSE c.data END FROM now"
	" WHERE c.run = $1::bigint AND c.block = $2::integer RETURNING now.there, (extract(epoch FROM clock_timestamp() -"
	" coalesce((c.data ->> 'seen')::timestamptz, c.reached_at)) * 1000)::bigint AS quiet";

static bool ask_quiet(struct look *l, bool *passes, const char **why, struct err *err)
{
	const struct gate_args *gate = &l->block->wait.gate;
	struct batch batch = {.arena = l->arena};
	struct rows *rows = NULL;
	bool ok;

	batch_add(&batch, quiet_question, 3, l->run, l->index, gate->no_sessions);
	ok = tx_begin(l->session, &batch, &rows, err) && tx_commit(l->session, err);
	if (ok) {
		*passes = rows_integer(rows, 0, "there") == 0 && rows_integer(rows, 0, "quiet") >= gate->quiet;
		*why = arena_printf(l->arena, "sessions like \"%s\" were seen %s s ago", gate->no_sessions,
		                    arena_printf(l->arena, "%lld", (long long)rows_integer(rows, 0, "quiet") / 1000));
	}
	rows_free(rows);
	return ok;
}

/* Does the gate pass by itself?  *why says what is still in the way; NULL when it has no such condition. */
static bool ask_by_itself(struct look *l, bool *passes, const char **why, const char **evidence, struct err *err)
{
	const struct gate_args *gate = &l->block->wait.gate;

	if (gate->query) {
		*why = arena_printf(l->arena, "its query is not true yet: %s", gate->query);
		*evidence = gate->query;
		return ask_gate(l, passes, err);
	}
	if (gate->app && gate->at_least) {
		*evidence = arena_printf(l->arena, "only sessions of %s %s and newer", gate->app, gate->at_least);
		return ask_app(l, passes, why, err);
	}
	if (gate->no_sessions) {
		*evidence = arena_printf(l->arena, "no sessions like %s", gate->no_sessions);
		return ask_quiet(l, passes, why, err);
	}
	return true;
}

static bool check_gate(struct look *l, bool *satisfied, const char **why, const char **command, struct err *err)
{
	const char *text = l->block->wait.gate.text, *evidence = NULL;

	if (*satisfied)
		return true;
	*why = NULL;
	if (!ask_by_itself(l, satisfied, why, &evidence, err))
		return false;
	if (*satisfied)
		return satisfy(l, "interlock", evidence, err);
	*command = *why ? arena_printf(l->arena, "interlock run %s", l->session->run.plan)
	                : arena_printf(l->arena, "interlock gate pass %s \"%s\" --evidence TEXT", l->session->run.plan,
	                               l->block->label);
	*why = *why && text ? arena_printf(l->arena, "%s (%s)", text, *why)
	       : *why       ? *why
	       : text       ? text
	                    : "somebody has to say that it may go on";
	return true;
}

static bool check_approval(struct look *l, bool *satisfied, const char **why, const char **command)
{
	const struct approval_args *approval = &l->block->wait.approval;
	const char *hash = rows_get(l->row, 0, "hash");

	*satisfied = *satisfied && hash && strcmp(hash, l->session->run.hash) == 0;
	*why = approval->role ? arena_printf(l->arena, "a member of role %s has to approve%s", approval->role,
	                                     approval->by_other ? ", not the role that started the run" : "")
	                      : "somebody has to approve";
	*command = arena_printf(l->arena, "interlock approve %s \"%s\"", l->session->run.plan, l->block->label);
	return true;
}

/* Did anybody read what should be unused?  Counters that fell mean unknown, and the period starts again too. */
static bool was_read(struct look *l, bool *read, struct err *err)
{
	struct batch batch = {.arena = l->arena};
	const char *before = rows_get(l->row, 0, "scans"), *now;
	struct rows *rows = NULL;

	*read = false;
	if (l->block->wait.safety.unused.count == 0 || !before)
		return true;
	batch_add(&batch, scans_question, 1, watched(l->block, l->arena));
	if (!ask(l, &batch, &rows, err))
		return false;
	now = rows_get(rows, 0, "scans");
	*read = !now || strcmp(now, before) != 0;
	rows_free(rows);
	return true;
}

static bool check_safety(struct look *l, bool *satisfied, const char **why, const char **command, struct err *err)
{
	bool read;

	if (*satisfied)
		return true;
	if (!was_read(l, &read, err))
		return false;
	if (read) {
		*why = arena_printf(l->arena, "%s was read; the %s begin again", watched(l->block, l->arena),
		                    l->block->label);
		*command = arena_printf(l->arena, "interlock run %s", l->session->run.plan);
		return write_reached(l, true, err);
	}
	*satisfied = strcmp(rows_get(l->row, 0, "due_now"), "t") == 0;
	if (*satisfied)
		return satisfy(l, "time", NULL, err);
	*why = arena_printf(l->arena, "it ends on %s UTC", rows_get(l->row, 0, "due"));
	*command = arena_printf(l->arena, "interlock run %s", l->session->run.plan);
	return true;
}

bool condition_check(struct session *s, const struct block *block, bool *satisfied, struct arena *arena,
                     const char **why, const char **command, struct err *err)
{
	struct look l = {s,
	                 block,
	                 arena,
	                 arena_printf(arena, "%lld", (long long)s->run.id),
	                 arena_printf(arena, "%d", block->index),
	                 NULL};
	bool ok = read_row(&l, err);

	if (ok) {
		*satisfied = strcmp(rows_get(l.row, 0, "satisfied"), "t") == 0;
		ok = block->kind == BLOCK_GATE       ? check_gate(&l, satisfied, why, command, err)
		     : block->kind == BLOCK_APPROVAL ? check_approval(&l, satisfied, why, command)
		                                     : check_safety(&l, satisfied, why, command, err);
	}
	rows_free(l.row);
	return ok;
}

/* May this session's role approve? */
static bool may_approve(struct conn *conn, const struct run_row *run, const struct block *block, struct err *err)
{
	const struct approval_args *approval = &block->wait.approval;
	const char *params[] = {approval->role ? approval->role : "", run->started_by};
	struct query query = {
		.sql =
			"SELECT $1 = '' OR coalesce((SELECT pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')"
			" FROM pg_catalog.pg_roles r WHERE r.rolname = $1), false) AS member, session_user = $2 AS starter,"
			" session_user AS me, coalesce((SELECT environment = 'development' FROM interlock.meta), false) AS dev",
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
	} else if (approval->by_other && strcmp(rows_get(rows, 0, "starter"), "t") == 0 &&
	           strcmp(rows_get(rows, 0, "dev"), "t") != 0) {
		ok = err_set(err, EXIT_STEP, "role %s started this run and can't approve it too", rows_get(rows, 0, "me"));
		err_detail(err, "the approval \"%s\" is for a second pair of eyes", block->label);
		err_help(err, "connect as another role (-U), or write by_other = false into the plan");
	}
	rows_free(rows);
	return ok;
}

bool condition_decide(struct conn *conn, const struct run_row *run, const struct block *block,
                      const char *evidence, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {arena_printf(&arena, "%lld", (long long)run->id),
	                        arena_printf(&arena, "%d", block->index),
	                        block_kind_name(block->kind),
	                        block->label,
	                        evidence,
	                        run->hash};
	bool ok = block->kind != BLOCK_APPROVAL || may_approve(conn, run, block, err);

	ok = ok && brief_begin(conn, err) &&
	     conn_query(conn,
	                &(struct query){.sql =
	                                    "INSERT INTO interlock.condition (run, block, kind, label, satisfied_at,"
	                                    " satisfied_by, evidence, hash) VALUES ($1::bigint, $2::integer, $3, $4,"
	                                    " clock_timestamp(), session_user, $5, $6)"
	                                    " ON CONFLICT (run, block) DO UPDATE SET satisfied_at = clock_timestamp(),"
	                                    " satisfied_by = session_user, evidence = excluded.evidence,"
	                                    " hash = excluded.hash",
	                                .count = 6,
	                                .params = params},
	                NULL, err);
	ok = brief_end(conn, ok, err);
	arena_release(&arena);
	return ok;
}
