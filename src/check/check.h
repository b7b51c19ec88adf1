/*
 * The checker: plan × facts → findings.  It changes nothing, and says on which
 * level it decided: from the plan alone, or with this database's catalogue.
 */
#ifndef INTERLOCK_CHECK_CHECK_H
#define INTERLOCK_CHECK_CHECK_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "db/conn.h"
#include "plan/plan.h"

/* The rules of plans: classes and order of blocks, names, what is lost, what has no way back. */
void check_plan(const struct plan *plan, struct diags *diags);

/*
 * Probes the steps of the blocks from `from` on, as far as `to` (not
 * included), in one transaction that is rolled back: conflicts, missing
 * objects, hazards that the catalogue shows.  The answers go to `facts`, an
 * array of plan->step_count entries by step number - 1 (state absent for steps
 * without a probe), in the arena.  false: the server failed.
 */
struct catalogue_check {
	struct conn *conn;
	const struct plan *plan;
	size_t from, to;
	const bool *done; /* by step number - 1: what a run did already is not judged again; NULL: nothing */
	const struct record *const *before; /* likewise: what a step found that a run has begun; NULL: nobody knows */
	int64_t run;                        /* its number; 0: there is none */
	bool builds;   /* also build what is absent in pg_temp: takes about a millisecond a step */
	bool thorough; /* what could not be looked at is a finding, too */
	struct arena *arena;
	struct facts *facts;
	struct diags *diags;
};
bool check_catalogue(struct catalogue_check *check, struct err *err);

#endif
