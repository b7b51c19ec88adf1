/* What is matched and created, as the server reads it. */
#include "plan/lookup.h"
#include "plan/lookup_fill.h"
#include "sql/row.h"

struct asking {
	const struct relname *table;
	const struct assignment_list *set;
	const char *where;
};

static void add_view(const struct asking *args, const char *columns, struct probe *probe)
{
	const char *alias = ident_quoted(probe->arena, args->table->name);

	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "CREATE TEMPORARY VIEW %s AS SELECT %s FROM %s AS %s", alias, columns,
	                 relname_quoted(probe->arena, args->table), alias);
}

/* ", (lower(email)) AS "~m_1"" */
static void add_values(const struct assignment_list *list, const char *as, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		buf_addf(out, "%s(%s\n) AS \"~%s_%zu\"", out->length ? ", " : "", list->items[i].value, as, i + 1);
}

/* The same for a lookup: what is matched, and what is created. */
static void add_lookup_scratch(const struct asking *args, struct probe *probe)
{
	struct arena *arena = probe->arena;
	const struct assignment *a = lookup_in(args->set);
	const char *alias = ident_quoted(arena, args->table->name), *theirs = relname_quoted(arena, &a->lookup->table);
	struct buf values = {0}, columns = {0};

	add_values(&a->lookup->match, "m", &values);
	add_values(&a->lookup->create, "c", &values);
	add_view(args, buf_text(&values), probe);
	probe->scratch[probe->scratch_count++] = arena_printf(
		arena, "EXPLAIN UPDATE %s AS %s SET %s = \"~l\".%s FROM (SELECT * FROM %s) AS \"~l\" WHERE (%s)",
		relname_quoted(arena, args->table), alias, ident_quoted(arena, a->column),
		ident_quoted(arena, a->lookup->value), theirs,
		args->where ? sql_on_row(args->where, alias, arena) : "true");
	for (size_t i = 0; i < a->lookup->create.count; i++)
		buf_addf(&columns, "%s%s", i ? ", " : "", ident_quoted(arena, a->lookup->create.items[i].column));
	buf_clear(&values);
	add_values(&a->lookup->create, "c", &values);
	if (columns.length)
		probe->scratch[probe->scratch_count++] =
			arena_printf(arena, "EXPLAIN INSERT INTO %s (%s) SELECT %s FROM %s AS %s", theirs, buf_text(&columns),
		                 buf_text(&values), relname_quoted(arena, args->table), alias);
	buf_release(&values);
	buf_release(&columns);
}

static const char *columns_of(const struct assignment_list *list, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, list->count + 1);

	for (size_t i = 0; i < list->count; i++)
		names[i] = list->items[i].column;
	return array_or_empty(names, list->count, arena);
}

static void add_params(const struct lookup *lookup, struct probe *probe)
{
	const char **params = probe->query.params;

	params[4] = lookup->table.schema;
	params[5] = lookup->table.name;
	params[6] = columns_of(&lookup->match, probe->arena);
	params[7] = lookup->value;
	params[8] = columns_of(&lookup->create, probe->arena);
	params[9] = lookup->missing;
}

void lookup_probe(const struct relname *table, const struct assignment_list *set, const char *where,
                  struct probe *probe)
{
	const struct asking asking = {table, set, where};

	add_params(lookup_in(set)->lookup, probe);
	probe->query.params[10] = set->items[0].column;
	add_lookup_scratch(&asking, probe);
}

void lookup_probe_copy(const struct lookup *lookup, struct probe *probe)
{
	add_params(lookup, probe);
	probe->compare.params[3] = lookup->table.schema;
	probe->compare.params[4] = lookup->table.name;
	probe->compare.params[5] = probe->query.params[6];
}
