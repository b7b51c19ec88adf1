/* Time zones of a plan's windows: does the server know them? */
#ifndef INTERLOCK_CHECK_ZONES_H
#define INTERLOCK_CHECK_ZONES_H

#include "base/diag.h"
#include "db/conn.h"
#include "plan/plan.h"

/* Adds a finding for each that it does not know.  No transaction may be open. */
bool check_zones(struct conn *conn, const struct plan *plan, struct diags *diags, struct err *err);

#endif
