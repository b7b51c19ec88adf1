/*
 * How far a long step is: told to whoever shows it, and kept in the registry
 * (the view interlock.progress) for whoever looks from elsewhere.
 */
#ifndef INTERLOCK_ENGINE_PROGRESS_H
#define INTERLOCK_ENGINE_PROGRESS_H

#include <stdint.h>

#include "engine/session.h"

enum { PROGRESS_UNKNOWN = -1 }; /* nobody can say how many rows there will be */

/*
 * `done` rows of `expected` (an estimate, or PROGRESS_UNKNOWN) are through;
 * `what` says what happens to them, for people, and may be NULL.  To be called
 * between transactions, as often as one likes: the listener hears each call,
 * the registry about one a second, in a fenced transaction of its own.  Best
 * effort: whether the run may go on the next transaction finds out.
 */
void progress_tell(struct session *session, const struct step *step, int64_t done, int64_t expected,
                   const char *what);

/*
 * That was all of them, and the registry gets the last numbers.  To be called between transactions, before the
 * step's row becomes done; does nothing where nothing was told.
 */
void progress_end(struct session *session, const struct step *step);

#endif
