/* EXPLAIN of each INSERT that copying will need, and the view. */
#include "plan/shadow_trial.h"

#include "plan/lookup.h"

static const char *taken(struct buf *buf, struct arena *arena)
{
	const char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

static const char *names_of(const struct assignment_list *list, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < list->count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", ident_quoted(arena, list->items[i].column));
	return taken(&out, arena);
}

/* Of a lookup a value of that column: how its row is found needs no server to be told. */
static const char *values_of(const struct assignment_list *list, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < list->count; i++) {
		const struct assignment *a = &list->items[i];

		buf_add(&out, i ? ", " : "");
		if (a->lookup)
			buf_addf(&out, "(SELECT \"~l\".%s FROM %s AS \"~l\" LIMIT 1)", ident_quoted(arena, a->lookup->value),
			         relname_quoted(arena, &a->lookup->table));
		else
			buf_addf(&out, "(%s\n)", a->value);
	}
	return taken(&out, arena);
}

static void try_insert(const char *into, const struct assignment_list *list, const char *from, const char *where,
                       struct probe *probe)
{
	struct arena *arena = probe->arena;

	if (list->count)
		probe->scratch[probe->scratch_count++] = arena_printf(
			arena, "EXPLAIN INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s WHERE (%s\n)", into,
			names_of(list, arena), values_of(list, arena), from, where);
}

static void add_columns(const struct assignment_list *list, const char *as, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].lookup)
			buf_addf(out, "%s(%s\n) AS \"%s%zu\"", out->length ? ", " : "", list->items[i].value, as, i + 1);
}

static const char *view(const struct shadow_plan *plan, const char *from, const char *where, struct arena *arena)
{
	const struct assignment *lookup = lookup_in(plan->copy);
	struct buf values = {0};
	const char *text;

	add_columns(plan->copy, "c", &values);
	if (lookup) {
		add_columns(&lookup->lookup->match, "~m_", &values);
		add_columns(&lookup->lookup->create, "~c_", &values);
	}
	text = arena_printf(arena, "CREATE TEMPORARY VIEW \"~interlock_copy\" AS SELECT %s FROM %s WHERE (%s\n)",
	                    values.length ? buf_text(&values) : "1 AS c1", from, where);
	buf_release(&values);
	return text;
}

void shadow_trial(const struct shadow_plan *plan, const char *twin, struct probe *probe)
{
	struct arena *arena = probe->arena;
	const struct assignment *lookup = lookup_in(plan->copy);
	const char *where = plan->only_rows ? plan->only_rows : "true";
	const char *live = relname_quoted(arena, &plan->live);
	const char *from = arena_printf(arena, "%s AS %s", live, ident_quoted(arena, plan->live.name));

	probe->scratch[probe->scratch_count++] = view(plan, from, where, arena);
	try_insert(twin, plan->copy, from, where, probe);
	if (lookup)
		try_insert(relname_quoted(arena, &lookup->lookup->table), &lookup->lookup->create, from, where, probe);
	try_insert(live, plan->copy_back,
	           arena_printf(arena, "%s AS %s", twin, ident_quoted(arena, plan->shadow.name)), "true", probe);
}
