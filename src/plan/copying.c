/* From a row of interlock.pair to the SQL of copying. */
#include "plan/copying.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/copied_lookup.h"
#include "plan/filling.h"

const char *copying_log(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "interlock.log_%lld_%d", (long long)run, number);
}

const char *copying_ranges(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "interlock.range_%lld_%d", (long long)run, number);
}

const char *copying_function(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "interlock.capture_%lld_%d", (long long)run, number);
}

const char *copying_trigger(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "~interlock_%lld_%d", (long long)run, number);
}

const char *copying_noting(const struct copying *c, struct arena *arena)
{
	return filling_triggers(&(struct facts){.run = c->run, .number = c->number}, arena);
}

static const char *text_of(json_t *object, const char *name, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(object, name)));
}

static const char *name_of(json_t *object, const char *name, struct arena *arena)
{
	return ident_quoted(arena, json_string_value(json_object_get(object, name)));
}

static void read_keys(json_t *list, struct copying *c, struct arena *arena)
{
	json_t *entry;
	size_t i;

	c->key_count = json_array_size(list);
	c->keys = arena_array(arena, struct copied_key, c->key_count);
	json_array_foreach(list, i, entry) c->keys[i] = (struct copied_key){
		.live = name_of(entry, "live", arena),
		.shadow = name_of(entry, "shadow", arena),
		.type = text_of(entry, "type", arena),
		.shadow_type = text_of(entry, "shadow_type", arena),
		.schema = name_of(entry, "schema", arena),
		.less = text_of(entry, "less", arena),
		.less_equal = text_of(entry, "less_equal", arena),
		.equal = text_of(entry, "equal", arena),
		.greater_equal = text_of(entry, "greater_equal", arena),
		.greater = text_of(entry, "greater", arena),
	};
}

static void read_columns(json_t *list, struct copying *c, struct arena *arena)
{
	json_t *entry;
	size_t i;

	c->column_count = json_array_size(list);
	c->columns = arena_array(arena, struct copied_column, c->column_count);
	json_array_foreach(list, i, entry) c->columns[i] = (struct copied_column){
		.name = name_of(entry, "name", arena),
		.value = text_of(entry, "value", arena),
		.type = text_of(entry, "type", arena),
		.comparable = json_is_true(json_object_get(entry, "comparable")),
		.is_always_identity = json_is_true(json_object_get(entry, "always")),
	};
}

static json_t *json_of(const struct record *pair, const char *name)
{
	const char *text = record_get(pair, name);

	return text ? json_loads(text, 0, NULL) : NULL;
}

