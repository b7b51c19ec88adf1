/* Attaching and detaching partitions: the rows that are looked through for it, and who waits. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"

enum { SERVER_DETACH_CONCURRENTLY = 140000 };

static const char *partition_key(const struct relation *parent)
{
	return parent->partition_key_count == 1 ? parent->partition_keys[0] : NULL;
}

/* Does what is known of the table prove that its rows lie in the bound? */
static bool proves(const struct relation *relation, const struct relation *parent,
                   const PgQuery__PartitionBoundSpec *bound)
{
	const char *key = partition_key(parent);
	const struct column *column = key ? relation_column(relation, key) : NULL;
	bool inside = false;

	for (const struct constraint *c = relation->constraints; c; c = c->next) {
		if (c->dropped || c->kind != CONSTRAINT_CHECK || c->valid != TRI_YES)
			continue;
		/* Offline the key is not known: a check that is proven inside by any column that it names will do. */
		for (size_t i = 0; !inside && i < c->column_count; i++)
			if (!key || strcmp(key, c->columns[i]) == 0)
				inside = implies_bound(c->expr, c->columns[i], bound);
	}
	if (!inside)
		return false;
	return !key || (column && column->not_null == TRI_YES) || proven_not_null(relation, key) || !relation->known;
}

void scans_default(struct lint *lint, struct relation *parent, const PgQuery__PartitionBoundSpec *bound)
{
	struct relation *other = parent->default_partition;
	const char *key = partition_key(parent);
	struct effect effect = {.rule = "default-partition-scan",
	                        .relation = other,
	                        .work = WORK_SCAN,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .help = "a CHECK on the default partition that excludes the bound, validated before"};
	struct diag *diag;

	if (!other || other->dropped || bound->is_default)
		return;
	for (const struct constraint *c = other->constraints; c && key; c = c->next)
		if (!c->dropped && c->kind == CONSTRAINT_CHECK && c->valid == TRI_YES &&
		    excludes_bound(c->expr, key, bound))
			return;
	takes_lock(lint, other, LOCK_ACCESS_EXCLUSIVE);
	diag = effect_add(lint, &effect, "a new partition of %s", named(lint, parent));
	effect_detail(lint, diag, "the default partition is looked through for rows that belong to the new one");
}

/* Indexes of the parent that the partition has no like of are built on it now. */
static void builds_indexes(struct lint *lint, struct relation *parent, struct relation *partition)
{
	struct effect effect = {.rule = "attach-partition-scan",
	                        .relation = partition,
	                        .work = WORK_BUILD,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .help = "CREATE INDEX CONCURRENTLY the same on the partition before"};

	for (const struct index *wanted = parent->indexes; wanted; wanted = wanted->next) {
		bool has = wanted->dropped;

		for (const struct index *i = partition->indexes; i && !has; i = i->next) {
			has = !i->dropped && i->column_count == wanted->column_count &&
			      (i->unique == TRI_YES || wanted->unique != TRI_YES);
			for (size_t k = 0; has && k < i->column_count; k++)
				has = i->columns[k] && wanted->columns[k] && strcmp(i->columns[k], wanted->columns[k]) == 0;
		}
		if (!has && partition->known) {
			effect_add(lint, &effect, "ATTACH PARTITION, for want of an index like \"%s\",",
			           wanted->name ? wanted->name : "that of its new parent");
			return;
		}
	}
}

/* What the parent's columns demand; false: PostgreSQL refuses the partition, and looks at no row. */
static bool fits(struct lint *lint, const struct relation *parent, const struct relation *partition)
{
	const struct effect effect = {.rule = "would-fail", .severity = SEVERITY_ERROR};
	struct diag *diag = NULL;

	if (!is_known(lint, parent) || !is_known(lint, partition))
		return true;
	for (const struct column *c = parent->columns; c && !diag; c = c->next) {
		const struct column *other = c->dropped ? NULL : relation_column(partition, c->name);

		if (c->dropped)
			continue;
		if (!other)
			diag = effect_add(lint, &effect, "%s has no column \"%s\", so it can't be a partition of %s",
			                  named(lint, partition), c->name, named(lint, parent));
		else if (c->not_null == TRI_YES && other->not_null == TRI_NO)
			diag = effect_add(lint, &effect, "\"%s\" must be NOT NULL in %s, as in %s", c->name,
			                  named(lint, partition), named(lint, parent));
	}
	effect_detail(lint, diag, "PostgreSQL refuses it (42804)");
	return !diag;
}

