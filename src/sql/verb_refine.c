/* What the type of a node does not tell: kinds and flags that depend on the words of the statement. */
#include <string.h>

#include "sql/tree.h"
#include "sql/verb.h"

static bool is_cascade(PgQuery__DropBehavior behavior)
{
	return behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
}

/* An option of a list like (concurrently, create_slot = false): its value, or that there is none. */
enum switch_value { SWITCH_ABSENT, SWITCH_OFF, SWITCH_ON };

static enum switch_value option_value(PgQuery__Node *const *options, size_t count, const char *name)
{
	enum switch_value value = SWITCH_ABSENT;

	for (size_t i = 0; i < count; i++) {
		const PgQuery__DefElem *option = options[i]->def_elem;
		const PgQuery__Node *arg = option->arg;
		const char *word = tree_string(arg);

		if (strcmp(option->defname, name) != 0)
			continue;
		value = SWITCH_ON;
		if (word && (!strcmp(word, "false") || !strcmp(word, "off") || !strcmp(word, "0")))
			value = SWITCH_OFF;
		if (arg && arg->node_case == PG_QUERY__NODE__NODE_INTEGER && arg->integer->ival == 0)
			value = SWITCH_OFF;
		if (arg && arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && !arg->boolean->boolval)
			value = SWITCH_OFF;
	}
	return value;
}

static void refine_select(const PgQuery__Node *node, struct statement *s)
{
	s->kind = verb_query_kind(node);
	if (s->kind == STATEMENT_DATA)
		s->verb = "WITH … INSERT, UPDATE or DELETE";
	else if (s->kind == STATEMENT_ADDITIVE)
		s->verb = "SELECT INTO";
	else if (node->select_stmt->n_values_lists > 0)
		s->verb = "VALUES";
}

static void refine_copy(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__CopyStmt *copy = node->copy_stmt;

	s->verb = copy->is_from ? "COPY FROM" : "COPY TO";
	s->kind = copy->is_from ? STATEMENT_DATA : STATEMENT_READ;
	if (copy->query)
		s->kind = verb_query_kind(copy->query);
	if (copy->is_program)
		s->kind = STATEMENT_OPAQUE;
}

static void refine_cursor(const PgQuery__Node *node, struct statement *s)
{
	s->kind = verb_query_kind(node->declare_cursor_stmt->query);
}

static void refine_create_as(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__Node *query = node->create_table_as_stmt->query;

	if (query && query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT)
		s->kind = STATEMENT_OPAQUE;
}

static void refine_index(const PgQuery__Node *node, struct statement *s)
{
	s->outside_transaction = s->builds_index_concurrently = node->index_stmt->concurrent;
}

static void refine_define(const PgQuery__Node *node, struct statement *s)
{
	if (node->define_stmt->replace)
		s->kind = STATEMENT_SWITCH;
}

static void refine_function(const PgQuery__Node *node, struct statement *s)
{
	if (node->create_function_stmt->replace)
		s->kind = STATEMENT_SWITCH;
}

static void refine_rename(const PgQuery__Node *node, struct statement *s)
{
	s->cascades = is_cascade(node->rename_stmt->behavior);
}

/* EXPLAIN ANALYZE does what the statement in it does. */
static void refine_replace(struct statement *s, bool replace, const char *verb)
{
	if (!replace)
		return;
	s->verb = verb;
	s->kind = STATEMENT_SWITCH;
}

static void refine_view(const PgQuery__Node *node, struct statement *s)
{
	refine_replace(s, node->view_stmt->replace, "CREATE OR REPLACE VIEW");
}

static void refine_trigger(const PgQuery__Node *node, struct statement *s)
{
	refine_replace(s, node->create_trig_stmt->replace, "CREATE OR REPLACE TRIGGER");
}

static void refine_rule(const PgQuery__Node *node, struct statement *s)
{
	refine_replace(s, node->rule_stmt->replace, "CREATE OR REPLACE RULE");
}

static void refine_drop(const PgQuery__Node *node, struct statement *s)
{
	s->outside_transaction = node->drop_stmt->concurrent;
	s->cascades = is_cascade(node->drop_stmt->behavior);
}

