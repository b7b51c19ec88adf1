/* DROP and TRUNCATE: each thing in a step of its own, behind a decision and a period. */
#include <string.h>

#include "convert/read.h"
#include "sql/ident.h"
#include "sql/tree.h"

static const struct target {
	PgQuery__ObjectType type;
	const char *primitive, *option, *what;
} targets[] = {
	{PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, "drop_table_if_exists", "table", "table"},
	{PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, "drop_view_if_exists", "view", "view"},
	{PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, "drop_view_if_exists", "view", "materialized view"},
	{PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, "drop_index_if_exists", "index", "index"},
	{PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, "drop_type_if_exists", "type", "type"},
	{PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, "drop_type_if_exists", "type", "domain"},
};

/* The words of a name: a list, or a type's name. */
static size_t words_of(const PgQuery__Node *object, PgQuery__Node *const **words)
{
	if (object->node_case == PG_QUERY__NODE__NODE_LIST) {
		*words = object->list->items;
		return object->list->n_items;
	}
	if (object->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
		*words = object->type_name->names;
		return object->type_name->n_names;
	}
	return 0;
}

/* An index of this file that is dropped by it, too: neither step is needed. */
static bool cancels(struct reader *r, const char *name)
{
	struct draft *before = made_before(r, name);

	if (before)
		before->is_left_out = true;
	return before != NULL;
}

static bool keeps_values(const struct reader *r)
{
	for (const struct draft *d = r->out->first; d; d = d->next)
		if (!d->is_left_out && draft_option_of(d, "archive"))
			return true;
	return false;
}

static void drop_one(struct reader *r, const struct target *target, const PgQuery__Node *object, bool cascade)
{
	PgQuery__Node *const *words = NULL;
	size_t count = words_of(object, &words);
	const char *text, *schema, *name;
	struct draft *draft;

	if (count == 0)
		return;
	text = list_relation_name(r, words, count);
	name = arena_strdup(r->arena, list_name(words, count, &schema));
	if (target->type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX && cancels(r, name))
		return;
	draft = add_step(r, target->primitive, RANK_CONTRACT, "drop %s %s", target->what, text);
	draft_text(draft, target->option, text);
	draft_name(draft, name);
	if (target->type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
		draft_text(draft, "archive", "90 days");
		draft->unused = text;
		draft->table = name;
	}
	if (strcmp(target->primitive, "drop_type_if_exists") == 0 && keeps_values(r))
		draft_remark(r->arena, draft, "values that a step keeps in an archive keep their type in use as well");
	if (cascade)
		draft_decide(r->arena, draft,
		             "CASCADE would take along what depends on it; this step refuses then and names it: drop that "
		             "first, in steps of its own");
}

/* CASCADE is no word of a plan. */
static const char *without_cascade(struct reader *r)
{
	size_t end = source_find(&r->source, r->from, r->end, "cascade");

	return source_slice(&r->source, r->from, end);
}

static void drop_other(struct reader *r, const PgQuery__DropStmt *drop, bool cascade)
{
	struct draft *draft = add_own_sql(r, without_cascade(r), NULL, NULL);

	if (cascade)
		draft_decide(r->arena, draft,
		             "the file says CASCADE, which takes along whatever depends on it by then; "
		             "drop that first, by name");
	for (size_t i = 0; i < drop->n_objects; i++) {
		PgQuery__Node *const *words = NULL;
		size_t count = words_of(drop->objects[i], &words);

		if (drop->objects[i]->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
			words = drop->objects[i]->object_with_args->objname;
			count = drop->objects[i]->object_with_args->n_objname;
		}
		if (count > 0)
			draft_name(draft, tree_string(words[count - 1]));
		else
			draft_name(draft, tree_string(drop->objects[i]));
	}
}

void convert_drop(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__DropStmt *drop = node->drop_stmt;
	bool cascade = drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;

	for (size_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
		if (targets[t].type != drop->remove_type)
			continue;
		for (size_t i = 0; i < drop->n_objects; i++)
			drop_one(r, &targets[t], drop->objects[i], cascade);
		return;
	}
	drop_other(r, drop, cascade);
}

void convert_truncate(struct reader *r, const PgQuery__Node *node)
{
	const PgQuery__TruncateStmt *truncate = node->truncate_stmt;
	struct draft *draft = add_own_sql(r, without_cascade(r), NULL, NULL);

	for (size_t i = 0; i < truncate->n_relations; i++)
		draft_name(draft, truncate->relations[i]->range_var->relname);
	draft_decide(r->arena, draft,
	             "TRUNCATE loses every row, and nothing brings them back; quarantine { table = …, where = "
	             "\"true\", … } moves them aside instead");
	if (truncate->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
		draft_decide(r->arena, draft,
		             "the file says CASCADE, which empties the tables that refer to these, too; name "
		             "them here if that is meant");
}