void read_attach_partition(struct lint *lint, const struct alteration *a)
{
	const PgQuery__PartitionCmd *command = a->command->def->partition_cmd;
	struct relation *parent = a->relation, *partition = schema_relation(&lint->schema, command->name);
	struct effect effect = {
		.rule = "attach-partition-scan",
		.relation = partition,
		.work = WORK_SCAN,
		.lock = LOCK_ACCESS_EXCLUSIVE,
		.help = "before it, a CHECK of the bound and NOT NULL of the key: NOT VALID, then VALIDATE"};
	struct diag *diag;

	if (!command->bound) /* an index of a partitioned index */
		return;
	takes_lock(lint, parent, LOCK_SHARE_UPDATE_EXCLUSIVE);
	takes_lock(lint, partition, LOCK_ACCESS_EXCLUSIVE);
	if (!fits(lint, parent, partition))
		return;
	if (!command->bound->is_default && !proves(partition, parent, command->bound)) {
		diag = effect_add(lint, &effect, "ATTACH PARTITION");
		effect_detail(lint, diag, "no valid CHECK proves that its rows lie in the bound");
	}
	if (command->bound->is_default)
		effect_add(lint, &effect, "ATTACH PARTITION ... DEFAULT");
	scans_default(lint, parent, command->bound);
	builds_indexes(lint, parent, partition);
	partition->parent = parent;
	if (command->bound->is_default)
		parent->default_partition = partition;
}

static void tell_concurrently(struct lint *lint, const struct relation *parent)
{
	struct effect effect = {.rule = "concurrently-unsupported", .severity = SEVERITY_ERROR};
	struct diag *diag;

	refuses_transaction(lint, "DETACH PARTITION ... CONCURRENTLY");
	if (lint->server_version < SERVER_DETACH_CONCURRENTLY) {
		effect_add(lint, &effect, "DETACH PARTITION ... CONCURRENTLY needs PostgreSQL 14");
	} else if (parent->default_partition && !parent->default_partition->dropped) {
		diag = effect_add(lint, &effect, "%s has a default partition: nothing is detached from it CONCURRENTLY",
		                  named(lint, parent));
		effect_detail(lint, diag, "PostgreSQL refuses it (55000); detach without CONCURRENTLY, in a quiet moment");
	}
}

void read_detach_partition(struct lint *lint, const struct alteration *a)
{
	const PgQuery__PartitionCmd *command = a->command->def->partition_cmd;
	struct relation *partition = schema_relation(&lint->schema, command->name);
	struct effect effect = {.rule = "detach-partition-blocking",
	                        .relation = a->relation,
	                        .severity = SEVERITY_ERROR,
	                        .help =
	                            "DETACH PARTITION ... CONCURRENTLY, outside of any transaction (PostgreSQL 14)"};
	struct diag *diag;

	if (command->concurrent) {
		tell_concurrently(lint, a->relation);
	} else if (was_there(lint, a->relation)) {
		takes_lock(lint, a->relation, LOCK_ACCESS_EXCLUSIVE);
		takes_lock(lint, partition, LOCK_ACCESS_EXCLUSIVE);
		diag = effect_add(lint, &effect, "DETACH PARTITION locks all of %s, ACCESS EXCLUSIVE",
		                  named(lint, a->relation));
		effect_detail(lint, diag,
		              "it is short, but waits behind every query of any partition, and others wait behind it");
	}
	partition->parent = NULL;
	if (a->relation->default_partition == partition)
		a->relation->default_partition = NULL;
	change_add(lint, CONCERN_REMOVE, a->relation, "detaches %s from %s", named(lint, partition),
	           named(lint, a->relation));
}