static void refine_truncate(const PgQuery__Node *node, struct statement *s)
{
	s->cascades = is_cascade(node->truncate_stmt->behavior);
}

static void refine_drop_owned(const PgQuery__Node *node, struct statement *s)
{
	s->cascades = is_cascade(node->drop_owned_stmt->behavior);
}

static void refine_drop_subscription(const PgQuery__Node *node, struct statement *s)
{
	s->cascades = is_cascade(node->drop_subscription_stmt->behavior);
}

static void refine_domain(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__AlterDomainStmt *alter = node->alter_domain_stmt;
	bool adds = *alter->subtype == 'C' || *alter->subtype == 'V';

	if (adds)
		s->kind = STATEMENT_ADDITIVE;
	s->cascades = is_cascade(alter->behavior);
}

static void refine_enum(const PgQuery__Node *node, struct statement *s)
{
	bool renames = node->alter_enum_stmt->old_val && *node->alter_enum_stmt->old_val;

	s->verb = renames ? "ALTER TYPE … RENAME VALUE" : "ALTER TYPE … ADD VALUE";
	s->kind = renames ? STATEMENT_SWITCH : STATEMENT_ADDITIVE;
}

static void refine_right(struct statement *s, bool grants, PgQuery__DropBehavior behavior)
{
	s->verb = grants ? "GRANT" : "REVOKE";
	s->kind = grants ? STATEMENT_ADDITIVE : STATEMENT_SWITCH;
	s->cascades = is_cascade(behavior);
}

static void refine_grant(const PgQuery__Node *node, struct statement *s)
{
	refine_right(s, node->grant_stmt->is_grant, node->grant_stmt->behavior);
}

static void refine_grant_role(const PgQuery__Node *node, struct statement *s)
{
	refine_right(s, node->grant_role_stmt->is_grant, node->grant_role_stmt->behavior);
}

static void refine_defaults(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__GrantStmt *action = node->alter_default_privileges_stmt->action;

	refine_right(s, action->is_grant, action->behavior);
	s->verb = "ALTER DEFAULT PRIVILEGES";
}

static void refine_vacuum(const PgQuery__Node *node, struct statement *s)
{
	s->verb = node->vacuum_stmt->is_vacuumcmd ? "VACUUM" : "ANALYZE";
	s->outside_transaction = node->vacuum_stmt->is_vacuumcmd;
}

static void refine_cluster(const PgQuery__Node *node, struct statement *s)
{
	s->outside_transaction = !node->cluster_stmt->relation;
}

static void refine_reindex(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
	bool concurrent = option_value(reindex->params, reindex->n_params, "concurrently") == SWITCH_ON;

	s->verb = concurrent ? "REINDEX CONCURRENTLY" : "REINDEX";
	s->outside_transaction = concurrent || reindex->kind >= PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA;
	s->builds_index_concurrently = concurrent;
}

static void refine_transaction(const PgQuery__Node *node, struct statement *s)
{
	static const char *const verbs[] = {
		"",        "BEGIN",       "START TRANSACTION",   "COMMIT",          "ROLLBACK",          "SAVEPOINT",
		"RELEASE", "ROLLBACK TO", "PREPARE TRANSACTION", "COMMIT PREPARED", "ROLLBACK PREPARED",
	};
	PgQuery__TransactionStmtKind kind = node->transaction_stmt->kind;

	if ((size_t)kind < sizeof(verbs) / sizeof(*verbs))
		s->verb = verbs[kind];
	s->transaction_control = true;
	s->outside_transaction = kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED ||
	                         kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED;
}

static void refine_set(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__VariableSetStmt *set = node->variable_set_stmt;

	if (set->kind >= PG_QUERY__VARIABLE_SET_KIND__VAR_RESET)
		s->verb = "RESET";
	if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI && strncmp(set->name, "TRANSACTION", 11) == 0) {
		s->verb = "SET TRANSACTION";
		s->transaction_control = true;
	}
}

