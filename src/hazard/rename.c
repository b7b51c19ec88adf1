/* New names: the release that is live goes on using the old ones. */
#include <string.h>

#include "hazard/statements.h"
#include "sql/tree.h"

static const char *const by_steps = "a second name beside the old one: add, fill both, switch the releases, drop";

static void rename_column(struct lint *lint, const PgQuery__RenameStmt *rename)
{
	struct relation *relation = schema_relation(&lint->schema, rename->relation);
	struct column *column;
	const struct effect effect = {.rule = "rename-column", .severity = SEVERITY_ERROR, .help = by_steps};
	struct diag *diag;

	if (relation->exists == TRI_NO && !relation->here)
		return;
	column = relation_column_known(&lint->schema, relation, rename->subname);
	takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
	if (was_there(lint, relation) && !column->added) {
		diag = effect_add(lint, &effect, "\"%s\" of %s is called \"%s\" from then on", rename->subname,
		                  named(lint, relation), rename->newname);
		effect_detail(lint, diag, "statements of the release that is live, which name it, fail at once (42703)");
	}
	column->name = arena_strdup(&lint->arena, rename->newname);
	change_add(lint, CONCERN_CHANGE, relation, "renames column \"%s\" of %s", rename->subname,
	           named(lint, relation));
}

/* A view of the old name, made by the same file, keeps the release alive. */
static bool is_covered(const struct lint *lint, const char *name)
{
	return has_name(lint->made_views, lint->made_view_count, name);
}

static void new_place(struct lint *lint, struct relation *relation, const char *schema, const char *name)
{
	const struct effect effect = {
		.rule = "rename-table",
		.severity = SEVERITY_ERROR,
		.help = "a view of the old name, made in the same transaction, keeps both names alive"};
	const char *kind = relation->kind == RELATION_VIEW ? "view " : "";
	bool index = relation->kind == RELATION_INDEX || relation->kind == RELATION_SEQUENCE;
	struct diag *diag;

	takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
	if (was_there(lint, relation) && !index && !is_covered(lint, relation->name)) {
		if (strcmp(schema, relation->schema) != 0)
			diag = effect_add(lint, &effect, "%s%s is in schema \"%s\" from then on", kind, named(lint, relation),
			                  schema);
		else
			diag =
				effect_add(lint, &effect, "%s%s is called \"%s\" from then on", kind, named(lint, relation), name);
		effect_detail(lint, diag, "statements of the release that is live, which name it, fail at once (42P01)");
	}
	change_add(lint, CONCERN_CHANGE, relation, "renames %s", named(lint, relation));
	schema_rename(&lint->schema, relation, schema, name);
}

static void rename_table(struct lint *lint, const PgQuery__RenameStmt *rename)
{
	struct relation *relation = schema_relation(&lint->schema, rename->relation);

	if (relation->exists == TRI_NO && !relation->here)
		return;
	new_place(lint, relation, relation->schema, rename->newname);
}

static void rename_index(struct lint *lint, const PgQuery__RenameStmt *rename)
{
	struct index *index = schema_index(&lint->schema, rename->relation->schemaname, rename->relation->relname);

	if (index)
		index->name = arena_strdup(&lint->arena, rename->newname);
}

static void rename_other(struct lint *lint, const char *rule, const char *what, const char *from, const char *to)
{
	const struct effect effect = {.rule = rule, .severity = SEVERITY_ERROR};
	struct diag *diag = effect_add(lint, &effect, "%s \"%s\" is called \"%s\" from then on", what, from, to);

	effect_detail(lint, diag, "statements of the release that is live, which name it, fail at once");
	change_add(lint, CONCERN_CHANGE, NULL, "renames %s \"%s\"", what, from);
}

static const char *last_word(const PgQuery__Node *object)
{
	const char *schema, *name = NULL;

	if (object && object->node_case == PG_QUERY__NODE__NODE_LIST)
		name = list_name(object->list->items, object->list->n_items, &schema);
	return name ? name : object && tree_string(object) ? tree_string(object) : "";
}

void read_rename(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__RenameStmt *rename = node->rename_stmt;
	struct constraint *constraint;

	switch (rename->rename_type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
		rename_column(lint, rename);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
	case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
	case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
		rename_table(lint, rename);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
		rename_index(lint, rename);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
		constraint = relation_constraint(schema_relation(&lint->schema, rename->relation), rename->subname);
		if (constraint)
			constraint->name = arena_strdup(&lint->arena, rename->newname);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
		if (!has_name(lint->made_schemas, lint->made_schema_count, rename->subname))
			rename_other(lint, "rename-schema", "schema", rename->subname, rename->newname);
		break;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
	case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
		if (!schema_type(&lint->schema, NULL, last_word(rename->object)))
			rename_other(lint, "rename-type", "type", last_word(rename->object), rename->newname);
		break;
	default:
		break;
	}
}

void read_set_schema(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__AlterObjectSchemaStmt *alter = node->alter_object_schema_stmt;
	struct relation *relation;

	if (!alter->relation || (alter->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE &&
	                         alter->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_VIEW &&
	                         alter->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW))
		return;
	relation = schema_relation(&lint->schema, alter->relation);
	if (relation->exists != TRI_NO || relation->here)
		new_place(lint, relation, alter->newschema, relation->name);
}
