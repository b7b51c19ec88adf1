/* CREATE TABLE: what is new locks and loses nothing, but what it refers to and is part of was there before. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "sql/tree.h"

static bool has_constraint(const PgQuery__ColumnDef *d, PgQuery__ConstrType type)
{
	for (size_t i = 0; i < d->n_constraints; i++)
		if (d->constraints[i]->constraint->contype == type)
			return true;
	return false;
}

void read_new_column(struct lint *lint, struct relation *relation, const PgQuery__ColumnDef *d)
{
	struct column *column = relation_add_column(&lint->schema, relation, d->colname);
	bool identity = has_constraint(d, PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY);
	bool primary = has_constraint(d, PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY), serial;

	column->type = type_read(d->type_name, &lint->arena);
	serial = type_is_serial(&column->type);
	column->not_null =
		tri_of(primary || identity || serial || has_constraint(d, PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL));
	column->has_default = tri_of(identity || serial || has_constraint(d, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT));
	column->identity = tri_of(identity);
	column->generated = tri_of(has_constraint(d, PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED));
	for (size_t i = 0; i < d->n_constraints; i++)
		read_constraint(lint,
		                &(struct new_constraint){relation, d->constraints[i]->constraint, column, false, true});
	advise_column(lint, d, &column->type);
}

/* PARTITION OF a table that is there: it is locked, and its default partition looked through. */
static void becomes_partition(struct lint *lint, struct relation *relation, const PgQuery__CreateStmt *create)
{
	struct relation *parent = schema_relation(&lint->schema, create->inh_relations[0]->range_var);
	const struct effect effect = {
		.rule = "create-partition-of",
		.relation = parent,
		.severity = SEVERITY_NOTE,
		.help = "CREATE TABLE (LIKE ...), then ATTACH PARTITION, which lets reads and writes go on"};

	relation->parent = parent;
	if (was_there(lint, parent)) {
		takes_lock(lint, parent, LOCK_ACCESS_EXCLUSIVE);
		effect_add(lint, &effect, "PARTITION OF takes ACCESS EXCLUSIVE on %s, for a short time",
		           named(lint, parent));
	}
	scans_default(lint, parent, create->partbound);
	if (create->partbound->is_default) {
		parent->default_partition = relation;
		relation->is_default = true;
	}
}

static void read_partition_keys(struct lint *lint, struct relation *relation, const PgQuery__PartitionSpec *spec)
{
	const char **keys = arena_array(&lint->arena, const char *, spec->n_part_params + 1);

	relation->kind = RELATION_PARTITIONED;
	relation->partition_keys = keys;
	relation->partition_key_count = spec->n_part_params;
	for (size_t i = 0; i < spec->n_part_params; i++) {
		const char *name = spec->part_params[i]->partition_elem->name;

		keys[i] = name && *name ? arena_strdup(&lint->arena, name) : NULL;
	}
}

/* LIKE: columns and, as far as anybody asked for them, more. */
static void copy_columns(struct lint *lint, struct relation *relation, const PgQuery__TableLikeClause *like)
{
	const struct relation *from = schema_find(&lint->schema, like->relation->schemaname, like->relation->relname);

	for (const struct column *c = from ? from->columns : NULL; c; c = c->next) {
		struct column *copy;

		if (c->dropped)
			continue;
		copy = relation_add_column(&lint->schema, relation, c->name);
		copy->type = c->type;
		copy->not_null = c->not_null;
	}
	relation->known = from && from->known;
}

static void read_elements(struct lint *lint, struct relation *relation, const PgQuery__CreateStmt *create)
{
	for (size_t i = 0; i < create->n_table_elts; i++) {
		const PgQuery__Node *element = create->table_elts[i];

		if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
			read_new_column(lint, relation, element->column_def);
		else if (element->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
			copy_columns(lint, relation, element->table_like_clause);
	}
	for (size_t i = 0; i < create->n_table_elts; i++)
		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
			read_constraint(lint, &(struct new_constraint){.relation = relation,
			                                               .constraint = create->table_elts[i]->constraint,
			                                               .same_statement = true});
}

static struct relation *make(struct lint *lint, const PgQuery__RangeVar *range, enum relation_kind kind)
{
	bool temporary = range->relpersistence && *range->relpersistence == 't';
	struct relation *relation =
		schema_add(&lint->schema, temporary ? "pg_temp" : range->schemaname, range->relname);

	relation->kind = kind;
	relation->here = relation->known = true;
	relation->exists = TRI_YES;
	relation->temporary = temporary;
	relation->unlogged = tri_of(range->relpersistence && *range->relpersistence == 'u');
	relation->rows = relation->bytes = 0;
	return relation;
}

/* Is there a table of that name, as far as somebody knows? */
static bool is_there(const struct lint *lint, const PgQuery__RangeVar *range)
{
	const struct relation *relation = schema_find(&lint->schema, range->schemaname, range->relname);

	return relation && (relation->here || relation->exists == TRI_YES);
}

void read_create_table(struct lint *lint, const PgQuery__Node *node)
{
	bool foreign = node->node_case == PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT;
	const PgQuery__CreateStmt *create = foreign ? node->create_foreign_table_stmt->base_stmt : node->create_stmt;
	struct relation *relation;

	if (create->if_not_exists && is_there(lint, create->relation))
		return;
	relation = make(lint, create->relation, foreign ? RELATION_FOREIGN : RELATION_TABLE);
	if (create->partspec)
		read_partition_keys(lint, relation, create->partspec);
	read_elements(lint, relation, create);
	if (create->partbound && create->n_inh_relations == 1)
		becomes_partition(lint, relation, create);
	else if (create->n_inh_relations > 0)
		relation->known = false;
	if (!foreign)
		advise_table(lint, relation, create);
	change_add(lint, CONCERN_ADD, relation, "creates table %s", named(lint, relation));
}

void read_create_table_as(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__CreateTableAsStmt *create = node->create_table_as_stmt;
	bool matview = create->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
	struct relation *relation;

	if (!create->into || (create->if_not_exists && is_there(lint, create->into->rel)))
		return;
	relation = make(lint, create->into->rel, matview ? RELATION_MATVIEW : RELATION_TABLE);
	relation->known = false;
	relation->populated = !create->into->skip_data;
	works_under_locks(lint, relation, "filling");
	change_add(lint, CONCERN_ADD, relation, "creates %s", named(lint, relation));
}
