/* interlock locks: who holds what on a plan's tables, and what its next statement needs. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/interval.h"
#include "check/facts.h"
#include "cli/act.h"
#include "cli/plans.h"
#include "cli/report.h"
#include "engine/blame.h"
#include "engine/exec.h"
#include "engine/registry.h"
#include "plan/probes.h"

/*
 * $1: the tables; $2: the run's number or NULL.  Of each table, and of what
 * inherits from it, every lock but our own.
 */
static const char question[] =
	"WITH RECURSIVE wanted AS (SELECT t.name, pg_catalog.to_regclass(t.name)::oid AS oid, n"
	"  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS t(name, n)),"
	" tree AS (SELECT w.name, w.n, w.oid FROM wanted w UNION"
	"  SELECT t.name, t.n, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid),"
	" held AS (SELECT t.name, t.n, t.oid, l.* FROM tree t JOIN pg_catalog.pg_locks l ON l.relation = t.oid"
	"  WHERE l.locktype = 'relation' AND l.mode <> 'SIReadLock' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()"
	"  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))"
	" SELECT w.name, w.oid IS NOT NULL AS there, h.oid::regclass::text AS relation, h.mode,"
	"  pg_catalog.upper(pg_catalog.regexp_replace(pg_catalog.regexp_replace(h.mode, 'Lock$', ''), '([a-z])([A-Z])',"
	"  '\\1 \\2', 'g')) AS words, h.granted, h.pid::text AS pid, a.application_name AS app, a.usename::text AS role, a.state,"
	"  pg_catalog.btrim(pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 200)) AS query, p.gid,"
	"  coalesce(pg_catalog.starts_with(a.application_name, 'interlock:' || $2 || ':'), false) AS this_run,"
	"  coalesce(pg_catalog.starts_with(a.application_name, 'interlock:'), false) AS ours,"
	"  (extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(CASE WHEN NOT h.granted THEN h.waitstart END,"
	"   a.xact_start, p.prepared)) * 1000)::bigint AS age,"
	"  CASE WHEN NOT h.granted THEN pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(h.pid), ', ') END AS blockers"
	" FROM wanted w LEFT JOIN held h ON h.n = w.n"
	" LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid"
	" LEFT JOIN pg_catalog.pg_locks x ON h.mode IS NOT NULL AND h.pid IS NULL AND x.pid IS NULL"
	"  AND x.locktype = 'transactionid' AND x.virtualtransaction = h.virtualtransaction"
	" LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid"
	" ORDER BY w.n, h.granted DESC, age DESC NULLS LAST, h.pid, h.mode";

struct locks {
	struct context *context;
	struct arena arena;
	struct conn *conn;
	struct run_row run; /* id 0: the plan never ran */
	struct plan *plan;
	struct step_row *steps;
	const char **tables;
	size_t table_count;
	const struct step *next; /* the next that needs a lock; NULL: none, or it can't be told */
	struct stmts stmts;      /* of that step */
	const char *why_not;     /* it can't be told */
	struct rows *rows;
	bool hidden; /* others' sessions don't show what they do */
};

/* ---- Which tables, which step ---- */

static bool find_plan(struct locks *l, struct err *err)
{
	const char *operand = l->context->operands[0];
	const char *name = act_plan_name(l->context, operand, err);
	bool exists, found = false;

	l->conn = name ? act_connect(l->context, err) : NULL;
	if (!l->conn || !registry_look(l->conn, &exists, err) ||
	    (exists && !registry_find(l->conn, name, act_parameters(l->context), &l->arena, &l->run, &found, err)))
		return false;
	if (found && strcmp(l->run.state, "undone") != 0)
		return plan_from_registry(l->run.compiled, l->run.hash, &l->plan, err);
	l->run = (struct run_row){0};
	return plan_compile_operand(l->context, operand, &l->plan, err);
}

static void add_table(struct locks *l, const char *name)
{
	for (size_t i = 0; i < l->table_count; i++)
		if (strcmp(l->tables[i], name) == 0)
			return;
	l->tables[l->table_count++] = name;
}

