/* Did somebody change the tables of a run since its last phase? */
#ifndef INTERLOCK_ENGINE_DRIFT_H
#define INTERLOCK_ENGINE_DRIFT_H

#include "engine/session.h"

/*
 * EXIT_CHANGED when they did (engine/fingerprint.h).  While somebody holds a
 * table so that it can't even be looked at it waits, saying who, in the name
 * of the step that is next; EXIT_STEP after many attempts.
 */
bool drift_check(struct session *session, const struct step *next, struct err *err);

#endif
