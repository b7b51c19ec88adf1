/* Questions about the runs, what they claim and who has to decide; and about what is left of them. */
#include <jansson.h>
#include <string.h>

#include "base/interval.h"
#include "engine/doctor.h"
#include "plan/plan.h"

#define RUN "run ' || r.id || ' of plan \"' || r.plan || '\""
#define OPEN "r.state NOT IN ('done', 'adopted', 'undone')"

static const char runs[] =
	"SELECT 'problem' AS level, '" RUN " was left in the middle, ' || coalesce('by ' || r.holder || ', last seen '"
	" || date_trunc('second', clock_timestamp() - r.seen) || ' ago', 'by somebody') AS what,"
	" 'interlock run ' || r.plan || ' goes on with it' AS help FROM interlock.run r"
	" WHERE r.state = 'running' AND coalesce(r.seen < clock_timestamp() - interval '30 s', true)"
	" UNION ALL SELECT 'warning', '" RUN
	" failed: ' || coalesce((SELECT s.message FROM interlock.step s WHERE s.run = r.id"
	"  AND s.message IS NOT NULL ORDER BY s.number LIMIT 1), 'see the journal'), 'interlock run ' || r.plan"
	"  || ' tries again' FROM interlock.run r WHERE r.state = 'failed'"
	" UNION ALL SELECT 'warning', '" RUN " waits for a safety period, and nobody has looked at it for '"
	"  || date_trunc('second', clock_timestamp() - r.seen), 'let cron call interlock sync, every few minutes'"
	"  FROM interlock.run r JOIN interlock.condition c ON c.run = r.id AND c.block = r.next_block"
	"  AND c.kind = 'safety period' WHERE r.state = 'waiting' AND r.seen < clock_timestamp() - interval '1 day'"
	" UNION ALL SELECT 'ok', count(*) || ' under way', NULL FROM interlock.run r WHERE " OPEN " ORDER BY 1, 2";

static const char tables[] =
	"SELECT 'problem' AS level, c.relation || ' belongs to ' || pg_get_userbyid(t.relowner) || ', of which role '"
	" || current_user || ' is no member: plan \"' || r.plan || '\" can''t change it' AS what, 'GRANT '"
	" || quote_ident(pg_get_userbyid(t.relowner)) || ' TO ' || quote_ident(current_user) AS help"
	" FROM interlock.claim c JOIN interlock.run r ON r.id = c.run JOIN pg_class t ON t.oid = to_regclass(c.relation)"
	" WHERE NOT pg_has_role(t.relowner, 'USAGE') ORDER BY 2";

static const char approvals[] =
	"WITH wanted AS (SELECT r.plan, b.value ->> 'label' AS label, b.value -> 'options' ->> 'role' AS role,"
	"  b.value -> 'options' -> 'by_other' <> 'false'::jsonb AND r.started_by = session_user AS by_other FROM interlock.run r"
	"  CROSS JOIN jsonb_array_elements(r.compiled -> 'blocks') WITH ORDINALITY AS b(value, n)"
	"  WHERE " OPEN " AND b.value ->> 'kind' = 'approval' AND b.n > r.next_block),"
	" named AS (SELECT w.*, o.oid FROM wanted w LEFT JOIN pg_roles o ON o.rolname = w.role WHERE w.role IS NOT NULL)"
	" SELECT 'problem' AS level, 'there is no role ' || role || ', which has to approve \"' || label || '\" of plan \"'"
	"  || plan || '\"' AS what, 'CREATE ROLE ' || quote_ident(role) AS help FROM named WHERE oid IS NULL"
	" UNION ALL SELECT 'warning', 'nobody who can connect is a member of role ' || role || ', which has to approve \"'"
	"  || label || '\" of plan \"' || plan || '\"', 'GRANT ' || quote_ident(role) || ' TO somebody' FROM named"
	"  WHERE oid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles m WHERE m.rolcanlogin AND NOT m.rolsuper"
	"   AND pg_has_role(m.oid, named.oid, 'MEMBER'))"
	" UNION ALL SELECT 'ok', 'role ' || session_user || CASE WHEN NOT pg_has_role(session_user, oid, 'MEMBER')"
	"  THEN ' may not approve' WHEN by_other THEN ' started the run, and may not approve' ELSE ' may approve' END"
	"  || ' \"' || label || '\" of plan \"' || plan || '\" (role ' || role || ')', NULL FROM named WHERE oid IS NOT NULL";

