/* A run as a command line names it. */
#ifndef INTERLOCK_ENGINE_NAMING_H
#define INTERLOCK_ENGINE_NAMING_H

#include "engine/session.h"

/*
 * A plan, or its file, as a command line names it, with the parameters where it has some: "orders_v2 --set
 * tenant=acme". `parameters`: JSON text or NULL.  In the arena.
 */
const char *plan_named(const char *plan, const char *parameters, struct arena *arena);
/* "orders_v2", or "tenant_notes --set tenant=acme" where it has parameters; ready to be typed, in the arena. */
const char *run_named(const struct run_row *run, struct arena *arena);
/* The label of a block, quoted so that a shell takes it as it is. */
const char *label_named(const char *label, struct arena *arena);
/* " (tenant=acme)" for people, or "". */
const char *run_parameters_text(const struct run_row *run, struct arena *arena);

#endif
