/* The pieces of SQL of a filling by lookup. */
#include "plan/lookup.h"

#include <jansson.h>
#include <string.h>

#include "plan/again.h"
#include "sql/row.h"

const struct assignment *lookup_in(const struct assignment_list *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].lookup)
			return &set->items[i];
	return NULL;
}

static const char *text_at(json_t *object, const char *key, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(object, key)));
}

/* What is said of the n-th matched column: "as", "operator". */
static const char *fit_of(const struct looking *l, size_t n, const char *what)
{
	const char *text = record_get(l->facts->now, "looked");
	json_t *looked = text ? json_loads(text, 0, NULL) : NULL;
	json_t *fit = json_object_get(json_object_get(looked, "fit"), l->lookup->match.items[n].column);
	const char *result = text_at(fit, what, l->arena);

	json_decref(looked);
	return result;
}

const char *looking_match(const struct looking *l, size_t n, const char *row)
{
	const char *value = sql_on_row(l->lookup->match.items[n].value, row, l->arena), *as = fit_of(l, n, "as");

	return as ? arena_printf(l->arena, "(%s\n)::%s", value, as) : arena_printf(l->arena, "(%s\n)", value);
}

const char *looking_numbered(const char *letter, size_t count, const char *before, struct arena *arena)
{
	const char *result = "";

	for (size_t i = 1; i <= count; i++)
		result = arena_printf(arena, "%s%s%s%s%zu", result, i > 1 ? ", " : "", before, letter, i);
	return result;
}

const char *looking_same_key(const struct looking *l, const char *row, const char *note)
{
	const char *result = "";

	for (size_t i = 0; i < l->key_count; i++)
		result =
			arena_printf(l->arena, "%s%s%s.%s = %s.k%zu", result, i ? " AND " : "", row, l->keys[i], note, i + 1);
	return result;
}

static const char *add_match(const struct looking *l, const char *before, size_t n, const char *column,
                             const char *row)
{
	return arena_printf(l->arena, "%s%s%s OPERATOR(%s.=) %s", before, n ? " AND " : "", column,
	                    fit_of(l, n, "operator"), looking_match(l, n, row));
}

const char *looking_same_match(const struct looking *l, const char *row, const char *note)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->match.count; i++)
		result = add_match(l, result, i, arena_printf(l->arena, "%s.m%zu", note, i + 1), row);
	return result;
}

bool looking_has(const struct looking *l, const char *table)
{
	return again_holds(record_get(l->facts->now, "stores"), table + strlen("interlock."));
}

/* Of the table that is looked into. */
static bool read_theirs(struct looking *l)
{
	const char *text = record_get(l->facts->now, "looked");
	json_t *looked = text ? json_loads(text, 0, NULL) : NULL;
	char *columns = json_dumps(json_object_get(looked, "columns"), JSON_COMPACT | JSON_ENCODE_ANY);
	bool ok = json_is_object(json_object_get(looked, "fit"));

	if (ok)
		row_table_read(columns, l->arena, &l->of_theirs);
	free(columns);
	json_decref(looked);
	return ok;
}

static bool read_keys(struct looking *l)
{
	const char *names = record_get(l->facts->now, "key_names"), *name;
	const char **keys = arena_array(l->arena, const char *, l->plan->of.column_count);

	while (l->key_count < l->plan->of.column_count && (name = again_text(names, l->key_count, l->arena)))
		keys[l->key_count++] = name;
	l->keys = keys;
	return l->key_count > 0;
}

static const char *name_of(const struct looking *l, const char *what)
{
	return arena_printf(l->arena, "interlock.%s_%lld_%d", what, (long long)l->facts->run, l->facts->number);
}

static void name_things(struct looking *l)
{
	l->looked = name_of(l, "looked");
	l->refill = name_of(l, "refill");
	l->wanted = name_of(l, "wanted");
	l->created = name_of(l, "created");
	l->noting = name_of(l, "noted");
	l->function = filling_function(l->facts, l->arena);
}

