/* Windows, page ranges, sweeps. */
#include "engine/fill.h"

#include <string.h>

#include "engine/chunk.h"
#include "engine/control.h"
#include "engine/culprits.h"
#include "engine/fill_parts.h"
#include "engine/pace.h"
#include "engine/progress.h"
#include "engine/throttle.h"
#include "engine/tx.h"
#include "plan/filling_old.h"
#include "plan/place.h"

enum {
	TARGET_MS = 25,       /* the rows of a batch are locked that long, where nothing else is said */
	FIRST_ROWS = 20,      /* nobody knows yet what a row costs; it doubles with each batch */
	ROW_WAIT_MS = 100,    /* the longest wait for a row */
	SWEEP_TARGET_MS = 50, /* mostly reading */
	PASSES_MIN = 4,       /* with fewer rows on a page nothing is gained by going over it several times */
	PASSES_MAX = 24,
	PLAIN_MS = 60000,    /* after a window whose updates did not stay on their page */
	LOOK_EVERY_MS = 200, /* at what people wish */
	SWEEPS_MAX = 6,
	DEADLOCKS_MAX = 20,
	CHANGES_MAX = 5
};

struct fill {
	struct work *w;
	const struct filling *filling;
	const char *alias; /* the bare name, by which the plan's SQL may call the table */
	struct part *parts;
	size_t part_count;
	const char *guard; /* of the part that is gone over */
	struct pace pace, sweep_pace;
	int64_t no;             /* of the last batch */
	int64_t rows;           /* filled so far, in earlier runs too */
	int64_t seen, expected; /* rows looked at, and to be looked at: estimates */
	int64_t plain_until;    /* till then no window is gone over several times */
	int64_t looked_at;      /* when control was read */
	bool skipped;           /* rows that others had locked were left for the next sweep */
};

/* Where a batch is to work. */
struct range {
	const struct part *part;
	const char *method;
	int64_t lo, hi;
	int pass, passes; /* passes 0: all of its rows at once */
};

static bool is_sweep(const struct range *range)
{
	return strcmp(range->method, "sweep") == 0;
}

/* "orders.ctid >= '(0,0)' AND orders.ctid < '(880,0)' AND (…)" */
static const char *rows_of(const struct fill *f, const struct range *range, struct arena *arena)
{
	const char *pick = range->passes == 0
	                       ? ""
	                       : arena_printf(arena,
	                                      " AND (%s.ctid::pg_catalog.text::pg_catalog.point)[1]::pg_catalog.int4"
	                                      " OPERATOR(pg_catalog.%%) %d OPERATOR(pg_catalog.=) %d",
	                                      f->alias, range->passes, range->pass);

	return arena_printf(arena,
	                    "%s.ctid OPERATOR(pg_catalog.>=) '(%lld,0)'::pg_catalog.tid AND %s.ctid"
	                    " OPERATOR(pg_catalog.<) '(%lld,0)'::pg_catalog.tid AND (%s)%s",
	                    f->alias, (long long)range->lo, f->alias, (long long)range->hi, f->filling->not_done,
	                    pick);
}

/*
 * A read of its own, where rows are picked: reading is what makes room on a
 * page.  The condition stands outside again, for rows that change meanwhile.
 */
static const char *update(const struct fill *f, const struct range *range, bool skip_locked, struct arena *arena)
{
	const char *from = f->filling->from;
	const char *head = arena_printf(arena, "UPDATE ONLY %s AS %s SET %s%s%s WHERE", range->part->name, f->alias,
	                                f->filling->set, from ? " FROM " : "", from ? from : "");
	const char *rows = rows_of(f, range, arena);

	if (f->filling->store)
		return filling_old_update(f->filling, range->part->name, rows,
		                          skip_locked ? "FOR NO KEY UPDATE SKIP LOCKED" : "FOR NO KEY UPDATE", arena);
	if (range->passes == 0 && !skip_locked)
		return arena_printf(arena, "%s %s", head, rows);
	return arena_printf(
		arena,
		"%s (%s) AND %s.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT %s.ctid FROM ONLY %s AS %s%s%s WHERE %s%s))",
		head, f->filling->not_done, f->alias, f->alias, range->part->name, f->alias, from ? ", " : "",
		from ? from : "", rows,
		skip_locked ? arena_printf(arena, " FOR NO KEY UPDATE OF %s SKIP LOCKED", f->alias) : "");
}

