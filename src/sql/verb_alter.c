/* ALTER TABLE: what each subcommand does. */
#include "sql/verb.h"

struct subcommand {
	const char *words;
	enum statement_kind kind;
};

#define SUB(type) [PG_QUERY__ALTER_TABLE_TYPE__AT_##type]

/* A subcommand that is not here only the server makes for itself. */
static const struct subcommand subcommands[] = {
	SUB(AddColumn) = {"ADD COLUMN", STATEMENT_ADDITIVE},
	SUB(ColumnDefault) = {"SET DEFAULT", STATEMENT_ADDITIVE},
	SUB(DropNotNull) = {"DROP NOT NULL", STATEMENT_SWITCH},
	SUB(SetNotNull) = {"SET NOT NULL", STATEMENT_SWITCH},
	SUB(DropExpression) = {"DROP EXPRESSION", STATEMENT_SWITCH},
	SUB(SetStatistics) = {"SET STATISTICS", STATEMENT_ADDITIVE},
	SUB(SetOptions) = {"SET (…)", STATEMENT_ADDITIVE},
	SUB(ResetOptions) = {"RESET (…)", STATEMENT_ADDITIVE},
	SUB(SetStorage) = {"SET STORAGE", STATEMENT_ADDITIVE},
	SUB(SetCompression) = {"SET COMPRESSION", STATEMENT_ADDITIVE},
	SUB(DropColumn) = {"DROP COLUMN", STATEMENT_DESTRUCTIVE},
	SUB(AddConstraint) = {"ADD CONSTRAINT", STATEMENT_ADDITIVE},
	SUB(AlterConstraint) = {"ALTER CONSTRAINT", STATEMENT_SWITCH},
	SUB(ValidateConstraint) = {"VALIDATE CONSTRAINT", STATEMENT_ADDITIVE},
	SUB(DropConstraint) = {"DROP CONSTRAINT", STATEMENT_SWITCH},
	SUB(AlterColumnType) = {"ALTER COLUMN TYPE", STATEMENT_SWITCH},
	SUB(AlterColumnGenericOptions) = {"ALTER COLUMN OPTIONS", STATEMENT_SWITCH},
	SUB(ChangeOwner) = {"OWNER TO", STATEMENT_SWITCH},
	SUB(ClusterOn) = {"CLUSTER ON", STATEMENT_ADDITIVE},
	SUB(DropCluster) = {"SET WITHOUT CLUSTER", STATEMENT_ADDITIVE},
	SUB(SetLogged) = {"SET LOGGED", STATEMENT_SWITCH},
	SUB(SetUnLogged) = {"SET UNLOGGED", STATEMENT_SWITCH},
	SUB(DropOids) = {"SET WITHOUT OIDS", STATEMENT_SWITCH},
	SUB(SetAccessMethod) = {"SET ACCESS METHOD", STATEMENT_SWITCH},
	SUB(SetTableSpace) = {"SET TABLESPACE", STATEMENT_SWITCH},
	SUB(SetRelOptions) = {"SET (…)", STATEMENT_ADDITIVE},
	SUB(ResetRelOptions) = {"RESET (…)", STATEMENT_ADDITIVE},
	SUB(EnableTrig) = {"ENABLE TRIGGER", STATEMENT_SWITCH},
	SUB(EnableAlwaysTrig) = {"ENABLE ALWAYS TRIGGER", STATEMENT_SWITCH},
	SUB(EnableReplicaTrig) = {"ENABLE REPLICA TRIGGER", STATEMENT_SWITCH},
	SUB(DisableTrig) = {"DISABLE TRIGGER", STATEMENT_SWITCH},
	SUB(EnableTrigAll) = {"ENABLE TRIGGER ALL", STATEMENT_SWITCH},
	SUB(DisableTrigAll) = {"DISABLE TRIGGER ALL", STATEMENT_SWITCH},
	SUB(EnableTrigUser) = {"ENABLE TRIGGER USER", STATEMENT_SWITCH},
	SUB(DisableTrigUser) = {"DISABLE TRIGGER USER", STATEMENT_SWITCH},
	SUB(EnableRule) = {"ENABLE RULE", STATEMENT_SWITCH},
	SUB(EnableAlwaysRule) = {"ENABLE ALWAYS RULE", STATEMENT_SWITCH},
	SUB(EnableReplicaRule) = {"ENABLE REPLICA RULE", STATEMENT_SWITCH},
	SUB(DisableRule) = {"DISABLE RULE", STATEMENT_SWITCH},
	SUB(AddInherit) = {"INHERIT", STATEMENT_SWITCH},
	SUB(DropInherit) = {"NO INHERIT", STATEMENT_SWITCH},
	SUB(AddOf) = {"OF", STATEMENT_SWITCH},
	SUB(DropOf) = {"NOT OF", STATEMENT_SWITCH},
	SUB(ReplicaIdentity) = {"REPLICA IDENTITY", STATEMENT_ADDITIVE},
	SUB(EnableRowSecurity) = {"ENABLE ROW LEVEL SECURITY", STATEMENT_SWITCH},
	SUB(DisableRowSecurity) = {"DISABLE ROW LEVEL SECURITY", STATEMENT_SWITCH},
	SUB(ForceRowSecurity) = {"FORCE ROW LEVEL SECURITY", STATEMENT_SWITCH},
	SUB(NoForceRowSecurity) = {"NO FORCE ROW LEVEL SECURITY", STATEMENT_SWITCH},
	SUB(GenericOptions) = {"OPTIONS", STATEMENT_SWITCH},
	SUB(AttachPartition) = {"ATTACH PARTITION", STATEMENT_SWITCH},
	SUB(DetachPartition) = {"DETACH PARTITION", STATEMENT_SWITCH},
	SUB(DetachPartitionFinalize) = {"DETACH PARTITION FINALIZE", STATEMENT_SWITCH},
	SUB(AddIdentity) = {"ADD GENERATED", STATEMENT_SWITCH},
	SUB(SetIdentity) = {"SET GENERATED", STATEMENT_SWITCH},
	SUB(DropIdentity) = {"DROP IDENTITY", STATEMENT_SWITCH},
};

