/* What was seen of a step, beside what it said that it would do. */
#ifndef INTERLOCK_ENGINE_REHEARSE_JUDGE_H
#define INTERLOCK_ENGINE_REHEARSE_JUDGE_H

#include "engine/rehearse.h"

/* The step says that this statement takes these locks. */
void rehearsal_claim(struct rehearsal *rehearsal, const struct step *step, const struct stmt *stmt);
/* The step is done: what it did beyond that is a finding. */
void rehearsal_judge(struct rehearsal *rehearsal, const struct step *step, const struct sight *seen);

/* "rewrites app.users (4.2 GB, about 3 M rows) under ACCESS EXCLUSIVE", in the arena. */
const char *rehearsal_work_text(const struct scratch *scratch, const struct seen_work *work, struct arena *arena);

#endif
