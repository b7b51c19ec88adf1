/* Statistics of the table and its partitions beside what autovacuum goes by. */
#include "engine/dead_rows.h"

#include "base/quantity.h"

enum { PATIENCE_MS = 600000, WORTH_IT = 100000 /* dead rows, where nobody set a limit */ };

/*
 * $1, $2: schema and table.  Dead rows count where autovacuum is on and would
 * come for them.  Partitions are found without a lock on them, which somebody
 * else could hold up.
 */
static const char question[] =
	"WITH RECURSIVE part(oid) AS (SELECT t.oid FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace"
	"  WHERE n.nspname = $1 AND t.relname = $2"
	" UNION ALL SELECT k.oid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid"
	"  JOIN pg_class k ON k.oid = i.inhrelid AND k.relispartition)"
	" SELECT coalesce(sum(l.dead) FILTER (WHERE l.comes), 0)::bigint AS dead,"
	" coalesce(sum(greatest(l.live, c.reltuples)), 0)::bigint AS live, coalesce(sum(l.vacuums), 0)::bigint AS vacuums"
	" FROM part JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'm')"
	" CROSS JOIN LATERAL (SELECT max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_enabled') AS enabled,"
	"  max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_threshold') AS threshold,"
	"  max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_scale_factor') AS factor"
	"  FROM pg_options_to_table(c.reloptions) o) AS set"
	" CROSS JOIN LATERAL (SELECT pg_stat_get_dead_tuples(c.oid) AS dead, pg_stat_get_live_tuples(c.oid) AS live,"
	"  pg_stat_get_vacuum_count(c.oid) + pg_stat_get_autovacuum_count(c.oid) AS vacuums,"
	"  current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean"
	"  AND coalesce(set.enabled::boolean, true) AND pg_stat_get_dead_tuples(c.oid) > coalesce(set.threshold,"
	"   current_setting('autovacuum_vacuum_threshold'))::float8 + coalesce(set.factor,"
	"   current_setting('autovacuum_vacuum_scale_factor'))::float8 * greatest(c.reltuples, 0) AS comes) AS l";

static bool subject(const struct step *step, struct relname *table)
{
	return step->type->subject && step->type->subject(step->args, table);
}

/* Nothing is too much any more, or never was. */
static void forgive(struct signals_memory *memory, int64_t dead)
{
	memory->dead_since = 0;
	memory->dead_forgiven = dead;
}

/* It is too much: is it still worth waiting for? */
static bool waits(struct signals_memory *memory, int64_t vacuums)
{
	if (!memory->dead_since) {
		memory->dead_since = loop_now();
		memory->dead_vacuums = vacuums;
	}
	return vacuums == memory->dead_vacuums && loop_now() - memory->dead_since < PATIENCE_MS;
}

static void judge(const struct signals_request *q, const struct relname *table, const struct rows *rows,
                  struct signal *answer)
{
	int64_t dead = rows_integer(rows, 0, "dead"), live = rows_integer(rows, 0, "live");
	const struct limit *limit = &q->limits->of[LIMIT_DEAD_ROWS];
	struct signals_memory *memory = q->memory;
	struct buf rows_text = {0};

	if (dead < memory->dead_forgiven) /* it was cleaned up after all */
		memory->dead_forgiven = 0;
	if ((dead - memory->dead_forgiven) * 100 <= limit->value * live || (dead < WORTH_IT && !limit->named)) {
		memory->dead_since = 0;
		return;
	}
	if (!waits(memory, rows_integer(rows, 0, "vacuums"))) {
		forgive(memory, dead);
		return;
	}
	quantity_rows(dead, &rows_text);
	answer->exceeded = true;
	answer->why =
		arena_printf(q->arena,
	                 "%s has %s dead rows, %lld %% of those that are alive (limit %lld %%);"
	                 " autovacuum is to clean up first",
	                 relname_quoted(q->arena, table), buf_text(&rows_text),
	                 (long long)(live > 0 ? (dead * 100 + live - 1) / live : 100), (long long)limit->value);
	buf_release(&rows_text);
}

bool dead_rows_read(const struct signals_request *q, struct signal *answer, struct err *err)
{
	struct relname table;
	const char *params[2];
	struct rows *rows;

	if (q->memory->dead_step != q->step) {
		forgive(q->memory, 0);
		q->memory->dead_step = q->step;
	}
	if (!subject(q->step, &table))
		return true;
	params[0] = table.schema;
	params[1] = table.name;
	if (!conn_query(q->session->control,
	                &(struct query){.sql = question, .count = 2, .params = params, .prepare = true}, &rows, err))
		return false;
	judge(q, &table, rows, answer);
	rows_free(rows);
	return true;
}