static struct subcommand describe(const PgQuery__AlterTableCmd *command, PgQuery__ObjectType object)
{
	struct subcommand found = {"…", STATEMENT_SWITCH};

	if ((size_t)command->subtype < sizeof(subcommands) / sizeof(*subcommands) &&
	    subcommands[command->subtype].words)
		found = subcommands[command->subtype];
	if (command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault && !command->def)
		found = (struct subcommand){"DROP DEFAULT", STATEMENT_SWITCH};
	if (object == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) { /* a composite type: its columns are attributes */
		if (command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn)
			found = (struct subcommand){"ADD ATTRIBUTE", STATEMENT_SWITCH};
		if (command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn)
			found = (struct subcommand){"DROP ATTRIBUTE", STATEMENT_DESTRUCTIVE};
		if (command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType)
			found = (struct subcommand){"ALTER ATTRIBUTE", STATEMENT_SWITCH};
	}
	return found;
}

static bool detaches_concurrently(const PgQuery__AlterTableCmd *command)
{
	return command->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition && command->def &&
	       command->def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD &&
	       command->def->partition_cmd->concurrent;
}

void verb_alter_table(const PgQuery__Node *node, struct arena *arena, struct statement *statement)
{
	const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
	struct subcommand worst = {"…", STATEMENT_READ};

	for (size_t i = 0; i < alter->n_cmds; i++) {
		const PgQuery__AlterTableCmd *command = alter->cmds[i]->alter_table_cmd;
		struct subcommand this = describe(command, alter->objtype);

		if (i == 0 || this.kind > worst.kind)
			worst = this;
		statement->cascades |= command->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
		statement->outside_transaction |= detaches_concurrently(command);
	}
	statement->kind = worst.kind;
	statement->verb = arena_printf(arena, "ALTER %s … %s", verb_object(alter->objtype), worst.words);
}