static void refine_discard(const PgQuery__Node *node, struct statement *s)
{
	s->outside_transaction = node->discard_stmt->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL;
}

static void refine_database(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__AlterDatabaseStmt *alter = node->alter_database_stmt;

	s->outside_transaction = option_value(alter->options, alter->n_options, "tablespace") != SWITCH_ABSENT;
}

static void refine_publication(const PgQuery__Node *node, struct statement *s)
{
	if (node->alter_publication_stmt->action == PG_QUERY__ALTER_PUBLICATION_ACTION__AP_AddObjects &&
	    node->alter_publication_stmt->n_pubobjects > 0)
		s->kind = STATEMENT_ADDITIVE;
}

/* With a slot to make, or a refresh to do, these wait for another server. */
static void refine_create_subscription(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__CreateSubscriptionStmt *create = node->create_subscription_stmt;

	s->outside_transaction = option_value(create->options, create->n_options, "create_slot") != SWITCH_OFF &&
	                         option_value(create->options, create->n_options, "connect") != SWITCH_OFF;
}

static void refine_alter_subscription(const PgQuery__Node *node, struct statement *s)
{
	const PgQuery__AlterSubscriptionStmt *alter = node->alter_subscription_stmt;
	bool lists = alter->kind >= PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SET_PUBLICATION &&
	             alter->kind <= PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION;

	s->outside_transaction = alter->kind == PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_REFRESH ||
	                         (lists && option_value(alter->options, alter->n_options, "refresh") != SWITCH_OFF);
}

typedef void (*refine)(const PgQuery__Node *node, struct statement *s);

#define NODE(type) [PG_QUERY__NODE__NODE_##type]

static const refine refinements[] = {
	NODE(SELECT_STMT) = refine_select,
	NODE(COPY_STMT) = refine_copy,
	NODE(DECLARE_CURSOR_STMT) = refine_cursor,
	NODE(CREATE_TABLE_AS_STMT) = refine_create_as,
	NODE(INDEX_STMT) = refine_index,
	NODE(DEFINE_STMT) = refine_define,
	NODE(CREATE_FUNCTION_STMT) = refine_function,
	NODE(VIEW_STMT) = refine_view,
	NODE(CREATE_TRIG_STMT) = refine_trigger,
	NODE(RULE_STMT) = refine_rule,
	NODE(DROP_STMT) = refine_drop,
	NODE(TRUNCATE_STMT) = refine_truncate,
	NODE(DROP_OWNED_STMT) = refine_drop_owned,
	NODE(DROP_SUBSCRIPTION_STMT) = refine_drop_subscription,
	NODE(RENAME_STMT) = refine_rename,
	NODE(ALTER_DOMAIN_STMT) = refine_domain,
	NODE(ALTER_ENUM_STMT) = refine_enum,
	NODE(GRANT_STMT) = refine_grant,
	NODE(GRANT_ROLE_STMT) = refine_grant_role,
	NODE(ALTER_DEFAULT_PRIVILEGES_STMT) = refine_defaults,
	NODE(VACUUM_STMT) = refine_vacuum,
	NODE(CLUSTER_STMT) = refine_cluster,
	NODE(REINDEX_STMT) = refine_reindex,
	NODE(TRANSACTION_STMT) = refine_transaction,
	NODE(VARIABLE_SET_STMT) = refine_set,
	NODE(DISCARD_STMT) = refine_discard,
	NODE(ALTER_DATABASE_STMT) = refine_database,
	NODE(ALTER_PUBLICATION_STMT) = refine_publication,
	NODE(CREATE_SUBSCRIPTION_STMT) = refine_create_subscription,
	NODE(ALTER_SUBSCRIPTION_STMT) = refine_alter_subscription,
};

void verb_refine(const PgQuery__Node *node, struct statement *s)
{
	if ((size_t)node->node_case < sizeof(refinements) / sizeof(*refinements) && refinements[node->node_case])
		refinements[node->node_case](node, s);
}

bool verb_runs(const PgQuery__ExplainStmt *explain)
{
	return option_value(explain->options, explain->n_options, "analyze") == SWITCH_ON;
}
