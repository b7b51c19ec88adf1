/* What takes things away: DROP in its kinds, TRUNCATE; and what goes along. */
#include <stdio.h>
#include <string.h>

#include "hazard/statements.h"
#include "hazard/values.h"
#include "sql/tree.h"

static const char *number_text(struct lint *lint, int64_t number)
{
	char digits[32], out[48];
	size_t length, o = 0;

	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		out[o++] = digits[i];
		if ((length - i - 1) % 3 == 0 && i + 1 < length)
			out[o++] = ',';
	}
	out[o] = '\0';
	return text_of(lint, "%s", out);
}

/* What hangs on a column (or on the table: NULL) and would be in the way, or go along. */
static void name_dependents(struct lint *lint, struct diag *diag, const struct relation *relation,
                            const char *column, bool cascades)
{
	for (const struct dependent *d = relation->dependents; d; d = d->next)
		if (d->blocks_drop && (!column || (d->column && strcmp(d->column, column) == 0)))
			effect_detail(lint, diag,
			              cascades ? "CASCADE takes %s along" : "%s uses it: PostgreSQL refuses (2BP01)", d->what);
	for (const struct relation *r = lint->schema.relations; r; r = r->next)
		for (const struct constraint *c = r->constraints; c; c = c->next)
			if (!c->dropped && !r->dropped && r != relation && c->kind == CONSTRAINT_FOREIGN &&
			    c->referenced == relation &&
			    (!column || has_name(c->referenced_columns, c->referenced_count, column)))
				effect_detail(lint, diag,
				              cascades ? "CASCADE takes foreign key \"%s\" of %s along"
				                       : "foreign key \"%s\" of %s refers to it: PostgreSQL refuses (2BP01)",
				              c->name ? c->name : "", named(lint, r));
}

static void drop_constraints_of(struct relation *relation, const char *column)
{
	for (struct constraint *c = relation->constraints; c; c = c->next)
		c->dropped |= has_name(c->columns, c->column_count, column);
	for (struct index *i = relation->indexes; i; i = i->next)
		i->dropped |=
			has_name(i->columns, i->column_count, column) || has_name(i->mentioned, i->mentioned_count, column);
}

void read_drop_column(struct lint *lint, const struct alteration *a)
{
	struct column *column = relation_column(a->relation, a->command->name);
	bool cascades = a->command->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	const struct effect effect = {
		.rule = "drop-column",
		.severity = SEVERITY_ERROR,
		.help = "a later migration, when no release is left that reads or writes it; keep a copy of the values",
	};
	struct diag *diag;
	int64_t count;

	if (!column && is_known(lint, a->relation) && a->command->missing_ok)
		return;
	column = relation_column_known(&lint->schema, a->relation, a->command->name);
	if (was_there(lint, a->relation) && !column->added) {
		count = count_values(lint, a->relation, column);
		if (count >= 0)
			diag = effect_add(lint, &effect, "dropping \"%s\" of %s loses %s value%s", column->name,
			                  named(lint, a->relation), number_text(lint, count), count == 1 ? "" : "s");
		else
			diag = effect_add(lint, &effect, "dropping \"%s\" of %s loses its values", column->name,
			                  named(lint, a->relation));
		effect_detail(lint, diag, "statements of the release that is live, which name it, fail at once");
		name_dependents(lint, diag, a->relation, column->name, cascades);
		if (cascades)
			effect_detail(lint, diag, "CASCADE takes along whatever uses it, unnamed");
	}
	change_add(lint, CONCERN_REMOVE, a->relation, "drops column \"%s\" of %s", column->name,
	           named(lint, a->relation));
	drop_constraints_of(a->relation, column->name);
	column->dropped = true;
}

