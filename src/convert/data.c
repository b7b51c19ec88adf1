/* UPDATE, DELETE, INSERT: in batches, aside instead of away, and counted. */
#include <string.h>

#include "convert/read.h"
#include "hazard/expression.h"
#include "sql/ident.h"
#include "sql/tree.h"

static struct draft *data_as_sql(struct reader *r, const char *why)
{
	struct draft *draft = add_sql(r, NULL, NULL);

	draft_name(draft, r->relation->name);
	draft_decide(r->arena, draft, "%s", why);
	return draft;
}

/* The condition behind WHERE, as far as RETURNING; NULL: none. */
static const char *condition(struct reader *r)
{
	size_t where = source_find(&r->source, 0, r->end, "where");
	size_t end = source_find(&r->source, where, r->end, "returning");

	return where < r->end ? source_slice(&r->source, where + 1, end) : NULL;
}

/* A table that this file makes is empty, and a column that it adds is NULL in every row. */
static bool is_all_new(const struct reader *r, const PgQuery__UpdateStmt *update)
{
	for (size_t i = 0; i < update->n_target_list; i++) {
		const struct column *column = relation_column(r->relation, update->target_list[i]->res_target->name);

		if (!column || !column->added || column->has_default != TRI_NO)
			return false;
	}
	return true;
}

/* SET a = a + 1: another value each time, and a backfill looks at a row whenever it is written. */
static bool is_repeated(const PgQuery__UpdateStmt *update, struct arena *arena)
{
	for (size_t i = 0; i < update->n_target_list; i++) {
		const char *const *columns;
		size_t count = expression_columns(arena, update->target_list[i]->res_target->val, &columns);

		for (size_t k = 0; k < update->n_target_list; k++)
			if (has_name(columns, count, update->target_list[k]->res_target->name))
				return true;
	}
	return false;
}

