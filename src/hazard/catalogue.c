/* Asking the catalogue, in two messages, and keeping its answers. */
#include "hazard/catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "hazard/catalogue_queries.h"
#include "hazard/expression.h"
#include "hazard/statements.h"

/* The relations that this load brings, by oid. */
struct load {
	struct lint *lint;
	struct relation **items;
	size_t count;
};

/* {"a","b"} as an array's text. */
static const char *array_text(struct lint *lint, const char *const *items, size_t count)
{
	struct buf text = {0};
	const char *copy;

	buf_add(&text, "{");
	for (size_t i = 0; i < count; i++) {
		buf_add(&text, i > 0 ? ",\"" : "\"");
		for (const char *c = items[i]; *c; c++) {
			if (*c == '"' || *c == '\\')
				buf_add_char(&text, '\\');
			buf_add_char(&text, *c);
		}
		buf_add(&text, "\"");
	}
	buf_add(&text, "}");
	copy = arena_strdup(&lint->arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

/* A list with \x1F between its parts; an empty part becomes NULL. */
static const char *const *split(struct lint *lint, const char *text, size_t *count)
{
	const char **items;

	*count = 0;
	if (!text)
		return NULL;
	for (const char *c = text; *c; c++)
		*count += *c == '\x1f';
	items = arena_array(&lint->arena, const char *, *count + 2);
	*count += 1;
	for (size_t i = 0; i < *count; i++) {
		size_t length = strcspn(text, "\x1f");

		items[i] = length ? arena_strndup(&lint->arena, text, length) : NULL;
		text += length + 1;
	}
	return items;
}

bool catalogue_settings(struct lint *lint, struct err *err)
{
	struct rows *rows = NULL;
	size_t count;

	if (!conn_query(lint->conn, QUERY(SETTINGS_QUERY), &rows, err))
		return false;
	read_setting(lint, "timezone", rows_get(rows, 0, "timezone"), false);
	lint->lock_timeout.session = tri_of(rows_integer(rows, 0, "lock_timeout") > 0);
	if (*rows_get(rows, 0, "path"))
		lint->schema.path = split(lint, rows_get(rows, 0, "path"), &count);
	rows_free(rows);
	lint->begins.path = lint->schema.path;
	lint->begins.lock_timeout = lint->lock_timeout;
	lint->begins.utc = lint->utc;
	return true;
}

static uint32_t oid_of(const char *text)
{
	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static struct relation *by_oid(const struct load *load, uint32_t oid)
{
	size_t low = 0, high = load->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (load->items[middle]->oid == oid)
			return load->items[middle];
		if (load->items[middle]->oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static struct relation *any_by_oid(struct lint *lint, const struct load *load, uint32_t oid)
{
	struct relation *found = oid ? by_oid(load, oid) : NULL;

	for (struct relation *r = lint->schema.relations; r && !found && oid; r = r->next)
		if (r->oid == oid)
			found = r;
	return found;
}

static enum relation_kind kind_of(char letter)
{
	switch (letter) {
	case 'p':
		return RELATION_PARTITIONED;
	case 'v':
		return RELATION_VIEW;
	case 'm':
		return RELATION_MATVIEW;
	case 'S':
		return RELATION_SEQUENCE;
	case 'f':
		return RELATION_FOREIGN;
	default:
		return RELATION_TABLE;
	}
}

static void fill_relation(struct lint *lint, struct relation *r, const struct rows *rows, size_t i)
{
	r->oid = oid_of(rows_get(rows, i, "oid"));
	r->kind = kind_of(*rows_get(rows, i, "relkind"));
	r->exists = TRI_YES;
	r->known = true;
	r->unlogged = tri_of(*rows_get(rows, i, "relpersistence") == 'u');
	r->temporary = *rows_get(rows, i, "relpersistence") == 't';
	r->populated = rows_true(rows, i, "relispopulated");
	r->row_security = rows_true(rows, i, "relrowsecurity");
	r->has_policy = rows_true(rows, i, "has_policy");
	r->place = arena_strdup(&lint->arena, rows_get(rows, i, "tablespace"));
	r->view_options = r->kind == RELATION_VIEW ? arena_strdup(&lint->arena, rows_get(rows, i, "options")) : NULL;
	r->access_method = arena_strdup(&lint->arena, rows_get(rows, i, "access_method"));
	r->bytes = rows_integer(rows, i, "bytes");
	r->rows = rows_get(rows, i, "rows") ? rows_integer(rows, i, "rows") : -1;
	r->reads = rows_integer(rows, i, "reads");
	r->statistics_seconds = (double)rows_integer(rows, i, "seconds");
	r->partition_keys = split(lint, rows_get(rows, i, "keys"), &r->partition_key_count);
}

static int compare_oid(const void *a, const void *b)
{
	const struct relation *x = *(struct relation *const *)a, *y = *(struct relation *const *)b;

	return (x->oid > y->oid) - (x->oid < y->oid);
}

static void take_relations(struct load *load, const struct rows *rows)
{
	struct lint *lint = load->lint;
	struct load nothing = {.lint = lint};

	load->items = arena_array(&lint->arena, struct relation *, rows_count(rows) + 1);
	for (size_t i = 0; i < rows_count(rows); i++) {
		uint32_t oid = oid_of(rows_get(rows, i, "oid"));
		struct relation *r;

		if (lint->loaded &&
		    any_by_oid(lint, &nothing, oid)) /* an earlier file named it, and may have changed it */
			continue;
		r = schema_add(&lint->schema, rows_get(rows, i, "nspname"), rows_get(rows, i, "relname"));
		fill_relation(lint, r, rows, i);
		load->items[load->count++] = r;
	}
	lint->loaded = true;
	if (load->count > 0)
		qsort(load->items, load->count, sizeof(*load->items), compare_oid);
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation *r = by_oid(load, oid_of(rows_get(rows, i, "oid")));

		if (!r)
			continue;
		r->parent = any_by_oid(lint, load, oid_of(rows_get(rows, i, "parent")));
		r->default_partition = any_by_oid(lint, load, oid_of(rows_get(rows, i, "default_partition")));
		if (r->default_partition)
			r->default_partition->is_default = true;
	}
}

static void take_columns(const struct load *load, const struct rows *rows)
{
	struct lint *lint = load->lint;
	struct relation *r = NULL;
	struct column *last = NULL;

	for (size_t i = 0; i < rows_count(rows); i++) {
		uint32_t oid = oid_of(rows_get(rows, i, "relation"));
		struct column *c = arena_alloc(&lint->arena, sizeof(*c));

		if (!r || r->oid != oid) {
			r = by_oid(load, oid);
			last = NULL;
		}
		if (!r)
			continue;
		c->name = arena_strdup(&lint->arena, rows_get(rows, i, "attname"));
		c->type = type_parse(rows_get(rows, i, "type"), &lint->arena);
		c->not_null = tri_of(rows_true(rows, i, "attnotnull"));
		c->generated = tri_of(*rows_get(rows, i, "attgenerated") == 's');
		c->identity = tri_of(*rows_get(rows, i, "attidentity") != '\0');
		c->has_default = tri_of(rows_true(rows, i, "atthasdef") || c->identity == TRI_YES);
		if (last)
			last->next = c;
		else
			r->columns = c;
		last = c;
	}
}

static enum constraint_kind constraint_kind_of(char letter)
{
	static const char letters[] = "cfupxn";

	return (enum constraint_kind)(strchr(letters, letter) - letters);
}

static void take_constraints(const struct load *load, const struct rows *rows)
{
	struct lint *lint = load->lint;

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation *r = by_oid(load, oid_of(rows_get(rows, i, "relation")));
		struct constraint *c;

		if (!r)
			continue;
		c = relation_add_constraint(&lint->schema, r, constraint_kind_of(*rows_get(rows, i, "contype")),
		                            rows_get(rows, i, "conname"));
		c->valid = tri_of(rows_true(rows, i, "convalidated"));
		c->deferred = rows_true(rows, i, "condeferred");
		c->columns = split(lint, rows_get(rows, i, "columns"), &c->column_count);
		c->referenced = any_by_oid(lint, load, oid_of(rows_get(rows, i, "referenced")));
		c->referenced_columns = split(lint, rows_get(rows, i, "referenced_columns"), &c->referenced_count);
		c->index = arena_strdup(&lint->arena, rows_get(rows, i, "index"));
		if (c->kind == CONSTRAINT_CHECK)
			c->expr = expression_parse(lint, rows_get(rows, i, "expr"));
		if (c->kind == CONSTRAINT_NOT_NULL && c->valid == TRI_NO && c->column_count == 1)
			relation_column_known(&lint->schema, r, c->columns[0])->not_null = TRI_NO;
	}
}

static void take_indexes(const struct load *load, const struct rows *rows)
{
	struct lint *lint = load->lint;

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation *r = by_oid(load, oid_of(rows_get(rows, i, "relation")));
		struct index *x;

		if (!r)
			continue;
		x = relation_add_index(&lint->schema, r, rows_get(rows, i, "relname"));
		x->unique = tri_of(rows_true(rows, i, "indisunique"));
		x->valid = tri_of(rows_true(rows, i, "indisvalid"));
		x->primary = rows_true(rows, i, "indisprimary");
		x->partial = rows_true(rows, i, "partial");
		x->has_expressions = rows_true(rows, i, "expressions");
		x->unusual_order = rows_true(rows, i, "unusual");
		x->of_constraint = rows_true(rows, i, "of_constraint");
		x->columns = split(lint, rows_get(rows, i, "columns"), &x->column_count);
		x->mentioned = split(lint, rows_get(rows, i, "mentioned"), &x->mentioned_count);
	}
}

static void take_dependents(const struct load *load, const struct rows *rows)
{
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation *r = by_oid(load, oid_of(rows_get(rows, i, "relation")));
		struct dependent *d;

		if (!r)
			continue;
		d = arena_alloc(&load->lint->arena, sizeof(*d));
		d->column = arena_strdup(&load->lint->arena, rows_get(rows, i, "column"));
		d->what = arena_strdup(&load->lint->arena, rows_get(rows, i, "what"));
		d->blocks_type = rows_true(rows, i, "blocks_type");
		d->blocks_drop = rows_true(rows, i, "blocks_drop");
		d->next = r->dependents;
		r->dependents = d;
	}
}

static void take_functions(struct lint *lint, const struct rows *rows)
{
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *body = rows_get(rows, i, "body");
		struct function *f;

		if (schema_function(&lint->schema, rows_get(rows, i, "nspname"), rows_get(rows, i, "proname")))
			continue;
		f = arena_alloc(&lint->arena, sizeof(*f));
		f->schema = arena_strdup(&lint->arena, rows_get(rows, i, "nspname"));
		f->name = arena_strdup(&lint->arena, rows_get(rows, i, "proname"));
		f->volatility = *rows_get(rows, i, "volatility");
		if (body && f->volatility == 'v')
			f->body = function_expression(lint, body);
		f->next = lint->schema.functions;
		lint->schema.functions = f;
	}
}

