/*
 * Doing one step: forwards, back, putting its archived rows back, taking away
 * what it kept for that, or verifying once more what a verify step says.
 *
 * Each attempt begins with the probe, so that resuming after a crash, after a
 * lost connection and after a lock that was not to be had are all the same:
 * look what is there, do what is missing.  Groups of statements that belong
 * together run in one fenced transaction with the row of interlock.step.
 */
#ifndef INTERLOCK_ENGINE_EXEC_H
#define INTERLOCK_ENGINE_EXEC_H

#include "engine/session.h"

enum direction { FORWARD, BACK, RESTORE, EXPIRE, VERIFY, FINISH, FOLLOW };

/* Does it to the end, retrying what may be retried.  false: *err is the message for the person, and nothing is
 * half-done. */
bool exec_step(struct session *session, const struct step *step, enum direction direction, struct err *err);

/*
 * For the steps that this run has done.  FOLLOW: works off what they noted
 * since (step_type.follow); FINISH: what they keep up until the plan is done
 * goes.  For whoever holds the lease.
 */
bool exec_done_steps(struct session *session, enum direction direction, struct err *err);

/*
 * A transaction that is repeated failed.  Were only others in its way, so that
 * it is worth another attempt?  Then it has waited a moment.  *attempts counts,
 * from 0.
 */
bool exec_try_again(struct session *session, int *attempts, struct err *err);

/* Fills facts->archive_rows for its run and number: the rows of archive_<run>_<number>, -1 when there is no such
 * table. */
bool exec_count_archive(struct session *session, struct facts *facts, struct err *err);

/* The statements that it would send now, for preview; facts as the probe gave them.  Nothing is sent. */
void exec_plan_step(const struct step *step, enum direction direction, const struct facts *facts,
                    struct stmts *stmts);

/* Can it never be taken back, whatever the database holds? */
bool exec_is_one_way(const struct step *step);

/* Asked to stop at a safe point?  Then *err says so, EXIT_INTERRUPTED. */
bool exec_interrupted(struct err *err);

#endif
