/* Types and functions: enums, domains and the tables that use them, volatility of functions for defaults to come.
 */
#include <string.h>
#include <strings.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "sql/tree.h"

static void add_type(struct lint *lint, const char *schema, const char *name)
{
	struct user_type *type = arena_alloc(&lint->arena, sizeof(*type));

	type->schema = schema ? arena_strdup(&lint->arena, schema) : schema_creates_in(&lint->schema);
	type->name = arena_strdup(&lint->arena, name);
	type->here = true;
	type->transaction = lint->transaction.number;
	type->next = lint->schema.types;
	lint->schema.types = type;
}

void read_create_enum(struct lint *lint, const PgQuery__Node *node)
{
	const char *schema,
		*name = list_name(node->create_enum_stmt->type_name, node->create_enum_stmt->n_type_name, &schema);

	if (name)
		add_type(lint, schema, name);
}

void read_composite_type(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__RangeVar *name = node->composite_type_stmt->typevar;

	add_type(lint, *name->schemaname ? name->schemaname : NULL, name->relname);
}

static void tell_enum_in_transaction(struct lint *lint)
{
	const struct effect effect = {.rule = "concurrently-in-transaction", .severity = SEVERITY_ERROR};

	if (lint->transaction.open && lint->server_version < 120000)
		effect_add(lint, &effect, "ALTER TYPE ... ADD VALUE can't run inside a transaction before PostgreSQL 12");
}

void read_alter_enum(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__AlterEnumStmt *alter = node->alter_enum_stmt;
	const struct effect effect = {.rule = "rename-enum-value", .severity = SEVERITY_ERROR};
	const char *schema, *name = list_name(alter->type_name, alter->n_type_name, &schema);
	const struct user_type *type = name ? schema_type(&lint->schema, schema, name) : NULL;
	struct enum_value *value;

	if (alter->old_val && *alter->old_val) {
		if (!type)
			effect_detail(lint,
			              effect_add(lint, &effect, "value '%s' of %s is '%s' from then on", alter->old_val, name,
			                         alter->new_val),
			              "the release that is live goes on writing and looking for the old one (22P02)");
		return;
	}
	tell_enum_in_transaction(lint);
	if (!lint->transaction.open || (type && type->transaction == lint->transaction.number))
		return;
	value = arena_alloc(&lint->arena, sizeof(*value));
	value->type = arena_strdup(&lint->arena, name);
	value->value = arena_strdup(&lint->arena, alter->new_val);
	value->next = lint->transaction.enum_values;
	lint->transaction.enum_values = value;
}

struct enum_search {
	struct lint *lint;
	const struct enum_value *found;
};

static bool visit_value(const ProtobufCMessage *message, void *context)
{
	struct enum_search *search = context;
	const PgQuery__AConst *constant = (const PgQuery__AConst *)(const void *)message;

	if (message->descriptor != &pg_query__a__const__descriptor ||
	    constant->val_case != PG_QUERY__A__CONST__VAL_SVAL)
		return true;
	for (const struct enum_value *v = search->lint->transaction.enum_values; v; v = v->next)
		if (strcmp(v->value, constant->sval->sval) == 0)
			search->found = v;
	return false;
}

void check_enum_values(struct lint *lint, const PgQuery__Node *node)
{
	struct enum_search search = {lint, NULL};
	const struct effect effect = {.rule = "enum-value-used-in-tx",
	                              .severity = SEVERITY_ERROR,
	                              .help = "ADD VALUE in a migration of its own, before this one"};

	if (!lint->transaction.enum_values)
		return;
	tree_visit_node(node, visit_value, &search);
	if (search.found)
		effect_detail(lint,
		              effect_add(lint, &effect, "the value '%s' of %s is used in the transaction that adds it",
		                         search.found->value, search.found->type),
		              "PostgreSQL refuses it until that has committed (55P04)");
}

static bool domain_constrained(const PgQuery__CreateDomainStmt *create)
{
	for (size_t i = 0; i < create->n_constraints; i++) {
		PgQuery__ConstrType type = create->constraints[i]->constraint->contype;

		if (type == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK || type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL)
			return true;
	}
	return false;
}

