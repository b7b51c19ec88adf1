/*
 * Looking after a run without running it, for `wait` and `sync`: its stop is
 * watched, and what it had kept for undo goes when its time is over.
 */
#ifndef INTERLOCK_ENGINE_WATCH_H
#define INTERLOCK_ENGINE_WATCH_H

#include "engine/run.h"

enum watch_state {
	WATCH_OPEN,   /* the run could go on */
	WATCH_WAITS,  /* at end.block */
	WATCH_PAUSED, /* a person paused it */
	WATCH_HELD,   /* somebody works on it; looked at nothing */
	WATCH_OVER    /* done, adopted or undone */
};

struct watch {
	enum watch_state state;
	struct run_end end; /* block, stop, why and command of WATCH_WAITS and WATCH_PAUSED; why of WATCH_HELD */
	bool passed;        /* a stop was found open, and is behind the run now */
	size_t expired;     /* steps whose kept rows are gone */
};

/*
 * One look at `run`, on sessions of its own that session_release() closes; its
 * strings and the watch's live as long as the session.  `expire`: also take
 * away what is over its time.
 */
bool watch_run(struct session *session, const struct run_row *run, bool expire, struct watch *watch,
               struct err *err);

/* Steps of a run that keep something for undo, and those whose time is over. */
struct kept {
	size_t steps, over;
};
bool watch_kept(struct conn *conn, const struct run_row *run, struct kept *kept, struct err *err);

#endif
