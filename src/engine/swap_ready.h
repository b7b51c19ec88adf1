/*
 * Before a switch: everything that was written is in the shadows, each was
 * verified as a whole and not too long ago, and no row of another table
 * would refer to one that stays behind.
 */
#ifndef INTERLOCK_ENGINE_SWAP_READY_H
#define INTERLOCK_ENGINE_SWAP_READY_H

#include "engine/pair.h"
#include "engine/work.h"

/* A verdict that is too old, or that something has undone since, is repeated.  false: it may not begin. */
bool swap_ready(struct work *work, const struct pair *pairs, size_t count, struct err *err);

#endif
