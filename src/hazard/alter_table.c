/* ALTER TABLE: each of its parts, handed to the file that knows it, and the lock that the strongest part takes. */
#include <string.h>
#include <strings.h>

#include "hazard/statements.h"
#include "sql/tree.h"

#define COMMAND(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

static const struct part {
	PgQuery__AlterTableType type;
	enum lock lock;
	void (*read)(struct lint *lint, const struct alteration *a);
} parts[] = {
	{COMMAND(AddColumn), LOCK_ACCESS_EXCLUSIVE, read_add_column},
	{COMMAND(ColumnDefault), LOCK_ACCESS_EXCLUSIVE, read_column_default},
	{COMMAND(DropNotNull), LOCK_ACCESS_EXCLUSIVE, read_drop_not_null},
	{COMMAND(SetNotNull), LOCK_ACCESS_EXCLUSIVE, read_set_not_null},
	{COMMAND(SetStatistics), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(SetOptions), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(ResetOptions), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(DropColumn), LOCK_ACCESS_EXCLUSIVE, read_drop_column},
	{COMMAND(AddConstraint), LOCK_ACCESS_EXCLUSIVE, read_add_constraint},
	{COMMAND(ValidateConstraint), LOCK_SHARE_UPDATE_EXCLUSIVE, read_validate_constraint},
	{COMMAND(DropConstraint), LOCK_ACCESS_EXCLUSIVE, read_drop_constraint},
	{COMMAND(AlterColumnType), LOCK_ACCESS_EXCLUSIVE, read_column_type},
	{COMMAND(ClusterOn), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(DropCluster), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(SetLogged), LOCK_ACCESS_EXCLUSIVE, read_table_storage},
	{COMMAND(SetUnLogged), LOCK_ACCESS_EXCLUSIVE, read_table_storage},
	{COMMAND(SetAccessMethod), LOCK_ACCESS_EXCLUSIVE, read_table_storage},
	{COMMAND(SetTableSpace), LOCK_ACCESS_EXCLUSIVE, read_table_storage},
	{COMMAND(SetRelOptions), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(ResetRelOptions), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
	{COMMAND(EnableTrig), LOCK_SHARE_ROW_EXCLUSIVE, NULL},
	{COMMAND(EnableAlwaysTrig), LOCK_SHARE_ROW_EXCLUSIVE, NULL},
	{COMMAND(EnableReplicaTrig), LOCK_SHARE_ROW_EXCLUSIVE, NULL},
	{COMMAND(EnableTrigAll), LOCK_SHARE_ROW_EXCLUSIVE, NULL},
	{COMMAND(EnableTrigUser), LOCK_SHARE_ROW_EXCLUSIVE, NULL},
	{COMMAND(DisableTrig), LOCK_SHARE_ROW_EXCLUSIVE, read_disable_trigger},
	{COMMAND(DisableTrigAll), LOCK_SHARE_ROW_EXCLUSIVE, read_disable_trigger},
	{COMMAND(DisableTrigUser), LOCK_SHARE_ROW_EXCLUSIVE, read_disable_trigger},
	{COMMAND(EnableRowSecurity), LOCK_ACCESS_EXCLUSIVE, read_row_security},
	{COMMAND(AddIdentity), LOCK_ACCESS_EXCLUSIVE, read_add_identity},
	{COMMAND(DropIdentity), LOCK_ACCESS_EXCLUSIVE, read_drop_identity},
	{COMMAND(AttachPartition), LOCK_NONE, read_attach_partition},
	{COMMAND(DetachPartition), LOCK_NONE, read_detach_partition},
	{COMMAND(DetachPartitionFinalize), LOCK_SHARE_UPDATE_EXCLUSIVE, NULL},
};

static const struct part *find_part(PgQuery__AlterTableType type)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].type == type)
			return &parts[i];
	return NULL;
}

/* A foreign key takes less than the other constraints; one storage parameter more than the others. */
static enum lock part_lock(const struct part *part, const PgQuery__AlterTableCmd *command)
{
	const PgQuery__Node *def = command->def;

	if (!part)
		return LOCK_ACCESS_EXCLUSIVE;
	if (command->subtype == COMMAND(AddConstraint) && def && def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
	    def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN)
		return LOCK_SHARE_ROW_EXCLUSIVE;
	if ((command->subtype == COMMAND(SetRelOptions) || command->subtype == COMMAND(ResetRelOptions)) && def &&
	    def->node_case == PG_QUERY__NODE__NODE_LIST)
		for (size_t i = 0; i < def->list->n_items; i++)
			if (strcmp(def->list->items[i]->def_elem->defname, "user_catalog_table") == 0)
				return LOCK_ACCESS_EXCLUSIVE;
	return part->lock;
}

static bool is_table(const PgQuery__AlterTableStmt *statement)
{
	return statement->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
	       statement->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE ||
	       statement->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
}

static void tell_missing(struct lint *lint, const struct relation *relation)
{
	const struct effect effect = {.rule = "missing-object", .severity = SEVERITY_ERROR};

	effect_add(lint, &effect, "there is no table %s", named(lint, relation));
}

