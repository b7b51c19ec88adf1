/* Which tables a plan goes through, and how large they are. */
#include "cli/preview.h"

#include <string.h>

bool preview_size_table(const struct step *step, const struct stmt *stmt, size_t n, struct relname *table)
{
	if (!stmt->slow)
		return false;
	if (stmt->lock_count > 0) {
		if (n < stmt->lock_count)
			*table = stmt->locks[n].table;
		return n < stmt->lock_count;
	}
	return n == 0 && step->type->subject && step->type->subject(step->args, table);
}

const struct table_size *preview_size_of(const struct preview *p, const struct relname *table)
{
	for (size_t i = 0; i < p->size_count; i++)
		if (p->sizes[i].known && relname_equal(&p->sizes[i].table, table))
			return &p->sizes[i];
	return NULL;
}

static bool is_listed(const struct preview *p, const struct relname *table)
{
	for (size_t i = 0; i < p->size_count; i++)
		if (relname_equal(&p->sizes[i].table, table))
			return true;
	return false;
}

static void list(struct preview *p, size_t *room, const struct relname *table)
{
	if (is_listed(p, table))
		return;
	if (p->size_count == *room) {
		struct table_size *larger = arena_array(&p->arena, struct table_size, *room * 2 + 8);

		if (p->size_count > 0)
			memcpy(larger, p->sizes, p->size_count * sizeof(*larger));
		p->sizes = larger;
		*room = *room * 2 + 8;
	}
	p->sizes[p->size_count++].table = *table;
}

bool preview_size_read(struct preview *p, struct err *err)
{
	size_t room = 0;

	for (size_t b = (size_t)p->run.next_block; b < p->plan->block_count; b++) {
		if (p->plan->blocks[b].kind == BLOCK_ROLLOUT)
			list(p, &room, &p->plan->blocks[b].wait.rollout.table);
		for (size_t i = 0; i < p->plan->blocks[b].step_count; i++) {
			const struct step *step = &p->plan->blocks[b].steps[i];
			struct stmts stmts = preview_statements(p, step);
			struct relname table;

			for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next)
				for (size_t n = 0; preview_size_table(step, stmt, n, &table); n++)
					list(p, &room, &table);
		}
	}
	return table_sizes_read(p->conn, p->sizes, p->size_count, err);
}
