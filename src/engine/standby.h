/* The statistics of the standbys that a plan lists. */
#ifndef INTERLOCK_ENGINE_STANDBY_H
#define INTERLOCK_ENGINE_STANDBY_H

#include "engine/reads.h"
#include "engine/session.h"

/*
 * Asks one.  *sample NULL: it can't be had, and *why says why in the
 * session's arena; that is no error.  `here` is the primary's sample.
 */
bool standby_sample(struct session *session, const char *address, const struct read_tables *tables,
                    const json_t *here, json_t **sample, const char **why, struct err *err);

#endif