static int64_t number_of(const struct record *pair, const char *name)
{
	const char *text = record_get(pair, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* Which of the columns that the copy writes it reads. */
static void read_reads(json_t *names, const struct copying *c, struct copied_back *back, struct arena *arena)
{
	size_t *reads = arena_array(arena, size_t, c->column_count);
	json_t *name;
	size_t i;

	back->reads = reads;
	json_array_foreach(names, i, name)
	{
		const char *quoted = ident_quoted(arena, json_string_value(name));
		size_t column = 0;

		while (column < c->column_count && strcmp(c->columns[column].name, quoted) != 0)
			column++;
		if (column < c->column_count)
			reads[back->read_count++] = column;
		else
			back->reads_others = true;
	}
}

static void read_back(json_t *list, struct copying *c, struct arena *arena)
{
	json_t *entry;
	size_t i;

	c->back_count = json_array_size(list);
	c->back = arena_array(arena, struct copied_back, c->back_count);
	json_array_foreach(list, i, entry)
	{
		c->back[i] = (struct copied_back){
			.name = name_of(entry, "name", arena),
			.value = text_of(entry, "value", arena),
			.plain = text_of(entry, "plain", arena),
			.comparable = json_is_true(json_object_get(entry, "comparable")),
		};
		c->back[i].is_always_identity = json_is_true(json_object_get(entry, "always"));
		for (size_t k = 0; k < c->key_count; k++)
			c->back[i].is_key |= strcmp(c->keys[k].live, c->back[i].name) == 0;
		read_reads(json_object_get(entry, "reads"), c, &c->back[i], arena);
	}
}

static struct relname relname_of(const char *schema, const char *name, struct arena *arena)
{
	return (struct relname){arena_strdup(arena, schema), arena_strdup(arena, name)};
}

const struct copying *copying_of(const struct record *pair, struct arena *arena)
{
	struct copying *c = arena_alloc(arena, sizeof(*c));
	json_t *keys = json_of(pair, "keys"), *columns = json_of(pair, "columns"), *back = json_of(pair, "back");

	c->run = number_of(pair, "run");
	c->number = (int)number_of(pair, "number");
	c->live = relname_of(record_get(pair, "live_schema"), record_get(pair, "live_name"), arena);
	c->shadow = relname_of(record_get(pair, "shadow_schema"), record_get(pair, "shadow_name"), arena);
	c->live_quoted = relname_quoted(arena, &c->live);
	c->shadow_quoted = relname_quoted(arena, &c->shadow);
	c->alias = ident_quoted(arena, c->live.name);
	c->log = copying_log(c->run, c->number, arena);
	c->ranges = copying_ranges(c->run, c->number, arena);
	c->trigger = copying_trigger(c->run, c->number, arena);
	read_keys(keys, c, arena);
	read_columns(columns, c, arena);
	read_back(back, c, arena);
	c->retired = relname_of(record_get(pair, "retired_schema"), record_get(pair, "retired_name"), arena);
	c->retired_quoted = c->retired.name ? relname_quoted(arena, &c->retired) : NULL;
	c->shadow_alias = ident_quoted(arena, c->shadow.name);
	c->only_rows = arena_strdup(arena, record_get(pair, "only_rows"));
	c->log_limit = number_of(pair, "log_limit");
	c->state = arena_strdup(arena, record_get(pair, "state"));
	c->guard = arena_strdup(arena, record_get(pair, "guard"));
	c->lookup = copied_lookup_read(record_get(pair, "lookup"), arena);
	json_decref(keys);
	json_decref(columns);
	json_decref(back);
	return c;
}

static const char *taken(struct buf *buf, struct arena *arena)
{
	const char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

static const char *joined(const char *const *items, size_t count, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", items[i]);
	return taken(&out, arena);
}

const char *copying_names(const struct copying *c, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < c->column_count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", c->columns[i].name);
	return taken(&out, arena);
}

const char *copying_values(const struct copying *c, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < c->column_count; i++)
		buf_addf(&out, "%s(%s)", i ? ", " : "", c->columns[i].value);
	return taken(&out, arena);
}

const char *copying_from(const struct copying *c, struct arena *arena)
{
	return arena_printf(arena, "%s AS %s", c->live_quoted, c->alias);
}

const char *const *copying_key_items(const struct copying *c, enum copying_side side, const char *row,
                                     struct arena *arena)
{
	const char **items = arena_array(arena, const char *, c->key_count);

	for (size_t i = 0; i < c->key_count; i++)
		items[i] = arena_printf(arena, "%s.%s", row, side == COPYING_LIVE ? c->keys[i].live : c->keys[i].shadow);
	return items;
}

const char *const *copying_numbered_items(const struct copying *c, const char *prefix, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, c->key_count);

	for (size_t i = 0; i < c->key_count; i++)
		items[i] = arena_printf(arena, "%s%zu", prefix, i + 1);
	return items;
}

const char *copying_key(const struct copying *c, enum copying_side side, const char *row, struct arena *arena)
{
	return joined(copying_key_items(c, side, row, arena), c->key_count, arena);
}

const char *copying_numbered(const struct copying *c, const char *prefix, struct arena *arena)
{
	return joined(copying_numbered_items(c, prefix, arena), c->key_count, arena);
}

const char *copying_declared(const struct copying *c, enum copying_side side, const char *prefix,
                             struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < c->key_count; i++)
		buf_addf(&out, "%s%s%zu %s", i ? ", " : "", prefix, i + 1,
		         side == COPYING_LIVE ? c->keys[i].type : c->keys[i].shadow_type);
	return taken(&out, arena);
}

/* "a OPERATOR(pg_catalog.=) b" */
static void add_operator(const struct copied_key *key, const char *a, const char *operator, const char * b,
                         struct buf *out)
{
	buf_addf(out, "%s OPERATOR(%s.%s) %s", a, key->schema, operator, b);
}

const char *copying_same(const struct copying *c, const char *const *a, const char *const *b, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < c->key_count; i++) {
		buf_add(&out, i ? " AND " : "");
		add_operator(&c->keys[i], a[i], c->keys[i].equal, b[i], &out);
	}
	return taken(&out, arena);
}

