/* One question for each rollout: the columns of its table. */
#include "check/rollouts.h"

#include <string.h>

#include "base/suggest.h"

static const char columns_question[] =
	"SELECT a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
	" WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY a.attnum";

/* Will a step before it, which is still to run, make or change its table? */
static bool may_come(const struct catalogue_check *g, const struct block *block)
{
	const struct relname *table = &block->wait.rollout.table;

	for (int b = 0; b < block->index; b++)
		for (size_t i = 0; i < g->plan->blocks[b].step_count; i++) {
			const struct step *step = &g->plan->blocks[b].steps[i];

			if ((g->done && g->done[step->number - 1]) || step_class_of(step) == CLASS_VERIFY)
				continue;
			if (!step->type->probe || step_type_changes(step->type, step->args, table) ||
			    (step->type->creates && step->type->creates(step->args, table)))
				return true;
		}
	return false;
}

static struct diag *missing(struct catalogue_check *g, const struct block *block, const char *option,
                            const char *what)
{
	struct option_place place = {.span = block->span, .subject = "rollout"};

	return option_error(&place, g->diags, "missing-object", option,
	                    "rollout \"%s\" stands on %s, which is not there", block->label, what);
}

static void judge(struct catalogue_check *g, const struct block *block, const struct rows *rows)
{
	const struct rollout_args *rollout = &block->wait.rollout;
	const char **names = arena_array(g->arena, const char *, rows_count(rows)), *near;
	const char *table = relname_quoted(g->arena, &rollout->table);
	size_t count = 0;
	struct diag *diag;

	for (size_t r = 0; r < rows_count(rows); r++)
		if (rows_get(rows, r, "attname"))
			names[count++] = rows_get(rows, r, "attname");
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], rollout->column) == 0)
			return;
	if (may_come(g, block))
		return;
	if (rows_count(rows) == 0) {
		diag = missing(g, block, "table", arena_printf(g->arena, "table %s", table));
		diag_help(&g->diags->arena, diag, "name the table whose values the application asks with");
		return;
	}
	near = suggest(rollout->column, names, count);
	diag = missing(g, block, "column",
	               arena_printf(g->arena, "column %s of %s", ident_quoted(g->arena, rollout->column), table));
	if (near)
		diag_help(&g->diags->arena, diag, "did you mean \"%s\"?", near);
	else
		diag_help(&g->diags->arena, diag, "name the column whose value, as text, the application asks with");
}

bool check_rollouts(struct catalogue_check *g, struct err *err)
{
	for (size_t b = g->from; b < g->to; b++) {
		const struct block *block = &g->plan->blocks[b];
		const char *params[] = {block->wait.rollout.table.schema, block->wait.rollout.table.name};
		struct rows *rows;

		if (block->kind != BLOCK_ROLLOUT)
			continue;
		if (!conn_query(g->conn, &(struct query){.sql = columns_question, .count = 2, .params = params}, &rows,
		                err))
			return false;
		judge(g, block, rows);
		rows_free(rows);
	}
	return true;
}
