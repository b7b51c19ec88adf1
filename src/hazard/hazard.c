/* The tables of hazards as one. */
#include "hazard/hazard.h"

#include <string.h>

extern const struct hazard hazards_of_columns[], hazards_of_constraints[], hazards_of_indexes[], hazards_of_loss[],
	hazards_of_files[];

const struct hazard *const hazard_tables[] = {hazards_of_columns, hazards_of_constraints, hazards_of_indexes,
                                              hazards_of_loss,    hazards_of_files,       NULL};

const struct hazard *hazard_find(const char *id)
{
	for (size_t i = 0; hazard_tables[i]; i++)
		for (const struct hazard *h = hazard_tables[i]; h->id; h++)
			if (strcmp(h->id, id) == 0)
				return h;
	return NULL;
}

const char *hazard_class_name(enum hazard_class class)
{
	static const char *const names[] = {
		"work that grows with the table, under a lock",
		"a lock that others notice",
		"PostgreSQL refuses it",
		"something is lost",
		"the release that is live breaks",
		"advice",
		"about the file as a whole",
	};

	return names[class];
}