/* A table that rows were changed in by this transaction, with checks still to come at its end, can't be altered.
 */
static void check_pending(struct lint *lint, const struct relation *relation)
{
	const struct effect effect = {.rule = "pending-trigger-events",
	                              .severity = SEVERITY_ERROR,
	                              .help = "commit before it, or SET CONSTRAINTS ALL IMMEDIATE first"};
	struct diag *diag;

	for (size_t i = 0; i < lint->transaction.own_from; i++) {
		if (lint->transaction.locks[i].relation != relation ||
		    lint->transaction.locks[i].level != LOCK_ROW_EXCLUSIVE)
			continue;
		for (const struct constraint *c = relation->constraints; c; c = c->next) {
			if (c->dropped || !c->deferred)
				continue;
			diag =
				effect_add(lint, &effect, "%s can't be altered: line %d of the same transaction changed its rows",
			               named(lint, relation), lint->transaction.locks[i].line);
			effect_detail(lint, diag, "constraint \"%s\" is checked at the end of the transaction (55006)",
			              c->name ? c->name : "");
			return;
		}
	}
}

void read_alter_table(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__AlterTableStmt *statement = node->alter_table_stmt;
	struct relation *relation;
	enum lock lock = LOCK_NONE;

	if (!is_table(statement))
		return;
	relation = schema_relation(&lint->schema, statement->relation);
	if (relation->exists == TRI_NO && !relation->here) {
		if (!statement->missing_ok && !lint->opaque)
			tell_missing(lint, relation);
		return;
	}
	for (size_t i = 0; i < statement->n_cmds; i++) {
		const PgQuery__AlterTableCmd *command = statement->cmds[i]->alter_table_cmd;
		enum lock wanted = part_lock(find_part(command->subtype), command);

		lock = wanted > lock ? wanted : lock;
	}
	check_pending(lint, relation);
	takes_lock(lint, relation, lock);
	for (size_t i = 0; i < statement->n_cmds; i++) {
		const PgQuery__AlterTableCmd *command = statement->cmds[i]->alter_table_cmd;
		const struct part *part = find_part(command->subtype);

		if (part && part->read)
			part->read(lint, &(struct alteration){relation, statement, command});
	}
}

void read_table_storage(struct lint *lint, const struct alteration *a)
{
	struct relation *r = a->relation;
	struct effect effect = {.relation = r, .work = WORK_REWRITE, .lock = LOCK_ACCESS_EXCLUSIVE};
	bool unlogged = a->command->subtype == COMMAND(SetUnLogged);
	const char *name = a->command->name;
	struct diag *diag;

	if (a->command->subtype == COMMAND(SetTableSpace)) {
		effect.rule = "set-tablespace";
		effect.help = "pg_repack moves a table without keeping people from it";
		if (!r->place || strcmp(r->place, name) != 0)
			effect_add(lint, &effect, "SET TABLESPACE copies every page: it");
		r->place = arena_strdup(&lint->arena, name);
	} else if (a->command->subtype == COMMAND(SetAccessMethod)) {
		effect.rule = "set-access-method";
		if (!r->access_method || strcmp(r->access_method, name) != 0)
			effect_add(lint, &effect, "SET ACCESS METHOD");
	} else if (r->unlogged != tri_of(unlogged)) {
		effect.rule = "set-logged-unlogged";
		diag = effect_add(lint, &effect, unlogged ? "SET UNLOGGED" : "SET LOGGED");
		if (unlogged)
			effect_detail(lint, diag,
			              "after a crash of the server the table is empty, and standbys never have its rows");
		r->unlogged = tri_of(unlogged);
	}
}

void read_disable_trigger(struct lint *lint, const struct alteration *a)
{
	bool all = a->command->subtype == COMMAND(DisableTrigAll);
	const struct effect effect = {.rule = "disable-trigger",
	                              .severity = SEVERITY_WARNING,
	                              .help = "SET session_replication_role, in one session, disturbs nobody else"};
	struct diag *diag;

	if (!was_there(lint, a->relation))
		return;
	diag = effect_add(lint, &effect, "DISABLE TRIGGER %s on %s is for everybody, until somebody enables it again",
	                  all                                     ? "ALL"
	                  : a->command->name && *a->command->name ? a->command->name
	                                                          : "USER",
	                  named(lint, a->relation));
	if (all)
		effect_detail(lint, diag,
		              "foreign keys are not checked meanwhile, and never checked for what came in then");
}

void read_row_security(struct lint *lint, const struct alteration *a)
{
	const struct effect effect = {.rule = "row-security-hides-rows",
	                              .severity = SEVERITY_WARNING,
	                              .help = "CREATE POLICY before it, in the same transaction"};

	if (!was_there(lint, a->relation) || a->relation->has_policy || a->relation->row_security)
		return;
	if (!has_name(lint->made_policies, lint->made_policy_count, a->relation->name))
		effect_add(lint, &effect, "ENABLE ROW LEVEL SECURITY hides every row of %s from all but its owner: %s",
		           named(lint, a->relation),
		           a->relation->known ? "it has no policy" : "unless it has a policy already");
	a->relation->row_security = true;
}
