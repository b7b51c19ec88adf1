/* Numbers of a long step: to the listener at once, to the registry once a second. */
#include "engine/progress.h"

#include "engine/tx.h"

enum { WRITE_EVERY_MS = 1000 };

static const char note[] =
	"UPDATE interlock.step SET rows_done = $3::bigint, rows_expected = $4::bigint, doing = $5"
	" WHERE run = $1::bigint AND number = $2::integer";

static const char *number_text(struct arena *arena, int64_t number)
{
	return number < 0 ? NULL : arena_printf(arena, "%lld", (long long)number);
}

static bool can_write(const struct session *s)
{
	return !conn_lost(s->worker) && !conn_in_transaction(s->worker) && !s->lease_lost;
}

static void write_note(struct session *s, const struct step *step, const struct progress *now)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct err ignored = {0};

	batch_add_often(&batch, note, 5, number_text(&arena, s->run.id), number_text(&arena, step->number),
	                number_text(&arena, now->done), number_text(&arena, now->expected), now->what);
	tx_run(s, &batch, NULL, &ignored);
	err_release(&ignored);
	arena_release(&arena);
}

void progress_tell(struct session *s, const struct step *step, int64_t done, int64_t expected, const char *what)
{
	struct progress now = {done, expected, what};
	int64_t time = loop_now();

	if (s->listener && s->listener->progress)
		s->listener->progress(s->listener->arg, step, &now);
	if (!s->progress_pending)
		s->progress_written = time; /* a short step is written once, at its end */
	s->progress_pending = true;
	s->progress_told = now;
	s->progress_told.what = NULL; /* it may be gone by the time of progress_end() */
	if (time - s->progress_written < WRITE_EVERY_MS || !can_write(s))
		return;
	write_note(s, step, &now);
	s->progress_written = time;
}

void progress_end(struct session *s, const struct step *step)
{
	if (s->progress_pending && can_write(s))
		write_note(s, step, &s->progress_told);
	s->progress_pending = false;
}
