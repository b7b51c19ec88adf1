/* Looking things up in the schema, and adding to it. */
#include "hazard/schema.h"

#include <string.h>

#include "base/buf.h"
#include "sql/ident.h"
#include "sql/tree.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t bucket_of(const char *name)
{
	size_t hash = 5381;

	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	return hash % SCHEMA_BUCKETS;
}

void schema_init(struct schema *schema, struct arena *arena)
{
	static const char *const path[] = {"public", NULL};

	*schema = (struct schema){.arena = arena, .path = path};
}

const char *schema_creates_in(const struct schema *schema)
{
	return schema->path[0] ? schema->path[0] : "public";
}

static struct relation *find_in(const struct schema *schema, const char *schema_name, const char *name)
{
	for (struct relation *r = schema->buckets[bucket_of(name)]; r; r = r->next_named)
		if (!r->dropped && strcmp(r->name, name) == 0 && same(r->schema, schema_name))
			return r;
	return NULL;
}

struct relation *schema_find(const struct schema *schema, const char *schema_name, const char *name)
{
	struct relation *found = NULL;

	if (schema_name && *schema_name)
		return find_in(schema, schema_name, name);
	for (size_t i = 0; schema->path[i] && !found; i++) {
		found = find_in(schema, schema->path[i], name);
		if (found && found->exists == TRI_NO)
			found = NULL;
	}
	return found ? found : find_in(schema, "pg_temp", name);
}

static void put(struct schema *schema, struct relation *relation)
{
	size_t bucket = bucket_of(relation->name);

	relation->next_named = schema->buckets[bucket];
	schema->buckets[bucket] = relation;
}

struct relation *schema_add(struct schema *schema, const char *schema_name, const char *name)
{
	struct relation *relation = arena_alloc(schema->arena, sizeof(*relation));

	relation->schema =
		schema_name && *schema_name ? arena_strdup(schema->arena, schema_name) : schema_creates_in(schema);
	relation->name = arena_strdup(schema->arena, name);
	relation->exists = TRI_UNKNOWN;
	relation->kind = RELATION_UNKNOWN;
	relation->unlogged = TRI_UNKNOWN;
	relation->rows = relation->bytes = relation->reads = relation->writes = -1;
	if (schema->last)
		schema->last->next = relation;
	else
		schema->relations = relation;
	schema->last = relation;
	put(schema, relation);
	return relation;
}

struct relation *schema_relation_named(struct schema *schema, const char *schema_name, const char *name)
{
	struct relation *relation = schema_find(schema, schema_name, name);

	if (relation)
		return relation;
	relation = schema_add(schema, schema_name, name);
	relation->exists = schema->complete ? TRI_NO : TRI_UNKNOWN;
	return relation;
}

struct relation *schema_relation(struct schema *schema, const PgQuery__RangeVar *range)
{
	return schema_relation_named(schema, range->schemaname, range->relname);
}

void schema_rename(struct schema *schema, struct relation *relation, const char *schema_name, const char *name)
{
	struct relation **at = &schema->buckets[bucket_of(relation->name)];

	while (*at != relation)
		at = &(*at)->next_named;
	*at = relation->next_named;
	relation->name = arena_strdup(schema->arena, name);
	relation->schema = arena_strdup(schema->arena, schema_name);
	put(schema, relation);
}

struct column *relation_column(const struct relation *relation, const char *name)
{
	for (struct column *c = relation->columns; c; c = c->next)
		if (!c->dropped && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

struct column *relation_add_column(struct schema *schema, struct relation *relation, const char *name)
{
	struct column *column = arena_alloc(schema->arena, sizeof(*column)), **at = &relation->columns;

	while (*at)
		at = &(*at)->next;
	*at = column;
	column->name = arena_strdup(schema->arena, name);
	column->not_null = column->has_default = column->generated = column->identity = TRI_UNKNOWN;
	return column;
}

struct column *relation_column_known(struct schema *schema, struct relation *relation, const char *name)
{
	struct column *column = relation_column(relation, name);

	return column ? column : relation_add_column(schema, relation, name);
}

struct constraint *relation_constraint(const struct relation *relation, const char *name)
{
	for (struct constraint *c = relation->constraints; c; c = c->next)
		if (!c->dropped && c->name && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

struct constraint *relation_add_constraint(struct schema *schema, struct relation *relation,
                                           enum constraint_kind kind, const char *name)
{
	struct constraint *constraint = arena_alloc(schema->arena, sizeof(*constraint));

	constraint->kind = kind;
	constraint->name = name && *name ? arena_strdup(schema->arena, name) : NULL;
	constraint->valid = TRI_YES;
	constraint->next = relation->constraints;
	relation->constraints = constraint;
	return constraint;
}

struct index *schema_index(const struct schema *schema, const char *schema_name, const char *name)
{
	for (struct relation *r = schema->relations; r; r = r->next) {
		if (schema_name && *schema_name && !same(r->schema, schema_name))
			continue;
		for (struct index *i = r->indexes; i; i = i->next)
			if (!i->dropped && i->name && strcmp(i->name, name) == 0)
				return i;
	}
	return NULL;
}

struct index *relation_add_index(struct schema *schema, struct relation *relation, const char *name)
{
	struct index *index = arena_alloc(schema->arena, sizeof(*index));

	index->name = name && *name ? arena_strdup(schema->arena, name) : NULL;
	index->table = relation;
	index->unique = TRI_NO;
	index->valid = TRI_YES;
	index->next = relation->indexes;
	relation->indexes = index;
	return index;
}

struct domain *schema_domain(const struct schema *schema, const struct type *type)
{
	for (struct domain *d = schema->domains; d; d = d->next)
		if (type->name && strcmp(d->name, type->name) == 0 && (!type->schema || same(d->schema, type->schema)))
			return d;
	return NULL;
}

struct user_type *schema_type(const struct schema *schema, const char *schema_name, const char *name)
{
	for (struct user_type *t = schema->types; t; t = t->next)
		if (strcmp(t->name, name) == 0 && (!schema_name || same(t->schema, schema_name)))
			return t;
	return NULL;
}

struct function *schema_function(const struct schema *schema, const char *schema_name, const char *name)
{
	for (struct function *f = schema->functions; f; f = f->next)
		if (strcmp(f->name, name) == 0 && (!schema_name || same(f->schema, schema_name)))
			return f;
	return NULL;
}

struct type schema_base_type(const struct schema *schema, const struct type *type)
{
	struct type base = *type;
	struct domain *domain;

	for (int depth = 0; depth < 10 && !base.built_in && !base.is_array && (domain = schema_domain(schema, &base));
	     depth++)
		base = domain->base;
	return base;
}

const char *const *names_of(struct arena *arena, PgQuery__Node *const *nodes, size_t count)
{
	const char **names = arena_array(arena, const char *, count + 1);

	for (size_t i = 0; i < count; i++)
		names[i] = arena_strdup(arena, tree_string(nodes[i]));
	return names;
}

bool has_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return true;
	return false;
}

const char *list_name(PgQuery__Node *const *nodes, size_t count, const char **schema)
{
	*schema = count > 1 ? tree_string(nodes[count - 2]) : NULL;
	return count > 0 ? tree_string(nodes[count - 1]) : NULL;
}

const char *relation_text(const struct schema *schema, const struct relation *relation)
{
	const struct relname name = {relation->schema, relation->name};

	if (same(relation->schema, schema_creates_in(schema)) || strcmp(relation->schema, "pg_temp") == 0)
		return ident_quoted(schema->arena, relation->name);
	return relname_quoted(schema->arena, &name);
}