static void take_domain(const struct load *load, const struct rows *rows, size_t i)
{
	struct lint *lint = load->lint;
	struct domain *d = arena_alloc(&lint->arena, sizeof(*d));
	size_t count;
	const char *const *users = split(lint, rows_get(rows, i, "users"), &count);
	struct relation **tables = arena_array(&lint->arena, struct relation *, count + 1);

	d->schema = arena_strdup(&lint->arena, rows_get(rows, i, "nspname"));
	d->name = arena_strdup(&lint->arena, rows_get(rows, i, "typname"));
	d->base = type_parse(rows_get(rows, i, "base"), &lint->arena);
	d->constrained = tri_of(rows_true(rows, i, "constrained"));
	for (size_t k = 0; k < count; k++) {
		struct relation *r = any_by_oid(lint, load, oid_of(users[k]));

		if (r)
			tables[d->user_count++] = r;
	}
	d->users = tables;
	d->users_known = true;
	d->next = lint->schema.domains;
	lint->schema.domains = d;
}

static void take_types(const struct load *load, const struct rows *rows)
{
	struct lint *lint = load->lint;

	for (size_t i = 0; i < rows_count(rows); i++) {
		const struct type type = {.schema = rows_get(rows, i, "nspname"), .name = rows_get(rows, i, "typname")};

		if (rows_true(rows, i, "is_domain") && !schema_domain(&lint->schema, &type))
			take_domain(load, rows, i);
	}
}

