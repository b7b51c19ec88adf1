/* Which file knows which kind of statement. */
#include "hazard/statements.h"

#define NODE(name) PG_QUERY__NODE__NODE_##name

static const struct kind {
	PgQuery__Node__NodeCase node;
	void (*read)(struct lint *lint, const PgQuery__Node *node);
} kinds[] = {
	{NODE(ALTER_TABLE_STMT), read_alter_table},
	{NODE(CREATE_STMT), read_create_table},
	{NODE(CREATE_FOREIGN_TABLE_STMT), read_create_table},
	{NODE(CREATE_TABLE_AS_STMT), read_create_table_as},
	{NODE(INDEX_STMT), read_create_index},
	{NODE(REINDEX_STMT), read_reindex},
	{NODE(DROP_STMT), read_drop},
	{NODE(DROPDB_STMT), read_drop_database},
	{NODE(DROP_OWNED_STMT), read_drop_owned},
	{NODE(TRUNCATE_STMT), read_truncate},
	{NODE(UPDATE_STMT), read_update},
	{NODE(DELETE_STMT), read_delete},
	{NODE(INSERT_STMT), read_insert},
	{NODE(MERGE_STMT), read_merge},
	{NODE(COPY_STMT), read_copy},
	{NODE(SELECT_STMT), read_select},
	{NODE(RENAME_STMT), read_rename},
	{NODE(ALTER_OBJECT_SCHEMA_STMT), read_set_schema},
	{NODE(CREATE_ENUM_STMT), read_create_enum},
	{NODE(ALTER_ENUM_STMT), read_alter_enum},
	{NODE(CREATE_DOMAIN_STMT), read_create_domain},
	{NODE(ALTER_DOMAIN_STMT), read_alter_domain},
	{NODE(COMPOSITE_TYPE_STMT), read_composite_type},
	{NODE(CREATE_FUNCTION_STMT), read_create_function},
	{NODE(VACUUM_STMT), read_vacuum},
	{NODE(CLUSTER_STMT), read_cluster},
	{NODE(REFRESH_MAT_VIEW_STMT), read_refresh},
	{NODE(VIEW_STMT), read_create_view},
	{NODE(CREATE_TRIG_STMT), read_create_trigger},
	{NODE(CREATE_POLICY_STMT), read_create_policy},
	{NODE(RULE_STMT), read_create_rule},
	{NODE(LOCK_STMT), read_lock},
	{NODE(CREATEDB_STMT), read_outside_only},
	{NODE(ALTER_SYSTEM_STMT), read_outside_only},
	{NODE(CREATE_TABLE_SPACE_STMT), read_outside_only},
	{NODE(DROP_TABLE_SPACE_STMT), read_outside_only},
	{NODE(TRANSACTION_STMT), read_transaction},
	{NODE(VARIABLE_SET_STMT), read_set},
	{NODE(DO_STMT), read_do},
	{NODE(CALL_STMT), read_call},
};

void read_statement(struct lint *lint, const PgQuery__Node *node)
{
	if (!node)
		return;
	lint->node = node;
	if (node->node_case != NODE(ALTER_ENUM_STMT) && node->node_case != NODE(DO_STMT))
		check_enum_values(lint, node);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].node == node->node_case)
			kinds[i].read(lint, node);
}