void read_create_domain(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__CreateDomainStmt *create = node->create_domain_stmt;
	struct domain *domain = arena_alloc(&lint->arena, sizeof(*domain));
	const char *schema, *name = list_name(create->domainname, create->n_domainname, &schema);

	domain->schema = schema ? arena_strdup(&lint->arena, schema) : schema_creates_in(&lint->schema);
	domain->name = arena_strdup(&lint->arena, name);
	domain->base = type_read(create->type_name, &lint->arena);
	domain->constrained = tri_of(domain_constrained(create));
	domain->here = domain->users_known = true;
	domain->next = lint->schema.domains;
	lint->schema.domains = domain;
}

/* A domain's constraint is checked in every table that uses the domain. */
static void scan_users(struct lint *lint, const struct domain *domain, const char *name, const char *what)
{
	struct effect effect = {.rule = "domain-constraint-scan",
	                        .work = WORK_SCAN,
	                        .lock = LOCK_SHARE,
	                        .help = "ADD CONSTRAINT ... NOT VALID looks at nothing; or CHECKs of the tables"};
	struct diag *diag;

	if (domain && domain->here)
		return;
	if (domain && domain->users_known) {
		for (size_t i = 0; i < domain->user_count; i++) {
			effect.relation = domain->users[i];
			takes_lock(lint, effect.relation, LOCK_SHARE);
			effect_add(lint, &effect, "%s of domain %s", what, name);
		}
		return;
	}
	effect.work = WORK_NONE;
	effect.severity = SEVERITY_ERROR;
	diag = effect_add(lint, &effect, "%s of domain %s reads every table that uses it", what, name);
	effect_detail(lint, diag, "under SHARE on all of them: nobody writes them meanwhile");
}

void read_alter_domain(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__AlterDomainStmt *alter = node->alter_domain_stmt;
	struct type type = {0};
	struct domain *domain;

	type.name = list_name(alter->type_name, alter->n_type_name, &type.schema);
	domain = type.name ? schema_domain(&lint->schema, &type) : NULL;
	switch (*alter->subtype) {
	case 'C': /* ADD CONSTRAINT */
		if (!alter->def->constraint->skip_validation)
			scan_users(lint, domain, type.name, "a new constraint");
		break;
	case 'V':
		scan_users(lint, domain, type.name, "VALIDATE CONSTRAINT");
		break;
	case 'O':
		scan_users(lint, domain, type.name, "SET NOT NULL");
		break;
	default:
		return;
	}
	if (domain)
		domain->constrained = TRI_YES;
}

static const char *option_text(const PgQuery__CreateFunctionStmt *create, const char *name)
{
	for (size_t i = 0; i < create->n_options; i++) {
		const PgQuery__DefElem *option = create->options[i]->def_elem;

		if (strcmp(option->defname, name) != 0 || !option->arg)
			continue;
		if (option->arg->node_case == PG_QUERY__NODE__NODE_LIST && option->arg->list->n_items > 0)
			return tree_string(option->arg->list->items[0]);
		return tree_string(option->arg);
	}
	return NULL;
}

/* RETURN expression, or the one in AS 'SELECT …'. */
static const PgQuery__Node *function_body(struct lint *lint, const PgQuery__CreateFunctionStmt *create)
{
	const char *language = option_text(create, "language"), *text = option_text(create, "as");

	if (create->sql_body)
		return create->sql_body;
	if (!language || strcasecmp(language, "sql") != 0 || !text)
		return NULL;
	return function_expression(lint, text);
}

void read_create_function(struct lint *lint, const PgQuery__Node *node)
{
	const PgQuery__CreateFunctionStmt *create = node->create_function_stmt;
	const char *schema, *name = list_name(create->funcname, create->n_funcname, &schema);
	const char *volatility = option_text(create, "volatility");
	struct function *function = arena_alloc(&lint->arena, sizeof(*function));

	if (!name)
		return;
	function->schema = schema ? arena_strdup(&lint->arena, schema) : schema_creates_in(&lint->schema);
	function->name = arena_strdup(&lint->arena, name);
	function->volatility = volatility ? *volatility : 'v';
	function->body = function_body(lint, create);
	function->here = true;
	function->next = lint->schema.functions;
	lint->schema.functions = function;
}
