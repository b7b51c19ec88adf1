/*
 * Lists as they stand inside the parentheses of CREATE TABLE and CREATE INDEX,
 * and what REFERENCES takes.  The tree says what each item is; how it was
 * written is taken from the tokens between two commas.
 */
#include <string.h>

#include "sql/parse.h"
#include "sql/tree.h"

static const struct tree_form index_form = {"a list of index columns", "CREATE INDEX ON t (", "\n)"};
static const struct tree_form table_form = {"a table definition", "CREATE TABLE t (", "\n)"};
static const struct tree_form references_form = {"a table", "CREATE TABLE t (c int REFERENCES ", "\n)"};

/* The name of a column reference without a table, else NULL. */
static const char *plain_column(const PgQuery__Node *node)
{
	if (!node || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields != 1)
		return NULL;
	return tree_string(node->column_ref->fields[0]);
}

bool sql_parse_index_columns(const char *text, struct arena *arena, struct index_column **columns, size_t *count,
                             struct err *err)
{
	struct tree tree;
	const PgQuery__IndexStmt *index;
	size_t at = 0;

	if (!tree_parse(text, &index_form, &tree, err))
		return false;
	index = tree_statement(&tree)->index_stmt;
	*count = index->n_index_params;
	*columns = arena_array(arena, struct index_column, *count);
	for (size_t i = 0; i < *count; i++) {
		const PgQuery__IndexElem *element = index->index_params[i]->index_elem;
		size_t end = scan_item_end(&tree.tokens, at);
		bool named = element->name && *element->name;

		(*columns)[i].text = scan_join(text, tree.tokens.items + at, end - at, arena);
		(*columns)[i].column = arena_strdup(arena, named ? element->name : plain_column(element->expr));
		(*columns)[i].bare = (*columns)[i].column && end == at + 1;
		at = end + 1;
	}
	tree_release(&tree);
	return true;
}

static const char *const *copy_names(struct arena *arena, PgQuery__Node *const *nodes, size_t count)
{
	const char **names = arena_array(arena, const char *, count);

	for (size_t i = 0; i < count; i++)
		names[i] = arena_strdup(arena, tree_string(nodes[i]));
	return names;
}

static const char *text_or_null(struct arena *arena, const char *text)
{
	return text && *text ? arena_strdup(arena, text) : NULL;
}

static char letter(const char *action, char otherwise)
{
	return action && *action ? *action : otherwise;
}

static void read_foreign_key(const PgQuery__Constraint *constraint, struct arena *arena, struct foreign_key *key)
{
	*key = (struct foreign_key){
		.name = text_or_null(arena, constraint->conname),
		.columns = copy_names(arena, constraint->fk_attrs, constraint->n_fk_attrs),
		.column_count = constraint->n_fk_attrs,
		.schema = text_or_null(arena, constraint->pktable->schemaname),
		.table = arena_strdup(arena, constraint->pktable->relname),
		.referenced = copy_names(arena, constraint->pk_attrs, constraint->n_pk_attrs),
		.referenced_count = constraint->n_pk_attrs,
		.on_delete = letter(constraint->fk_del_action, 'a'),
		.on_update = letter(constraint->fk_upd_action, 'a'),
		.set_columns = copy_names(arena, constraint->fk_del_set_cols, constraint->n_fk_del_set_cols),
		.set_column_count = constraint->n_fk_del_set_cols,
		.match_full = letter(constraint->fk_matchtype, 's') == 'f',
		.deferrable = constraint->deferrable,
		.initially_deferred = constraint->initdeferred,
	};
}

/* The work on one table definition. */
struct reading {
	const char *text;
	struct arena *arena;
	struct tree tree;
	struct table_definition *out;
};

/* DEFERRABLE and its like are nodes of their own behind the constraint of a column that they belong to. */
static bool is_attribute(const PgQuery__Constraint *constraint)
{
	return constraint->contype >= PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE;
}

static void apply_attribute(const PgQuery__Constraint *constraint, struct foreign_key *key)
{
	if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE)
		key->deferrable = true;
	if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED)
		key->deferrable = key->initially_deferred = true;
}

/* Where in the text the part of a column begins that follows `start`: its next constraint, its collation, or
 * never. */
