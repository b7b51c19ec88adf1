/* CREATE: types, sequences, schemas, extensions, and what stays SQL with the DROP that takes it back. */
#include <string.h>

#include "convert/read.h"
#include "sql/ident.h"
#include "sql/tree.h"

static const char *type_name(struct reader *r, PgQuery__Node *const *words, size_t count, const char **bare)
{
	const char *schema, *name = arena_strdup(r->arena, list_name(words, count, &schema));
	const struct relname whole = {schema ? schema : schema_creates_in(&r->lint->schema), name};

	*bare = name;
	return strcmp(whole.schema, "public") == 0 ? ident_quoted(r->arena, name) : relname_quoted(r->arena, &whole);
}

void convert_create_enum(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CreateEnumStmt *create = node->create_enum_stmt;
	const char *bare, *type = type_name(r, create->type_name, create->n_type_name, &bare);
	const char **values = arena_array(r->arena, const char *, create->n_vals + 1);
	struct draft *draft;

	if (create->n_vals == 0) {
		draft = add_sql(r, arena_printf(r->arena, "DROP TYPE %s", type), NULL);
		draft_name(draft, bare);
		return;
	}
	for (size_t i = 0; i < create->n_vals; i++)
		values[i] = tree_string(create->vals[i]);
	draft = add_step(r, "create_enum_if_missing", RANK_EXPAND, "create type %s", type);
	draft_text(draft, "type", type);
	draft_list(draft, "values", values, create->n_vals);
	draft_name(draft, bare);
}

static void rename_value(struct reader *r, const PgQuery__AlterEnumStmt *alter, const char *type, const char *bare)
{
	struct draft *draft =
		add_sql(r,
	            arena_printf(r->arena, "ALTER TYPE %s RENAME VALUE %s TO %s", type,
	                         literal_quoted(r->arena, alter->new_val), literal_quoted(r->arena, alter->old_val)),
	            NULL);

	draft_name(draft, bare);
	draft_decide(r->arena, draft,
	             "whoever writes the old label fails from here on, whoever writes the new one before");
}

void convert_alter_enum(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__AlterEnumStmt *alter = node->alter_enum_stmt;
	const char *bare, *type = type_name(r, alter->type_name, alter->n_type_name, &bare);
	bool neighbor = alter->new_val_neighbor && *alter->new_val_neighbor;
	struct draft *draft;

	if (alter->old_val && *alter->old_val) {
		rename_value(r, alter, type, bare);
		return;
	}
	draft = add_step(r, "add_enum_value", RANK_EXPAND, "label %s of %s", alter->new_val, type);
	draft_text(draft, "type", type);
	draft_text(draft, "value", alter->new_val);
	if (neighbor)
		draft_text(draft, alter->new_val_is_after ? "after" : "before", alter->new_val_neighbor);
	draft_name(draft, bare);
}

/* ---- Sequences ---- */

static const char *number_text(struct reader *r, const PgQuery__Node *node)
{
	if (!node)
		return NULL;
	if (node->node_case == PG_QUERY__NODE__NODE_INTEGER)
		return arena_printf(r->arena, "%d", node->integer->ival);
	return node->node_case == PG_QUERY__NODE__NODE_FLOAT ? node->float_->fval : NULL;
}

static const char *sequence_type(const PgQuery__Node *node)
{
	const PgQuery__TypeName *type = node->type_name;
	const char *name = tree_string(type->names[type->n_names - 1]);

	return strcmp(name, "int2") == 0 ? "smallint" : strcmp(name, "int4") == 0 ? "integer" : "bigint";
}

/* false: a word that create_sequence_if_missing has no option for. */
static bool sequence_option(struct reader *r, struct draft *draft, const PgQuery__DefElem *option)
{
	static const char *const numbers[] = {"start", "increment", "minvalue", "maxvalue", "cache"};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(option->defname, numbers[i]) == 0) {
			draft_word(draft, option->defname, number_text(r, option->arg)); /* NO MINVALUE: none */
			return true;
		}
	if (strcmp(option->defname, "as") == 0)
		draft_text(draft, "type", sequence_type(option->arg));
	else if (strcmp(option->defname, "cycle") == 0)
		draft_word(draft, "cycle", option->arg && option->arg->boolean->boolval ? "true" : NULL);
	else if (strcmp(option->defname, "owned_by") == 0 && option->arg->list->n_items > 1)
		draft_text(
			draft, "owned_by",
			arena_printf(
				r->arena, "%s.%s", list_relation_name(r, option->arg->list->items, option->arg->list->n_items - 1),
				ident_quoted(r->arena, tree_string(option->arg->list->items[option->arg->list->n_items - 1]))));
	else
		return strcmp(option->defname, "owned_by") == 0;
	return true;
}

