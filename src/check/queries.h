/*
 * The queries of verifications before the run: planned, never executed, so
 * that a table or column that is not there is found on the desk and not in the
 * last phase.
 */
#ifndef INTERLOCK_CHECK_QUERIES_H
#define INTERLOCK_CHECK_QUERIES_H

#include "check/check.h"

/*
 * Inside the transaction of check_catalogue(), behind its probes.  Only those
 * verifications are looked at before which no step is still to change
 * anything.  false: the server failed.
 */
bool check_queries(struct catalogue_check *check, struct err *err);

/* The server's refusal of a verification's statement, with the statement's own way out where it fits. */
void queries_explain_refusal(const struct stmt *stmt, struct err *err);

#endif