/* It begins again, with fresh triggers; somebody who alters the table all the time is told so. */
static enum outcome guard_changed(const struct fill *f, struct err *err)
{
	err_set(err, EXIT_STEP,
	        "the triggers that fill new rows, the columns or the file of the table changed meanwhile");
	err_help(err, "find out who alters the table while it is filled, then run again");
	return ++f->w->patience->holds < CHANGES_MAX ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

/* One batch as it is; the error is the server's. */
static bool try_once(struct fill *f, const struct range *range, bool skip_locked, struct chunk_seen *seen,
                     struct err *err)
{
	struct arena arena = {0};
	struct chunk chunk = {.no = f->no + 1,
	                      .method = range->method,
	                      .part = range->part->oid,
	                      .lo = range->lo,
	                      .hi = range->hi,
	                      .pass = range->pass,
	                      .passes = range->passes,
	                      .guard = f->guard};
	struct chunk_work work = {.sql = update(f, range, skip_locked, &arena),
	                          .lock_timeout = ROW_WAIT_MS,
	                          .triggers_sleep = f->filling->triggers_sleep,
	                          .records = f->filling->store != NULL,
	                          .guarded = range->part->oid,
	                          .triggers = f->filling->triggers};
	bool ok = chunk_run(f->w, &work, &chunk, seen, err);

	if (!ok)
		err_at(err, place_of_sql(f->w->step, work.sql, err->position));
	if (ok && seen->guard_held) {
		f->no++;
		f->rows += chunk.rows;
		seen->rows = chunk.rows;
	}
	arena_release(&arena);
	return ok;
}

/* One batch, again where others were in the way.  Rows that somebody keeps locked are left for a sweep. */
static enum outcome run_range(struct fill *f, const struct range *range, struct chunk_seen *seen, struct err *err)
{
	bool skip_locked = false;

