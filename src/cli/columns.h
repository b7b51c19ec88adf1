/* Columns of a terminal: how many it has, and how much of a text they hold. */
#ifndef INTERLOCK_CLI_COLUMNS_H
#define INTERLOCK_CLI_COLUMNS_H

#include "base/buf.h"

/* As the terminal says, else COLUMNS, else 80; 0 where the descriptor is no terminal. */
int columns_of(int descriptor);

/*
 * Appends as many characters of the UTF-8 text as fit into `room` columns, and
 * gives how many columns they take; with `out` NULL it only counts.  What no
 * terminal should get, or can show, becomes "?".
 */
int columns_add(const char *text, int room, struct buf *out);

#endif
