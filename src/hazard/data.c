/* Statements about rows: how many they touch, and what the transaction holds meanwhile. */
#include <string.h>
#include <strings.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "sql/tree.h"

/* The rows of a table are changed: the transaction holds it from now on. */
static struct relation *touches(struct lint *lint, const PgQuery__RangeVar *range, const char *what)
{
	struct relation *relation = schema_relation(&lint->schema, range);

	takes_lock(lint, relation, LOCK_ROW_EXCLUSIVE);
	change_add(lint, CONCERN_DATA, relation, "%s rows of %s", what, named(lint, relation));
	return relation;
}

/* `column = constant`, alone or ANDed: few rows, as far as the text tells. */
static bool is_selective(const PgQuery__Node *where)
{
	const char *op;

	if (!where)
		return false;
	if (where->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
	    where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
		for (size_t i = 0; i < where->bool_expr->n_args; i++)
			if (is_selective(where->bool_expr->args[i]))
				return true;
		return false;
	}
	if (where->node_case != PG_QUERY__NODE__NODE_A_EXPR || where->a_expr->n_name != 1)
		return false;
	op = tree_string(where->a_expr->name[0]);
	return op && strcmp(op, "=") == 0 && where->a_expr->lexpr &&
	       where->a_expr->lexpr->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && where->a_expr->rexpr &&
	       where->a_expr->rexpr->node_case != PG_QUERY__NODE__NODE_COLUMN_REF;
}

void read_update(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__UpdateStmt *update = node->update_stmt;
	struct relation *relation = touches(lint, update->relation, "changes");
	const struct effect effect = {.rule = "unbatched-update",
	                              .severity = SEVERITY_ERROR,
	                              .help = "batches by key, each in a transaction of its own"};
	const char *size = size_text(lint, relation);
	struct diag *diag;

	if (!has_rows(lint, relation) || !was_there(lint, relation))
		return;
	if (!always_true(update->where_clause) || update->n_from_clause > 0) {
		if (!is_selective(update->where_clause))
			works_under_locks(lint, relation, "updating");
		return;
	}
	diag = effect_add(lint, &effect, "one UPDATE changes every row of %s%s%s%s", named(lint, relation),
	                  size ? " (" : "", size ? size : "", size ? ")" : "");
	effect_detail(lint, diag,
	              "each row stays locked until the end, the table grows to twice its size, standbys lag");
	works_under_locks(lint, relation, "updating every row of");
}

void read_delete(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__DeleteStmt *delete = node->delete_stmt;
	struct relation *relation = touches(lint, delete->relation, "deletes");
	const struct effect effect = {.rule = "delete-without-where",
	                              .severity = SEVERITY_ERROR,
	                              .help = "say which rows; many of them in batches by key"};
	const char *size = size_text(lint, relation);
	struct diag *diag;

	if (!has_rows(lint, relation) || !was_there(lint, relation))
		return;
	if (!always_true(delete->where_clause) || delete->n_using_clause > 0) {
		if (!is_selective(delete->where_clause))
			works_under_locks(lint, relation, "deleting from");
		return;
	}
	diag = effect_add(lint, &effect, "DELETE removes every row of %s%s%s%s", named(lint, relation),
	                  size ? " (" : "", size ? size : "", size ? ")" : "");
	effect_detail(lint, diag, "each row stays locked until the end; there is no way back");
	works_under_locks(lint, relation, "deleting every row of");
}

/* INSERT … VALUES of a few rows is nothing; INSERT … SELECT reads as much as it reads. */
void read_insert(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__InsertStmt *insert = node->insert_stmt;
	struct relation *relation = touches(lint, insert->relation, "adds");
	const PgQuery__Node *select = insert->select_stmt;

	if (select && select->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
	    select->select_stmt->n_from_clause > 0) {
		if (relation->here)
			relation->filled = true;
		works_under_locks(lint, relation, "filling");
	}
}

void read_merge(struct lint *lint, const PgQuery__Node *node)
{
	struct relation *relation = touches(lint, node->merge_stmt->relation, "merges");

	works_under_locks(lint, relation, "merging into");
}