/* What hangs on the relations that were found. */
static bool load_parts(const struct load *load, struct err *err)
{
	const char **oids = arena_array(&load->lint->arena, const char *, load->count + 1);
	const char *params[1];
	struct query queries[] = {{.sql = COLUMNS_QUERY, .count = 1, .params = params},
	                          {.sql = CONSTRAINTS_QUERY, .count = 1, .params = params},
	                          {.sql = INDEXES_QUERY, .count = 1, .params = params},
	                          {.sql = DEPENDENTS_QUERY, .count = 1, .params = params}};
	struct rows *rows[4] = {NULL};
	bool ok;

	for (size_t i = 0; i < load->count; i++)
		oids[i] = text_of(load->lint, "%u", load->items[i]->oid);
	params[0] = array_text(load->lint, oids, load->count);
	ok = conn_pipeline(load->lint->conn, queries, 4, 0, rows, NULL, err);
	if (ok) {
		take_columns(load, rows[0]);
		take_constraints(load, rows[1]);
		take_indexes(load, rows[2]);
		take_dependents(load, rows[3]);
	}
	for (size_t i = 0; i < 4; i++)
		rows_free(rows[i]);
	return ok;
}

bool catalogue_load(struct lint *lint, const struct names *names, struct err *err)
{
	struct load load = {.lint = lint};
	const char *schemas = array_text(lint, names->schemas, names->schema_count);
	const char *types = array_text(lint, names->types, names->type_count);
	const char *relations[] = {array_text(lint, names->relations, names->relation_count), schemas, types};
	const char *functions[] = {array_text(lint, names->functions, names->function_count), schemas};
	struct query queries[] = {{.sql = RELATIONS_QUERY, .count = 3, .params = relations},
	                          {.sql = TYPES_QUERY, .count = 3, .params = relations},
	                          {.sql = FUNCTIONS_QUERY, .count = 2, .params = functions}};
	struct rows *rows[3] = {NULL};
	bool ok = conn_pipeline(lint->conn, queries, 3, 0, rows, NULL, err);

	if (ok) {
		take_functions(lint, rows[2]);
		take_relations(&load, rows[0]);
		take_types(&load, rows[1]);
	}
	for (size_t i = 0; i < 3; i++)
		rows_free(rows[i]);
	return ok && (load.count == 0 || load_parts(&load, err));
}
