/*
 * What a shadow lacks that releases rely on, by the catalogue: defaults, the
 * order of columns, and what rows that are written behind the switch would hold
 * in the live table.
 */
#ifndef INTERLOCK_CHECK_SHADOWS_H
#define INTERLOCK_CHECK_SHADOWS_H

#include "check/check.h"

/*
 * Of the facts that were gathered, and without a question to the server.  Adds
 * findings of the rules shadow-loses-default, shadow-reorders-columns and
 * no-way-back-column.
 */
void check_shadows(struct catalogue_check *check);

#endif
