/* CREATE: tables, indexes, views; what they hold is taken over as it is written. */
#include <string.h>

#include "convert/read.h"
#include "sql/ident.h"
#include "sql/tree.h"

/* Clauses that create_table_if_missing has no options for. */
static bool is_plain_table(const PgQuery__CreateStmt *create)
{
	if (create->n_inh_relations > 0 || create->partspec || create->partbound || create->n_options > 0 ||
	    (create->tablespacename && *create->tablespacename) || (create->access_method && *create->access_method) ||
	    create->of_typename || create->n_table_elts == 0 || *create->relation->relpersistence != 'p')
		return false;
	for (size_t i = 0; i < create->n_table_elts; i++)
		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
			return false;
	return true;
}

static bool is_there_already(struct reader *r)
{
	return r->relation->exists == TRI_YES && !r->relation->here;
}

void convert_create_table(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CreateStmt *create = node->create_stmt;
	struct draft *draft;
	size_t open;

	read_on(r, create->relation);
	if (!is_plain_table(create)) {
		draft = add_sql(r, arena_printf(r->arena, "DROP TABLE %s", r->table), NULL);
		draft_name(draft, create->relation->relname);
		if (*create->relation->relpersistence == 't')
			draft_decide(r->arena, draft,
			             "a temporary table is gone with the session of this step: what needs it "
			             "belongs into this same step");
		return;
	}
	open = source_open_paren(&r->source, source_token_at(&r->source, create->relation->location), r->end);
	draft = add_step(r, "create_table_if_missing", RANK_EXPAND, "create table %s", r->table);
	draft_text(draft, "table", r->table);
	draft_sql(draft, "columns", source_inside(&r->source, open));
	draft_name(draft, create->relation->relname);
	if (create->if_not_exists && is_there_already(r))
		draft_decide(r->arena, draft,
		             "%s is there already, and IF NOT EXISTS leaves it as it is; this step does so "
		             "only where it is like this",
		             r->table);
}

/* ---- Indexes ---- */

static bool is_plain_index(struct reader *r, const PgQuery__IndexStmt *index)
{
	return index->n_options == 0 && (!index->table_space || !*index->table_space) && !index->nulls_not_distinct &&
	       index->relation->inh && source_find(&r->source, 0, r->end, "with") == r->end;
}

static void index_as_sql(struct reader *r, const PgQuery__IndexStmt *index)
{
	bool named = index->idxname && *index->idxname;
	const struct relname name = {r->relation->schema, index->idxname};
	struct draft *draft;

	if (index->concurrent) {
		/* sql_step refuses it: an invalid index may be left, which only the primitive repairs */
		size_t at = source_find(&r->source, 0, r->end, "concurrently");

		read_part(r, 0, r->source.tokens.count,
		          arena_printf(r->arena, "%s %s", source_slice(&r->source, 0, at),
		                       source_slice(&r->source, at + 1, r->source.tokens.count)));
	}
	draft =
		add_sql(r, named ? arena_printf(r->arena, "DROP INDEX %s", relname_quoted(r->arena, &name)) : NULL, NULL);
	draft_name(draft, named ? index->idxname : NULL);
	if (!r->relation->here && index->relation->inh)
		draft_decide(r->arena, draft,
		             "create_index_if_missing has no storage parameters; like this the index is built "
		             "under SHARE, and writers wait: can it do without them?");
}

void convert_create_index(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__IndexStmt *index = node->index_stmt;
	size_t at, open, end = r->end, part;
	struct draft *draft;

	read_on(r, index->relation);
	if (!is_plain_index(r, index)) {
		index_as_sql(r, index);
		return;
	}
	at = source_behind_name(&r->source, source_token_at(&r->source, index->relation->location));
	open = source_open_paren(&r->source, at, end);
	draft =
		add_step(r, "create_index_if_missing", RANK_EXPAND, "index %s of %s",
	             index->idxname && *index->idxname ? index->idxname : source_inside(&r->source, open), r->table);
	draft_text(draft, "table", r->table);
	draft_sql(draft, "columns", source_inside(&r->source, open));
	draft_text(draft, "name", plain_name(r, index->idxname));
	if (index->unique)
		draft_word(draft, "unique", "true");
	if (source_is(&r->source, at, "using") && strcmp(index->access_method, "btree") != 0)
		draft_text(draft, "using", plain_name(r, index->access_method));
	part = source_find(&r->source, open, end, "include");
	if (index->n_index_including_params > 0 && part < end)
		draft_sql(draft, "include", source_inside(&r->source, source_open_paren(&r->source, part, end)));
	part = source_find(&r->source, open, end, "where");
	if (index->where_clause && part < end)
		draft_sql(draft, "where", source_slice(&r->source, part + 1, end));
	draft->made = index->idxname && *index->idxname ? index->idxname : NULL;
	draft_name(draft, draft->made);
}

/* ---- Views ---- */

/* WITH CASCADED CHECK OPTION at the end; *end: where the query ends. */
static const char *check_option(const PgQuery__ViewStmt *view, struct reader *r, size_t *end)
{
	if (view->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION ||
	    view->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__VIEW_CHECK_OPTION_UNDEFINED)
		return NULL;
	while (*end > 0 && !source_is(&r->source, *end - 1, "with"))
		(*end)--;
	(*end)--;
	return view->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION ? "local" : "cascaded";
}

/* "local" is a type's name to the parser. */
static const char *option_word(const PgQuery__Node *arg)
{
	if (arg && arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && arg->type_name->n_names > 0)
		return tree_string(arg->type_name->names[arg->type_name->n_names - 1]);
	return arg ? tree_string(arg) : NULL;
}

static bool true_option(const PgQuery__DefElem *option)
{
	return !option->arg || (tree_string(option->arg) && strcmp(tree_string(option->arg), "true") == 0) ||
	       (option->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && option->arg->boolean->boolval);
}

void convert_create_view(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__ViewStmt *view = node->view_stmt;
	size_t end = r->end, as;
	const char *option = check_option(view, r, &end);
	bool replaces, plain = *view->view->relpersistence == 'p';
	struct draft *draft;

	read_on(r, view->view);
	as = source_find(&r->source, source_token_at(&r->source, view->view->location), end, "as");
	replaces = view->replace && (r->relation->here || r->relation->exists != TRI_NO);
	if (!plain || source_is(&r->source, 1, "recursive") || source_is(&r->source, 3, "recursive")) {
		draft = add_sql(r, view->replace ? NULL : arena_printf(r->arena, "DROP VIEW %s", r->table), NULL);
		draft_name(draft, view->view->relname);
		return;
	}
	draft = add_step(r, replaces ? "replace_view" : "create_view", RANK_EXPAND, "%s view %s",
	                 replaces ? "replace" : "create", r->table);
	draft_text(draft, "view", r->table);
	draft_sql(draft, "query", source_slice(&r->source, as + 1, end));
	if (view->n_aliases > 0)
		draft_text(draft, "columns", column_names(r, view->aliases, view->n_aliases));
	for (size_t i = 0; i < view->n_options; i++) {
		const PgQuery__DefElem *given = view->options[i]->def_elem;

		if (strcmp(given->defname, "security_barrier") == 0 || strcmp(given->defname, "security_invoker") == 0)
			draft_word(draft, given->defname, true_option(given) ? "true" : "false");
		else if (option_word(given->arg))
			option = option_word(given->arg);
	}
	draft_text(draft, "check_option", option);
	draft_name(draft, view->view->relname);
	if (replaces && !r->relation->here && !r->lint->conn)
		draft_decide(r->arena, draft,
		             "replace_view wants the view to be there; where it is not, this is create_view");
}
