/*
 * Where in the plan something belongs that is said of a step: the line of one
 * of its options, or a line inside the option's SQL.
 */
#ifndef INTERLOCK_PLAN_PLACE_H
#define INTERLOCK_PLAN_PLACE_H

#include "plan/plan.h"

/* The line of that option; the step's own where it is not to be found, or `option` is NULL. */
struct span place_of_option(const struct step *step, const char *option);

/* Likewise, or where its SQL has several lines the one that this piece of it begins on (NULL: none). */
struct span place_of_piece(const struct step *step, const char *option, const char *piece);

/*
 * What the server says of character `position` (0: of no particular one) of a
 * statement that the step has sent: the line of the plan that this is from.
 * The step's own line where nothing of it was written by the author.
 */
struct span place_of_sql(const struct step *step, const char *sent, int position);

#endif