void read_copy(struct lint *lint, const PgQuery__Node *node)
{
	struct relation *relation;

	if (!node->copy_stmt->is_from || !node->copy_stmt->relation)
		return;
	relation = touches(lint, node->copy_stmt->relation, "adds");
	if (relation->here)
		relation->filled = true;
}

static const char *literal(const PgQuery__Node *node)
{
	while (node && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->type_cast->arg;
	if (!node || node->node_case != PG_QUERY__NODE__NODE_A_CONST ||
	    node->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
		return NULL;
	return node->a_const->sval->sval;
}

/* Functions of pg_catalog that a migration calls and that change nothing a release would notice. */
static bool is_harmless(const char *name)
{
	static const char *const names[] = {"setval",
	                                    "nextval",
	                                    "currval",
	                                    "lastval",
	                                    "pg_notify",
	                                    "pg_sleep",
	                                    "set_config",
	                                    "pg_advisory_lock",
	                                    "pg_advisory_xact_lock",
	                                    "pg_advisory_unlock",
	                                    "pg_advisory_unlock_all",
	                                    "pg_try_advisory_lock",
	                                    "pg_try_advisory_xact_lock",
	                                    "count",
	                                    "max",
	                                    "min",
	                                    "sum",
	                                    "avg",
	                                    "exists",
	                                    "string_agg",
	                                    "array_agg",
	                                    "json_agg",
	                                    "jsonb_agg",
	                                    "bool_or",
	                                    "bool_and",
	                                    "unnest",
	                                    "generate_series",
	                                    "row_number",
	                                    "rank",
	                                    "dense_rank",
	                                    "lag",
	                                    "lead",
	                                    "pg_get_serial_sequence",
	                                    "to_regclass",
	                                    "to_regtype",
	                                    "to_regproc",
	                                    NULL};

	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool visit_function(const ProtobufCMessage *message, void *context)
{
	struct lint *lint = context;
	const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)(const void *)message;
	const char *schema, *name;
	const struct function *known;

	if (message->descriptor != &pg_query__func_call__descriptor)
		return true;
	name = list_name(call->funcname, call->n_funcname, &schema);
	if (!name)
		return true;
	if (strcmp(name, "set_config") == 0 && call->n_args == 3)
		read_setting(lint, literal(call->args[0]), literal(call->args[1]), always_true(call->args[2]));
	if (strcmp(name, "pg_sleep") == 0)
		works_under_locks(lint, NULL, "pg_sleep() waits");
	known = schema_function(&lint->schema, schema, name);
	if (is_harmless(name) || (schema && strcmp(schema, "pg_catalog") == 0) ||
	    (known && known->volatility != 'v') ||
	    (builtin_volatile(name) != TRI_UNKNOWN && !(known && known->here)) ||
	    (!schema && schema_function(&lint->schema, "pg_catalog", name)))
		return true;
	tell_opaque(lint, text_of(lint, "function %s()", name), SEVERITY_WARNING);
	return true;
}

/* A query of a migration that reads a whole table keeps what the transaction holds for as long as that takes. */
static void reads_tables(struct lint *lint, const PgQuery__SelectStmt *select)
{
	if (is_selective(select->where_clause) || select->limit_count)
		return;
	for (size_t i = 0; i < select->n_from_clause; i++) {
		const PgQuery__Node *from = select->from_clause[i];
		struct relation *relation;

		if (from->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
			continue;
		relation = schema_find(&lint->schema, from->range_var->schemaname, from->range_var->relname);
		if (relation && relation->kind != RELATION_VIEW && has_rows(lint, relation))
			works_under_locks(lint, relation, "reading");
	}
}

void read_select(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__SelectStmt *select = node->select_stmt;

	tree_visit_node(node, visit_function, lint);
	reads_tables(lint, select);
	if (select->into_clause && select->into_clause->rel) {
		const PgQuery__RangeVar *range = select->into_clause->rel;
		struct relation *relation = schema_add(&lint->schema, range->schemaname, range->relname);

		relation->here = true;
		relation->exists = TRI_YES;
		relation->kind = RELATION_TABLE;
	}
}
