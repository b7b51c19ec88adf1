/* The model filled from a catalogue: the relations that a migration names, and what hangs on them. */
#ifndef INTERLOCK_HAZARD_CATALOGUE_H
#define INTERLOCK_HAZARD_CATALOGUE_H

#include "hazard/state.h"

/* What a file names, each once; filled by names_collect(). */
struct names {
	const char **relations, **types, **functions, **schemas;
	size_t relation_count, relation_room, type_count, type_room, function_count, function_room, schema_count,
		schema_room;
};
void names_collect(struct names *names, struct arena *arena, const PgQuery__Node *node);

/* The session's settings; called once.  EXIT_CONNECTION and the like. */
bool catalogue_settings(struct lint *lint, struct err *err);
/* Loads what the names mean, and is not loaded yet. */
bool catalogue_load(struct lint *lint, const struct names *names, struct err *err);

#endif
