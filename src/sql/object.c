/* What COMMENT ON names, taken from its tree and written as SQL again. */
#include "sql/object.h"

#include <ctype.h>
#include <string.h>

#include "sql/ident.h"
#include "sql/tree.h"

enum { NAME_MAX_BYTES = 63 };

static const struct tree_form object_form = {"an object", "COMMENT ON ", "\n IS NULL"};

static const struct kind {
	PgQuery__ObjectType type;
	const char *name;
} kinds[] = {
	[OBJECT_TABLE] = {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, "table"},
	[OBJECT_FOREIGN_TABLE] = {PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE, "foreign table"},
	[OBJECT_VIEW] = {PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, "view"},
	[OBJECT_MATERIALIZED_VIEW] = {PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, "materialized view"},
	[OBJECT_INDEX] = {PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, "index"},
	[OBJECT_SEQUENCE] = {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, "sequence"},
	[OBJECT_COLUMN] = {PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN, "column"},
	[OBJECT_CONSTRAINT] = {PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT, "constraint"},
	[OBJECT_TRIGGER] = {PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER, "trigger"},
	[OBJECT_POLICY] = {PG_QUERY__OBJECT_TYPE__OBJECT_POLICY, "policy"},
	[OBJECT_RULE] = {PG_QUERY__OBJECT_TYPE__OBJECT_RULE, "rule"},
	[OBJECT_TYPE] = {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, "type"},
	[OBJECT_DOMAIN] = {PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, "domain"},
	[OBJECT_DOMAIN_CONSTRAINT] = {PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT, "constraint"},
	[OBJECT_FUNCTION] = {PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, "function"},
	[OBJECT_PROCEDURE] = {PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, "procedure"},
	[OBJECT_STATISTICS] = {PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT, "statistics"},
	[OBJECT_SCHEMA] = {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, "schema"},
	[OBJECT_EXTENSION] = {PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION, "extension"},
	[OBJECT_RELATION] = {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE_UNDEFINED, "table"},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const char *object_kind_name(enum object_kind kind)
{
	return kinds[kind].name;
}

static bool find_kind(PgQuery__ObjectType type, enum object_kind *kind)
{
	for (int k = 0; k < KINDS; k++)
		if (kinds[k].type == type) {
			*kind = (enum object_kind)k;
			return true;
		}
	return false;
}

/* The parser would cut a longer name, and then mean another one. */
static bool names_fit(const char *text, const struct tokens *tokens, struct err *err)
{
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->items[i];
		size_t length = token->end - token->start, quotes = text[token->start] == '"' ? 2 : 0;

		if (length <= NAME_MAX_BYTES + quotes)
			continue;
		err_set(err, EXIT_OWN, "a name in it is longer than %d bytes", NAME_MAX_BYTES);
		err->position = scan_character(text, token->start);
		return false;
	}
	return true;
}

/* "schema.name" of a list of names; false: there are more than these two. */
static bool take_name(PgQuery__Node *const *names, size_t count, struct arena *arena, struct sql_object *out)
{
	if (count < 1 || count > 2)
		return false;
	out->schema = count == 2 ? arena_strdup(arena, tree_string(names[0])) : "public";
	out->name = arena_strdup(arena, tree_string(names[count - 1]));
	return true;
}

/* The last of the list belongs to what the others name. */
static bool take_member(const PgQuery__List *list, struct arena *arena, struct sql_object *out)
{
	if (list->n_items < 2)
		return false;
	out->member = arena_strdup(arena, tree_string(list->items[list->n_items - 1]));
	return take_name(list->items, list->n_items - 1, arena, out);
}

/* A type that is a name alone: no array, no length, no %TYPE. */
static bool take_type(const PgQuery__TypeName *type, struct arena *arena, struct sql_object *out)
{
	return !type->setof && !type->pct_type && type->n_typmods == 0 && type->n_array_bounds == 0 &&
	       take_name(type->names, type->n_names, arena, out);
}

static bool take_domain_constraint(const PgQuery__List *list, struct arena *arena, struct sql_object *out)
{
	out->member = arena_strdup(arena, tree_string(list->items[1]));
	return take_type(list->items[0]->type_name, arena, out);
}

