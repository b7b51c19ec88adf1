/* What stands in the way of making a thing by its name, and of dropping it again. */
#include "plan/names.h"

#include <string.h>

enum { LABEL_MAX_BYTES = 63 };

bool bad_option(const struct option_place *place, struct diags *diags, const char *option, const char *what,
                const char *help)
{
	diag_help(&diags->arena, option_error(place, diags, "bad-option", option, "%s", what), "%s", help);
	return false;
}

bool label_fits(const struct option_place *place, struct diags *diags, const char *option, const char *label)
{
	struct arena *arena = &diags->arena;

	return strlen(label) <= LABEL_MAX_BYTES ||
	       bad_option(
			   place, diags, option,
			   arena_printf(arena, "the label \"%s\" is longer than %d bytes", label, LABEL_MAX_BYTES),
			   arena_printf(arena, "PostgreSQL takes no longer one: shorten it, it is %zu bytes", strlen(label)));
}

bool creation_refused(const struct relname *name, const struct facts *facts, struct stmts *stmts)
{
	const char *role = record_get(facts->now, "role"), *schema = ident_quoted(stmts->arena, name->schema);

	if (!record_get(facts->now, "may_create") || record_true(facts->now, "may_create"))
		return false;
	stmts_refuse(stmts,
	             arena_printf(stmts->arena,
	                          "have its owner GRANT CREATE ON SCHEMA %s TO %s, or run the plan as its owner",
	                          schema, ident_quoted(stmts->arena, role)),
	             "role \"%s\" may not create anything in schema %s", role, schema);
	return true;
}

bool drop_allowed(const char *what, const struct facts *facts, struct stmts *stmts)
{
	const char *users = record_get(facts->now, "used_by");

	if (facts->state == STATE_ABSENT || facts->state == STATE_MISSING)
		return false;
	if (facts->state == STATE_CONFLICT)
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             "%s is no longer what this run made: %s", what, record_get(facts->now, "found"));
	else if (users)
		stmts_refuse(
			stmts, "it is not known whether these are still needed: drop or change them by hand, then undo again",
			"%s is used by %s", what, users);
	return !stmts->refusal;
}
