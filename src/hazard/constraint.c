/* Constraints: what adding one reads and builds, and under which lock; validating and dropping them. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "sql/tree.h"

enum { SERVER_NOT_VALID_PARTITIONED = 180000 };

bool proven_not_null(const struct relation *relation, const char *column)
{
	for (const struct constraint *c = relation->constraints; c; c = c->next)
		if (!c->dropped && c->kind == CONSTRAINT_CHECK && c->valid == TRI_YES && implies_not_null(c->expr, column))
			return true;
	return false;
}

static struct constraint *record(struct lint *lint, const struct new_constraint *n, enum constraint_kind kind)
{
	const PgQuery__Constraint *given = n->constraint;
	struct constraint *c = relation_add_constraint(&lint->schema, n->relation, kind, given->conname);
	PgQuery__Node *const *keys = kind == CONSTRAINT_FOREIGN ? given->fk_attrs : given->keys;

	c->here = true;
	c->transaction = lint->transaction.number;
	c->line = line_of(lint, given->location);
	c->valid = tri_of(!given->skip_validation);
	c->deferred = given->initdeferred;
	c->column_count = kind == CONSTRAINT_FOREIGN ? given->n_fk_attrs : given->n_keys;
	if (n->column) {
		const char **one = arena_array(&lint->arena, const char *, 1);

		one[0] = n->column->name;
		c->columns = one;
		c->column_count = 1;
	} else {
		c->columns = names_of(&lint->arena, keys, c->column_count);
	}
	return c;
}

static const char *what(struct lint *lint, const struct new_constraint *n, const char *kind)
{
	if (n->constraint->conname && *n->constraint->conname)
		return text_of(lint, "the new %s \"%s\"", kind, n->constraint->conname);
	return text_of(lint, "a new %s", kind);
}

static void add_check(struct lint *lint, const struct new_constraint *n)
{
	struct effect effect = {.rule = "add-check-scan",
	                        .relation = n->relation,
	                        .work = WORK_SCAN,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = n->constraint->location,
	                        .help = "add it NOT VALID; then, in a transaction of its own, VALIDATE CONSTRAINT"};
	struct constraint *c;

	if (n->column)
		effect.help = "add the column first; then the CHECK, NOT VALID; then VALIDATE CONSTRAINT";
	if (!n->constraint->skip_validation)
		effect_add(lint, &effect, "%s", what(lint, n, "check"));
	c = record(lint, n, CONSTRAINT_CHECK);
	c->expr = n->constraint->raw_expr;
	c->column_count = expression_columns(&lint->arena, c->expr, &c->columns);
}

static const struct column *key_of(const struct constraint *c, size_t i)
{
	const char *name = c->referenced_count > i ? c->referenced_columns[i] : NULL;

	for (const struct constraint *p = c->referenced->constraints; p && !name; p = p->next)
		if (p->kind == CONSTRAINT_PRIMARY && !p->dropped && p->column_count > i)
			name = p->columns[i];
	return name ? relation_column(c->referenced, name) : NULL;
}

static void check_types(struct lint *lint, const struct new_constraint *n, const struct constraint *c)
{
	const struct effect effect = {
		.rule = "fk-type-mismatch", .severity = SEVERITY_NOTE, .location = n->constraint->location};

	for (size_t i = 0; i < c->column_count; i++) {
		const struct column *from = relation_column(n->relation, c->columns[i]), *to = key_of(c, i);

		if (from && to && from->type.name && to->type.name && from->type.built_in && to->type.built_in &&
		    !type_is_serial(&from->type) && !type_is_serial(&to->type) && !type_same_base(&from->type, &to->type))
			effect_add(lint, &effect, "\"%s\" is %s and refers to \"%s\", which is %s", from->name,
			           type_text(&from->type, &lint->arena), to->name, type_text(&to->type, &lint->arena));
	}
}

static void tell_parent(struct lint *lint, const struct new_constraint *n, const struct constraint *c)
{
	const struct effect effect = {.rule = "fk-lock-parent",
	                              .relation = c->referenced,
	                              .severity = SEVERITY_NOTE,
	                              .location = n->constraint->location};

	if (was_there(lint, c->referenced) && c->referenced->bytes >= 0)
		effect_add(lint, &effect,
		           "%s takes SHARE ROW EXCLUSIVE on %s (%s): nobody writes it until the transaction ends",
		           what(lint, n, "foreign key"), named(lint, c->referenced), size_text(lint, c->referenced));
}

static void check_partitioned(struct lint *lint, const struct new_constraint *n)
{
	const struct effect effect = {.rule = "not-valid-fk-partitioned",
	                              .severity = SEVERITY_ERROR,
	                              .location = n->constraint->location,
	                              .help =
	                                  "add it to each partition, NOT VALID and then validated; then to the table"};
	struct diag *diag;

	if (!n->constraint->skip_validation || n->relation->kind != RELATION_PARTITIONED ||
	    lint->server_version >= SERVER_NOT_VALID_PARTITIONED)
		return;
	diag = effect_add(lint, &effect, "%s is partitioned, and takes no foreign key that is NOT VALID",
	                  named(lint, n->relation));
	effect_detail(lint, diag, "PostgreSQL refuses it before version 18 (42809)");
}

static void add_foreign(struct lint *lint, const struct new_constraint *n)
{
	struct effect effect = {.rule = "add-fk-scan",
	                        .relation = n->relation,
	                        .work = WORK_SCAN,
	                        .lock = n->column ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE_ROW_EXCLUSIVE,
	                        .location = n->constraint->location,
	                        .help = "add it NOT VALID; then, in a transaction of its own, VALIDATE CONSTRAINT"};
	struct constraint *c;
	struct diag *diag;

	c = record(lint, n, CONSTRAINT_FOREIGN);
	c->referenced = schema_relation(&lint->schema, n->constraint->pktable);
	c->referenced_count = n->constraint->n_pk_attrs;
	c->referenced_columns = names_of(&lint->arena, n->constraint->pk_attrs, c->referenced_count);
	takes_lock(lint, c->referenced, LOCK_SHARE_ROW_EXCLUSIVE);
	check_partitioned(lint, n);
	if (!n->constraint->skip_validation && !n->all_null && !n->same_statement) {
		diag = effect_add(lint, &effect, "%s", what(lint, n, "foreign key"));
		effect_detail(lint, diag, "each row is looked up in %s, which nobody writes meanwhile either",
		              named(lint, c->referenced));
	} else {
		tell_parent(lint, n, c);
	}
	check_types(lint, n, c);
}

/* The columns of a key become NOT NULL: each that isn't is read through, unless a CHECK proves it. */
static void key_not_null(struct lint *lint, const struct new_constraint *n, const char *const *columns,
                         size_t count, bool using_index)
{
	for (size_t i = 0; i < count; i++) {
		struct column *column = columns[i] ? relation_column(n->relation, columns[i]) : NULL;
		struct effect effect = {.rule = "pk-using-index-nullable",
		                        .relation = n->relation,
		                        .work = WORK_SCAN,
		                        .lock = LOCK_ACCESS_EXCLUSIVE,
		                        .location = n->constraint->location,
		                        .help =
		                            "CHECK (column IS NOT NULL) NOT VALID, VALIDATE, SET NOT NULL; then the key"};

		if (using_index && column && column->not_null == TRI_NO && !proven_not_null(n->relation, columns[i]))
			effect_add(lint, &effect, "a primary key makes \"%s\" NOT NULL, which", columns[i]);
		if (column)
			column->not_null = TRI_YES;
	}
}