/* What its steps change: a run claims these. */
static void add_subjects(struct locks *l)
{
	struct relname table;

	for (size_t n = 1; n <= l->plan->step_count; n++) {
		const struct step *step = plan_step(l->plan, (int)n);

		if (step->type->subject && step->type->subject(step->args, &table))
			add_table(l, relname_quoted(&l->arena, &table));
		if (step->type->other_subject && step->type->other_subject(step->args, &table))
			add_table(l, relname_quoted(&l->arena, &table));
	}
}

static size_t count_locks(const struct stmts *stmts)
{
	size_t count = 0;

	for (const struct stmt *stmt = stmts->first; stmt; stmt = stmt->next)
		count += stmt->lock_count;
	return count;
}

/* What the step would send now; false: the catalogue says no, and l->why_not is the sentence. */
static bool take_statements(struct locks *l, const struct step *step)
{
	struct facts facts = {.run = l->run.id,
	                      .number = step->number,
	                      .before = l->steps[step->number - 1].before,
	                      .server_version = conn_server_version(l->conn),
	                      .archive_rows = -1};
	struct err failure = {0};

	l->stmts = (struct stmts){.arena = &l->arena};
	if (facts_has_probe(step) && !facts_of_step(l->conn, l->plan, step, &l->arena, &facts, &failure))
		l->why_not = arena_strdup(&l->arena, failure.diag.summary);
	else if (facts.state == STATE_CONFLICT)
		l->why_not = "the database has something else of that name";
	else if (facts.state == STATE_MISSING)
		l->why_not = "what it stands on is not there yet";
	else if (facts.state != STATE_DONE)
		exec_plan_step(step, FORWARD, &facts, &l->stmts);
	if (l->stmts.refusal)
		l->why_not = l->stmts.refusal;
	err_release(&failure);
	return l->why_not == NULL;
}

/* The first step that is still to be done and locks something. */
static void find_next(struct locks *l)
{
	for (size_t n = 1; n <= l->plan->step_count && !l->next && !l->why_not; n++) {
		const struct step *step = plan_step(l->plan, (int)n);
		const char *state = l->steps[n - 1].state;

		if ((state && strcmp(state, "done") == 0) || plan_block_of(l->plan, step)->index < l->run.next_block)
			continue;
		if (!take_statements(l, step) || count_locks(&l->stmts) > 0)
			l->next = step;
	}
}