static void tell_table(struct lint *lint, struct relation *relation, bool cascades)
{
	const struct effect effect = {
		.rule = "drop-table",
		.severity = SEVERITY_ERROR,
		.help = "rename it first, and drop it in a later migration when nobody has missed it",
	};
	int64_t count = count_rows(lint, relation);
	const char *size = size_text(lint, relation);
	struct diag *diag;

	if (count >= 0)
		diag = effect_add(lint, &effect, "dropping %s loses %s row%s", named(lint, relation),
		                  number_text(lint, count), count == 1 ? "" : "s");
	else
		diag = effect_add(lint, &effect, "dropping %s loses its rows%s%s%s", named(lint, relation),
		                  size ? " (" : "", size ? size : "", size ? ")" : "");
	name_dependents(lint, diag, relation, NULL, cascades);
	if (cascades)
		effect_detail(lint, diag, "CASCADE takes along whatever refers to it, unnamed");
	for (const struct constraint *c = relation->constraints; c; c = c->next)
		if (c->kind == CONSTRAINT_FOREIGN && !c->dropped && was_there(lint, c->referenced)) {
			effect_detail(lint, diag, "ACCESS EXCLUSIVE on %s as well, which it refers to",
			              named(lint, c->referenced));
			takes_lock(lint, c->referenced, LOCK_ACCESS_EXCLUSIVE);
		}
}

