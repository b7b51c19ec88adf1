/* The blocks and steps of a preview as lines of JSON. */
#include "cli/preview.h"

#include <jansson.h>
#include <string.h>

#include "cli/report.h"

static json_t *list_json(const struct table_list *tables, struct arena *arena)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tables->count; i++)
		json_array_append_new(list, json_string(relname_quoted(arena, &tables->items[i])));
	return list;
}

static void add_text(json_t *line, const char *name, const char *text)
{
	if (text)
		json_object_set_new(line, name, json_string(text));
}

/* What a stop waits for, in the words of its options. */
static void add_stop(struct preview *p, const struct block *block, json_t *line)
{
	if (block->kind == BLOCK_GATE) {
		const struct gate_args *gate = &block->wait.gate;

		add_text(line, "text", gate->text);
		add_text(line, "query", gate->query);
		add_text(line, "app", gate->app);
		add_text(line, "at_least", gate->at_least);
		add_text(line, "no_sessions", gate->no_sessions);
		if (gate->no_sessions)
			json_object_set_new(line, "quiet_ms", json_integer(gate->quiet));
	} else if (block->kind == BLOCK_APPROVAL) {
		add_text(line, "role", block->wait.approval.role);
		json_object_set_new(line, "by_other", json_boolean(block->wait.approval.by_other));
	} else if (block->kind == BLOCK_SAFETY_PERIOD) {
		json_object_set_new(line, "ms", json_integer(block->wait.safety.length));
		json_object_set_new(line, "unused", list_json(&block->wait.safety.unused, &p->arena));
		add_text(line, "allow", block->wait.safety.allow);
	} else if (block->kind == BLOCK_ROLLOUT) {
		add_text(line, "table", relname_quoted(&p->arena, &block->wait.rollout.table));
		add_text(line, "column", block->wait.rollout.column);
		json_object_set_new(line, "percent", json_deep_copy(block->wait.rollout.percent));
	}
}

static void show_block(struct preview *p, const struct block *block)
{
	json_t *line =
		json_pack("{s:s, s:s, s:s, s:i, s:b}", "type", "block", "kind", block_kind_name(block->kind), "label",
	              block->label, "steps", (int)block->step_count, "done", block->index < p->run.next_block);

	add_stop(p, block, line);
	report_json(line);
}

/* Every lock of the step once. */
static void add_locks(struct preview *p, const struct stmts *stmts, struct buf *out)
{
	for (const struct stmt *stmt = stmts->first; stmt; stmt = stmt->next) {
		for (size_t i = 0; i < stmt->lock_count; i++) {
			const char *lock = arena_printf(&p->arena, "%s %s", lock_mode_name(stmt->locks[i].mode),
			                                relname_quoted(&p->arena, &stmt->locks[i].table));

			if (out->length && strstr(buf_text(out), lock))
				continue;
			buf_addf(out, "%s%s", out->length ? ", " : "", lock);
		}
	}
}

static json_t *sql_json(const struct stmts *stmts)
{
	json_t *list = json_array();

	for (const struct stmt *stmt = stmts->first; stmt; stmt = stmt->next)
		json_array_append_new(list, json_string(stmt->sql));
	return list;
}

/* Is the table among those of the statements before `end`, or among the first n of this one? */
static bool is_earlier(const struct step *step, const struct stmts *stmts, const struct stmt *end, size_t n,
                       const struct relname *table)
{
	struct relname other;

	for (const struct stmt *stmt = stmts->first; stmt; stmt = stmt->next) {
		for (size_t i = 0; (stmt != end || i < n) && preview_size_table(step, stmt, i, &other); i++)
			if (relname_equal(&other, table))
				return true;
		if (stmt == end)
			break;
	}
	return false;
}

/* The tables that it goes through, each once, with what is known of their size. */
static json_t *tables_json(struct preview *p, const struct step *step, const struct stmts *stmts)
{
	json_t *list = json_array();
	struct relname table;

	for (const struct stmt *stmt = stmts->first; stmt; stmt = stmt->next)
		for (size_t n = 0; preview_size_table(step, stmt, n, &table); n++) {
			const struct table_size *size = preview_size_of(p, &table);

			if (!size || is_earlier(step, stmts, stmt, n, &table))
				continue;
			json_array_append_new(list,
			                      json_pack("{s:s, s:o, s:o}", "table", relname_quoted(&p->arena, &table), "rows",
			                                size->rows < 0 ? json_null() : json_integer(size->rows), "bytes",
			                                size->bytes < 0 ? json_null() : json_integer(size->bytes)));
		}
	return list;
}

static void show_step(struct preview *p, const struct block *block, const struct step *step)
{
	struct stmts stmts = preview_statements(p, step);
	struct buf locks = {0};

	add_locks(p, &stmts, &locks);
	report_json(json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "type", "step", "block",
	                      block->label, "number", step->number, "primitive", step->type->name, "summary",
	                      step_text(step, &p->arena), "state", step_state_name(p->facts[step->number - 1].state),
	                      "locks", buf_text(&locks), "done", block->index < p->run.next_block, "tables",
	                      tables_json(p, step, &stmts), "sql", sql_json(&stmts)));
	buf_release(&locks);
}

void preview_json(struct preview *p)
{
	for (size_t b = 0; b < p->plan->block_count; b++) {
		const struct block *block = &p->plan->blocks[b];

		show_block(p, block);
		for (size_t i = 0; i < block->step_count; i++)
			show_step(p, block, &block->steps[i]);
	}
}