/* Inside a transaction that leaves nothing behind. */
static bool look_at_next(struct locks *l, struct err *err)
{
	struct err ignored = {0};
	bool ok =
		(l->run.id == 0 || registry_steps(l->conn, l->run.id, l->plan->step_count, &l->arena, l->steps, err)) &&
		conn_query(l->conn, QUERY("SET search_path = pg_catalog, pg_temp"), NULL, err) &&
		conn_query(l->conn, QUERY("BEGIN"), NULL, err);

	if (!ok)
		return false;
	if (!registry_finished(&(struct run_row){.state = l->run.id ? l->run.state : ""}))
		find_next(l);
	conn_query(l->conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	return !conn_lost(l->conn) || err_set(err, EXIT_CONNECTION, "the connection was lost");
}

static bool look(struct locks *l, struct err *err)
{
	char run[24];
	const char *params[] = {NULL, l->run.id ? run : NULL};

	snprintf(run, sizeof(run), "%lld", (long long)l->run.id);
	l->steps = arena_array(&l->arena, struct step_row, l->plan->step_count);
	if (!look_at_next(l, err))
		return false;
	l->tables = arena_array(&l->arena, const char *, 2 * l->plan->step_count + count_locks(&l->stmts));
	add_subjects(l);
	for (const struct stmt *stmt = l->stmts.first; stmt; stmt = stmt->next)
		for (size_t i = 0; i < stmt->lock_count; i++)
			add_table(l, relname_quoted(&l->arena, &stmt->locks[i].table));
	params[0] = array_literal(l->tables, l->table_count, &l->arena);
	return l->table_count == 0 ||
	       conn_query(l->conn, &(struct query){.sql = question, .count = 2, .params = params}, &l->rows, err);
}

/* ---- Showing ---- */

static const char *get(const struct locks *l, size_t r, const char *name)
{
	const char *value = rows_get(l->rows, r, name);

	return value ? value : "";
}

/* Does this lock stand in the way of the next step?  Also one that is only waited for: it is first in the queue.
 */
static bool is_in_the_way(const struct locks *l, size_t r)
{
	struct arena scratch = {0};
	bool found = false;

	if (!*get(l, r, "mode") || rows_true(l->rows, r, "this_run"))
		return false;
	for (const struct stmt *stmt = l->stmts.first; stmt; stmt = stmt->next)
		for (size_t i = 0; i < stmt->lock_count; i++)
			found |= strcmp(relname_quoted(&scratch, &stmt->locks[i].table), get(l, r, "name")) == 0 &&
			         strstr(blame_conflicting(stmt->locks[i].mode), get(l, r, "mode")) != NULL;
	arena_release(&scratch);
	return found;
}

static json_t *text_json(const char *text)
{
	json_t *json = text && *text ? json_string(text) : json_null();

	return json ? json : json_string("?");
}

static void lock_json(const struct locks *l, size_t r)
{
	if (!*get(l, r, "mode"))
		return;
	report_json(
		json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "type", "lock",
	              "table", get(l, r, "name"), "relation", get(l, r, "relation"), "mode", get(l, r, "words"),
	              "granted", rows_true(l->rows, r, "granted"), "pid",
	              *get(l, r, "pid") ? json_integer((json_int_t)rows_integer(l->rows, r, "pid")) : json_null(),
	              "prepared", text_json(get(l, r, "gid")), "application", text_json(get(l, r, "app")), "role",
	              text_json(get(l, r, "role")), "state", text_json(get(l, r, "state")), "ms",
	              *get(l, r, "age") ? json_integer((json_int_t)rows_integer(l->rows, r, "age")) : json_null(),
	              "blocked_by", text_json(get(l, r, "blockers")), "query", text_json(get(l, r, "query")),
	              "this_run", rows_true(l->rows, r, "this_run"), "in_the_way", is_in_the_way(l, r)));
}

static void add_who(const struct locks *l, size_t r, struct buf *out)
{
	if (*get(l, r, "gid"))
		buf_addf(out, "prepared transaction \"%s\"", get(l, r, "gid"));
	else if (rows_true(l->rows, r, "this_run"))
		buf_addf(out, "pid %s  this run", get(l, r, "pid"));
	else if (rows_true(l->rows, r, "ours"))
		buf_addf(out, "pid %s  another run of interlock", get(l, r, "pid"));
	else
		buf_addf(out, "pid %s  app=%s  role=%s", *get(l, r, "pid") ? get(l, r, "pid") : "?",
		         *get(l, r, "app") ? get(l, r, "app") : "-", *get(l, r, "role") ? get(l, r, "role") : "-");
}

/* How long, doing what: of a holder its transaction, of one that waits its waiting. */
static void add_doing(struct locks *l, size_t r, struct buf *out)
{
	bool granted = rows_true(l->rows, r, "granted");

	if (*get(l, r, "age")) {
		buf_add(out, granted ? "  in a transaction for " : "  waiting for ");
		interval_format(rows_integer(l->rows, r, "age"), out);
	} else if (!*get(l, r, "gid") && !*get(l, r, "state")) {
		l->hidden = true;
	}
	if (*get(l, r, "blockers"))
		buf_addf(out, "  behind pid %s", get(l, r, "blockers"));
	if (strncmp(get(l, r, "state"), "idle", 4) == 0)
		buf_addf(out, ", %s, last", get(l, r, "state"));
	if (*get(l, r, "state"))
		buf_addf(out, ":  %s", get(l, r, "query"));
}

