/* Statements that rewrite or refresh what is there, and small ones that lock it: VACUUM, CLUSTER, views, triggers.
 */
#include <string.h>

#include "hazard/statements.h"
#include "sql/tree.h"

/* An option of the parenthesised list: is it given and not said to be off? */
static bool has_option(PgQuery__Node *const *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		const PgQuery__DefElem *option = options[i]->def_elem;
		const PgQuery__Node *arg = option->arg;

		if (strcmp(option->defname, name) != 0)
			continue;
		if (arg && arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
			return arg->integer->ival != 0;
		if (arg && arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN)
			return arg->boolean->boolval;
		if (arg && tree_string(arg))
			return strcmp(tree_string(arg), "false") != 0 && strcmp(tree_string(arg), "off") != 0 &&
			       strcmp(tree_string(arg), "0") != 0;
		return true;
	}
	return false;
}

void read_vacuum(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__VacuumStmt *vacuum = node->vacuum_stmt;
	struct effect effect = {.rule = "vacuum-full",
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .help = "plain VACUUM, or pg_repack and pg_squeeze, which let others go on"};

	if (!vacuum->is_vacuumcmd)
		return;
	refuses_transaction(lint, "VACUUM");
	if (!has_option(vacuum->options, vacuum->n_options, "full"))
		return;
	for (size_t i = 0; i < vacuum->n_rels; i++) {
		const PgQuery__VacuumRelation *one = vacuum->rels[i]->vacuum_relation;

		effect.relation = schema_relation(&lint->schema, one->relation);
		takes_lock(lint, effect.relation, LOCK_ACCESS_EXCLUSIVE);
		effect_add(lint, &effect, "VACUUM FULL");
	}
	if (vacuum->n_rels == 0) {
		effect.work = WORK_NONE;
		effect.severity = SEVERITY_ERROR;
		effect_add(lint, &effect, "VACUUM FULL rewrites every table of the database, one after the other");
	}
}

void read_cluster(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__ClusterStmt *cluster = node->cluster_stmt;
	struct effect effect = {.rule = "vacuum-full",
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .help = "pg_repack sorts a table without keeping people from it"};

	if (!cluster->relation) {
		effect.work = WORK_NONE;
		effect.severity = SEVERITY_ERROR;
		effect_add(lint, &effect, "CLUSTER rewrites every table that was clustered before");
		return;
	}
	effect.relation = schema_relation(&lint->schema, cluster->relation);
	takes_lock(lint, effect.relation, LOCK_ACCESS_EXCLUSIVE);
	effect_add(lint, &effect, "CLUSTER");
}

static bool has_unique_index(const struct relation *relation)
{
	for (const struct index *i = relation->indexes; i; i = i->next)
		if (!i->dropped && i->unique == TRI_YES && !i->partial && !i->has_expressions && i->valid != TRI_NO)
			return true;
	return false;
}

void read_refresh(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__RefreshMatViewStmt *refresh = node->refresh_mat_view_stmt;
	struct relation *relation = schema_relation(&lint->schema, refresh->relation);
	struct effect effect = {.rule = "refresh-matview-blocking",
	                        .relation = relation,
	                        .severity = SEVERITY_ERROR,
	                        .help =
	                            "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index over plain columns"};
	struct diag *diag;

	if (refresh->concurrent) {
		effect.rule = "concurrently-unsupported";
		effect.help = "a unique index over plain columns of the view, without WHERE";
		if (is_known(lint, relation) && !relation->here && !has_unique_index(relation))
			effect_detail(lint,
			              effect_add(lint, &effect, "%s has no unique index: it is not refreshed CONCURRENTLY",
			                         named(lint, relation)),
			              "PostgreSQL refuses it (55000)");
		else if (is_known(lint, relation) && !relation->here && !relation->populated)
			effect_add(lint, &effect, "%s was never filled: its first REFRESH can't be CONCURRENTLY",
			           named(lint, relation));
		return;
	}
	if (!was_there(lint, relation) || (relation->known && !relation->populated && !lint->options.assume_large))
		return;
	takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
	diag = effect_add(lint, &effect, "REFRESH locks %s for as long as its query takes", named(lint, relation));
	effect_detail(lint, diag, "nobody reads it meanwhile");
}

/* The columns of the new query's list, where each has a name; 0: they can't be told. */
static size_t target_names(struct lint *lint, const PgQuery__ViewStmt *view, const char ***names)
{
	const PgQuery__SelectStmt *select =
		view->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? view->query->select_stmt : NULL;
	size_t count = select ? select->n_target_list : 0;

	*names = arena_array(&lint->arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		const PgQuery__ResTarget *target = select->target_list[i]->res_target;
		const PgQuery__ColumnRef *ref = target->val && target->val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF
		                                    ? target->val->column_ref
		                                    : NULL;

		(*names)[i] = target->name && *target->name ? target->name
		              : ref                         ? tree_string(ref->fields[ref->n_fields - 1])
		                                            : NULL;
		if (i < view->n_aliases)
			(*names)[i] = tree_string(view->aliases[i]);
		if (!(*names)[i])
			return 0;
	}
	return count;
}

