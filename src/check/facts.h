/*
 * Asking the catalogue about steps: a probe's query, and where the object is
 * there already the comparison with a scratch twin in pg_temp.
 */
#ifndef INTERLOCK_CHECK_FACTS_H
#define INTERLOCK_CHECK_FACTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"
#include "plan/plan.h"

/* Does the catalogue tell anything about this step? */
bool facts_has_probe(const struct step *step);

/*
 * The first question, for a pipeline; its memory is the arena's.  Runs with
 * search_path pg_catalog, pg_temp.  `before`: as in struct probe.
 */
struct query facts_question(const struct step *step, const struct record *before, struct arena *arena);

/*
 * Takes the answer to it.  Where the probe asks for a comparison, makes the
 * scratch twin inside the transaction that must be open, compares, and rolls
 * back to before it.  facts->before, undoing, run, number and archive_rows are
 * the caller's to fill.
 */
bool facts_take(struct conn *conn, const struct plan *plan, const struct step *step, const struct rows *answer,
                struct arena *arena, struct facts *facts, struct err *err);

/* Does the step say how to build what it wants in pg_temp? */
bool facts_can_build(const struct step *step, struct arena *arena);

/*
 * Builds the wanted thing in pg_temp and takes it away again, inside an open
 * transaction, which stays usable.  false: the server refused, and *err is why.
 * A step without scratch statements is fine.
 */
bool facts_build(struct conn *conn, const struct plan *plan, const struct step *step, struct arena *arena,
                 struct err *err);

/* Question and answer in one, inside an open transaction. */
bool facts_of_step(struct conn *conn, const struct plan *plan, const struct step *step, struct arena *arena,
                   struct facts *facts, struct err *err);

/* What a conflict or a missing object means, as an error of that exit code at the step's place. */
bool facts_conflict(const struct step *step, const struct facts *facts, enum exit_code code, struct err *err);

#endif
