/* Indexes: building, dropping and rebuilding them, with and without CONCURRENTLY. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "sql/tree.h"

void refuses_transaction(struct lint *lint, const char *what)
{
	const struct transaction *t = &lint->transaction;
	const struct effect effect = {.rule = "concurrently-in-transaction",
	                              .severity = SEVERITY_ERROR,
	                              .help = "a file of its own that is not run in a transaction"};
	struct diag *diag;

	if (!t->open)
		return;
	diag = effect_add(lint, &effect, "%s can't run inside a transaction", what);
	if (t->wrapped)
		effect_detail(lint, diag, "the tool that runs this file wraps it in one; PostgreSQL refuses it (25001)");
	else if (lint->inside)
		effect_detail(lint, diag, "a DO block always is one; PostgreSQL refuses it (25001)");
	else
		effect_detail(lint, diag, "it began in line %d; PostgreSQL refuses it (25001)", t->line);
}

static void record(struct lint *lint, struct relation *relation, const PgQuery__IndexStmt *create)
{
	struct index *index = relation_add_index(&lint->schema, relation, create->idxname);
	const char **columns = arena_array(&lint->arena, const char *, create->n_index_params + 1);
	const char *const *more;

	index->columns = columns;
	index->column_count = create->n_index_params;
	index->here = true;
	index->unique = tri_of(create->unique);
	index->partial = create->where_clause != NULL;
	index->concurrently = create->concurrent;
	index->transaction = lint->transaction.number;
	for (size_t i = 0; i < create->n_index_params; i++) {
		const PgQuery__IndexElem *element = create->index_params[i]->index_elem;

		if (element->name && *element->name)
			columns[i] = arena_strdup(&lint->arena, element->name);
		else
			index->has_expressions = true;
		index->unusual_order |= element->n_opclass > 0 ||
		                        element->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ||
		                        element->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
		if (element->expr)
			index->mentioned_count = expression_columns(&lint->arena, element->expr, &index->mentioned);
	}
	if (create->where_clause) {
		size_t count = expression_columns(&lint->arena, create->where_clause, &more);
		const char **all = arena_array(&lint->arena, const char *, index->mentioned_count + count + 1);

		for (size_t i = 0; i < index->mentioned_count; i++)
			all[i] = index->mentioned[i];
		for (size_t i = 0; i < count; i++)
			all[index->mentioned_count + i] = more[i];
		index->mentioned = all;
		index->mentioned_count += count;
	}
}

static void check_concurrently(struct lint *lint, const struct relation *relation)
{
	struct effect effect = {.rule = "concurrently-unsupported", .severity = SEVERITY_ERROR};
	struct diag *diag;

	refuses_transaction(lint, "CREATE INDEX CONCURRENTLY");
	if (relation->kind == RELATION_PARTITIONED) {
		effect.help =
			"CREATE INDEX ... ON ONLY the table, CONCURRENTLY on each partition, ALTER INDEX ... ATTACH PARTITION";
		diag = effect_add(lint, &effect, "%s is partitioned: no index is built on it CONCURRENTLY",
		                  named(lint, relation));
		effect_detail(lint, diag, "PostgreSQL refuses it (0A000)");
		return;
	}
	if (setting_now(&lint->lock_timeout) == TRI_YES && was_there(lint, relation)) {
		effect.rule = "cic-lock-timeout";
		effect.severity = SEVERITY_NOTE;
		effect.help = "SET lock_timeout = 0 before it; afterwards look at pg_index.indisvalid";
		effect_add(lint, &effect,
		           "lock_timeout ends this CREATE INDEX CONCURRENTLY, too, and leaves an invalid index");
	}
}

/* IF NOT EXISTS, and an index of that name is there: an invalid one is silently kept. */
static bool is_skipped(struct lint *lint, const struct relation *relation, const PgQuery__IndexStmt *create)
{
	const struct index *index =
		*create->idxname ? schema_index(&lint->schema, relation->schema, create->idxname) : NULL;
	struct effect effect = {
		.rule = "invalid-index-left", .severity = SEVERITY_ERROR, .help = "DROP INDEX CONCURRENTLY it first"};
	struct diag *diag;

	if (!create->if_not_exists)
		return false;
	if (index && index->valid == TRI_NO) {
		diag = effect_add(lint, &effect, "index \"%s\" is there and not valid: IF NOT EXISTS leaves it so",
		                  index->name);
		effect_detail(lint, diag,
		              "a CONCURRENTLY that failed left it; no query uses it, and every write pays for it");
	} else if (!index && create->concurrent && was_there(lint, relation) && !relation->known) {
		effect.severity = SEVERITY_NOTE;
		effect_add(lint, &effect, "if an earlier try failed, IF NOT EXISTS skips the invalid index that it left");
	}
	return index != NULL;
}

void read_create_index(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__IndexStmt *create = node->index_stmt;
	struct relation *relation = schema_relation(&lint->schema, create->relation);
	struct effect effect = {.rule = "create-index-blocking",
	                        .relation = relation,
	                        .work = WORK_BUILD,
	                        .lock = LOCK_SHARE,
	                        .help = "CREATE INDEX CONCURRENTLY, outside of any transaction"};
	struct diag *diag;

	if (relation->exists == TRI_NO && !lint->opaque) {
		effect = (struct effect){.rule = "missing-object", .severity = SEVERITY_ERROR};
		effect_add(lint, &effect, "there is no table %s", named(lint, relation));
		return;
	}
	if (*create->idxname)
		advise_name(lint, "index", create->idxname, create->relation->location);
	if (is_skipped(lint, relation, create))
		return;
	if (create->concurrent) {
		check_concurrently(lint, relation);
	} else if (relation->kind != RELATION_PARTITIONED || create->relation->inh) {
		takes_lock(lint, relation, LOCK_SHARE);
		diag = effect_add(lint, &effect, "CREATE %sINDEX", create->unique ? "UNIQUE " : "");
		if (relation->kind == RELATION_PARTITIONED)
			effect_detail(lint, diag,
			              "on every partition; a partitioned table takes no CONCURRENTLY: ON ONLY the table, "
			              "CONCURRENTLY on each partition, then ATTACH");
	}
	record(lint, relation, create);
	change_add(lint, CONCERN_ADD, relation, "indexes %s", named(lint, relation));
}

