/* ADD COLUMN: a value computed for each row, a constraint that comes with the column, rows that would have none.
 */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"

enum { SERVER_FAST_DEFAULTS = 110000 };

static const PgQuery__Constraint *find(const PgQuery__ColumnDef *d, PgQuery__ConstrType type)
{
	for (size_t i = 0; i < d->n_constraints; i++)
		if (d->constraints[i]->constraint->contype == type)
			return d->constraints[i]->constraint;
	return NULL;
}

/* What fills the column of a row that is there already. */
struct filling {
	bool by_number, by_generation;
	const PgQuery__Node *expr; /* DEFAULT, unless it is NULL */
};

static struct filling filling_of(const PgQuery__ColumnDef *d, const struct type *type)
{
	const PgQuery__Constraint *given = find(d, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT);
	const PgQuery__Node *expr = given ? given->raw_expr : d->raw_default;

	return (struct filling){
		.by_number = type_is_serial(type) || find(d, PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY),
		.by_generation = find(d, PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) != NULL,
		.expr = expression_is_null(expr) ? NULL : expr,
	};
}

static const char *const one_by_one =
	"add the column without it, SET DEFAULT for rows to come, fill the old rows in batches";

static void tell_default(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d,
                         const PgQuery__Node *expr)
{
	const char *culprit = NULL;
	enum tri is_volatile = expression_volatile(lint, expr, &culprit);
	struct effect effect = {.rule = "add-column-volatile-default",
	                        .relation = a->relation,
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .certain = is_volatile,
	                        .location = d->location,
	                        .help = one_by_one};
	struct diag *diag;

	if (lint->server_version < SERVER_FAST_DEFAULTS) {
		effect.certain = TRI_YES;
		diag = effect_add(lint, &effect, "a default for the new column \"%s\"", d->colname);
		effect_detail(lint, diag, "before PostgreSQL 11 every default is written into every row");
		return;
	}
	if (is_volatile == TRI_NO)
		return;
	diag =
		effect_add(lint, &effect, "the default %s() of the new column \"%s\"", culprit ? culprit : "", d->colname);
	if (is_volatile == TRI_YES)
		effect_detail(lint, diag, "%s() is volatile, so it is computed for every row that is there",
		              culprit ? culprit : "it");
	else
		effect_detail(lint, diag, "nobody here knows whether %s() is volatile; a database can tell",
		              culprit ? culprit : "it");
}

static void tell_domain(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d,
                        const struct type *type)
{
	const struct domain *domain = type->built_in || type->is_array ? NULL : schema_domain(&lint->schema, type);
	struct effect effect = {.rule = "add-column-constrained-domain",
	                        .relation = a->relation,
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = d->location,
	                        .help =
	                            "the domain's base type, and a CHECK that is added NOT VALID and validated later"};

	if (domain && domain->constrained != TRI_NO)
		effect_add(lint, &effect, "the type of the new column \"%s\" is a domain with a constraint: that",
		           d->colname);
	if (domain || type->built_in || type->is_array || lint->schema.complete || !was_there(lint, a->relation) ||
	    schema_type(&lint->schema, type->schema, type->name))
		return;
	effect.work = WORK_NONE;
	effect.severity = SEVERITY_NOTE;
	effect_add(lint, &effect, "if %s is a domain with a constraint, the new column \"%s\" rewrites %s", type->name,
	           d->colname, named(lint, a->relation));
}

static void tell_computed(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d,
                          const struct type *type, const struct filling *filling)
{
	struct effect effect = {.relation = a->relation,
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = d->location,
	                        .help = one_by_one};

	if (type_is_serial(type)) {
		effect.rule = "add-column-serial";
		effect.help = "a plain integer column, a sequence, SET DEFAULT nextval(), old rows in batches";
		effect_add(lint, &effect, "numbering every row for the new %s column \"%s\"", type->name, d->colname);
	} else if (filling->by_number) {
		effect.rule = "add-column-identity";
		effect.help = "a plain column, old rows in batches, NOT NULL, then ADD GENERATED ... AS IDENTITY";
		effect_add(lint, &effect, "numbering every row for the new identity column \"%s\"", d->colname);
	} else if (filling->by_generation) {
		effect.rule = "add-column-stored-generated";
		effect.help = "a plain column that a trigger fills, old rows in batches; or VIRTUAL on PostgreSQL 18";
		effect_add(lint, &effect, "computing the new generated column \"%s\" for every row", d->colname);
	} else if (filling->expr) {
		tell_default(lint, a, d, filling->expr);
	}
	if (!filling->by_number)
		tell_domain(lint, a, d, type);
}

static void tell_empty(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d, bool primary)
{
	const struct effect effect = {.rule = "add-column-not-null-no-default",
	                              .relation = a->relation,
	                              .severity = SEVERITY_ERROR,
	                              .location = d->location,
	                              .help =
	                                  "give it a default, or add it without NOT NULL, fill it, then SET NOT NULL"};
	struct diag *diag;

	if (!has_rows(lint, a->relation))
		return;
	diag =
		effect_add(lint, &effect, "the new column \"%s\" is %s and has no default: rows of %s would have no value",
	               d->colname, primary ? "the primary key" : "NOT NULL", named(lint, a->relation));
	effect_detail(lint, diag, "PostgreSQL refuses it when there is a single row (23502)");
}

/* false: IF NOT EXISTS, and it does. */
static bool check_present(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d)
{
	const struct effect effect = {.rule = "conflict", .severity = SEVERITY_ERROR, .location = d->location};
	struct diag *diag;

	if (!relation_column(a->relation, d->colname))
		return true;
	if (a->command->missing_ok)
		return false;
	diag = effect_add(lint, &effect, "%s has a column \"%s\" already", named(lint, a->relation), d->colname);
	effect_detail(lint, diag, "PostgreSQL refuses it (42701)");
	return true;
}

static void read_constraints(struct lint *lint, const struct alteration *a, const PgQuery__ColumnDef *d,
                             struct column *column, bool all_null)
{
	for (size_t i = 0; i < d->n_constraints; i++) {
		const PgQuery__Constraint *constraint = d->constraints[i]->constraint;

		read_constraint(lint, &(struct new_constraint){a->relation, constraint, column, all_null, false});
	}
}

void read_add_column(struct lint *lint, const struct alteration *a)
{
	const PgQuery__ColumnDef *d = a->command->def->column_def;
	struct type type = type_read(d->type_name, &lint->arena);
	struct filling filling = filling_of(d, &type);
	bool primary = find(d, PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) != NULL;
	bool not_null = find(d, PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) || primary, filled;
	struct column *column;

	if (!check_present(lint, a, d))
		return;
	filled = filling.by_number || filling.by_generation || filling.expr;
	tell_computed(lint, a, d, &type, &filling);
	if (not_null && !filled)
		tell_empty(lint, a, d, primary);
	column = relation_add_column(&lint->schema, a->relation, d->colname);
	column->type = type;
	column->not_null = tri_of(not_null || filling.by_number);
	column->has_default = tri_of(filling.by_number || filling.expr);
	column->default_expr = filling.expr;
	column->generated = tri_of(filling.by_generation);
	column->identity = tri_of(filling.by_number && !type_is_serial(&type));
	column->added = was_there(lint, a->relation);
	column->added_default = column->added && not_null && filling.expr;
	read_constraints(lint, a, d, column, !filled && !find(d, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT));
	advise_column(lint, d, &type);
	change_add(lint, CONCERN_ADD, a->relation, "adds column \"%s\" to %s", d->colname, named(lint, a->relation));
}
