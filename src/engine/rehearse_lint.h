/* lint --rehearse: each file is tried out on a scratch copy, and what was seen is put beside what was read. */
#ifndef INTERLOCK_ENGINE_REHEARSE_LINT_H
#define INTERLOCK_ENGINE_REHEARSE_LINT_H

#include "engine/rehearse_file.h"
#include "hazard/lint.h"

struct lint_rehearsal {
	struct scratch scratch; /* made by the caller; goes with lint_rehearsal_end() */
	struct statement_run run;
	struct lint_trial trial; /* for struct lint_options */
	struct arena arena;
	bool assume_large;
};

/* The copy is there: opens its sessions. */
bool lint_rehearsal_begin(struct lint_rehearsal *rehearsal, struct loop *loop, struct err *err);
void lint_rehearsal_end(struct lint_rehearsal *rehearsal);

#endif
