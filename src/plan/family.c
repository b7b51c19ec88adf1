/* Who may change a table and its partitions and heirs. */
#include "plan/family.h"

#include <jansson.h>

bool owner_refused(const struct facts *facts, struct stmts *stmts)
{
	const char *other = record_get(facts->now, "other_owner"), *table, *owner;
	json_t *pair = other ? json_loads(other, 0, NULL) : NULL;

	if (json_unpack(pair, "[s, s]", &table, &owner) == 0)
		stmts_refuse(stmts,
		             arena_printf(stmts->arena, "run the plan as a member of role %s, or have it changed by one",
		                          ident_quoted(stmts->arena, owner)),
		             "%s belongs to role \"%s\", and nobody else may change it", table, owner);
	json_decref(pair);
	return stmts->refusal != NULL;
}
