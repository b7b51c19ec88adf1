/*
 * What a query's plan says to people: which indexes served it, and which part
 * of it is the slowest.  Reads the answer of EXPLAIN (VERBOSE, FORMAT JSON),
 * with ANALYZE or without.
 */
#ifndef INTERLOCK_ENGINE_EXPLAIN_H
#define INTERLOCK_ENGINE_EXPLAIN_H

#include <stdbool.h>

#include "base/arena.h"

/* "index orders_user_id_idx and Seq Scan on app.users"; NULL: it reads no table.  In the arena. */
const char *explain_served_by(const char *json, struct arena *arena);

/*
 * The part that takes the most time by itself, without the parts below it;
 * where nothing was measured the one of the highest cost: "Seq Scan on
 * app.orders, 1,000,000 rows".  NULL: there is no telling.  *scans: it reads a
 * whole table.
 */
const char *explain_slowest(const char *json, struct arena *arena, bool *scans);

#endif
