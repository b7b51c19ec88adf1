/* The rows that refer to one which is not there. */
#include "plan/referring.h"

#include "plan/constraints.h"

/* A foreign key looks at a table without those that inherit from it; a partitioned one is its partitions. */
static const char *only(const struct facts *facts, const char *kind)
{
	const char *relkind = record_get(facts->now, kind);

	return relkind && *relkind == 'r' ? "ONLY " : "";
}

/* Drops it, with its locks on both tables. */
static const struct stmt *withdrawal(const struct foreign_key_plan *key, const char *name, struct arena *arena)
{
	struct stmts alone = {.arena = arena};

	foreign_key_drop(key, name, &alone);
	return alone.first;
}

const struct culprits *referring_culprits(const struct foreign_key_plan *key, const char *withdraw,
                                          const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *match = record_get(facts->now, "match"), *shown = record_get(facts->now, "shown");
	struct buf given = {0}, list = {0};
	struct culprits *c = arena_alloc(arena, sizeof(*c));

	if (!match) /* a preview of what is not there yet */
		return NULL;
	for (size_t i = 0; i < key->column_count; i++) {
		buf_addf(&given, "%schild.%s IS NOT NULL", i ? " AND " : "", ident_quoted(arena, key->columns[i]));
		buf_addf(&list, "%s%s", i ? ", " : "", ident_quoted(arena, key->columns[i]));
	}
	c->query = arena_printf(
		arena, "SELECT %s FROM %s%s AS child WHERE %s AND NOT EXISTS (SELECT FROM %s%s AS parent WHERE %s)",
		shown ? shown : buf_text(&list), only(facts, "relkind"), relname_quoted(arena, &key->table),
		buf_text(&given), only(facts, "parent_relkind"), relname_quoted(arena, &key->parent), match);
	c->what = arena_printf(arena, "rows that refer to none of %s", relname_quoted(arena, &key->parent));
	c->help = "bring in the rows that are referred to, or mend these and what writes them, then run again";
	if (withdraw)
		c->withdraw = withdrawal(key, withdraw, arena);
	buf_release(&given);
	buf_release(&list);
	return c;
}
