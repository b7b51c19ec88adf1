/* The questions after a failure; each has its own time, so that the failure itself is told soon. */
#include "engine/culprits.h"

#include "engine/tx.h"

enum { SHOWN = 5 };
#define PATIENCE "60s"

void culprits_line(const struct rows *rows, size_t row, struct buf *line)
{
	for (size_t c = 0; c < rows_columns(rows); c++) {
		const char *value = rows_value(rows, row, c);

		buf_addf(line, "%s%s = %.60s", c ? ", " : "", rows_name(rows, c), value ? value : "NULL");
	}
}

/* Asks with the plan's search_path, as the statement itself did.  NULL: there was no answer in time. */
static struct rows *ask(const struct work *w, const char *sql)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};
	struct rows **answers, *rows = NULL;

	batch_add(&batch,
	          "SELECT pg_catalog.set_config('search_path', $1, true),"
	          " pg_catalog.set_config('statement_timeout', '" PATIENCE "', true)",
	          1, w->session->plan->settings.search_path);
	batch_add(&batch, sql, 0);
	answers = batch_results(&batch);
	if (tx_begin(w->session, &batch, answers, &ignored)) {
		rows = answers[1];
		answers[1] = NULL;
	}
	tx_rollback(w->session);
	batch_free_results(&batch, answers);
	err_release(&ignored);
	arena_release(&arena);
	return rows;
}

static void tell_rows(const struct work *w, const struct culprits *culprits, struct err *err)
{
	struct rows *count =
		ask(w, arena_printf(&err->arena, "SELECT count(*) AS n FROM (%s) AS culprits", culprits->query));
	struct rows *some = ask(w, arena_printf(&err->arena, "%s LIMIT %d", culprits->query, SHOWN + 1));

	if (count)
		err_detail(err, "%s: %s", culprits->what, rows_get(count, 0, "n"));
	else
		err_detail(err, "%s: not counted, it would have taken more than " PATIENCE, culprits->what);
	for (size_t r = 0; some && r < rows_count(some) && r < SHOWN; r++) {
		struct buf line = {0};

		culprits_line(some, r, &line);
		err_detail(err, "%s", buf_text(&line));
		buf_release(&line);
	}
	if (some && rows_count(some) > SHOWN)
		err_detail(err, "… and more");
	err_detail(err, "find them with: %s", culprits->query);
	rows_free(count);
	rows_free(some);
}

bool culprits_withdraw(const struct work *w, const struct stmt *stmt, struct err *failure)
{
	struct patience patience = {0};
	enum outcome outcome;

	do {
		struct work again = {.session = w->session,
		                     .step = w->step,
		                     .direction = w->direction,
		                     .facts = w->facts,
		                     .stmts = w->stmts,
		                     .patience = &patience};

		err_release(failure);
		outcome = group_run(&again, stmt, false, failure);
		arena_release(&again.arena);
	} while (outcome == OUTCOME_AGAIN);
	return outcome == OUTCOME_DONE;
}

void culprits_tell(struct work *w, const struct culprits *culprits, struct err *err)
{
	struct err failure = {0};

	if (conn_lost(w->session->worker) || w->session->lease_lost)
		return;
	if (culprits->withdraw && !culprits_withdraw(w, culprits->withdraw, &failure))
		err_detail(err, "what it had added is still there, so writes to these rows fail: %s",
		           failure.diag.summary ? failure.diag.summary : "it could not be taken away");
	else if (culprits->withdraw)
		err_detail(err, "what it had added is taken away again, so no write fails because of it");
	tell_rows(w, culprits, err);
	err_help(err, "%s", culprits->help);
	err_release(&failure);
}
