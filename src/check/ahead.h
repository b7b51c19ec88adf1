/*
 * Names ahead of their time: what earlier steps are still to make and later
 * ones are built of (a schema, an enum type, a sequence) is made for the
 * moment of a question, inside a savepoint that is rolled back.
 */
#ifndef INTERLOCK_CHECK_AHEAD_H
#define INTERLOCK_CHECK_AHEAD_H

#include <stdbool.h>

#include "check/check.h"

/* Is `maker` still to bring what `step` may stand on: names, or the one table that it says? */
bool ahead_brings(const struct catalogue_check *check, const struct step *maker, const struct step *step);

/* What could be made of it: all that makes names for any use (schemas, types), and all that makes a relation? */
struct ahead {
	bool names, relations;
};

/*
 * Inside the open transaction, makes what the steps before this one are to
 * bring.  With ahead->names what is still missing is missing for good.  false:
 * the connection failed.  ahead_end() follows in any case.
 */
bool ahead_begin(const struct catalogue_check *check, const struct step *step, struct ahead *ahead,
                 struct err *err);
/* Takes them away again; the transaction is usable, also after an error of the server. */
void ahead_end(struct conn *conn);

/* May the server accept it when the earlier steps have run: is what it wants among what could not be made here? */
bool ahead_excuses(const struct ahead *ahead, const struct err *err);

#endif
