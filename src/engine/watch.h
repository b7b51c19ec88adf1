/*
 * Looking after a run without running it, for `wait` and `sync`: its stop is
 * watched, and what it had kept for undo goes when its time is over.
 */
#ifndef INTERLOCK_ENGINE_WATCH_H
#define INTERLOCK_ENGINE_WATCH_H

#include "engine/logs.h"
#include "engine/run.h"

enum watch_state {
	WATCH_OPEN,   /* the run could go on */
	WATCH_WAITS,  /* at end.block */
	WATCH_PAUSED, /* a person paused it */
	WATCH_BACK,   /* an undo is under way, and was cut short */
	WATCH_HELD,   /* somebody works on it; looked at nothing */
	WATCH_OVER,   /* done, adopted or undone */
	WATCH_OUTSIDE /* it stopped because its windows were closed, and they still are */
};

struct watch {
	enum watch_state state;
	struct run_end
		end; /* block, stop, why and command of WATCH_WAITS, WATCH_PAUSED and WATCH_OUTSIDE; why of WATCH_HELD */
	bool passed;              /* a stop was found open, and is behind the run now */
	size_t expired;           /* steps whose kept rows are gone */
	struct capture_log *logs; /* of tables that are followed, behind the look */
	size_t log_count;
};

/*
 * One look at `run`, on sessions of its own that session_release() closes; its
 * strings and the watch's live as long as the session.  `expire`: also take
 * away what is over its time.
 */
bool watch_run(struct session *session, const struct run_row *run, bool expire, struct watch *watch,
               struct err *err);

/* *over: how many steps of a run keep something whose time is over. */
bool watch_kept(struct conn *conn, const struct run_row *run, size_t *over, struct err *err);

#endif
