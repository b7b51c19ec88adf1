/* The kinds of statements, one function each; the file that has it says what they have in common. */
#ifndef INTERLOCK_HAZARD_STATEMENTS_H
#define INTERLOCK_HAZARD_STATEMENTS_H

#include "hazard/state.h"

/* What one statement does is told, and the model changed as the statement changes the schema. */
void read_statement(struct lint *lint, const PgQuery__Node *node);

/* alter_table.c, and the files that it hands its parts to */
void read_alter_table(struct lint *lint, const PgQuery__Node *node);
struct alteration {
	struct relation *relation;
	const PgQuery__AlterTableStmt *statement;
	const PgQuery__AlterTableCmd *command;
};
void read_add_column(struct lint *lint, const struct alteration *a);
void read_add_constraint(struct lint *lint, const struct alteration *a);
void read_validate_constraint(struct lint *lint, const struct alteration *a);
void read_drop_constraint(struct lint *lint, const struct alteration *a);
void read_column_type(struct lint *lint, const struct alteration *a);
void read_set_not_null(struct lint *lint, const struct alteration *a);
void read_drop_not_null(struct lint *lint, const struct alteration *a);
void read_column_default(struct lint *lint, const struct alteration *a);
void read_add_identity(struct lint *lint, const struct alteration *a);
void read_drop_identity(struct lint *lint, const struct alteration *a);
void read_drop_column(struct lint *lint, const struct alteration *a);
void read_attach_partition(struct lint *lint, const struct alteration *a);
void read_detach_partition(struct lint *lint, const struct alteration *a);
void read_table_storage(struct lint *lint, const struct alteration *a);
void read_disable_trigger(struct lint *lint, const struct alteration *a);
void read_row_security(struct lint *lint, const struct alteration *a);

/* A constraint of CREATE TABLE or of a new column; *column NULL: of the table as a whole. */
struct new_constraint {
	struct relation *relation;
	const PgQuery__Constraint *constraint;
	struct column *column; /* that it stands behind */
	bool all_null;         /* the column is new and holds NULL in every row */
	bool same_statement;   /* it comes with its column or table: nothing holds rows of before */
};
void read_constraint(struct lint *lint, const struct new_constraint *c);
/* Does a valid CHECK of the table say that the column has a value? */
bool proven_not_null(const struct relation *relation, const char *column);

void read_create_table(struct lint *lint, const PgQuery__Node *node);
void read_create_table_as(struct lint *lint, const PgQuery__Node *node);
/* The type, constraints and default of a column of a table that is made now. */
void read_new_column(struct lint *lint, struct relation *relation, const PgQuery__ColumnDef *definition);
/* Advice about types and names. */
void advise_column(struct lint *lint, const PgQuery__ColumnDef *definition, const struct type *type);
void advise_table(struct lint *lint, const struct relation *relation, const PgQuery__CreateStmt *create);
void advise_name(struct lint *lint, const char *what, const char *name, int location);
/* Foreign keys without an index behind them, at the end of a file. */
void advise_foreign_keys(struct lint *lint);
/* CREATE TABLE … PARTITION OF, or ATTACH: the default partition is looked through. */
void scans_default(struct lint *lint, struct relation *parent, const PgQuery__PartitionBoundSpec *bound);

void read_create_index(struct lint *lint, const PgQuery__Node *node);
void read_reindex(struct lint *lint, const PgQuery__Node *node);
void read_drop_index(struct lint *lint, const PgQuery__DropStmt *drop);
/* A statement that refuses to run inside a transaction. */
void refuses_transaction(struct lint *lint, const char *what);

void read_drop(struct lint *lint, const PgQuery__Node *node);
void read_drop_database(struct lint *lint, const PgQuery__Node *node);
void read_drop_owned(struct lint *lint, const PgQuery__Node *node);
void read_truncate(struct lint *lint, const PgQuery__Node *node);

void read_update(struct lint *lint, const PgQuery__Node *node);
void read_delete(struct lint *lint, const PgQuery__Node *node);
void read_insert(struct lint *lint, const PgQuery__Node *node);
void read_merge(struct lint *lint, const PgQuery__Node *node);
void read_copy(struct lint *lint, const PgQuery__Node *node);
void read_select(struct lint *lint, const PgQuery__Node *node);

void read_rename(struct lint *lint, const PgQuery__Node *node);
void read_set_schema(struct lint *lint, const PgQuery__Node *node);

void read_create_enum(struct lint *lint, const PgQuery__Node *node);
void read_alter_enum(struct lint *lint, const PgQuery__Node *node);
void read_create_domain(struct lint *lint, const PgQuery__Node *node);
void read_alter_domain(struct lint *lint, const PgQuery__Node *node);
void read_composite_type(struct lint *lint, const PgQuery__Node *node);
void read_create_function(struct lint *lint, const PgQuery__Node *node);
/* A value that this transaction added to an enum is used by the statement. */
void check_enum_values(struct lint *lint, const PgQuery__Node *node);

void read_vacuum(struct lint *lint, const PgQuery__Node *node);
void read_cluster(struct lint *lint, const PgQuery__Node *node);
void read_refresh(struct lint *lint, const PgQuery__Node *node);
void read_create_view(struct lint *lint, const PgQuery__Node *node);
void read_create_trigger(struct lint *lint, const PgQuery__Node *node);
void read_create_policy(struct lint *lint, const PgQuery__Node *node);
void read_create_rule(struct lint *lint, const PgQuery__Node *node);
void read_lock(struct lint *lint, const PgQuery__Node *node);
void read_outside_only(struct lint *lint, const PgQuery__Node *node);

void read_transaction(struct lint *lint, const PgQuery__Node *node);
void read_set(struct lint *lint, const PgQuery__Node *node);
/* SELECT set_config('lock_timeout', …): as SET. */
void read_setting(struct lint *lint, const char *name, const char *value, bool local);
/* BEGIN without COMMIT, at the end of a file. */
void check_uncommitted(struct lint *lint);

void read_do(struct lint *lint, const PgQuery__Node *node);
void read_call(struct lint *lint, const PgQuery__Node *node);
/* A function call whose effects nobody can tell. */
void tell_opaque(struct lint *lint, const char *what, enum severity severity);

/* Several concerns in one file, or others than its name says; at the end of a file. */
void check_concerns(struct lint *lint);

#endif
