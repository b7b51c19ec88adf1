/* Names of types, and the table of changes that leave a table's file as it is. */
#include "hazard/type.h"

#include <string.h>

#include "base/buf.h"
#include "sql/tree.h"

enum { PRECISION_OF_TIME = 6, SERVER_UTC = 120000 };

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Names that stand for a type of pg_catalog without their schema. */
static const char *const built_in[] = {"int2",
                                       "int4",
                                       "int8",
                                       "float4",
                                       "float8",
                                       "numeric",
                                       "bool",
                                       "text",
                                       "varchar",
                                       "bpchar",
                                       "char",
                                       "name",
                                       "bytea",
                                       "date",
                                       "time",
                                       "timetz",
                                       "timestamp",
                                       "timestamptz",
                                       "interval",
                                       "json",
                                       "jsonb",
                                       "jsonpath",
                                       "uuid",
                                       "xml",
                                       "inet",
                                       "cidr",
                                       "macaddr",
                                       "macaddr8",
                                       "bit",
                                       "varbit",
                                       "money",
                                       "oid",
                                       "regclass",
                                       "regtype",
                                       "regproc",
                                       "regprocedure",
                                       "regrole",
                                       "regnamespace",
                                       "point",
                                       "line",
                                       "lseg",
                                       "box",
                                       "path",
                                       "polygon",
                                       "circle",
                                       "tsvector",
                                       "tsquery",
                                       "int4range",
                                       "int8range",
                                       "numrange",
                                       "tsrange",
                                       "tstzrange",
                                       "daterange",
                                       "int4multirange",
                                       "int8multirange",
                                       "nummultirange",
                                       "tsmultirange",
                                       "tstzmultirange",
                                       "datemultirange",
                                       "xid",
                                       "xid8",
                                       "tid",
                                       "cid",
                                       "pg_lsn",
                                       "serial",
                                       "serial2",
                                       "serial4",
                                       "serial8",
                                       "smallserial",
                                       "bigserial",
                                       NULL};

static bool is_built_in(const char *name)
{
	for (size_t i = 0; built_in[i]; i++)
		if (strcmp(built_in[i], name) == 0)
			return true;
	return false;
}