static void add_pieces(struct looking *l)
{
	const char *match = "";

	for (size_t i = 0; i < l->lookup->match.count; i++)
		match = add_match(
			l, match, i,
			arena_printf(l->arena, "\"~l\".%s", ident_quoted(l->arena, l->lookup->match.items[i].column)),
			l->alias);
	l->match = match;
	l->value = arena_printf(l->arena, "\"~l\".%s", ident_quoted(l->arena, l->lookup->value));
	l->found = arena_printf(l->arena, "(SELECT %s FROM %s AS \"~l\" WHERE %s)", l->value, l->theirs, match);
	if (!l->column)
		return;
	l->needed = l->plan->where ? arena_printf(l->arena, "(%s\n)", sql_on_row(l->plan->where, l->alias, l->arena))
	                           : arena_printf(l->arena, "%s.%s IS NULL", l->alias, l->column);
}

static void begin(struct looking *l)
{
	const struct assignment *a = lookup_in(l->plan->set);

	l->lookup = a->lookup;
	l->table = relname_quoted(l->arena, &l->plan->of.table);
	l->alias = ident_quoted(l->arena, l->plan->of.table.name);
	l->theirs = relname_quoted(l->arena, &a->lookup->table);
	name_things(l);
}

bool looking_of(const struct fill_plan *plan, const struct facts *facts, struct arena *arena, struct looking *l)
{
	const struct assignment *a = lookup_in(plan->set);
	const struct row_column *column = row_column_named(&plan->of, a->column);

	*l = (struct looking){.plan = plan, .facts = facts, .arena = arena};
	begin(l);
	l->column = ident_quoted(arena, a->column);
	if (!column || !read_theirs(l) || !read_keys(l))
		return false;
	l->type = column->type;
	l->text = column->comparable ? "" : "::text";
	add_pieces(l);
	return true;
}

bool looking_of_copy(const struct fill_plan *plan, const struct facts *facts, struct arena *arena,
                     struct looking *l)
{
	const struct row_column *value;

	*l = (struct looking){.plan = plan, .facts = facts, .arena = arena};
	begin(l);
	l->only_lost = strcmp(l->lookup->missing, "null") != 0;
	if (!read_theirs(l) || !read_keys(l))
		return false;
	value = row_column_named(&l->of_theirs, l->lookup->value);
	l->type = value->type;
	l->text = value->comparable ? "" : "::text";
	add_pieces(l);
	l->needed = arena_printf(arena, "(%s\n)", plan->where);
	return true;
}

/* What both fillings have alike. */
static struct filling *filling(const struct looking *l, const char *set, const char *not_done)
{
	struct filling *f = arena_alloc(l->arena, sizeof(*f));
	const char **quoted = arena_array(l->arena, const char *, 1);
	const char *name = lookup_in(l->plan->set)->column;

	quoted[0] = l->column;
	*f = (struct filling){.table = l->plan->of.table,
	                      .set = set,
	                      .not_done = not_done,
	                      .needed = not_done,
	                      .from = arena_printf(l->arena, "%s AS \"~l\"", l->theirs),
	                      .triggers = filling_triggers(l->facts, l->arena),
	                      .columns = array_literal(&name, 1, l->arena),
	                      .quoted = quoted,
	                      .column_count = 1,
	                      .triggers_sleep = l->plan->triggers_sleep};
	return f;
}

struct filling *lookup_filling(const struct looking *l, const struct stmt *withdraw)
{
	struct filling *f = filling(
		l, arena_printf(l->arena, "%s = %s", l->column, l->value),
		arena_printf(l->arena, "%s AND %s IS NOT NULL AND %s AND %s.%s%s IS DISTINCT FROM (%s)::%s%s", l->match,
	                 l->value, l->needed, l->alias, l->column, l->text, l->value, l->type, l->text));

	f->withdraw = withdraw;
	return f;
}

struct filling *lookup_emptying(const struct looking *l)
{
	return filling(l, arena_printf(l->arena, "%s = NULL", l->column),
	               arena_printf(l->arena, "%s AND %s.%s IS NOT NULL AND %s.%s%s IS NOT DISTINCT FROM (%s)::%s%s",
	                            l->match, l->alias, l->column, l->alias, l->column, l->text, l->value, l->type,
	                            l->text));
}