static const char logs[] =
	"SELECT CASE WHEN l.bytes > p.log_limit THEN 'problem' ELSE 'ok' END AS level, 'plan \"' || r.plan || '\": the log of ' ||"
	" quote_ident(p.live_schema) || '.' || quote_ident(p.live_name) || ' has about ' || l.rows || ' keys, ' ||"
	" pg_size_pretty(l.bytes) || ' of at most ' || pg_size_pretty(p.log_limit) AS what, CASE WHEN l.bytes > p.log_limit THEN"
	" 'let cron call interlock sync, every few minutes' END AS help FROM interlock.pair p JOIN interlock.run r ON r.id = p.run"
	" CROSS JOIN LATERAL (SELECT coalesce(pg_relation_size(c.oid), 0) AS bytes, coalesce(pg_stat_get_live_tuples(c.oid),"
	" 0) AS rows FROM (SELECT to_regclass('interlock.' || CASE WHEN p.state = 'switched' THEN 'r' ELSE '' END || 'log_'"
	" || p.run || '_' || p.number)) c(oid)) l WHERE p.state <> 'ended' AND " OPEN " ORDER BY 1 DESC, 2";

const struct question doctor_registry[] = {
	{"runs", "", runs, 0, false},
	{"tables", "the role may change those of the runs under way", tables, 0, false},
	{"approvals", "none has to be given by a certain role", approvals, 0, false},
	{"capture logs", "none", logs, 0, false},
	{.subject = NULL},
};

/* ---- Archives ---- */

/* age: since the step was done, or taken back; NULL while it is neither. */
static const char archives[] =
	"SELECT c.relname AS name, pg_size_pretty(pg_total_relation_size(c.oid)) AS size, r.plan, r.compiled, r.hash,"
	" s.number, CASE WHEN s.state IN ('done', 'undone')"
	"  THEN (extract(epoch FROM clock_timestamp() - s.finished_at) * 1000)::bigint END AS age"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'interlock'"
	" JOIN interlock.run r ON r.id = substring(c.relname from '^[a-z_]+_([0-9]{1,18})_[0-9]{1,9}$')::bigint"
	" JOIN interlock.step s ON s.run = r.id AND s.number = substring(c.relname from '_([0-9]{1,9})$')::integer"
	" WHERE c.relkind IN ('r', 'p') AND c.relname ~ '^[a-z_]+_[0-9]{1,18}_[0-9]{1,9}$'"
	" ORDER BY r.id, s.number";

/* ms for which the step keeps what undo needs; 0: for ever, or it can't be told. */
static int64_t kept_for(const struct rows *rows, size_t r)
{
	struct plan *plan = NULL;
	struct err ignored = {0};
	const struct step *step;
	int64_t kept = 0;

	if (plan_from_registry(rows_get(rows, r, "compiled"), rows_get(rows, r, "hash"), &plan, &ignored)) {
		step = plan_step(plan, (int)rows_integer(rows, r, "number"));
		kept = step && step->type->kept_for && step->type->expire ? step->type->kept_for(step->args) : 0;
	}
	plan_free(plan);
	err_release(&ignored);
	return kept;
}

static void remark_archive(struct checkup *c, const struct rows *rows, size_t r)
{
	int64_t kept = kept_for(rows, r), over = rows_integer(rows, r, "age") - kept;
	bool due = kept > 0 && rows_get(rows, r, "age") && over > 0;
	struct buf text = {0}, time = {0};

	buf_addf(&text, "interlock.%s keeps %s of plan \"%s\", step %s", rows_get(rows, r, "name"),
	         rows_get(rows, r, "size"), rows_get(rows, r, "plan"), rows_get(rows, r, "number"));
	if (kept > 0 && rows_get(rows, r, "age")) {
		interval_format(due ? over : -over, &time);
		buf_addf(&text, due ? ", which was over %s ago" : ", for another %s", buf_text(&time));
	}
	doctor_remark(c, due ? LEVEL_WARNING : LEVEL_OK, "archives", buf_text(&text),
	              due ? "interlock sync --all takes it away; let cron call it" : NULL);
	buf_release(&text);
	buf_release(&time);
}

bool doctor_archives(struct checkup *c, struct err *err)
{
	struct err failure = {0};
	struct rows *rows;

	if (!conn_query(c->conn, QUERY(archives), &rows, &failure)) {
		doctor_remark(c, LEVEL_WARNING, "archives",
		              arena_printf(c->arena, "the server could not be asked: %s", failure.diag.summary), NULL);
		err_release(&failure);
		return !conn_lost(c->conn) || err_set(err, EXIT_CONNECTION, "the connection was lost");
	}
	for (size_t r = 0; r < rows_count(rows); r++)
		remark_archive(c, rows, r);
	if (rows_count(rows) == 0)
		doctor_remark(c, LEVEL_OK, "archives", "none", NULL);
	rows_free(rows);
	return true;
}