/* CREATE OR REPLACE keeps the columns that are there, in their order, and may add some at the end. */
static void check_replaced(struct lint *lint, const PgQuery__ViewStmt *view, const struct relation *relation)
{
	const struct effect effect = {.rule = "view-replace",
	                              .severity = SEVERITY_ERROR,
	                              .help = "DROP VIEW and CREATE VIEW in one transaction, with its grants"};
	const char **names;
	size_t count = target_names(lint, view, &names), i = 0;
	struct diag *diag;

	for (const struct column *c = relation->columns; c && count > 0; c = c->next, i++) {
		if (i < count && strcmp(names[i], c->name) == 0)
			continue;
		diag = effect_add(lint, &effect, "CREATE OR REPLACE VIEW %s: column \"%s\" would be gone or another",
		                  named(lint, relation), c->name);
		effect_detail(lint, diag, "PostgreSQL refuses it (42P16)");
		return;
	}
}

/* CREATE OR REPLACE without WITH clears what the view had. */
static void check_options(struct lint *lint, const PgQuery__ViewStmt *view, const struct relation *relation)
{
	const struct effect effect = {
		.rule = "view-options-lost", .severity = SEVERITY_ERROR, .help = "say WITH (...) again"};

	if (relation->view_options && view->n_options == 0 &&
	    view->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION)
		effect_add(lint, &effect, "CREATE OR REPLACE VIEW %s takes its options away: %s", named(lint, relation),
		           relation->view_options);
}

void read_create_view(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__ViewStmt *view = node->view_stmt;
	struct relation *relation = schema_find(&lint->schema, view->view->schemaname, view->view->relname);

	if (relation && relation->exists == TRI_YES && !relation->here && view->replace) {
		takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
		if (relation->known && relation->kind == RELATION_VIEW) {
			check_replaced(lint, view, relation);
			check_options(lint, view, relation);
		}
		return;
	}
	if (relation && relation->here)
		return;
	relation = schema_add(&lint->schema, view->view->schemaname, view->view->relname);
	relation->kind = RELATION_VIEW;
	relation->here = true;
	relation->exists = TRI_YES;
}

void read_create_trigger(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__CreateTrigStmt *create = node->create_trig_stmt;
	struct relation *relation = schema_relation(&lint->schema, create->relation);
	const struct effect effect = {.rule = "create-trigger", .severity = SEVERITY_NOTE};

	takes_lock(lint, relation, LOCK_SHARE_ROW_EXCLUSIVE);
	if (was_there(lint, relation))
		effect_add(lint, &effect, "from then on \"%s\" runs in every statement that writes %s", create->trigname,
		           named(lint, relation));
}

void read_create_policy(struct lint *lint, const PgQuery__Node *node)
{
	struct relation *relation = schema_relation(&lint->schema, node->create_policy_stmt->table);

	takes_lock(lint, relation, LOCK_ACCESS_EXCLUSIVE);
	relation->has_policy = true;
}

void read_create_rule(struct lint *lint, const PgQuery__Node *node)
{
	takes_lock(lint, schema_relation(&lint->schema, node->rule_stmt->relation), LOCK_ACCESS_EXCLUSIVE);
}

void read_lock(struct lint *lint, const PgQuery__Node *node)
{
	static const enum lock levels[] = {LOCK_NONE,
	                                   LOCK_NONE,
	                                   LOCK_NONE,
	                                   LOCK_ROW_EXCLUSIVE,
	                                   LOCK_SHARE_UPDATE_EXCLUSIVE,
	                                   LOCK_SHARE,
	                                   LOCK_SHARE_ROW_EXCLUSIVE,
	                                   LOCK_EXCLUSIVE,
	                                   LOCK_ACCESS_EXCLUSIVE};
	const PgQuery__LockStmt *lock = node->lock_stmt;

	for (size_t i = 0; i < lock->n_relations && lock->mode >= 0 && lock->mode <= 8; i++)
		takes_lock(lint, schema_relation(&lint->schema, lock->relations[i]->range_var), levels[lock->mode]);
}

void read_outside_only(struct lint *lint, const PgQuery__Node *node)
{
	refuses_transaction(lint, node->node_case == PG_QUERY__NODE__NODE_CREATEDB_STMT       ? "CREATE DATABASE"
	                          : node->node_case == PG_QUERY__NODE__NODE_ALTER_SYSTEM_STMT ? "ALTER SYSTEM"
	                                                                                      : "this statement");
}
