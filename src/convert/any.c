/* What has no primitive stays SQL; comments and grants have one for most things. */
#include <string.h>

#include "convert/read.h"
#include "hazard/expression.h"
#include "sql/ident.h"
#include "sql/object.h"
#include "sql/tree.h"

static bool is_setting(const PgQuery__Node *node)
{
	const PgQuery__SelectStmt *select;
	const PgQuery__Node *value;
	const char *schema, *name;

	if (node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return false;
	select = node->select_stmt;
	if (select->n_target_list != 1 || select->n_from_clause > 0)
		return false;
	value = select->target_list[0]->res_target->val;
	if (!value || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
		return false;
	name = list_name(value->func_call->funcname, value->func_call->n_funcname, &schema);
	return name && strcmp(name, "set_config") == 0;
}

void convert_any(struct reader *r, const PgQuery__Node *node)
{
	struct draft *draft;

	if (is_setting(node) || (node->node_case == PG_QUERY__NODE__NODE_DO_STMT && convert_guarded(r)))
		return;
	draft = add_sql(r, NULL, NULL);
	if (node->node_case == PG_QUERY__NODE__NODE_DO_STMT || node->node_case == PG_QUERY__NODE__NODE_CALL_STMT ||
	    node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
		draft_decide(r->arena, draft,
		             "what this does can't be told from its text: say it in steps instead, or read it, "
		             "and say in undo what takes it back");
	else
		draft_decide(r->arena, draft,
		             "no primitive does this, and nothing takes it back: what does undo have to run?");
}

/* COMMENT ON thing IS 'words': the thing as it is written between ON and the last IS. */
void convert_comment(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__CommentStmt *comment = node->comment_stmt;
	size_t on = source_find(&r->source, 0, r->end, "on"), is = source_find(&r->source, on, r->end, "is");
	const char *thing = source_slice(&r->source, on + 1, is);
	struct sql_object object;
	struct err err = {0};
	struct draft *draft;

	if (!sql_parse_object(thing, r->arena, &object, &err)) {
		err_release(&err);
		draft = add_sql(r, NULL, NULL);
		return;
	}
	draft = add_step(r, "comment_on", RANK_EXPAND, "comment on %s", thing);
	draft_text(draft, "object", thing);
	if (comment->comment && *comment->comment)
		draft_text(draft, "comment", comment->comment);
	else
		draft_word(draft, "comment", "false");
	if (object.name && object.kind != OBJECT_FUNCTION && object.kind != OBJECT_SCHEMA)
		draft->table = object.name;
}

/* ---- Grants ---- */

static const char *object_words(PgQuery__ObjectType type)
{
	switch (type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
		return "";
	case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
		return "sequence ";
	case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
		return "schema ";
	default:
		return NULL;
	}
}

static const char *granted_on(struct reader *r, const PgQuery__GrantStmt *grant, size_t i)
{
	const PgQuery__Node *object = grant->objects[i];
	const char *words = object_words(grant->objtype);

	if (object->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
		return arena_printf(r->arena, "%s%s", words, relation_name(r, object->range_var));
	return arena_printf(r->arena, "%s%s", words, ident_quoted(r->arena, tree_string(object)));
}

static bool is_plain_grant(const PgQuery__GrantStmt *grant)
{
	if (!grant->is_grant || !object_words(grant->objtype) ||
	    grant->targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT)
		return false;
	for (size_t i = 0; i < grant->n_privileges; i++)
		if (grant->privileges[i]->access_priv->n_cols > 0)
			return false;
	for (size_t i = 0; i < grant->n_grantees; i++)
		if (grant->grantees[i]->role_spec->roletype != PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING &&
		    grant->grantees[i]->role_spec->roletype != PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC)
			return false;
	return true;
}

static void grant_one(struct reader *r, const PgQuery__GrantStmt *grant, const char *on)
{
	const char **privileges = arena_array(r->arena, const char *, grant->n_privileges + 1);
	const char **roles = arena_array(r->arena, const char *, grant->n_grantees + 1);
	struct draft *draft = add_step(r, "grant", RANK_EXPAND, "grant on %s", on);

	for (size_t i = 0; i < grant->n_privileges; i++)
		privileges[i] = grant->privileges[i]->access_priv->priv_name;
	for (size_t i = 0; i < grant->n_grantees; i++) {
		const PgQuery__RoleSpec *role = grant->grantees[i]->role_spec;

		roles[i] = role->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC
		               ? "public"
		               : ident_quoted(r->arena, role->rolename);
	}
	if (grant->n_privileges > 0)
		draft_list(draft, "privileges", privileges, grant->n_privileges);
	else
		draft_text(draft, "privileges", "all");
	draft_text(draft, "on", on);
	draft_list(draft, "to", roles, grant->n_grantees);
	if (grant->grant_option)
		draft_word(draft, "with_grant_option", "true");
}

void convert_grant(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__GrantStmt *grant = node->grant_stmt;

	if (!is_plain_grant(grant)) {
		struct draft *draft = add_sql(r, NULL, NULL);

		draft_decide(r->arena, draft, "undo = false: what takes this back?");
		return;
	}
	for (size_t i = 0; i < grant->n_objects; i++) {
		if (grant->objects[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
			read_on(r, grant->objects[i]->range_var);
		grant_one(r, grant, granted_on(r, grant, i));
	}
}