static int modifier(const PgQuery__Node *node)
{
	if (node && node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	    node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
		return node->a_const->ival->ival;
	return 0;
}

static void read_modifiers(const PgQuery__TypeName *name, struct type *type)
{
	size_t first = 0;

	if (strcmp(type->name, "interval") == 0 && name->n_typmods > 0) /* its fields come first; then the precision */
		first = 1;
	for (size_t i = first; i < name->n_typmods && type->mod_count < TYPE_MODS_MAX; i++)
		type->mods[type->mod_count++] = modifier(name->typmods[i]);
	if (type->mod_count == 0 && strcmp(type->name, "bpchar") == 0 && type->built_in && name->n_names > 1)
		type->mods[type->mod_count++] = 1; /* char alone is char(1) */
}

struct type type_read(const PgQuery__TypeName *name, struct arena *arena)
{
	struct type type = {0};
	const char *schema = NULL;

	if (!name || name->n_names == 0)
		return type;
	type.name = arena_strdup(arena, tree_string(name->names[name->n_names - 1]));
	if (name->n_names > 1)
		schema = tree_string(name->names[name->n_names - 2]);
	if (!type.name)
		return (struct type){0};
	type.built_in = schema ? strcmp(schema, "pg_catalog") == 0 : is_built_in(type.name);
	type.schema = type.built_in ? NULL : arena_strdup(arena, schema);
	type.is_array = name->n_array_bounds > 0;
	read_modifiers(name, &type);
	return type;
}

struct type type_parse(const char *text, struct arena *arena)
{
	static const struct tree_form form = {"a type", "SELECT NULL::", ""};
	const PgQuery__Node *statement;
	struct type type = {0};
	struct err err = {0};
	struct tree tree;

	if (!text || !tree_parse(text, &form, &tree, &err)) {
		err_release(&err);
		return type;
	}
	statement = tree_statement(&tree);
	if (statement && statement->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
	    statement->select_stmt->n_target_list == 1) {
		const PgQuery__Node *value = statement->select_stmt->target_list[0]->res_target->val;

		if (value && value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
			type = type_read(value->type_cast->type_name, arena);
	}
	tree_release(&tree);
	return type;
}

const char *type_text(const struct type *type, struct arena *arena)
{
	static const char *const spoken[][2] = {{"int4", "integer"},
	                                        {"int8", "bigint"},
	                                        {"int2", "smallint"},
	                                        {"bool", "boolean"},
	                                        {"float8", "double precision"},
	                                        {"float4", "real"},
	                                        {"bpchar", "char"},
	                                        {NULL, NULL}};
	struct buf text = {0};
	const char *name = type->name ? type->name : "an unknown type", *copy;

	for (size_t i = 0; type->built_in && spoken[i][0]; i++)
		if (strcmp(spoken[i][0], name) == 0)
			name = spoken[i][1];
	if (type->schema)
		buf_addf(&text, "%s.", type->schema);
	buf_add(&text, name);
	if (type->mod_count == 1)
		buf_addf(&text, "(%d)", type->mods[0]);
	else if (type->mod_count > 1)
		buf_addf(&text, "(%d,%d)", type->mods[0], type->mods[1]);
	buf_add(&text, type->is_array ? "[]" : "");
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

bool type_is(const struct type *type, const char *name)
{
	return type->name && !type->schema && strcmp(type->name, name) == 0;
}

bool type_is_serial(const struct type *type)
{
	return type->built_in && !type->is_array &&
	       (strncmp(type->name, "serial", 6) == 0 || strcmp(type->name, "bigserial") == 0 ||
	        strcmp(type->name, "smallserial") == 0);
}

bool type_same_base(const struct type *a, const struct type *b)
{
	if (!a->name || !b->name || strcmp(a->name, b->name) != 0 || a->is_array != b->is_array)
		return false;
	return same(a->schema, b->schema) || !a->schema || !b->schema;
}

static bool same_modifiers(const struct type *a, const struct type *b)
{
	if (a->mod_count != b->mod_count)
		return false;
	for (int i = 0; i < a->mod_count; i++)
		if (a->mods[i] != b->mods[i])
			return false;
	return true;
}

static int precision(const struct type *type)
{
	return type->mod_count > 0 ? type->mods[0] : PRECISION_OF_TIME;
}

static bool one_of(const struct type *type, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (type_is(type, names[i]))
			return true;
	return false;
}

/* One type with other modifiers: is each value of the old one a value of the new one as it is? */
static bool holds_all(const struct type *from, const struct type *to)
{
	static const char *const by_length[] = {"varchar", "varbit", NULL};
	static const char *const by_precision[] = {"timestamp", "timestamptz", "time", "timetz", "interval", NULL};

	if (same_modifiers(from, to))
		return true;
	if (from->is_array)
		return false;
	if (one_of(from, by_length))
		return to->mod_count == 0 || (from->mod_count > 0 && to->mods[0] >= from->mods[0]);
	if (one_of(from, by_precision))
		return precision(to) >= precision(from);
	if (type_is(from, "numeric"))
		return to->mod_count == 0 ||
		       (from->mod_count > 0 && to->mods[1] == from->mods[1] && to->mods[0] >= from->mods[0]);
	return false;
}

/* Two types whose stored bytes are the same; *other_order: indexes sort or compare by other rules. */
static bool same_bytes(const struct type *from, const struct type *to, bool *other_order)
{
	static const struct {
		const char *from, *to;
		bool other_order;
	} pairs[] = {
		{"varchar", "text", false}, {"text", "varchar", false},  {"text", "citext", true},
		{"citext", "text", true},   {"varchar", "citext", true}, {"citext", "varchar", true},
		{"cidr", "inet", false},    {"xml", "text", false},      {"xml", "varchar", false},
		{"oid", "int4", true},      {"int4", "oid", true},       {"oid", "regclass", false},
		{"regclass", "oid", false}, {"bit", "varbit", true},
	};

	if (from->is_array || to->is_array || to->mod_count > 0)
		return false;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		/* citext is an extension's and may live in any schema. */
		bool matches = strcmp(from->name, pairs[i].from) == 0 && strcmp(to->name, pairs[i].to) == 0;

		if (matches) {
			*other_order = pairs[i].other_order;
			return true;
		}
	}
	return false;
}

static bool is_zone_pair(const struct type *from, const struct type *to)
{
	return !from->is_array && !to->is_array &&
	       ((type_is(from, "timestamp") && type_is(to, "timestamptz")) ||
	        (type_is(from, "timestamptz") && type_is(to, "timestamp")));
}

/* Every value of the left type has the same meaning in the right one. */
static bool is_widening(const struct type *from, const struct type *to)
{
	static const char *const pairs[][2] = {{"int2", "int4"},     {"int2", "int8"},      {"int4", "int8"},
	                                       {"int2", "numeric"},  {"int4", "numeric"},   {"int8", "numeric"},
	                                       {"float4", "float8"}, {"date", "timestamp"}, {"json", "jsonb"},
	                                       {"jsonb", "json"},    {NULL, NULL}};
	static const char *const texts[] = {"text", "varchar", NULL};

	if (one_of(to, texts) && to->mod_count == 0)
		return true;
	for (size_t i = 0; pairs[i][0]; i++)
		if (type_is(from, pairs[i][0]) && type_is(to, pairs[i][1]) && to->mod_count == 0)
			return true;
	return false;
}

struct type_change type_change(const struct type *from, const struct type *to, enum tri utc, int server_version)
{
	struct type_change change = {TRI_YES, TRI_NO, TRI_NO, false};
	bool other_order = false;

	if (!from->name || !to->name)
		return (struct type_change){TRI_UNKNOWN, TRI_UNKNOWN, TRI_UNKNOWN, false};
	if (type_same_base(from, to)) {
		change.rewrites = tri_of(!holds_all(from, to));
		change.loses = change.rewrites;
	} else if (same_bytes(from, to, &other_order)) {
		change.rewrites = TRI_NO;
		change.rebuilds_indexes = tri_of(other_order);
	} else if (is_zone_pair(from, to)) {
		change.by_timezone = to->mod_count == 0;
		change.rewrites = to->mod_count > 0 || server_version < SERVER_UTC ? TRI_YES : tri_not(utc);
		change.rebuilds_indexes = TRI_YES;
		change.loses = tri_of(to->mod_count > 0 && precision(to) < precision(from));
	} else {
		change.loses = tri_of(!is_widening(from, to));
	}
	return change;
}
