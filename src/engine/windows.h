/*
 * Are the windows of a run open now, by the server's clock and its knowledge of
 * time zones; and if not, when does the next one open?
 */
#ifndef INTERLOCK_ENGINE_WINDOWS_H
#define INTERLOCK_ENGINE_WINDOWS_H

#include "engine/limits.h"
#include "engine/session.h"

struct windows_now {
	bool open;
	const char *why;  /* closed: "outside its windows until Sat 2026-11-21 22:00 Europe/Berlin" */
	int64_t opens_in; /* ms; 0: nobody can say, the windows can't be read */
};

/* Windows of nobody are always open.  Strings live in the arena. */
bool windows_look(struct conn *conn, const struct text_list *texts, struct arena *arena, struct windows_now *out,
                  struct err *err);

/* The same for a run that is at rest: `outside` its windows, as its row says. */
bool windows_tell(struct conn *conn, const struct run_row *run, const struct plan *plan, struct arena *arena,
                  struct windows_now *out, struct err *err);

#endif
