/* Another version of the tool than the one that began a run: said, noted, and refused where it can't read the
 * plan. */
#ifndef INTERLOCK_ENGINE_TOOL_H
#define INTERLOCK_ENGINE_TOOL_H

#include "engine/session.h"

/* The plan of a run from the registry.  EXIT_OWN names both versions when this one can't read it. */
bool tool_read_plan(const struct run_row *run, struct plan **out, struct err *err);

/* "begun with interlock 0.1.0; this is 0.2.0"; NULL when it is the same. */
const char *tool_difference(const struct run_row *run, struct arena *arena);

/* Journals it, once for each version that works on the run. */
bool tool_note(struct session *session, struct err *err);

#endif
