/* The second half of the switch's transaction: all its statements, the proof that nothing was lost, COMMIT. */
#include <string.h>

#include "engine/swap_work.h"
#include "engine/tx.h"
#include "plan/capture.h"
#include "plan/copied_lookup.h"
#include "plan/reverse.h"

enum { SHOW_MAX = 10 };

/* ---- Statements ---- */

/* Those of one stage, kind after kind, of all pairs. */
static void add_stage(const struct swap *s, enum carry_stage stage, struct stmts *stmts)
{
	for (size_t kind = 0; kind < carried_kinds(); kind++)
		for (size_t i = 0; i < s->count; i++)
			for (size_t k = 0; k < s->pairs[i].carried.count; k++) {
				const struct carried_item *item = &s->pairs[i].carried.items[k];

				if (item->stage == stage && item->kind == kind)
					stmts_add(stmts, STMT_TOGETHER, "%s", item->statement);
			}
}

static void rename_table(const char *from, const char *to, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME TO %s", from, ident_quoted(stmts->arena, to));
}

static void rename_pairs(const struct swap *s, struct stmts *stmts)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct swap_pair *names = &s->g->pairs[i];

		rename_table(s->pairs[i].live, s->back ? names->shadow.name : names->retired.name, stmts);
		rename_table(s->pairs[i].comes, names->live.name, stmts);
	}
}

/* The pair under the names that it has from now on. */
static struct copying renamed(const struct swap *s, size_t i)
{
	struct copying c = *s->pairs[i].pair.c;

	c.retired = s->g->pairs[i].retired;
	c.retired_quoted = s->pairs[i].goes;
	return c;
}

static void add_there(const struct swap *s, struct stmts *stmts)
{
	for (size_t i = 0; i < s->count; i++)
		capture_pause(s->pairs[i].pair.c, stmts);
	add_stage(s, CARRY_DETACH, stmts);
	rename_pairs(s, stmts);
	add_stage(s, CARRY_RENAME, stmts);
	add_stage(s, CARRY_ATTACH, stmts);
	for (size_t i = 0; s->g->sync_back && i < s->count; i++) {
		struct copying c = renamed(s, i);

		reverse_make(&c, stmts);
	}
}

static void add_back(const struct swap *s, struct stmts *stmts)
{
	for (size_t i = 0; i < s->count; i++)
		reverse_drop(&s->g->pairs[i].live, s->pairs[i].pair.c->run, s->pairs[i].pair.c->number, stmts);
	add_stage(s, CARRY_BACK_DETACH, stmts);
	rename_pairs(s, stmts);
	add_stage(s, CARRY_BACK_RENAME, stmts);
	add_stage(s, CARRY_BACK_ATTACH, stmts);
	for (size_t i = 0; i < s->count; i++)
		capture_resume(s->pairs[i].pair.c, stmts);
}

/* ---- The registry ---- */

static const char set_pair[] =
	"UPDATE interlock.pair SET state = $3, retired_schema = $4, retired_name = $5, carried = $6::pg_catalog.jsonb,"
	" guard = " SQL_CAPTURE_GUARD(
		"$7", "$8", "$9::pg_catalog.text", "$10",
		"$11::pg_catalog.text") " WHERE run = $1::pg_catalog.int8 AND number = $2::pg_catalog.int4";

/* What the pair is now, with what is still to be done of it and for the way back. */
static void add_state(const struct swap *s, size_t i, struct batch *batch)
{
	struct swapped *p = &s->pairs[i];
	const struct copying *c = p->pair.c;

	batch_add(batch, set_pair, 11, pair_run(&p->pair, batch->arena), pair_number(&p->pair, batch->arena),
	          s->back           ? "synced"
	          : s->g->sync_back ? "switched"
	                            : "ended",
	          s->back ? NULL : s->g->pairs[i].retired.schema, s->back ? NULL : s->g->pairs[i].retired.name,
	          carried_to_json(&p->carried, p->portrait, s->back, batch->arena), p->live, p->goes,
	          s->back ? c->trigger : reverse_trigger(c->run, c->number, batch->arena),
	          c->lookup ? c->lookup->quoted : NULL, copying_noting(c, batch->arena));
	if (s->back)
		pair_add_unverified(&p->pair, batch);
}

/* ---- The proof ---- */