	for (int attempts = 0; !try_once(f, range, skip_locked, seen, err); attempts++) {
		if (conn_lost(f->w->session->worker) || f->w->session->lease_lost || attempts >= DEADLOCKS_MAX)
			return OUTCOME_FAILED;
		if (err_is(err, "55P03") && !skip_locked)
			f->skipped = skip_locked = true;
		else if (!err_is(err, "40P01") && !err_is(err, "40001") && !err_is(err, "55P03"))
			return OUTCOME_FAILED;
		err_release(err);
		pace_halve(is_sweep(range) ? &f->sweep_pace : &f->pace);
		if (!loop_sleep(f->w->session->connector->loop, 10) && exec_interrupted(err))
			return OUTCOME_FAILED;
	}
	return seen->guard_held ? OUTCOME_DONE : guard_changed(f, err);
}

/* Between batches: may it go on?  Tells how far it is. */
static bool may_go_on(struct fill *f, const char *what, struct err *err)
{
	struct session *s = f->w->session;

	progress_tell(s, f->w->step, f->seen < f->expected ? f->seen : f->expected, f->expected, what);
	if (exec_interrupted(err))
		return false;
	if (loop_now() - f->looked_at >= LOOK_EVERY_MS) {
		f->looked_at = loop_now();
		if (!control_wait(s, f->w->step, err))
			return false;
	}
	if (!throttle_wait(s, f->w->step, err))
		return false;
	f->pace.target = throttle_target(s, TARGET_MS);
	f->sweep_pace.target = throttle_target(s, SWEEP_TARGET_MS);
	return true;
}

static bool rotates(const struct fill *f, const struct part *part)
{
	return !part->indexed && part->rows_per_page >= PASSES_MIN && loop_now() >= f->plain_until;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t pages_for(double rows, const struct part *part)
{
	int64_t pages = (int64_t)(rows / part->rows_per_page);

	return pages > 0 ? pages : 1;
}

/* The window that begins at page lo: so many pages that each pass over it is a batch. */
static struct range window_at(const struct fill *f, const struct part *part, int64_t lo)
{
	int passes = (int)(part->rows_per_page + 0.5);
	struct range range = {.part = part, .method = "rotation", .lo = lo};

	range.passes = passes < PASSES_MIN ? PASSES_MIN : passes > PASSES_MAX ? PASSES_MAX : passes;
	range.hi = smaller(part->pages, lo + pages_for((double)f->pace.rows * range.passes, part));
	return range;
}

/*
 * Goes over a window, from pass range->pass.  *lo becomes its end; it stays
 * where a pass took far too long, so that a smaller window begins there.
 */
static enum outcome run_window(struct fill *f, struct range range, int64_t *lo, struct err *err)
{
	double slots = (double)(range.hi - range.lo) * range.part->rows_per_page / range.passes;
	int64_t hot = 0, updated = 0;

	for (; range.pass < range.passes; range.pass++) {
		struct chunk_seen seen;
		enum outcome outcome;

		if (!may_go_on(f, "filling rows", err))
			return OUTCOME_FAILED;
		outcome = run_range(f, &range, &seen, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		pace_note(&f->pace, (int64_t)slots, seen.ms);
		if (seen.hot >= 0) {
			hot += seen.hot;
			updated += seen.rows;
		}
		f->seen += (int64_t)slots;
		if (seen.ms > 4 * f->pace.target && range.pass + 1 < range.passes && range.hi - range.lo > 1)
			return OUTCOME_DONE;
	}
	if (updated >= PACE_FLOOR && hot * 2 < updated)
		f->plain_until = loop_now() + PLAIN_MS;
	*lo = range.hi;
	return OUTCOME_DONE;
}

static enum outcome run_pages(struct fill *f, const struct part *part, int64_t *lo, struct err *err)
{
	struct range range = {.part = part, .method = "pages", .lo = *lo};
	struct chunk_seen seen;
	enum outcome outcome;

	range.hi = smaller(part->pages, *lo + pages_for((double)f->pace.rows, part));
	if (!may_go_on(f, "filling rows", err))
		return OUTCOME_FAILED;
	outcome = run_range(f, &range, &seen, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	pace_note(&f->pace, (int64_t)((double)(range.hi - range.lo) * part->rows_per_page), seen.ms);
	f->seen += (int64_t)((double)(range.hi - range.lo) * part->rows_per_page);
	*lo = range.hi;
	return OUTCOME_DONE;
}

/* The guard as it is; again with fresh triggers where they don't stand. */
static enum outcome take_guard(struct fill *f, const struct part *part, struct err *err)
{
	bool whole;

	if (!chunk_guard(f->w, part->oid, f->filling->triggers, &f->guard, &whole, err))
		return OUTCOME_FAILED;
	return whole ? OUTCOME_DONE : guard_changed(f, err);
}

/* All pages of a part as they were when it began, from page `lo`, in the middle of window `open` where it has
 * passes. */
static enum outcome run_part(struct fill *f, const struct part *part, int64_t lo, const struct range *open,
                             struct err *err)
{
	enum outcome outcome = OUTCOME_DONE;

	if (open->passes > 0)
		outcome = run_window(f, *open, &lo, err);
	while (outcome == OUTCOME_DONE && lo < part->pages)
		outcome =
			rotates(f, part) ? run_window(f, window_at(f, part, lo), &lo, err) : run_pages(f, part, &lo, err);
	return outcome;
}

/* Where the last batch of an earlier run stopped. */
struct position {
	size_t part;
	int64_t lo;
	struct range open;
	bool swept; /* all pages are behind it */
};

static struct position behind(const struct fill *f, const struct chunk *last)
{
	struct position at = {0};

	for (at.part = 0; at.part < f->part_count; at.part++)
		if (strcmp(f->parts[at.part].oid, last->part) == 0)
			break;
	if (at.part == f->part_count)
		return (struct position){0}; /* a partition that is gone */
	at.swept = strcmp(last->method, "sweep") == 0;
	at.lo = last->hi;
	if (last->passes > 0 && last->pass + 1 < last->passes) {
		at.lo = last->lo;
		at.open = (struct range){.part = &f->parts[at.part], .method = "rotation", .lo = last->lo, .hi = last->hi};
		at.open.pass = last->pass + 1;
		at.open.passes = last->passes;
	}
	return at;
}

static enum outcome find_position(struct fill *f, struct position *at, struct err *err)
{
	struct chunk last;
	enum outcome outcome;

	*at = (struct position){0};
	if (!chunk_last(f->w, &last, err))
		return OUTCOME_FAILED;
	f->no = last.no;
	f->rows = last.rows;
	if (last.no == 0)
		return OUTCOME_DONE;
	*at = behind(f, &last);
	outcome = f->part_count ? take_guard(f, &f->parts[at->part], err) : OUTCOME_DONE;
	if (outcome == OUTCOME_DONE && f->guard && strcmp(f->guard, last.guard) != 0)
		*at = (struct position){0};
	return outcome;
}

static void count_seen(struct fill *f, const struct position *at)
{
	f->expected = f->seen = 0;
	for (size_t i = 0; i < f->part_count; i++) {
		const struct part *part = &f->parts[i];
		double pages = i < at->part || at->swept ? (double)part->pages : i == at->part ? (double)at->lo : 0;

		f->expected += (int64_t)((double)part->pages * part->rows_per_page);
		f->seen += (int64_t)(pages * part->rows_per_page);
	}
}

static enum outcome run_parts(struct fill *f, struct err *err)
{
	struct position at;
	enum outcome outcome;

	if (!fill_parts(f->w, f->filling, &f->parts, &f->part_count, err))
		return OUTCOME_FAILED;
	outcome = find_position(f, &at, err);
	count_seen(f, &at);
	for (size_t i = at.part; i < f->part_count && outcome == OUTCOME_DONE && !at.swept; i++) {
		outcome = take_guard(f, &f->parts[i], err);
		if (outcome == OUTCOME_DONE)
			outcome = run_part(f, &f->parts[i], i == at.part ? at.lo : 0,
			                   i == at.part ? &at.open : &(struct range){0}, err);
	}
	return outcome;
}

static enum outcome sweep_part(struct fill *f, const struct part *part, int64_t *touched, struct err *err)
{
	struct range range = {.part = part, .method = "sweep"};
	enum outcome outcome = take_guard(f, part, err);

	for (; outcome == OUTCOME_DONE && range.lo < part->pages; range.lo = range.hi) {
		struct chunk_seen seen;

		range.hi = smaller(part->pages, range.lo + pages_for((double)f->sweep_pace.rows, part));
		if (!may_go_on(f, "looking for rows that are left", err))
			return OUTCOME_FAILED;
		outcome = run_range(f, &range, &seen, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		pace_note(&f->sweep_pace, (int64_t)((double)(range.hi - range.lo) * part->rows_per_page), seen.ms);
		*touched += seen.rows;
	}
	return outcome;
}

static enum outcome never_done(const struct fill *f, int64_t touched, struct err *err)
{
	err_set(err, EXIT_STEP, "%lld rows still need their value after it was set", (long long)touched);
	err_detail(err, "condition: %s", f->filling->not_done);
	err_help(err, "write `where` so that it is false for a row that has its value");
	return OUTCOME_FAILED;
}

/* Over all of it, until nothing is left and nobody had a row locked. */
static enum outcome sweep(struct fill *f, struct err *err)
{
	struct table_lock writers = {.table = f->filling->table, .mode = LOCK_EXCLUSIVE};
	int64_t touched = 1;

	for (int sweeps = 0; touched > 0 || f->skipped; sweeps++) {
		enum outcome outcome = OUTCOME_DONE;

		if (f->skipped) {
			sweeps = 0; /* what others had locked is filled once they are through */
			if (!lock_pause(f->w, &writers, 1, err))
				return OUTCOME_FAILED;
		}
		if (sweeps >= SWEEPS_MAX)
			return never_done(f, touched, err);
		touched = 0;
		f->skipped = false;
		if (!fill_parts(f->w, f->filling, &f->parts, &f->part_count, err))
			return OUTCOME_FAILED;
		for (size_t i = 0; i < f->part_count && outcome == OUTCOME_DONE; i++)
			outcome = sweep_part(f, &f->parts[i], &touched, err);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (f->filling->from) /* what came to need it since was noted, and waits for whoever works that off */
			touched = 0;
	}
	return OUTCOME_DONE;
}

/* What rows are filled with is refused: a constraint would refuse what others write, too, because of us. */
static void withdraw(const struct fill *f, struct err *err)
{
	struct err failure = {0};

	if (!f->filling->withdraw || !(err_is(err, "22") || err_is(err, "23")) || conn_lost(f->w->session->worker) ||
	    f->w->session->lease_lost)
		return;
	if (culprits_withdraw(f->w, f->filling->withdraw, &failure))
		err_detail(err, "the triggers that fill new rows are taken away again, so no write fails because of them");
	else
		err_detail(err, "the triggers that fill new rows are still there: %s",
		           failure.diag.summary ? failure.diag.summary : "they could not be taken away");
	err_release(&failure);
}

enum outcome fill_run(struct work *w, const struct stmt *stmt, bool ends, struct err *err)
{
	struct fill f = {.w = w, .filling = stmt->filling};
	int64_t begin = loop_now();
	enum outcome outcome;

	f.alias = ident_quoted(&w->arena, f.filling->table.name);
	pace_init(&f.pace, throttle_target(w->session, TARGET_MS));
	f.pace.rows = FIRST_ROWS;
	pace_init(&f.sweep_pace, throttle_target(w->session, SWEEP_TARGET_MS));
	if (!group_mark_before(w, err))
		return OUTCOME_FAILED;
	outcome = run_parts(&f, err);
	if (outcome == OUTCOME_DONE)
		outcome = sweep(&f, err);
	progress_end(w->session, w->step);
	if (outcome == OUTCOME_FAILED)
		withdraw(&f, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	w->result = arena_printf(&w->arena, "%lld %s", (long long)f.rows, f.rows == 1 ? "row" : "rows");
	w->session->steps[w->step->number - 1].result = arena_strdup(&w->session->arena, w->result);
	return group_end_batches(w, stmt, loop_now() - begin, ends, err);
}
