/*
 * Things that a statement makes without saying in which schema: they go to the
 * first one of search_path, whatever that is.  Things without a schema of their
 * own (indexes, triggers, policies, schemas, …) and temporary ones are none.
 */
#include <string.h>

#include "sql/tree.h"
#include "sql/verb.h"

static const char *of_range(const PgQuery__RangeVar *range)
{
	bool temporary = range && strcmp(range->relpersistence, "t") == 0;

	return range && !*range->schemaname && !temporary ? range->relname : NULL;
}

static const char *of_into(const PgQuery__IntoClause *into)
{
	return into ? of_range(into->rel) : NULL;
}

/* A name as a list of words. */
static const char *of_words(PgQuery__Node *const *words, size_t count)
{
	return count == 1 ? tree_string(words[0]) : NULL;
}

static const char *of_extension(const PgQuery__CreateExtensionStmt *extension)
{
	for (size_t i = 0; i < extension->n_options; i++)
		if (extension->options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    strcmp(extension->options[i]->def_elem->defname, "schema") == 0)
			return NULL;
	return extension->extname;
}

/* SELECT … INTO; of several SELECTs that are one set, the first has it. */
static const char *of_select(const PgQuery__SelectStmt *select)
{
	while (select->larg)
		select = select->larg;
	return of_into(select->into_clause);
}

static const char *find(const PgQuery__Node *node)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_CREATE_STMT:
		return of_range(node->create_stmt->relation);
	case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
		return of_range(node->create_foreign_table_stmt->base_stmt->relation);
	case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
		return of_into(node->create_table_as_stmt->into);
	case PG_QUERY__NODE__NODE_SELECT_STMT:
		return of_select(node->select_stmt);
	case PG_QUERY__NODE__NODE_VIEW_STMT:
		return of_range(node->view_stmt->view);
	case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
		return of_range(node->create_seq_stmt->sequence);
	case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
		return of_range(node->composite_type_stmt->typevar);
	case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
		return of_words(node->create_enum_stmt->type_name, node->create_enum_stmt->n_type_name);
	case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
		return of_words(node->create_range_stmt->type_name, node->create_range_stmt->n_type_name);
	case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
		return of_words(node->create_domain_stmt->domainname, node->create_domain_stmt->n_domainname);
	case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
		return of_words(node->create_function_stmt->funcname, node->create_function_stmt->n_funcname);
	case PG_QUERY__NODE__NODE_DEFINE_STMT:
		return of_words(node->define_stmt->defnames, node->define_stmt->n_defnames);
	case PG_QUERY__NODE__NODE_CREATE_OP_CLASS_STMT:
		return of_words(node->create_op_class_stmt->opclassname, node->create_op_class_stmt->n_opclassname);
	case PG_QUERY__NODE__NODE_CREATE_OP_FAMILY_STMT:
		return of_words(node->create_op_family_stmt->opfamilyname, node->create_op_family_stmt->n_opfamilyname);
	case PG_QUERY__NODE__NODE_CREATE_CONVERSION_STMT:
		return of_words(node->create_conversion_stmt->conversion_name,
		                node->create_conversion_stmt->n_conversion_name);
	case PG_QUERY__NODE__NODE_CREATE_STATS_STMT:
		return of_words(node->create_stats_stmt->defnames, node->create_stats_stmt->n_defnames);
	case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
		return of_extension(node->create_extension_stmt);
	default:
		return NULL;
	}
}

const char *verb_unplaced(const PgQuery__Node *node, struct arena *arena)
{
	const char *name = find(node);

	return name && *name ? ident_quoted(arena, name) : NULL;
}
