/*
 * Indexes and constraints of a shadow, but for its key: they are set aside
 * before rows are copied, and built behind the copy together with those of the
 * live table whose columns it has too (engine.md 4).  What is to be built
 * stands in interlock.pair.aside: name, statement, and of which index of the
 * live table it is the image.
 */
#ifndef INTERLOCK_ENGINE_ASIDE_H
#define INTERLOCK_ENGINE_ASIDE_H

#include "engine/pair.h"

/* Takes away what is there beyond the key; the pair is then 'copying'.  One transaction. */
bool aside_take(const struct pair *pair, struct err *err);

/*
 * Builds what is not there yet, each in a transaction of its own; then the
 * server gathers statistics of the whole.  `tell` is called between two.
 */
bool aside_build(const struct pair *pair, bool (*tell)(void *arg, const char *what, struct err *err), void *arg,
                 struct err *err);

#endif