/* A constraint that takes over an index: is it of the kind that can be taken over? */
static void use_index(struct lint *lint, const struct new_constraint *n, bool primary)
{
	struct index *index = schema_index(&lint->schema, n->relation->schema, n->constraint->indexname);
	struct effect effect = {.rule = "using-index-invalid",
	                        .severity = SEVERITY_ERROR,
	                        .location = n->constraint->location,
	                        .help = "a plain unique index over the columns, built CONCURRENTLY and valid"};
	const char *fault = NULL;
	struct diag *diag;

	if (!index) {
		if (is_known(lint, n->relation))
			effect_add(lint, &effect, "%s has no index \"%s\"", named(lint, n->relation),
			           n->constraint->indexname);
		return;
	}
	if (index->unique == TRI_NO)
		fault = "is not unique (42809)";
	else if (index->partial)
		fault = "is partial: it has a WHERE (42809)";
	else if (index->has_expressions)
		fault = "is over an expression (42809)";
	else if (index->unusual_order)
		fault = "sorts DESC, NULLS FIRST or by an operator class of its own (42809)";
	else if (index->valid == TRI_NO)
		fault = "is not valid: its CONCURRENTLY failed (55000)";
	if (fault) {
		diag = effect_add(lint, &effect, "index \"%s\" can't become a constraint", index->name);
		effect_detail(lint, diag, "it %s", fault);
	}
	if (primary)
		key_not_null(lint, n, index->columns, index->column_count, true);
	index->of_constraint = true;
}

static void add_key(struct lint *lint, const struct new_constraint *n, bool primary)
{
	const char *kind = primary ? "primary key" : "unique constraint";
	struct effect effect = {.rule = primary ? "add-pk-blocking" : "add-unique-blocking",
	                        .relation = n->relation,
	                        .work = WORK_BUILD,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = n->constraint->location,
	                        .help = "CREATE UNIQUE INDEX CONCURRENTLY first; then ADD CONSTRAINT ... USING INDEX"};
	struct constraint *c = record(lint, n, primary ? CONSTRAINT_PRIMARY : CONSTRAINT_UNIQUE);
	struct index *index;

	if (n->constraint->indexname && *n->constraint->indexname) {
		c->index = arena_strdup(&lint->arena, n->constraint->indexname);
		use_index(lint, n, primary);
		return;
	}
	effect_add(lint, &effect, "%s", what(lint, n, kind));
	if (primary)
		key_not_null(lint, n, c->columns, c->column_count, false);
	index = relation_add_index(&lint->schema, n->relation, c->name);
	index->columns = c->columns;
	index->column_count = c->column_count;
	index->unique = TRI_YES;
	index->primary = primary;
	index->of_constraint = index->here = true;
}

