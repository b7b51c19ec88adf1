/*
 * Two tables that no parallel_table has paired, as a pair all the same: every
 * column that both have, by the primary key of the first.
 */
#ifndef INTERLOCK_ENGINE_UNPAIRED_H
#define INTERLOCK_ENGINE_UNPAIRED_H

#include "engine/session.h"
#include "plan/comparing.h"
#include "plan/copying.h"

/* Its number is 0: it has no log.  EXIT_STEP: there is no key to compare by. */
bool unpaired(struct session *session, const struct comparing *comparing, struct arena *arena,
              const struct copying **copying, struct err *err);

#endif