/* Is all of that portrait in the other one? */
static bool is_in(const struct swapped *p, const char *portrait, const char *other, const char *what,
                  const char *help, struct err *err)
{
	const char *const *lines;
	size_t count = carried_lacks(portrait, other, p->pair.arena, &lines);

	if (count == 0)
		return true;
	err_set(err, EXIT_STEP, "%s%s", p->live, what);
	for (size_t i = 0; i < count && i < SHOW_MAX; i++)
		err_detail(err, "%s", lines[i]);
	if (count > SHOW_MAX)
		err_detail(err, "… and %zu more", count - SHOW_MAX);
	err_help(err, "%s", help);
	return false;
}

/* Undo knows the way back of what it carried, not of what was made since. */
static bool nothing_is_new(const struct swap *s, struct err *err)
{
	static const char what[] = " has other things than it had after the switch, and undo would leave them behind";
	static const char help[] = "undo these changes by hand, undo, and make them again";

	for (size_t i = 0; s->back && i < s->count; i++)
		if (!is_in(&s->pairs[i], s->pairs[i].portrait, s->pairs[i].carried.after, what, help, err) ||
		    !is_in(&s->pairs[i], s->pairs[i].carried.after, s->pairs[i].portrait, what, help, err))
			return false;
	return true;
}

/* Everything that the live table had it has again; back, what it had at first. */
static bool nothing_is_lost(const struct swap *s, struct rows **answers, size_t first, struct err *err)
{
	static const char what[] = " would not have everything behind the switch that it had before";
	static const char help[] =
		"nothing was changed; this is a fault of interlock: please report it with these lines";

	for (size_t i = 0; i < s->count; i++) {
		const char *before = s->back ? s->pairs[i].carried.before : s->pairs[i].portrait;

		if (!is_in(&s->pairs[i], before, rows_value(answers[first + i], 0, 0), what, help, err))
			return false;
	}
	return true;
}

static void ask_portrait(const struct swap *s, size_t i, struct batch *batch)
{
	struct carry_question question = swap_question(s, i);

	carried_ask_portrait(&question, s->pairs[i].goes, batch);
}

/* What undo will compare with; none is needed behind it. */
static bool keep_portraits(const struct swap *s, struct rows **answers, size_t first, struct err *err)
{
	struct batch batch = {.arena = &s->w->arena};

	for (size_t i = 0; !s->back && i < s->count; i++)
		carried_keep_portrait(s->w->session->run.id, s->pairs[i].pair.c->number,
		                      rows_value(answers[first + i], 0, 0), &batch);
	return batch.count == 0 || batch_send(&batch, s->w->session->worker, 0, NULL, NULL, err);
}

/* ---- The flush ---- */

enum outcome swap_rename(struct swap *s, struct err *err)
{
	struct session *session = s->w->session;
	struct stmts stmts = {.arena = &s->w->arena};
	struct batch batch = {.arena = &s->w->arena};
	struct rows **answers;
	size_t portraits, failed;
	bool ok = nothing_is_new(s, err);

	if (!ok) {
		tx_rollback(session);
		return OUTCOME_FAILED;
	}
	if (s->back)
		add_back(s, &stmts);
	else
		add_there(s, &stmts);
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next)
		batch_add(&batch, stmt->sql, 0);
	for (size_t i = 0; i < s->count; i++)
		add_state(s, i, &batch);
	group_journal(s->w, &batch, stmts.first, stmts.count, NULL);
	portraits = batch.count;
	for (size_t i = 0; i < s->count; i++)
		ask_portrait(s, i, &batch);
	answers = batch_results(&batch);
	if (!batch_send(&batch, session->worker, group_deadline(s->w, 0), answers, &failed, err)) {
		batch_free_results(&batch, answers);
		if (!err_is(err, "55P03") && !err_is(err, "40P01") && !err_is(err, "57014"))
			err_detail(err, "at: %s", batch.queries[failed].sql);
		return group_turned_away(s->w, s->locks, s->lock_count, TX_OPENING + s->lock_count + failed, err);
	}
	ok = nothing_is_lost(s, answers, portraits, err) && keep_portraits(s, answers, portraits, err);
	batch_free_results(&batch, answers);
	if (!ok)
		tx_rollback(session);
	return ok && tx_commit(session, err) ? OUTCOME_DONE : OUTCOME_FAILED;
}