static bool is_plain_update(const PgQuery__UpdateStmt *update)
{
	for (size_t i = 0; i < update->n_target_list; i++) {
		const PgQuery__ResTarget *target = update->target_list[i]->res_target;

		if (target->n_indirection > 0 || !target->val ||
		    target->val->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF ||
		    target->val->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
			return false;
	}
	return update->n_from_clause == 0 && !update->with_clause && update->n_returning_list == 0 &&
	       !update->relation->alias;
}

/* The rows that have other values yet, so that each is written once. */
static const char *where_not_yet(struct reader *r, const char *where, const char *const *columns,
                                 const char *const *values, size_t count)
{
	struct buf out = {0};
	const char *text;

	if (where)
		buf_addf(&out, "(%s) AND (", where);
	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%s%s IS DISTINCT FROM (%s)", i ? " OR " : "", columns[i], values[i]);
	if (where)
		buf_add_char(&out, ')');
	text = arena_strdup(r->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static enum tri take_targets(struct reader *r, const PgQuery__UpdateStmt *update, const char **columns,
                             const char **values)
{
	enum tri is_volatile = TRI_NO;
	size_t stop = source_find(&r->source, 0, r->end, "where");

	for (size_t i = 0; i < update->n_target_list; i++) {
		const PgQuery__ResTarget *target = update->target_list[i]->res_target;
		size_t from = source_token_at(&r->source, target->location);
		const char *culprit;

		columns[i] = ident_quoted(r->arena, target->name);
		values[i] = source_slice(&r->source, from + 2, source_item_end(&r->source, from, stop));
		is_volatile = tri_or(is_volatile, expression_volatile(r->lint, target->val, &culprit));
	}
	return is_volatile;
}

void convert_update(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__UpdateStmt *update = node->update_stmt;
	size_t count = update->n_target_list;
	const char **columns = arena_array(r->arena, const char *, count + 1);
	const char **values = arena_array(r->arena, const char *, count + 1);
	const char *where = condition(r);
	enum tri is_volatile;
	struct draft *draft;

	read_on(r, update->relation);
	if (!is_plain_update(update)) {
		data_as_sql(
			r, "one statement holds the locks of all its rows until its end: as backfill { table, set, where } "
			   "it goes in batches; a value from another table is lookup { … } in its set");
		return;
	}
	if (is_repeated(update, r->arena)) {
		data_as_sql(r,
		            "the new value depends on the old one, so it must be given once to each row: in batches that "
		            "needs a column that says which rows have it; one statement holds the locks of all its rows");
		return;
	}
	is_volatile = take_targets(r, update, columns, values);
	draft = add_step(r, "backfill", RANK_FILL, "update %s", r->table);
	draft_text(draft, "table", r->table);
	draft_map(draft, "set", columns, values, count);
	if (is_volatile != TRI_NO)
		draft_word(draft, "volatile", "true");
	if (always_true(update->where_clause))
		where = NULL;
	if (is_volatile == TRI_NO && (where || !is_all_new(r, update)))
		where = where_not_yet(r, where, columns, values, count);
	draft_sql(draft, "where", where);
	if (!is_all_new(r, update) && lacks_key(r))
		draft_decide(r->arena, draft,
		             "%s has no key, by which old values could be kept: undo does not bring them back", r->table);
	else if (!is_all_new(r, update))
		draft_word(draft, "keep_old", "true");
	draft_name(draft, update->relation->relname);
	for (size_t i = 0; i < count; i++)
		draft_name(draft, update->target_list[i]->res_target->name);
	if (is_volatile == TRI_YES && !where)
		draft_decide(r->arena, draft,
		             "another value for each row: only rows without one are filled; say in where which "
		             "others");
}

void convert_delete(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__DeleteStmt *delete = node->delete_stmt;
	const char *where = condition(r);
	struct draft *draft;

	read_on(r, delete->relation);
	if (lacks_key(r) || delete->n_using_clause > 0 || delete->with_clause || delete->n_returning_list > 0 ||
	    delete->relation->alias) {
		data_as_sql(r, "these rows are gone for good; quarantine { table, where, reason } moves them aside, and "
		               "restore brings them back: its where may ask other tables, and the table needs a key");
		return;
	}
	draft = add_step(r, "quarantine", RANK_FILL, "move rows of %s aside", r->table);
	draft_text(draft, "table", r->table);
	draft_sql(draft, "where", where ? where : "true");
	draft_text(draft, "reason", arena_printf(r->arena, "the migration deletes them (line %d)", r->line));
	draft_name(draft, delete->relation->relname);
	draft_decide(r->arena, draft,
	             "how many rows may go at most? at_most = … stops before the first where there are more");
}

/* ---- INSERT ---- */

static bool has_default_word(const PgQuery__SelectStmt *select)
{
	for (size_t i = 0; i < select->n_values_lists; i++)
		for (size_t k = 0; k < select->values_lists[i]->list->n_items; k++)
			if (select->values_lists[i]->list->items[k]->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
				return true;
	return false;
}

static bool is_plain_insert(const PgQuery__InsertStmt *insert)
{
	const PgQuery__OnConflictClause *conflict = insert->on_conflict_clause;

	return insert->select_stmt && !insert->with_clause && insert->n_returning_list == 0 &&
	       !insert->relation->alias && insert->override == PG_QUERY__OVERRIDING_KIND__OVERRIDING_NOT_SET &&
	       (!conflict ||
	        (conflict->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_NOTHING && !conflict->infer)) &&
	       !has_default_word(insert->select_stmt->select_stmt);
}

/* The query, from behind the table's name and the list of columns to ON CONFLICT. */
static const char *query_of(struct reader *r, const PgQuery__InsertStmt *insert)
{
	size_t at = source_behind_name(&r->source, source_token_at(&r->source, insert->relation->location));
	size_t end = source_find(&r->source, at, r->end, "on");

	if (!insert->on_conflict_clause)
		end = r->end;
	else
		while (end < r->end && !source_is(&r->source, end + 1, "conflict"))
			end = source_find(&r->source, end + 1, r->end, "on");
	if (insert->n_cols > 0)
		at = source_close_paren(&r->source, at) + 1;
	return source_slice(&r->source, at, end);
}

void convert_insert(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__InsertStmt *insert = node->insert_stmt;
	struct buf columns = {0};
	struct draft *draft;

	read_on(r, insert->relation);
	if (!is_plain_insert(insert) || lacks_key(r)) {
		data_as_sql(
			r, "insert_rows has no such clause, or the table no key, by which undo finds the rows; undo = false: "
			   "what takes these rows back?");
		return;
	}
	for (size_t i = 0; i < insert->n_cols; i++)
		buf_addf(&columns, "%s%s", i ? ", " : "", ident_quoted(r->arena, insert->cols[i]->res_target->name));
	draft = add_step(r, "insert_rows", RANK_FILL, "insert rows into %s", r->table);
	draft_text(draft, "into", r->table);
	if (insert->n_cols > 0)
		draft_text(draft, "columns", arena_strdup(r->arena, buf_text(&columns)));
	draft_sql(draft, "select", query_of(r, insert));
	if (!insert->on_conflict_clause)
		draft_text(draft, "on_conflict", "error");
	draft_name(draft, insert->relation->relname);
	buf_release(&columns);
}

/* ---- What a backfill leaves behind ---- */

static bool is_ended(const struct reader *r, const char *column)
{
	for (const struct draft *d = r->out->first; d; d = d->next)
		if (strcmp(d->primitive, "drop_sync") == 0 && strcmp(d->table, r->relation->name) == 0 &&
		    strcmp(draft_option_of(d, "column")->text, column) == 0)
			return true;
	return false;
}

static void end_fill(struct reader *r, const struct draft_option *set, const char *column)
{
	for (size_t i = 0; i < set->count; i++) {
		struct draft *draft;

		if (is_ended(r, set->keys[i]))
			continue;
		draft = add_step(r, "drop_sync", RANK_CONTRACT, "stop filling %s", set->keys[i]);
		draft_text(draft, "table", r->table);
		draft_text(draft, "column", set->keys[i]);
		draft_name(draft, column);
		draft_name(draft, set->keys[i]);
	}
}

void convert_end_fills(struct reader *r, const char *column)
{
	const struct draft *last = r->out->last;

	for (const struct draft *d = r->out->first; d; d = d == last ? NULL : d->next)
		if (!d->is_left_out && strcmp(d->primitive, "backfill") == 0 && strcmp(d->table, r->relation->name) == 0 &&
		    mentions(d->sql, column))
			end_fill(r, draft_option_of(d, "set"), column);
}