void convert_create_sequence(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CreateSeqStmt *create = node->create_seq_stmt;
	const char *name = relation_name(r, create->sequence);
	struct draft *draft = add_step(r, "create_sequence_if_missing", RANK_EXPAND, "create sequence %s", name);
	bool plain = *create->sequence->relpersistence == 'p';

	draft_text(draft, "sequence", name);
	for (size_t i = 0; plain && i < create->n_options; i++)
		plain = sequence_option(r, draft, create->options[i]->def_elem);
	draft_name(draft, create->sequence->relname);
	if (plain)
		return;
	draft->is_left_out = true;
	draft = add_sql(r, arena_printf(r->arena, "DROP SEQUENCE %s", name), NULL);
	draft_name(draft, create->sequence->relname);
}

/* ---- Schemas and extensions ---- */

void convert_create_schema(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CreateSchemaStmt *create = node->create_schema_stmt;
	const char *name = create->schemaname && *create->schemaname ? create->schemaname
	                   : create->authrole                        ? create->authrole->rolename
	                                                             : "";
	struct draft *draft;

	if (create->n_schema_elts > 0 || !*name) {
		draft = add_sql(r, NULL, NULL);
		draft_name(draft, name);
		return;
	}
	draft = add_step(r, "create_schema_if_missing", RANK_EXPAND, "create schema %s", name);
	draft_text(draft, "schema", ident_quoted(r->arena, name));
	if (create->authrole)
		draft_text(draft, "owner", plain_name(r, create->authrole->rolename));
	draft_name(draft, name);
}

void convert_create_extension(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CreateExtensionStmt *create = node->create_extension_stmt;
	struct draft *draft =
		add_step(r, "create_extension_if_missing", RANK_EXPAND, "create extension %s", create->extname);

	draft_text(draft, "extension", ident_quoted(r->arena, create->extname));
	for (size_t i = 0; i < create->n_options; i++) {
		const PgQuery__DefElem *option = create->options[i]->def_elem;

		if (strcmp(option->defname, "schema") == 0)
			draft_text(draft, "schema", ident_quoted(r->arena, tree_string(option->arg)));
		else if (strcmp(option->defname, "new_version") == 0)
			draft_text(draft, "version", tree_string(option->arg));
		else
			draft_decide(r->arena, draft,
			             "CASCADE would create the extensions that this one needs: name them in "
			             "steps of their own before it");
	}
	draft_name(draft, create->extname);
	draft->joins_all = true;
}

/* ---- What stays SQL ---- */

/* The arguments of a function as DROP FUNCTION takes them: their types, those of OUT and TABLE left out. */
static const char *signature(struct reader *r, const PgQuery__CreateFunctionStmt *create)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < create->n_parameters; i++) {
		const PgQuery__FunctionParameter *p = create->parameters[i]->function_parameter;
		struct type type;

		if (p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT ||
		    p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE)
			continue;
		type = type_read(p->arg_type, r->arena);
		buf_addf(&out, "%s%s", out.length ? ", " : "", type_text(&type, r->arena));
	}
	text = arena_strdup(r->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* The statement that takes it back; NULL: there is none.  *name: of what is made. */
static const char *drop_of(struct reader *r, const PgQuery__Node *node, const char **name)
{
	const PgQuery__CreateFunctionStmt *function = node->create_function_stmt;
	const char *whole;

	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
		whole = type_name(r, function->funcname, function->n_funcname, name);
		return function->replace
		           ? NULL
		           : arena_printf(r->arena, "DROP %s %s(%s)", function->is_procedure ? "PROCEDURE" : "FUNCTION",
		                          whole, signature(r, function));
	case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
		*name = node->create_trig_stmt->trigname;
		read_on(r, node->create_trig_stmt->relation);
		return node->create_trig_stmt->replace
		           ? NULL
		           : arena_printf(r->arena, "DROP TRIGGER %s ON %s", ident_quoted(r->arena, *name), r->table);
	case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
		*name = node->create_policy_stmt->policy_name;
		read_on(r, node->create_policy_stmt->table);
		return arena_printf(r->arena, "DROP POLICY %s ON %s", ident_quoted(r->arena, *name), r->table);
	case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
		whole = type_name(r, node->create_domain_stmt->domainname, node->create_domain_stmt->n_domainname, name);
		return arena_printf(r->arena, "DROP DOMAIN %s", whole);
	case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
		*name = node->composite_type_stmt->typevar->relname;
		return arena_printf(r->arena, "DROP TYPE %s", relation_name(r, node->composite_type_stmt->typevar));
	case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
		*name = node->create_table_as_stmt->into->rel->relname;
		read_on(r, node->create_table_as_stmt->into->rel);
		return arena_printf(r->arena, "DROP %s %s",
		                    node->create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
		                        ? "MATERIALIZED VIEW"
		                        : "TABLE",
		                    r->table);
	default:
		return NULL;
	}
}

void convert_create_other(struct reader *r, const PgQuery__Node *node)
{
	const char *name = NULL, *undo = drop_of(r, node, &name);
	struct draft *draft = add_sql(r, undo, NULL);

	draft_name(draft, name);
	if (!undo)
		draft_decide(r->arena, draft, "undo = false: what was there before? Its definition here takes this back");
}
