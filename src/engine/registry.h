/* The registry: schema interlock in the target database, and its rows of runs and steps. */
#ifndef INTERLOCK_ENGINE_REGISTRY_H
#define INTERLOCK_ENGINE_REGISTRY_H

#include <stdbool.h>

#include "engine/session.h"

enum { REGISTRY_VERSION = 2 };

/* Its version; 0: there is none. */
bool registry_version(struct conn *conn, int *version, struct err *err);

/* Is there a registry, and can this version of the tool read it?  EXIT_OWN: it is of a newer version. */
bool registry_look(struct conn *conn, bool *exists, struct err *err);

/* The same for whoever writes to it: one of an older version is refused too, with the way out. */
bool registry_look_to_act(struct conn *conn, bool *exists, struct err *err);

/* Creates it where it is missing; two that come at once are put in order. */
bool registry_prepare(struct conn *conn, struct err *err);

/* Is nobody at work on a run?  EXIT_HELD: somebody is, who is named. */
bool registry_at_rest(struct conn *conn, struct err *err);

/* Does a registry have a table, view or function of that name, apart from those of single runs? */
bool registry_makes(const char *name);

/*
 * Brings one of an older version up, while no run is being run (EXIT_HELD);
 * *from is the version that it had, 0 where there is none.
 */
bool registry_upgrade(struct conn *conn, int *from, struct err *err);

/* The environment label of the database, "production" for one; NULL when none is set. */
bool registry_environment(struct conn *conn, struct arena *arena, const char **environment, struct err *err);

/* Labels the database, NULL takes the label away; makes the registry where it is missing, and there is a label. */
bool registry_label(struct conn *conn, const char *environment, struct err *err);

/*
 * The newest run of each plan and its parameters; NULL: any plan, any
 * parameters (JSON text).  In order of plan and parameters, in the arena.
 */
bool registry_runs(struct conn *conn, const char *plan, const char *parameters, struct arena *arena,
                   struct run_row **runs, size_t *count, struct err *err);

/*
 * Runs of that plan (NULL: of any) that were taken back, and followed by
 * another, but left a table with what undo kept.
 */
bool registry_runs_before(struct conn *conn, const char *plan, struct arena *arena, struct run_row **runs,
                          size_t *count, struct err *err);

/*
 * The newest run of that plan with those parameters (NULL: any, where there
 * is only one).  *found tells; EXIT_USAGE when several fit.
 */
bool registry_find(struct conn *conn, const char *plan, const char *parameters, struct arena *arena,
                   struct run_row *run, bool *found, struct err *err);

/* Is there nothing more to do for it, and nothing claimed: done, or recorded as done by somebody else? */
bool registry_finished(const struct run_row *run);

/* Writes a new run with its steps and its fence; in one transaction. */
bool registry_start(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                    struct err *err);

/* Writes a run that is over: all its steps are done, and it made nothing (engine/adopt.h); in one transaction. */
bool registry_adopt(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                    struct err *err);

/* Reads the rows of the steps into an array of plan->step_count entries. */
bool registry_steps(struct conn *conn, int64_t run, size_t count, struct arena *arena, struct step_row *steps,
                    struct err *err);

/*
 * The run of exactly this plan (its name, parameters and hash), where there is
 * one: *run, and which steps it has done, by number - 1.  Otherwise run->id is
 * 0 and *done NULL.
 */
bool registry_progress(struct conn *conn, const struct plan *plan, struct arena *arena, struct run_row *run,
                       const bool **done, struct err *err);

#endif
