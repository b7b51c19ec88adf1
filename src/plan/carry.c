/* The list of what goes over, in the order in which it can. */
#include "plan/carry_sql.h"

/* The owner comes first: a sequence is owned by a table of its own owner. */
const struct carry_query carry_queries[] = {
	{"membership", carry_membership},
	{"place", carry_place},
	{"dependents", carry_dependents},
	{"rights", carry_rights},
	{"comments", carry_comments},
	{"options", carry_options},
	{"sequences", carry_sequences},
	{"indexes", carry_indexes},
	{"details of indexes", carry_index_details},
	{"extended statistics", carry_statistics},
	{"constraints", carry_constraints},
	{"foreign keys", carry_keys},
	{"foreign keys of the plan", carry_planned_keys},
	{"triggers", carry_triggers},
	{"rules", carry_rules},
	{"policies", carry_policies},
	{"row security", carry_row_security},
	{"views", carry_views},
	{0},
};