static size_t next_part(const struct reading *r, const PgQuery__ColumnDef *column, size_t start)
{
	size_t next = strlen(r->text);

	for (size_t i = 0; i < column->n_constraints; i++) {
		size_t at = (size_t)column->constraints[i]->constraint->location - r->tree.shift;

		if (at > start && at < next)
			next = at;
	}
	if (column->coll_clause) {
		size_t at = (size_t)column->coll_clause->location - r->tree.shift;

		if (at > start && at < next)
			next = at;
	}
	return next;
}

/* Takes the tokens out that begin inside [start, end) of the text; returns how many are left. */
static size_t cut(struct token *tokens, size_t count, size_t start, size_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (tokens[i].start < start || tokens[i].start >= end)
			tokens[kept++] = tokens[i];
	return kept;
}

static void read_column(struct reading *r, const PgQuery__ColumnDef *column, struct token *tokens, size_t count)
{
	struct foreign_key *key = NULL; /* while its parts are being read */
	struct table_element *element = &r->out->elements[r->out->element_count++];

	element->column = arena_strdup(r->arena, column->colname);
	for (size_t i = 0; i < column->n_constraints; i++) {
		const PgQuery__Constraint *constraint = column->constraints[i]->constraint;
		size_t start = (size_t)constraint->location - r->tree.shift;

		if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) {
			const char **columns = arena_array(r->arena, const char *, 1);

			key = &r->out->foreign_keys[r->out->foreign_key_count++];
			read_foreign_key(constraint, r->arena, key);
			columns[0] = element->column;
			key->columns = columns;
			key->column_count = 1;
		} else if (!is_attribute(constraint)) {
			key = NULL;
		}
		if (!key)
			continue;
		apply_attribute(constraint, key);
		count = cut(tokens, count, start, next_part(r, column, start));
	}
	element->text = scan_join(r->text, tokens, count, r->arena);
}

static void read_element(struct reading *r, const PgQuery__Node *node, struct token *tokens, size_t count)
{
	if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
		read_column(r, node->column_def, tokens, count);
		return;
	}
	if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
	    node->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) {
		read_foreign_key(node->constraint, r->arena, &r->out->foreign_keys[r->out->foreign_key_count++]);
		return;
	}
	r->out->has_like_or_inherits |= node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE;
	r->out->elements[r->out->element_count++].text = scan_join(r->text, tokens, count, r->arena);
}

static size_t count_foreign_keys(const PgQuery__CreateStmt *create)
{
	size_t count = create->n_table_elts;

	for (size_t i = 0; i < create->n_table_elts; i++)
		if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
			count += create->table_elts[i]->column_def->n_constraints;
	return count;
}

bool sql_parse_table_definition(const char *text, struct arena *arena, struct table_definition *out,
                                struct err *err)
{
	struct reading r = {.text = text, .arena = arena, .out = out};
	const PgQuery__CreateStmt *create;
	size_t at = 0;

	if (!tree_parse(text, &table_form, &r.tree, err))
		return false;
	create = tree_statement(&r.tree)->create_stmt;
	*out = (struct table_definition){
		.elements = arena_array(arena, struct table_element, create->n_table_elts),
		.foreign_keys = arena_array(arena, struct foreign_key, count_foreign_keys(create)),
	};
	for (size_t i = 0; i < create->n_table_elts; i++) {
		size_t end = scan_item_end(&r.tree.tokens, at);

		read_element(&r, create->table_elts[i], r.tree.tokens.items + at, end - at);
		at = end + 1;
	}
	tree_release(&r.tree);
	return true;
}

/* A table's name and perhaps a list in parentheses, and nothing behind it: no ON DELETE, no other constraint. */
static bool ends_after_columns(const char *text, const struct tokens *tokens, struct err *err)
{
	size_t i = 1;

	while (i + 1 < tokens->count && tokens->items[i].kind == '.')
		i += 2;
	if (i < tokens->count && tokens->items[i].kind == '(')
		while (tokens->items[i++].kind != ')')
			continue;
	return i >= tokens->count || scan_syntax_error(text, &tokens->items[i], err);
}

bool sql_parse_references(const char *text, struct arena *arena, struct foreign_key *out, struct err *err)
{
	struct tree tree;
	const PgQuery__ColumnDef *column;
	bool ok;

	if (!tree_parse(text, &references_form, &tree, err))
		return false;
	column = tree_statement(&tree)->create_stmt->table_elts[0]->column_def;
	ok = ends_after_columns(text, &tree.tokens, err);
	if (ok)
		read_foreign_key(column->constraints[0]->constraint, arena, out);
	tree_release(&tree);
	return ok;
}
