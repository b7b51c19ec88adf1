/* Whether a query only reads, as far as its text tells. */
#include <stdlib.h>
#include <string.h>

#include "sql/tree.h"
#include "sql/verb.h"

/* PostgreSQL's own functions that people call in a plan's queries and that change nothing.  Sorted. */
/* clang-format off */
static const char *const harmless[] = {
	"abs", "age", "any_value", "array_agg", "array_append", "array_cat", "array_length", "array_position",
	"array_positions", "array_prepend", "array_remove", "array_replace", "array_to_json", "array_to_string",
	"array_upper", "avg", "bit_and", "bit_length", "bit_or", "bool_and", "bool_or", "btrim", "cardinality",
	"ceil", "ceiling", "char_length", "character_length", "chr", "clock_timestamp", "col_description",
	"concat", "concat_ws", "convert_from", "convert_to", "corr", "count", "cume_dist", "current_database",
	"current_schema", "current_schemas", "current_setting", "date_bin", "date_part", "date_trunc", "decode",
	"dense_rank", "div", "encode", "every", "exp", "extract", "first_value", "floor", "format", "format_type",
	"gen_random_uuid", "generate_series", "generate_subscripts", "has_column_privilege",
	"has_schema_privilege", "has_table_privilege", "initcap", "isfinite", "json_agg", "json_array_elements",
	"json_array_elements_text", "json_array_length", "json_build_array", "json_build_object", "json_each",
	"json_each_text", "json_object_agg", "json_typeof", "jsonb_agg", "jsonb_array_elements",
	"jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_each",
	"jsonb_each_text", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_query",
	"jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_to_recordset", "jsonb_typeof", "justify_days",
	"justify_hours", "justify_interval", "lag", "last_value", "lead", "left", "length", "like_escape", "ln", "log", "lower",
	"lpad", "ltrim", "make_date", "make_interval", "make_timestamp", "make_timestamptz", "max", "md5", "min",
	"mod", "mode", "now", "nth_value", "ntile", "num_nonnulls", "num_nulls", "obj_description", "octet_length",
	"overlay", "percent_rank", "percentile_cont", "percentile_disc", "pg_column_size", "pg_database_size",
	"pg_indexes_size", "pg_relation_size", "pg_size_pretty", "pg_table_is_visible", "pg_table_size",
	"pg_total_relation_size", "pg_typeof", "position", "power", "quote_ident", "quote_literal",
	"quote_nullable", "random", "range_agg", "rank", "regexp_match", "regexp_matches", "regexp_replace",
	"regexp_split_to_array", "regexp_split_to_table", "repeat", "replace", "reverse", "right", "round",
	"row_number", "row_to_json", "rpad", "rtrim", "sha256", "sign", "similar_to_escape", "split_part", "sqrt", "starts_with",
	"statement_timestamp", "stddev", "stddev_pop", "stddev_samp", "string_agg", "string_to_array", "strpos",
	"substr", "substring", "sum", "timezone", "to_char", "to_date", "to_hex", "to_json", "to_jsonb",
	"to_number", "to_regclass", "to_timestamp", "to_tsquery", "to_tsvector", "transaction_timestamp",
	"translate", "trim", "trunc", "unnest", "upper", "var_pop", "var_samp", "variance", "version",
	"width_bucket",
};
/* clang-format on */

static int compare(const void *name, const void *entry)
{
	return strcmp(name, *(const char *const *)entry);
}

bool verb_is_harmless(const char *schema, const char *function)
{
	if (schema && strcmp(schema, "pg_catalog") != 0)
		return false;
	if (strncmp(function, "pg_get_", strlen("pg_get_")) == 0) /* pg_get_viewdef and the other makers of texts */
		return true;
	return bsearch(function, harmless, sizeof(harmless) / sizeof(*harmless), sizeof(*harmless), compare) != NULL;
}

struct effects {
	bool writes, creates, calls;
};

static bool is_harmless_call(const PgQuery__FuncCall *call)
{
	size_t last = call->n_funcname - 1;

	if (call->funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX)
		return true;
	return verb_is_harmless(last > 0 ? tree_string(call->funcname[last - 1]) : NULL,
	                        tree_string(call->funcname[last]));
}

static bool note_effects(const ProtobufCMessage *message, void *context)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	struct effects *effects = context;

	if (type == &pg_query__insert_stmt__descriptor || type == &pg_query__update_stmt__descriptor ||
	    type == &pg_query__delete_stmt__descriptor || type == &pg_query__merge_stmt__descriptor)
		effects->writes = true;
	else if (type == &pg_query__into_clause__descriptor)
		effects->creates = true;
	else if (type == &pg_query__func_call__descriptor &&
	         !is_harmless_call((const PgQuery__FuncCall *)(const void *)message))
		effects->calls = true;
	return true;
}

enum statement_kind verb_query_kind(const PgQuery__Node *query)
{
	struct effects effects = {0};

	tree_visit_node(query, note_effects, &effects);
	if (effects.writes)
		return STATEMENT_DATA;
	if (effects.creates)
		return STATEMENT_ADDITIVE;
	return effects.calls ? STATEMENT_OPAQUE : STATEMENT_READ;
}