void read_constraint(struct lint *lint, const struct new_constraint *n)
{
	struct effect effect = {.rule = "add-exclusion-blocking",
	                        .relation = n->relation,
	                        .work = WORK_BUILD,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = n->constraint->location,
	                        .help = "there is no concurrent form: a new table and a switch, or a window"};

	switch (n->constraint->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		add_check(lint, n);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		add_foreign(lint, n);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		add_key(lint, n, n->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		effect_add(lint, &effect, "%s", what(lint, n, "exclusion constraint"));
		record(lint, n, CONSTRAINT_EXCLUDE);
		break;
	default:
		break;
	}
	if (n->constraint->conname && *n->constraint->conname)
		advise_name(lint, "constraint", n->constraint->conname, n->constraint->location);
}

void read_add_constraint(struct lint *lint, const struct alteration *a)
{
	const PgQuery__Constraint *c = a->command->def->constraint;

	read_constraint(lint, &(struct new_constraint){.relation = a->relation, .constraint = c});
	change_add(lint, CONCERN_ADD, a->relation, "adds a constraint to %s", named(lint, a->relation));
}

void read_validate_constraint(struct lint *lint, const struct alteration *a)
{
	struct constraint *c = relation_constraint(a->relation, a->command->name);
	struct effect effect = {.rule = "validate-same-tx",
	                        .relation = a->relation,
	                        .work = WORK_SCAN,
	                        .help = "COMMIT between ADD CONSTRAINT ... NOT VALID and VALIDATE CONSTRAINT"};
	struct diag *diag;

	if (c && c->here && c->transaction == lint->transaction.number) {
		effect.lock = c->kind == CONSTRAINT_FOREIGN ? LOCK_SHARE_ROW_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE;
		diag = effect_add(lint, &effect, "validating \"%s\" in the transaction that added it", c->name);
		effect_detail(lint, diag,
		              "the lock of ADD CONSTRAINT is held until the transaction ends, so NOT VALID is lost");
	} else if (has_rows(lint, a->relation)) {
		works_under_locks(lint, NULL, text_of(lint, "validating \"%s\" reads all rows", a->command->name));
	}
	if (c)
		c->valid = TRI_YES;
}

/* Is what a CHECK says of a column said by NOT NULL as well? */
static bool is_redundant(const struct relation *relation, const struct constraint *c)
{
	const struct column *column;

	if (c->kind != CONSTRAINT_CHECK || !c->expr || c->column_count != 1 ||
	    !implies_not_null(c->expr, c->columns[0]) || c->expr->node_case != PG_QUERY__NODE__NODE_NULL_TEST)
		return false;
	column = relation_column(relation, c->columns[0]);
	return column && column->not_null == TRI_YES;
}

static void tell_dropped(struct lint *lint, const struct alteration *a, const struct constraint *c)
{
	bool primary = c && c->kind == CONSTRAINT_PRIMARY;
	const char *name = a->command->name;
	struct effect effect = {.rule = primary ? "drop-primary-key" : "drop-constraint",
	                        .severity = SEVERITY_WARNING};
	size_t length = strlen(name);
	struct diag *diag;

	if (!c && length > 5 && strcmp(name + length - 5, "_pkey") == 0) {
		primary = true;
		effect.rule = "drop-primary-key";
	}
	diag = effect_add(lint, &effect, "%s \"%s\" of %s is gone: rows that break it come in from then on",
	                  primary                              ? "primary key"
	                  : c && c->kind == CONSTRAINT_FOREIGN ? "foreign key"
	                                                       : "constraint",
	                  name, named(lint, a->relation));
	if (primary)
		effect_detail(lint, diag, "foreign keys that refer to it, replication and ORMs need it");
	if (c && c->kind == CONSTRAINT_FOREIGN && was_there(lint, c->referenced))
		effect_detail(lint, diag, "ACCESS EXCLUSIVE on %s as well, which it refers to",
		              named(lint, c->referenced));
}

void read_drop_constraint(struct lint *lint, const struct alteration *a)
{
	struct constraint *c = relation_constraint(a->relation, a->command->name);
	bool replaced = has_name(lint->added_constraints, lint->added_constraint_count, a->command->name);
	struct index *index;

	if (!c && is_known(lint, a->relation))
		return;
	if (was_there(lint, a->relation) && !(c && c->here) && !replaced && !(c && is_redundant(a->relation, c)))
		tell_dropped(lint, a, c);
	if (!c)
		return;
	if (c->kind == CONSTRAINT_FOREIGN && c->referenced)
		takes_lock(lint, c->referenced, LOCK_ACCESS_EXCLUSIVE);
	c->dropped = true;
	index = schema_index(&lint->schema, a->relation->schema, c->index ? c->index : c->name ? c->name : "");
	if (index && index->table == a->relation)
		index->dropped = true;
}