static void print_lock(struct locks *l, size_t r)
{
	struct buf line = {0};

	if (r == 0 || strcmp(get(l, r, "name"), get(l, r - 1, "name")) != 0)
		printf("%s%s%s%s\n", report_color(stdout, COLOR_BOLD), get(l, r, "name"),
		       report_color(stdout, COLOR_PLAIN),
		       !rows_true(l->rows, r, "there") ? "  is not there yet"
		       : !*get(l, r, "mode")           ? "  nobody has a lock"
		                                       : "");
	if (!*get(l, r, "mode"))
		return;
	buf_addf(&line, "  %s %-22s ", rows_true(l->rows, r, "granted") ? "holds" : "waits", get(l, r, "words"));
	if (strcmp(get(l, r, "relation"), get(l, r, "name")) != 0 && strchr(get(l, r, "relation"), '.'))
		buf_addf(&line, "on %s  ", get(l, r, "relation"));
	add_who(l, r, &line);
	add_doing(l, r, &line);
	printf("%s%s%s\n", is_in_the_way(l, r) ? report_color(stdout, COLOR_YELLOW) : "", buf_text(&line),
	       is_in_the_way(l, r) ? report_color(stdout, COLOR_PLAIN) : "");
	if (is_in_the_way(l, r))
		printf("        in the way of the next step\n");
	buf_release(&line);
}

static void need_json(struct locks *l)
{
	for (const struct stmt *stmt = l->stmts.first; stmt; stmt = stmt->next)
		for (size_t i = 0; i < stmt->lock_count; i++)
			report_json(json_pack("{s:s, s:i, s:s, s:s, s:s}", "type", "need", "step", l->next->number, "summary",
			                      step_text(l->next, &l->arena), "table",
			                      relname_quoted(&l->arena, &stmt->locks[i].table), "mode",
			                      lock_mode_name(stmt->locks[i].mode)));
}

static void print_need(struct locks *l)
{
	const struct block *block = plan_block_of(l->plan, l->next), *here = &l->plan->blocks[l->run.next_block];

	printf("next: phase \"%s\", step %d  %s\n", block->label, l->next->number - block->steps[0].number + 1,
	       step_text(l->next, &l->arena));
	if (here->kind != BLOCK_PHASE)
		printf("  behind %s \"%s\"\n", block_kind_name(here->kind), here->label);
	if (l->why_not)
		printf("  what it needs can't be told: %s\n", l->why_not);
	for (const struct stmt *stmt = l->stmts.first; stmt && !l->why_not; stmt = stmt->next)
		for (size_t i = 0; i < stmt->lock_count; i++)
			printf("  needs %s on %s%s%s\n", lock_mode_name(stmt->locks[i].mode),
			       relname_quoted(&l->arena, &stmt->locks[i].table), stmt->note ? ": " : "",
			       stmt->note ? stmt->note : "");
}

static void print(struct locks *l)
{
	bool json = l->context->options.json;

	for (size_t r = 0; l->rows && r < rows_count(l->rows); r++)
		if (json)
			lock_json(l, r);
		else
			print_lock(l, r);
	if (json && l->next && !l->why_not)
		need_json(l);
	if (json)
		return;
	if (l->table_count == 0)
		printf("the steps of this plan name no table\n");
	if (l->next)
		print_need(l);
	else
		printf("no step of it needs a lock any more\n");
	if (l->hidden)
		report_message("what the sessions of other roles do is hidden from role %s: GRANT pg_read_all_stats TO %s",
		               conn_user(l->conn), ident_quoted(&l->arena, conn_user(l->conn)));
}

static enum exit_code run_locks(struct context *context, struct err *err)
{
	struct locks l = {.context = context};
	bool ok = find_plan(&l, err) && look(&l, err);

	if (ok)
		print(&l);
	rows_free(l.rows);
	conn_close(l.conn);
	plan_free(l.plan);
	arena_release(&l.arena);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_locks = {
	.name = "locks",
	.group = "look",
	.summary = "who holds locks on a plan's tables, and what its next statement needs",
	.synopsis = "PLAN",
	.description =
		"For each table that the plan changes, and its partitions: who holds a lock and since when its transaction is "
		"open, who waits and behind whom, with this run's own sessions marked; then the locks that the next step will "
		"take. What stands in their way is marked. Useful while a run waits for a lock, from a second terminal; a plan "
		"that never ran is looked at by its file. It changes nothing.\n\n"
		"Without the privileges of pg_read_all_stats what other roles do is not shown.",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_locks,
};
