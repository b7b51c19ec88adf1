/*
 * How far a long step is, for people and for programs: on a terminal a line
 * that is drawn again five times a second, elsewhere a line each ten seconds,
 * with --json an event each second.
 */
#ifndef INTERLOCK_CLI_PROGRESS_H
#define INTERLOCK_CLI_PROGRESS_H

#include "cli/command.h"
#include "engine/session.h"

/* A step begins, or is through: the line goes away. */
void progress_begin(void);
void progress_show(const struct cli_options *options, const struct step *step, const struct progress *progress);

struct progress_line {
	const char *subject; /* the step, for people */
	struct progress progress;
	int64_t rate; /* rows a second; 0: not known yet */
};
/*
 * "  drop column note of app.t  41 %  2.1 M of ~5.1 M rows  18 k rows/s  eta 2 min 50 s  values into the archive",
 * of at most `room` columns: what does not fit is left out from the right, and then the subject is cut.
 */
void progress_format(const struct progress_line *line, int room, struct buf *out);

#endif
