/* Why a column's type is not changed in place. */
#include "plan/type_cost.h"

const char type_cost_way_out[] =
	"add a column of the new type beside it, write both, fill the old rows in batches, then give it the old one's "
	"name in a switch phase (rename_column)";

/* What is being refused. */
struct change {
	const char *column, *table, *size;
	const struct record *now;
	struct stmts *stmts;
};

static void refuse(const struct change *c, const char *rule, const char *help, const char *why)
{
	stmts_refuse(c->stmts, help, "changing %s from %s to %s %s", c->column, record_get(c->now, "column_type"),
	             record_get(c->now, "wanted_type"), why);
	c->stmts->refusal_rule = rule;
	c->stmts->refusal_option = "type";
}

static void refuse_rewrite(const struct change *c)
{
	refuse(c, "alter-type-rewrite", type_cost_way_out,
	       arena_printf(c->stmts->arena, "would rewrite %s (%s) and its indexes under ACCESS EXCLUSIVE: %s",
	                    c->table, c->size, record_get(c->now, "reason")));
	c->stmts->refusal_stays = true;
}

/* What the server would not do at all. */
static bool is_forbidden(const struct change *c)
{
	const char *dependents = record_get(c->now, "dependents"), *key = record_get(c->now, "in_partition_key");
	const char *error = record_get(c->now, "error");
	struct arena *arena = c->stmts->arena;

	if (key)
		refuse(c, "partition-key-type",
		       "make a new partitioned table with a column of the new type, and move the rows",
		       arena_printf(arena, "is impossible: %s is partitioned by it", key));
	else if (dependents)
		refuse(c, "dependent-view", "take these away in an earlier phase, and make them again after the change",
		       arena_printf(arena, "is impossible while these use it: %s", dependents));
	else if (error)
		refuse(c, "would-fail",
		       "a default that is in the way goes first (drop_default), and comes back after; for values that no "
		       "cast brings over, add a column of the new type beside it, and fill that in batches",
		       arena_printf(arena, "would fail: %s", error));
	c->stmts->refusal_stays = error && !dependents && !key;
	return c->stmts->refusal != NULL;
}

bool type_cost_refused(const struct relname *table, const char *column, const struct facts *facts,
                       struct stmts *stmts)
{
	struct change c = {column, relname_quoted(stmts->arena, table), record_get(facts->now, "size"), facts->now,
	                   stmts};
	const char *rebuilds = record_get(facts->now, "rebuilds"), *checks = record_get(facts->now, "checks");
	struct arena *arena = stmts->arena;

	if (is_forbidden(&c))
		return true;
	if (record_true(facts->now, "rewrites"))
		refuse_rewrite(&c);
	else if (rebuilds)
		refuse(
			&c, "alter-type-index-rebuild",
			"drop the index in an earlier phase and build it again after the change (create_index_if_missing), if "
			"it can be missed meanwhile; else go by way of a new column",
			arena_printf(arena, "would rebuild %s under ACCESS EXCLUSIVE on %s", rebuilds, c.table));
	else if (record_true(facts->now, "reads"))
		refuse(&c, "alter-type-fk",
		       "drop the foreign key in an earlier phase, and add it again after the change (add_foreign_key)",
		       arena_printf(
				   arena, "would check all rows of a foreign key again, under ACCESS EXCLUSIVE on both tables: %s",
				   record_get(facts->now, "keys")));
	else if (checks)
		refuse(
			&c, "alter-type-recheck-scan",
			"drop the check in an earlier phase, and add it again after the change, NOT VALID and then validated",
			arena_printf(arena, "would read all of %s (%s) under ACCESS EXCLUSIVE to check %s again", c.table,
		                 c.size, checks));
	return stmts->refusal != NULL;
}