static struct index *index_named(struct lint *lint, const PgQuery__Node *object, const char **name)
{
	const char *schema = NULL;

	*name = object->node_case == PG_QUERY__NODE__NODE_LIST
	            ? list_name(object->list->items, object->list->n_items, &schema)
	            : NULL;
	return *name ? schema_index(&lint->schema, schema, *name) : NULL;
}

static void check_drop_concurrently(struct lint *lint, const PgQuery__DropStmt *drop)
{
	struct effect effect = {.rule = "concurrently-unsupported", .severity = SEVERITY_ERROR};
	const char *name;

	refuses_transaction(lint, "DROP INDEX CONCURRENTLY");
	if (drop->n_objects > 1) {
		effect.help = "a statement for each";
		effect_detail(lint, effect_add(lint, &effect, "DROP INDEX CONCURRENTLY takes one index at a time"),
		              "PostgreSQL refuses it (0A000)");
	}
	if (drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
		effect_detail(lint, effect_add(lint, &effect, "DROP INDEX CONCURRENTLY takes no CASCADE"),
		              "PostgreSQL refuses it (0A000)");
	for (size_t i = 0; i < drop->n_objects; i++) {
		const struct index *index = index_named(lint, drop->objects[i], &name);

		if (index && index->of_constraint)
			effect_detail(lint, effect_add(lint, &effect, "index \"%s\" belongs to a constraint", name),
			              "PostgreSQL refuses it (2BP01): drop the constraint");
		else if (index && index->table->kind == RELATION_PARTITIONED)
			effect_detail(
				lint, effect_add(lint, &effect, "index \"%s\" is of a partitioned table: not CONCURRENTLY", name),
				"PostgreSQL refuses it (0A000)");
	}
}

void read_drop_index(struct lint *lint, const PgQuery__DropStmt *drop)
{
	const struct effect effect = {.rule = "drop-index-blocking",
	                              .severity = SEVERITY_WARNING,
	                              .help = "DROP INDEX CONCURRENTLY, outside of any transaction"};

	if (drop->concurrent)
		check_drop_concurrently(lint, drop);
	for (size_t i = 0; i < drop->n_objects; i++) {
		const char *name;
		struct index *index = index_named(lint, drop->objects[i], &name);
		struct diag *diag;

		if (!drop->concurrent && name && !(index && !was_there(lint, index->table)) &&
		    !(!index && lint->schema.complete)) {
			if (index)
				takes_lock(lint, index->table, LOCK_ACCESS_EXCLUSIVE);
			diag = effect_add(lint, &effect, "DROP INDEX \"%s\" takes ACCESS EXCLUSIVE on %s", name,
			                  index ? named(lint, index->table) : "its table");
			effect_detail(lint, diag,
			              "it is short, but waits behind every query of the table, and others wait behind it");
		}
		if (index)
			index->dropped = true;
	}
}

static bool option_given(PgQuery__Node *const *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    strcmp(options[i]->def_elem->defname, name) == 0)
			return !options[i]->def_elem->arg || always_true(options[i]->def_elem->arg) ||
			       (tree_string(options[i]->def_elem->arg) &&
			        strcmp(tree_string(options[i]->def_elem->arg), "false") != 0 &&
			        strcmp(tree_string(options[i]->def_elem->arg), "off") != 0);
	return false;
}

void read_reindex(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
	PgQuery__ReindexObjectType kind = reindex->kind;
	bool whole = kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA ||
	             kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM ||
	             kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE;
	struct effect effect = {.rule = "reindex-blocking",
	                        .severity = SEVERITY_ERROR,
	                        .help = "REINDEX ... CONCURRENTLY, outside of any transaction"};
	struct index *index = NULL;
	struct relation *relation = NULL;
	struct diag *diag;

	if (kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX)
		index = schema_index(&lint->schema, reindex->relation->schemaname, reindex->relation->relname);
	if (kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE)
		relation = schema_relation(&lint->schema, reindex->relation);
	relation = index ? index->table : relation;
	if (whole)
		refuses_transaction(lint, "REINDEX of a schema or database");
	if (option_given(reindex->params, reindex->n_params, "concurrently")) {
		if (!whole)
			refuses_transaction(lint, "REINDEX CONCURRENTLY");
		if (kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM) {
			effect.rule = "concurrently-unsupported";
			effect.help = NULL;
			effect_add(lint, &effect, "system catalogs can't be reindexed CONCURRENTLY");
		}
		return;
	}
	if (relation && !has_rows(lint, relation))
		return;
	takes_lock(lint, relation, LOCK_SHARE);
	diag = effect_add(lint, &effect, "REINDEX without CONCURRENTLY locks %s for as long as it builds",
	                  relation ? named(lint, relation)
	                  : whole  ? "table after table"
	                           : "the index's table");
	effect_detail(lint, diag,
	              "nobody writes meanwhile; and as every plan looks at every index, hardly anybody reads");
}