/* "app.status[]"; NULL: it is none that an argument of a function has. */
static const char *type_text(const PgQuery__TypeName *type, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	if (type->setof || type->pct_type || type->n_names > 2)
		return NULL;
	for (size_t i = 0; i < type->n_names; i++) {
		buf_add(&text, i ? "." : "");
		ident_quote(&text, tree_string(type->names[i]));
	}
	buf_add(&text, type->n_array_bounds ? "[]" : "");
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

static bool take_function(const PgQuery__ObjectWithArgs *function, struct arena *arena, struct sql_object *out)
{
	const char **types = arena_array(arena, const char *, function->n_objargs);

	for (size_t i = 0; i < function->n_objargs; i++) {
		types[i] = type_text(function->objargs[i]->type_name, arena);
		if (!types[i])
			return false;
	}
	out->types = types;
	out->type_count = function->n_objargs;
	out->has_types = !function->args_unspecified;
	return take_name(function->objname, function->n_objname, arena, out);
}

static bool take_object(const PgQuery__Node *object, struct arena *arena, struct sql_object *out)
{
	switch (out->kind) {
	case OBJECT_SCHEMA:
	case OBJECT_EXTENSION:
		out->name = arena_strdup(arena, tree_string(object));
		return true;
	case OBJECT_COLUMN:
	case OBJECT_CONSTRAINT:
	case OBJECT_TRIGGER:
	case OBJECT_POLICY:
	case OBJECT_RULE:
		return take_member(object->list, arena, out);
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
		return take_type(object->type_name, arena, out);
	case OBJECT_DOMAIN_CONSTRAINT:
		return take_domain_constraint(object->list, arena, out);
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
		return take_function(object->object_with_args, arena, out);
	default:
		return take_name(object->list->items, object->list->n_items, arena, out);
	}
}

static const char *how_written(enum object_kind kind)
{
	switch (kind) {
	case OBJECT_COLUMN:
		return "a column is written as table.column or schema.table.column";
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	case OBJECT_DOMAIN_CONSTRAINT:
		return "the name of a type stands alone, without a length or brackets, with at most a schema before it";
	default:
		return "a name has at most a schema before it";
	}
}

/* The object of our COMMENT ON … IS NULL, and nothing but that. */
static bool read_object(const struct tree *tree, struct arena *arena, struct sql_object *out, struct err *err)
{
	const PgQuery__Node *statement = tree_statement(tree);
	const PgQuery__CommentStmt *comment;

	if (!statement || statement->node_case != PG_QUERY__NODE__NODE_COMMENT_STMT)
		return err_set(err, EXIT_OWN, "the text is more than one object");
	comment = statement->comment_stmt;
	if (!find_kind(comment->objtype, &out->kind))
		return err_set(err, EXIT_OWN, "objects of this kind are not known here");
	if (take_object(comment->object, arena, out))
		return true;
	return err_set(err, EXIT_OWN, "%s", how_written(out->kind));
}

bool sql_parse_object(const char *text, struct arena *arena, struct sql_object *out, struct err *err)
{
	struct tree tree;
	bool ok;

	*out = (struct sql_object){0};
	if (!tree_parse(text, &object_form, &tree, err))
		return false;
	ok = names_fit(text, &tree.tokens, err) && read_object(&tree, arena, out, err);
	out->text = scan_join(text, tree.tokens.items, tree.tokens.count, arena);
	tree_release(&tree);
	return ok;
}

static void write_name(struct buf *out, const struct sql_object *object)
{
	if (object->schema)
		ident_quote_relname(out, &(struct relname){object->schema, object->name});
	else
		ident_quote(out, object->name);
}

static void write_types(struct buf *out, const struct sql_object *object)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < object->type_count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", object->types[i]);
	buf_add_char(out, ')');
}

void object_write(struct buf *out, const struct sql_object *object)
{
	for (const char *c = object_kind_name(object->kind); *c; c++)
		buf_add_char(out, (char)toupper((unsigned char)*c));
	buf_add_char(out, ' ');
	if (object->member && object->kind != OBJECT_COLUMN) {
		ident_quote(out, object->member);
		buf_add(out, object->kind == OBJECT_DOMAIN_CONSTRAINT ? " ON DOMAIN " : " ON ");
	}
	write_name(out, object);
	if (object->kind == OBJECT_COLUMN) {
		buf_add_char(out, '.');
		ident_quote(out, object->member);
	}
	if (object->has_types)
		write_types(out, object);
}

const char *object_written(struct arena *arena, const struct sql_object *object)
{
	struct buf out = {0};
	const char *copy;

	object_write(&out, object);
	copy = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return copy;
}