/* Can all columns be compared at once, as (a, b) > (c, d)?  Then an index is used for all of them. */
static bool is_uniform(const struct copying *c)
{
	for (size_t i = 1; i < c->key_count; i++)
		if (strcmp(c->keys[i].schema, c->keys[0].schema) != 0 ||
		    strcmp(c->keys[i].greater, c->keys[0].greater) != 0)
			return false;
	return true;
}

/* "(a > x OR a = x AND (b > y OR …))", with the last operator as `last` says. */
static void add_stepwise(const struct copying *c, size_t i, const char *const *a, const char *const *b, bool after,
                         struct buf *out)
{
	const struct copied_key *key = &c->keys[i];
	bool is_last = i + 1 == c->key_count;

	buf_add_char(out, '(');
	add_operator(key, a[i], after ? key->greater : is_last ? key->less_equal : key->less, b[i], out);
	if (!is_last) {
		buf_add(out, " OR ");
		add_operator(key, a[i], key->equal, b[i], out);
		buf_add(out, " AND ");
		add_stepwise(c, i + 1, a, b, after, out);
	}
	buf_add_char(out, ')');
}

/* a > b, or with !after a <= b. */
static const char *compared(const struct copying *c, const char *const *a, const char *const *b, bool after,
                            struct arena *arena)
{
	const struct copied_key *first = &c->keys[0];
	struct buf out = {0};

	if (is_uniform(c))
		return arena_printf(arena, "(%s) OPERATOR(%s.%s) (%s)", joined(a, c->key_count, arena), first->schema,
		                    after ? first->greater : first->less_equal, joined(b, c->key_count, arena));
	add_operator(first, a[0], after ? first->greater_equal : first->less_equal, b[0], &out);
	buf_add(&out, " AND ");
	add_stepwise(c, 0, a, b, after, &out);
	return taken(&out, arena);
}

const char *copying_after(const struct copying *c, const char *const *a, const char *const *b, struct arena *arena)
{
	return compared(c, a, b, true, arena);
}

/* Values of the key as literals of its types. */
static const char *const *literals(const struct copying *c, const char *const *values, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, c->key_count);

	for (size_t i = 0; i < c->key_count; i++)
		items[i] = arena_printf(arena, "(%s::%s)", literal_quoted(arena, values[i]), c->keys[i].type);
	return items;
}

const char *copying_between(const struct copying *c, enum copying_side side, const char *row,
                            const char *const *lo, const char *const *hi, struct arena *arena)
{
	const char *const *key = copying_key_items(c, side, row, arena);
	struct buf out = {0};

	if (lo && lo[0])
		buf_add(&out, compared(c, key, literals(c, lo, arena), true, arena));
	if (hi && hi[0])
		buf_addf(&out, "%s%s", out.length ? " AND " : "", compared(c, key, literals(c, hi, arena), false, arena));
	if (!out.length)
		buf_add(&out, "true");
	return taken(&out, arena);
}

const char *copying_order(const struct copying *c, const char *row, struct arena *arena)
{
	const char *const *key = copying_key_items(c, COPYING_LIVE, row, arena);
	struct buf out = {0};

	for (size_t i = 0; i < c->key_count; i++)
		buf_addf(&out, "%s%s USING OPERATOR(%s.%s)", i ? ", " : "", key[i], c->keys[i].schema, c->keys[i].less);
	return taken(&out, arena);
}

/* As they are, or so that = tells them apart. */
static void add_row(const struct copying *c, const char *row, bool as_is, struct buf *out)
{
	buf_add(out, "ROW(");
	for (size_t i = 0; i < c->column_count; i++)
		buf_addf(out, "%s%s.%s%s", i ? ", " : "", row, c->columns[i].name,
		         as_is || c->columns[i].comparable ? "" : "::pg_catalog.text COLLATE pg_catalog.\"C\"");
	buf_add_char(out, ')');
}

const char *copying_different(const struct copying *c, const char *a, const char *b, struct arena *arena)
{
	struct buf out = {0};

	add_row(c, a, false, &out);
	buf_add(&out, " IS DISTINCT FROM ");
	add_row(c, b, false, &out);
	return taken(&out, arena);
}

const char *copying_changed(const struct copying *c, const char *a, const char *b, struct arena *arena)
{
	struct buf out = {0};

	buf_add(&out, "pg_catalog.record_image_ne(");
	add_row(c, a, true, &out);
	buf_add(&out, ", ");
	add_row(c, b, true, &out);
	buf_add_char(&out, ')');
	return taken(&out, arena);
}
