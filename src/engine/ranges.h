/*
 * Which keys of a pair are copied, which are being copied, and which are still
 * to do (engine.md 4): rows of interlock.range_<run>_<n>, half-open (lo, hi],
 * NULL where there is no bound.  Every key is in exactly one of them.
 */
#ifndef INTERLOCK_ENGINE_RANGES_H
#define INTERLOCK_ENGINE_RANGES_H

#include "engine/pair.h"

/* A range of the key: texts, one for each of its columns; NULL: no bound on that side. */
struct key_range {
	const char **lo, **hi;
};

/*
 * What an earlier attempt had in flight is to do again; a fenced transaction,
 * before the first chunk.  *todo is what is left; *left false: nothing is.
 */
bool ranges_resume(const struct pair *pair, struct arena *arena, struct key_range *todo, bool *left,
                   struct err *err);

/* The end of a chunk of so many rows behind `lo`; NULL: there are fewer, so that it has none.  In the arena. */
bool ranges_end(const struct pair *pair, const char *const *lo, int64_t rows, struct arena *arena,
                const char ***hi, struct err *err);

/* Adds statements: the chunk behind what is done, to `hi`, is in flight; what was in flight is done. */
void ranges_take(const struct pair *pair, const char *const *hi, struct batch *batch);
void ranges_done(const struct pair *pair, struct batch *batch);
/* All is to do again. */
void ranges_restart(const struct pair *pair, struct batch *batch);

#endif
