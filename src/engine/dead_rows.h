/*
 * Dead rows of the table that a step fills: where there are too many, the next
 * batch waits until autovacuum has been there.
 */
#ifndef INTERLOCK_ENGINE_DEAD_ROWS_H
#define INTERLOCK_ENGINE_DEAD_ROWS_H

#include "engine/signals.h"

/*
 * Only dead rows for which autovacuum would come are waited for, until it has
 * come, and no longer than ten minutes: what an old transaction keeps it can't
 * take away either.
 */
bool dead_rows_read(const struct signals_request *request, struct signal *answer, struct err *err);

#endif
