/*
 * `backfill { shadow = "…" }`: the step that copies the rows of a live table
 * into the shadow that parallel_table made of it.  The engine does the work
 * (engine/copy.h), from the row of interlock.pair.
 */
#ifndef INTERLOCK_PLAN_SHADOW_FILL_H
#define INTERLOCK_PLAN_SHADOW_FILL_H

#include "plan/step.h"

void shadow_fill_probe(const struct relname *shadow, struct probe *probe);
void shadow_fill_apply(const struct relname *shadow, const struct facts *facts, struct stmts *stmts);
/* The shadow is empty again, with the indexes that it had. */
void shadow_fill_reverse(const struct relname *shadow, const struct facts *facts, struct stmts *stmts);

#endif
