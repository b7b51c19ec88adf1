/* NOT NULL, defaults and identities of columns that are there: what is read for them, and who misses them. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"

void read_set_not_null(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column_known(&lint->schema, a->relation, a->command->name);
	struct effect effect = {
		.rule = "set-not-null-scan",
		.relation = a->relation,
		.work = WORK_SCAN,
		.lock = LOCK_ACCESS_EXCLUSIVE,
		.help = "ADD CHECK (column IS NOT NULL) NOT VALID, then VALIDATE it, then SET NOT NULL, then "
				"drop the check"};

	if (column->not_null != TRI_YES && !proven_not_null(a->relation, column->name))
		effect_add(lint, &effect, "SET NOT NULL of \"%s\"", column->name);
	change_add(lint, CONCERN_CHANGE, a->relation, "makes column \"%s\" of %s NOT NULL", column->name,
	           named(lint, a->relation));
	column->not_null = TRI_YES;
}

static bool in_primary_key(const struct relation *relation, const char *column)
{
	for (const struct constraint *c = relation->constraints; c; c = c->next)
		if (!c->dropped && c->kind == CONSTRAINT_PRIMARY && has_name(c->columns, c->column_count, column))
			return true;
	return false;
}

void read_drop_not_null(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column_known(&lint->schema, a->relation, a->command->name);
	struct effect effect = {.rule = "drop-not-null", .severity = SEVERITY_WARNING};
	struct diag *diag;

	if (in_primary_key(a->relation, column->name)) {
		effect.severity = SEVERITY_ERROR;
		diag = effect_add(lint, &effect, "\"%s\" is in the primary key of %s and stays NOT NULL", column->name,
		                  named(lint, a->relation));
		effect_detail(lint, diag, "PostgreSQL refuses it (42P16)");
		return;
	}
	if (was_there(lint, a->relation) && column->not_null != TRI_NO && !column->added) {
		diag = effect_add(lint, &effect, "\"%s\" of %s may be NULL from then on", column->name,
		                  named(lint, a->relation));
		effect_detail(lint, diag, "the release that is live has never met a NULL there");
	}
	column->not_null = TRI_NO;
}

static void tell_required(struct lint *lint, const struct alteration *a, const struct column *column,
                          const char *what)
{
	const struct effect effect = {.rule = "required-column-no-default",
	                              .severity = SEVERITY_WARNING,
	                              .help = "keep it until no release is left that leaves the column out"};
	struct diag *diag = effect_add(lint, &effect, "%s leaves \"%s\" of %s NOT NULL and without a default", what,
	                               column->name, named(lint, a->relation));

	effect_detail(lint, diag,
	              "an INSERT of the release that is live, which does not name the column, fails (23502)");
}

void read_column_default(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column_known(&lint->schema, a->relation, a->command->name);
	bool dropped = !a->command->def;

	if (dropped && was_there(lint, a->relation) && column->not_null == TRI_YES &&
	    (column->added_default || (!column->added && column->has_default == TRI_YES)))
		tell_required(lint, a, column, "DROP DEFAULT");
	column->has_default = tri_of(!dropped);
	column->default_expr = a->command->def;
	column->added_default = column->added_default && !dropped;
}

void read_add_identity(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column_known(&lint->schema, a->relation, a->command->name);
	const struct effect effect = {.rule = "would-fail", .severity = SEVERITY_ERROR};
	struct diag *diag;

	if (column->not_null == TRI_NO) {
		diag = effect_add(lint, &effect, "\"%s\" must be NOT NULL before it can be an identity", column->name);
		effect_detail(lint, diag, "PostgreSQL refuses it (55000)");
	}
	column->identity = column->has_default = TRI_YES;
}

void read_drop_identity(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column_known(&lint->schema, a->relation, a->command->name);

	if (was_there(lint, a->relation) && column->identity != TRI_NO && column->not_null != TRI_NO)
		tell_required(lint, a, column, "DROP IDENTITY");
	column->identity = column->has_default = TRI_NO;
}