static void drop_table(struct lint *lint, const PgQuery__DropStmt *drop, const char *schema, const char *name)
{
	struct relation *relation = schema_relation_named(&lint->schema, schema, name);

	if (relation->exists == TRI_NO)
		return;
	if (was_there(lint, relation)) {
		takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
		tell_table(lint, relation, drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
		change_add(lint, CONCERN_REMOVE, relation, "drops table %s", named(lint, relation));
	}
	for (struct relation *r = lint->schema.relations; r; r = r->next)
		for (struct constraint *c = r->constraints; c; c = c->next)
			c->dropped |= c->referenced == relation;
	relation->dropped = true;
}

static void drop_view(struct lint *lint, const PgQuery__DropStmt *drop, const char *schema, const char *name)
{
	struct relation *relation = schema_relation_named(&lint->schema, schema, name);
	const struct effect effect = {.rule = "drop-view", .severity = SEVERITY_NOTE};
	struct diag *diag;

	if (relation->exists != TRI_NO && was_there(lint, relation) &&
	    !has_name(lint->made_views, lint->made_view_count, name)) {
		diag = effect_add(lint, &effect, "dropping view %s: who reads it in the release that is live?",
		                  named(lint, relation));
		name_dependents(lint, diag, relation, NULL, drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
	}
	relation->dropped = true;
}

static void drop_schema(struct lint *lint, const PgQuery__Node *object)
{
	const char *name = tree_string(object);
	const struct effect effect = {.rule = "drop-schema",
	                              .severity = SEVERITY_ERROR,
	                              .help = "drop what is in it by name, then the schema without CASCADE"};

	if (!name || has_name(lint->made_schemas, lint->made_schema_count, name))
		return;
	effect_add(lint, &effect, "dropping schema \"%s\" loses whatever is in it", name);
	change_add(lint, CONCERN_REMOVE, NULL, "drops schema \"%s\"", name);
}

static const char *kind_word(PgQuery__ObjectType type)
{
	switch (type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
		return "TYPE";
	case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
		return "DOMAIN";
	case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
		return "FUNCTION";
	case PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION:
		return "EXTENSION";
	case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
		return "SEQUENCE";
	case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
		return "VIEW";
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
		return "MATERIALIZED VIEW";
	default:
		return "object";
	}
}

static void tell_cascade(struct lint *lint, const PgQuery__DropStmt *drop)
{
	const struct effect effect = {
		.rule = "cascade",
		.severity = SEVERITY_ERROR,
		.help = "drop by name what hangs on it, in an order that works, and leave CASCADE out"};
	struct diag *diag =
		effect_add(lint, &effect, "DROP %s ... CASCADE removes what nobody listed", kind_word(drop->remove_type));

	effect_detail(lint, diag, "columns, defaults, views and triggers that use it go along");
}

static bool made_here(const struct lint *lint, const PgQuery__DropStmt *drop)
{
	for (size_t i = 0; i < drop->n_objects; i++) {
		const PgQuery__Node *o = drop->objects[i];
		const char *schema = NULL, *name = NULL;
		const struct relation *relation;

		if (o->node_case == PG_QUERY__NODE__NODE_LIST)
			name = list_name(o->list->items, o->list->n_items, &schema);
		relation = name ? schema_find(&lint->schema, schema, name) : NULL;
		if (!relation || !relation->here)
			return false;
	}
	return true;
}

static void drop_trigger(struct lint *lint, const PgQuery__Node *object)
{
	const char *schema = NULL, *name;

	if (object->node_case != PG_QUERY__NODE__NODE_LIST || object->list->n_items < 2)
		return;
	name = list_name(object->list->items, object->list->n_items - 1, &schema);
	takes_lock(lint, schema_relation_named(&lint->schema, schema, name), LOCK_ACCESS_EXCLUSIVE);
}

static void drop_one(struct lint *lint, const PgQuery__DropStmt *drop, const PgQuery__Node *object)
{
	const char *schema = NULL, *name = NULL;

	if (object->node_case == PG_QUERY__NODE__NODE_LIST)
		name = list_name(object->list->items, object->list->n_items, &schema);
	switch (drop->remove_type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
	case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
		if (name)
			drop_table(lint, drop, schema, name);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
		if (name)
			drop_view(lint, drop, schema, name);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
		drop_schema(lint, object);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
	case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
	case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
		drop_trigger(lint, object);
		break;
	default:
		break;
	}
}

void read_drop(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__DropStmt *drop = node->drop_stmt;
	PgQuery__ObjectType type = drop->remove_type;

	if (type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
		read_drop_index(lint, drop);
		return;
	}
	if (drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE && type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE &&
	    type != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA && strcmp(kind_word(type), "object") != 0 &&
	    !made_here(lint, drop))
		tell_cascade(lint, drop);
	for (size_t i = 0; i < drop->n_objects; i++)
		drop_one(lint, drop, drop->objects[i]);
}

void read_drop_database(struct lint *lint, const PgQuery__Node *node)
{
	const struct effect effect = {.rule = "drop-database", .severity = SEVERITY_ERROR};

	refuses_transaction(lint, "DROP DATABASE");
	effect_add(lint, &effect, "dropping database \"%s\" loses everything in it", node->dropdb_stmt->dbname);
}

void read_drop_owned(struct lint *lint, const PgQuery__Node *node)
{
	const struct effect effect = {.rule = "drop-owned",
	                              .severity = SEVERITY_ERROR,
	                              .help = "REASSIGN OWNED first keeps the things and gives them to another role"};

	(void)node;
	effect_add(lint, &effect, "DROP OWNED drops every table, view and function of the role in this database");
}

void read_truncate(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__TruncateStmt *truncate = node->truncate_stmt;
	bool cascades = truncate->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	struct effect effect = {.rule = cascades ? "truncate-cascade" : "truncate",
	                        .severity = SEVERITY_ERROR,
	                        .help = "DELETE in batches by key takes no lock that others notice"};

	for (size_t i = 0; i < truncate->n_relations; i++) {
		struct relation *relation = schema_relation(&lint->schema, truncate->relations[i]->range_var);
		struct diag *diag;
		int64_t count;

		if (!has_rows(lint, relation) || !was_there(lint, relation))
			continue;
		takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
		count = count_rows(lint, relation);
		diag = count >= 0 ? effect_add(lint, &effect, "TRUNCATE empties %s: %s row%s", named(lint, relation),
		                               number_text(lint, count), count == 1 ? "" : "s")
		                  : effect_add(lint, &effect, "TRUNCATE empties %s", named(lint, relation));
		for (const struct relation *r = lint->schema.relations; r; r = r->next)
			for (const struct constraint *c = r->constraints; c; c = c->next)
				if (!c->dropped && c->kind == CONSTRAINT_FOREIGN && c->referenced == relation && r != relation)
					effect_detail(lint, diag,
					              cascades
					                  ? "and %s, which refers to it"
					                  : "%s refers to it: without CASCADE, or naming it too, PostgreSQL refuses",
					              named(lint, r));
		if (cascades)
			effect_detail(lint, diag,
			              "CASCADE empties every table that refers to it, and those that refer to them");
		change_add(lint, CONCERN_REMOVE, relation, "empties %s", named(lint, relation));
	}
}
