/* Draining, verdicts, and rows that would be left without what they refer to. */
#include "engine/swap_ready.h"

#include <string.h>

#include "engine/copy.h"
#include "engine/culprits.h"
#include "engine/looked_up.h"
#include "engine/tx.h"

enum { SHOW_ORPHANS = 10 };

static bool never_verified(const struct pair *p, struct err *err)
{
	err_set(err, EXIT_STEP, "%s was never compared with %s", p->c->shadow_quoted, p->c->live_quoted);
	err_help(err, "expect_same_rows { live = …, shadow = … } does that, in a phase before the switch");
	return false;
}

/* The step whose verdict on the pair is the newest; *fresh: it passed, and is young enough. */
static bool find_verdict(const struct pair *p, int *step, bool *fresh, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {pair_run(p, &arena), pair_number(p, &arena)};
	struct query query = {
		.sql = "SELECT step, passed AND at + max_age > clock_timestamp() AS fresh FROM interlock.verdict"
			   " WHERE run = $1::bigint AND pair = $2::integer ORDER BY at DESC LIMIT 1",
		.count = 2,
		.params = params};
	struct rows *rows;
	bool ok = conn_query(p->session->worker, &query, &rows, err);

	if (ok) {
		*step = rows_count(rows) ? (int)rows_integer(rows, 0, "step") : 0;
		*fresh = rows_count(rows) && rows_true(rows, 0, "fresh");
		rows_free(rows);
	}
	arena_release(&arena);
	return ok;
}

static bool is_verified(const struct pair *p, struct err *err)
{
	bool fresh;
	int step;

	if (!find_verdict(p, &step, &fresh, err))
		return false;
	if (step < 1 || (size_t)step > p->session->plan->step_count)
		return never_verified(p, err);
	return fresh || exec_step(p->session, plan_step(p->session->plan, step), VERIFY, err);
}

/* ---- Rows that refer to what stays behind ---- */

/* clang-format off */

/*
 * $1 live, $2 and $3 the same as a relation and as a row of it, $4 only_rows: for each foreign key of another table to
 * live, the query of rows whose row of live will not go over.  Whether it is in the shadow yet does not matter.
 */
static const char orphans[] =
	"SELECT k.conrelid::regclass::text AS child, k.conname, 'SELECT ' || x.shown || ' FROM ' || k.conrelid::regclass ||"
	" ' AS \"~c\" WHERE ' || x.given || ' AND NOT EXISTS (SELECT FROM ' || $2 || ' WHERE ' || x.same || ' AND (' || $4 ||"
	" ')) LIMIT 20' AS query"
	" FROM pg_constraint k CROSS JOIN LATERAL (SELECT string_agg(format('\"~c\".%I', a.attname), ', ' ORDER BY u.n) AS shown,"
	" string_agg(format('\"~c\".%I IS NOT NULL', a.attname), ' AND ') AS given, string_agg(format('%s.%I OPERATOR(%s.%s) \"~c\".%I',"
	" $3::text, b.attname, quote_ident(n.nspname), o.oprname, a.attname), ' AND ') AS same FROM unnest(k.conkey, k.confkey, k.conpfeqop)"
	" WITH ORDINALITY u(c, p, op, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c JOIN pg_attribute b"
	" ON b.attrelid = k.confrelid AND b.attnum = u.p JOIN pg_operator o ON o.oid = u.op JOIN pg_namespace n"
	" ON n.oid = o.oprnamespace) x WHERE k.contype = 'f' AND k.confrelid = to_regclass($1) AND k.conrelid <> k.confrelid"
	" AND k.conparentid = 0 AND k.convalidated ORDER BY 1, 2";

/* clang-format on */

static bool would_be_orphans(const struct pair *p, const char *child, const char *name, const struct rows *rows,
                             struct err *err)
{
	err_set(err, EXIT_STEP, "rows of %s refer to rows of %s that %s does not have", child, p->c->live_quoted,
	        p->c->shadow_quoted);
	for (size_t r = 0; r < rows_count(rows) && r < SHOW_ORPHANS; r++) {
		struct buf line = {0};

		culprits_line(rows, r, &line);
		err_detail(err, "%s", buf_text(&line));
		buf_release(&line);
	}
	if (rows_count(rows) > SHOW_ORPHANS)
		err_detail(err, "… and more; foreign key %s forbids that", name);
	err_help(err, "quarantine them in a phase before, or let only_rows take the rows that they refer to");
	return false;
}

static bool has_no_orphans(const struct pair *p, const char *child, const char *name, const char *query,
                           struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	size_t asked = pair_begin(p, false, &batch);
	struct rows **answers;
	bool ok;

	batch_add(&batch, query, 0);
	answers = batch_results(&batch);
	ok = pair_send(p, &batch, answers, err);
	if (ok) {
		tx_rollback(p->session);
		ok = rows_count(answers[asked]) == 0 || would_be_orphans(p, child, name, answers[asked], err);
		batch_free_results(&batch, answers);
	}
	arena_release(&arena);
	return ok;
}

static bool leaves_rows_behind(const struct pair *p)
{
	return strcmp(p->c->only_rows, "true") != 0;
}

static bool leaves_no_orphans(const struct pair *p, struct err *err)
{
	struct arena arena = {0};
	const char *params[] = {p->c->live_quoted, copying_from(p->c, &arena), p->c->alias, p->c->only_rows};
	struct query query = {.sql = orphans, .count = 4, .params = params};
	struct rows *keys = NULL;
	bool ok = conn_query(p->session->worker, &query, &keys, err);

	for (size_t r = 0; ok && r < rows_count(keys); r++)
		ok = has_no_orphans(p, rows_get(keys, r, "child"), rows_get(keys, r, "conname"),
		                    rows_get(keys, r, "query"), err);
	rows_free(keys);
	arena_release(&arena);
	return ok;
}

bool swap_ready(struct work *w, const struct pair *pairs, size_t count, struct err *err)
{
	if (!copy_drain_all(w->session, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_verified(&pairs[i], err) || (leaves_rows_behind(&pairs[i]) && !leaves_no_orphans(&pairs[i], err)))
			return false;
	if (!copy_drain_all(w->session, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!looked_up_nothing_stuck(&pairs[i], false, err))
			return false;
	return true;
}
