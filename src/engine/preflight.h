/* What must be known before the first statement of the blocks up to the next stop is sent. */
#ifndef INTERLOCK_ENGINE_PREFLIGHT_H
#define INTERLOCK_ENGINE_PREFLIGHT_H

#include "engine/session.h"

/*
 * Checks the blocks of `plan` from `from` up to the next stop against the
 * catalogue, and asks for confirmation where it is needed.  What speaks against
 * them is in `findings`: an expectation that does not hold is a failed
 * verification (EXIT_STEP), everything else a rejection (EXIT_REJECTED).
 * Afterwards session->fresh holds what the catalogue said, session->checked_to
 * how far that goes.
 */
bool preflight(struct session *session, const struct plan *plan, size_t from, struct diags *findings,
               struct err *err);

#endif
