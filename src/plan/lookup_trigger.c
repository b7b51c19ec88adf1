/*
 * The triggers of a filling by lookup, and the notes that they leave.  That on
 * ours looks up before the row is written; that on theirs is told after, when
 * everybody else has had their say, and compares values and not the columns that
 * a statement names: what other triggers changed is seen too.
 */
#include <string.h>

#include "plan/again.h"
#include "plan/lookup.h"
#include "sql/row.h"

/* "NEW.id IS DISTINCT FROM OLD.id OR …": what is matched, or the key; "true" where nobody can tell. */
static const char *changed(const struct looking *l)
{
	struct buf out = {0};
	const char *result = NULL;
	bool told = true;

	for (size_t i = 0; i < l->lookup->match.count && told; i++)
		told = row_add_changed(&l->plan->of, l->lookup->match.items[i].value, l->arena, &out);
	for (size_t i = 0; i < l->key_count; i++)
		buf_addf(&out, "%sNEW.%s IS DISTINCT FROM OLD.%s", out.length ? " OR " : "", l->keys[i], l->keys[i]);
	result = told ? arena_strdup(l->arena, buf_text(&out)) : "true";
	buf_release(&out);
	return result;
}

/* " WHEN (…)": the updates that must be looked at; "" where it is each. */
static const char *condition(const struct looking *l)
{
	const char *needed = l->plan->where ? row_condition(&l->plan->of, l->plan->where, l->arena)
	                                    : arena_printf(l->arena, "NEW.%s IS NULL", l->column);

	return needed ? arena_printf(l->arena, " WHEN ((%s) OR %s)", needed, changed(l)) : "";
}

static void add_value(const struct looking *l, const char *expression, const char *row, struct buf *out)
{
	row_add_value(&l->plan->of, expression, row, out);
}

/*
 * Was the old value derived?  It is what is to be found for the old row, or it
 * was, and a note about that waits.
 */
static void add_derived(const struct looking *l, struct buf *out)
{
	const char *noted =
		arena_printf(l->arena, "EXISTS (SELECT FROM %s AS \"~g\" WHERE %s AND \"~g\".was%s = %s.%s%s)", l->looked,
	                 looking_same_match(l, l->alias, "\"~g\""), l->text, l->alias, l->column, l->text);

	buf_addf(out, "OLD.%s IS NOT NULL AND (OLD.%s%s IS NOT DISTINCT FROM ", l->column, l->column, l->text);
	add_value(l, l->found, "OLD", out);
	buf_addf(out,
	         "::%s%s\n\t\t\tOR EXISTS (SELECT FROM %s AS \"~g\" WHERE %s AND \"~g\".was%s = OLD.%s%s)\n\t\t\tOR ",
	         l->type, l->text, l->refill, looking_same_key(l, "OLD", "\"~g\""), l->text, l->column, l->text);
	add_value(l, noted, "OLD", out);
	buf_add(out, ")");
}

static const char *values(const char *const *names, size_t count, const char *row, struct arena *arena)
{
	const char *result = "";

	for (size_t i = 0; i < count; i++)
		result = arena_printf(arena, "%s%s%s.%s", result, i ? ", " : "", row, names[i]);
	return result;
}

static void add_note(const struct looking *l, struct buf *out)
{
	buf_addf(out,
	         "\t\tINSERT INTO %s (%s, was) VALUES (%s, CASE WHEN derived OR value IS NOT NULL THEN NEW.%s END);\n",
	         l->refill, looking_numbered("k", l->key_count, "", l->arena),
	         values(l->keys, l->key_count, "NEW", l->arena), l->column);
}

/* Variables that no column can be mistaken for would need strange names: columns are always qualified here. */
static void add_function(const struct looking *l, struct stmts *stmts)
{
	struct buf body = {0}, work = {0};

	buf_add(&body, "DECLARE\n\tneeded boolean;\n\tderived boolean := false;\n");
	buf_addf(&body, "\tvalue %s;\n", l->type);
	row_add_declarations(&l->plan->of, l->plan->set, &body);
	buf_add(&work, "\tneeded := ");
	if (l->plan->where)
		add_value(l, l->needed, "NEW", &work);
	else
		buf_addf(&work, "NEW.%s IS NULL", l->column);
	buf_addf(
		&work,
		";\n\tIF TG_OP = 'UPDATE' THEN\n\t\tIF NEW.%s%s IS NOT DISTINCT FROM OLD.%s%s AND (%s) THEN\n\t\t\tderived := ",
		l->column, l->text, l->column, l->text, changed(l));
	add_derived(l, &work);
	buf_add(&work, ";\n\t\tEND IF;\n\tEND IF;\n\tIF needed OR derived THEN\n\t\tvalue := ");
	add_value(l, l->found, "NEW", &work);
	buf_addf(&work, ";\n\t\tIF derived OR value IS NOT NULL THEN\n\t\t\tNEW.%s := value;\n\t\tEND IF;\n",
	         l->column);
	add_note(l, &work);
	buf_add(&work, "\tEND IF;\n");
	buf_add(&body, "BEGIN\n");
	row_add_protected(&l->plan->of, l->plan->set, buf_text(&work), "", &body);
	buf_add(&body, "\tRETURN NEW;\nEND");
	row_function_add(l->function, buf_text(&body), stmts);
	buf_release(&body);
	buf_release(&work);
}

/* ---- Theirs ---- */

static const char **matched(const struct looking *l)
{
	const char **names = arena_array(l->arena, const char *, l->lookup->match.count);

	for (size_t i = 0; i < l->lookup->match.count; i++)
		names[i] = ident_quoted(l->arena, l->lookup->match.items[i].column);
	return names;
}

/* "OLD.email IS DISTINCT FROM NEW.email OR …" */
static const char *differ(const struct looking *l, const char *result, const char *name, const char *quoted)
{
	const struct row_column *column = row_column_named(&l->of_theirs, name);
	const char *text = column && column->comparable ? "" : "::text";

	return arena_printf(l->arena, "%s%sOLD.%s%s IS DISTINCT FROM NEW.%s%s", result, *result ? " OR " : "", quoted,
	                    text, quoted, text);
}

static void add_noting(const struct looking *l, struct stmts *stmts)
{
	size_t count = l->lookup->match.count;
	const char **names = matched(l), *moved = "", *value = ident_quoted(l->arena, l->lookup->value), *gained = "";
	const char *into =
		arena_printf(l->arena, "INSERT INTO %s (%s, was)", l->looked, looking_numbered("m", count, "", l->arena));

	for (size_t i = 0; i < count; i++)
		moved = differ(l, moved, l->lookup->match.items[i].column, names[i]);
	if (!l->only_lost)
		gained =
			arena_printf(l->arena,
		                 "\tIF TG_OP = 'INSERT' THEN\n\t\t%1$s VALUES (%2$s, NULL);\n"
		                 "\tELSIF TG_OP = 'UPDATE' AND (%3$s) THEN\n\t\t%1$s VALUES (%2$s, NULL);\n\tEND IF;\n",
		                 into, values(names, count, "NEW", l->arena), moved);
	row_function_add(
		l->noting,
		arena_printf(
			l->arena,
			"BEGIN\n\tIF TG_OP = 'TRUNCATE' THEN\n\t\t%1$s SELECT %2$s, t.%3$s FROM %4$s AS t;\n\t\tRETURN NULL;\n"
			"\tEND IF;\n\tIF TG_OP <> 'INSERT' THEN\n\t\t%1$s VALUES (%5$s, OLD.%3$s);\n\tEND IF;\n%6$s\tRETURN NULL;\nEND",
			into, values(names, count, "t", l->arena), value, l->theirs, values(names, count, "OLD", l->arena),
			gained),
		stmts);
}

static const char *const noting_kinds[] = {"li", "lu", "ld", "lt"};
enum { NOTING_KINDS = sizeof(noting_kinds) / sizeof(noting_kinds[0]) };

static const char *noting_trigger(const struct looking *l, size_t kind)
{
	return arena_printf(l->arena, "%s%s", filling_triggers(l->facts, l->arena), noting_kinds[kind]);
}

static void add_noting_triggers(const struct looking *l, struct stmts *stmts)
{
	const char *when = "";
	const char *events[NOTING_KINDS];

	for (size_t i = 0; i < l->lookup->match.count; i++)
		when = differ(l, when, l->lookup->match.items[i].column, matched(l)[i]);
	when = differ(l, when, l->lookup->value, ident_quoted(l->arena, l->lookup->value));
	events[0] = arena_printf(l->arena, "AFTER INSERT ON %s FOR EACH ROW", l->theirs);
	events[1] = arena_printf(l->arena, "AFTER UPDATE ON %s FOR EACH ROW WHEN (%s)", l->theirs, when);
	events[2] = arena_printf(l->arena, "AFTER DELETE ON %s FOR EACH ROW", l->theirs);
	events[3] = arena_printf(l->arena, "BEFORE TRUNCATE ON %s FOR EACH STATEMENT", l->theirs);
	for (size_t i = l->only_lost ? 1 : 0; i < NOTING_KINDS; i++) {
		const char *name = ident_quoted(l->arena, noting_trigger(l, i));

		stmt_lock(stmts,
		          stmts_add(stmts, STMT_TOGETHER, "CREATE OR REPLACE TRIGGER %s %s EXECUTE FUNCTION %s()", name,
		                    events[i], l->noting),
		          &l->lookup->table, LOCK_SHARE_ROW_EXCLUSIVE);
		if (i == (l->only_lost ? 1 : 0))
			stmts->last->note = "brief: readers go on; from here on each change of what is looked up is noted";
		/* Also for what is replayed from another server. */
		stmt_lock(stmts,
		          stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", l->theirs, name),
		          &l->lookup->table, LOCK_SHARE_ROW_EXCLUSIVE);
	}
}

/* ---- Tables of the registry ---- */

static const char brief_rows[] = "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)";

static const char *type_in(const struct row_table *of, const char *name)
{
	return row_column_named(of, name)->type;
}

/* ", m1 citext, m2 integer" */
static const char *matched_columns(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->match.count; i++)
		result = arena_printf(l->arena, "%sm%zu %s, ", result, i + 1,
		                      type_in(&l->of_theirs, l->lookup->match.items[i].column));
	return result;
}

static const char *key_columns(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->key_count; i++)
		for (size_t c = 0; c < l->plan->of.column_count; c++)
			if (strcmp(ident_quoted(l->arena, l->plan->of.columns[c].name), l->keys[i]) == 0)
				result = arena_printf(l->arena, "%sk%zu %s, ", result, i + 1, l->plan->of.columns[c].type);
	return result;
}

static const char seq[] = "seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1)";

static void add_looked(const struct looking *l, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s, %swas %s) %s", l->looked, seq, matched_columns(l),
	          l->type, brief_rows);
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (%s)", l->looked,
	          looking_numbered("m", l->lookup->match.count, "", l->arena));
}

static void add_notes(const struct looking *l, struct stmts *stmts)
{
	add_looked(l, stmts);
	stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s PRIMARY KEY, %swas %s) %s", l->refill, seq,
	          key_columns(l), l->type, brief_rows);
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (%s)", l->refill,
	          looking_numbered("k", l->key_count, "", l->arena));
}

static const char *created_columns(const struct looking *l)
{
	const char *result = "";

	for (size_t i = 0; i < l->lookup->create.count; i++)
		result = arena_printf(l->arena, "%sc%zu %s, ", result, i + 1,
		                      type_in(&l->of_theirs, l->lookup->create.items[i].column));
	return result;
}

static void add_creating(const struct looking *l, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (%s%sseq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY) %s", l->wanted,
	          matched_columns(l), created_columns(l), brief_rows);
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (at timestamptz NOT NULL DEFAULT pg_catalog.now(), created jsonb NOT NULL)",
	          l->created);
}

void lookup_note_theirs(const struct looking *l, struct stmts *stmts)
{
	const char *fired = record_get(l->facts->now, "their_triggers");

	add_looked(l, stmts);
	if (strcmp(l->lookup->missing, "create") == 0) {
		add_creating(l, stmts);
		stmts->last->note =
			arena_printf(l->arena, "rows of %s that are missing will be created, before each part of the copy%s%s",
		                 l->theirs, fired ? "; triggers fire: " : "", fired ? fired : "");
	}
	add_noting(l, stmts);
	add_noting_triggers(l, stmts);
}

/* One table after the other: to have both at once, in two busy ones, one could wait for ever. */
void lookup_begin(const struct looking *l, struct stmts *stmts)
{
	const struct row_triggers triggers = {.begin = filling_triggers(l->facts, l->arena),
	                                      .function = l->function,
	                                      .when = condition(l),
	                                      .set = l->plan->set};

	if (!looking_has(l, l->looked))
		add_notes(l, stmts);
	if (strcmp(l->lookup->missing, "create") == 0 && !looking_has(l, l->created))
		add_creating(l, stmts);
	if (!again_holds(record_get(l->facts->now, "noting"), noting_trigger(l, NOTING_KINDS - 1))) {
		add_noting(l, stmts);
		add_noting_triggers(l, stmts);
	}
	lookup_verify_noted(l, stmts);
	if (row_triggers_stand(triggers.begin, l->facts, l->arena))
		return;
	add_function(l, stmts);
	row_triggers_add(&l->plan->of.table, &triggers, stmts);
}

static const char *emptier(const struct looking *l)
{
	return arena_printf(l->arena, "interlock.empty_%lld_%d", (long long)l->facts->run, l->facts->number);
}

bool lookup_is_noting(const struct looking *l)
{
	for (size_t i = 0; i < NOTING_KINDS; i++)
		if (again_holds(record_get(l->facts->now, "noting"), noting_trigger(l, i)))
			return true;
	return false;
}

bool lookup_is_emptying(const struct looking *l)
{
	return again_holds(record_get(l->facts->now, "functions"), emptier(l) + strlen("interlock."));
}

void lookup_drop_noting(const struct looking *l, struct stmts *stmts)
{
	for (size_t i = 0; i < NOTING_KINDS; i++)
		if (again_holds(record_get(l->facts->now, "noting"), noting_trigger(l, i)))
			stmt_lock(stmts,
			          stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s",
			                    ident_quoted(l->arena, noting_trigger(l, i)), l->theirs),
			          &l->lookup->table, LOCK_ACCESS_EXCLUSIVE);
}

void lookup_drop_triggers(const struct looking *l, struct stmts *stmts)
{
	row_triggers_drop(&l->plan->of.table, filling_triggers(l->facts, l->arena), l->function, l->facts, stmts);
}

void lookup_drop_rest(const struct looking *l, struct stmts *stmts)
{
	const char *const tables[] = {l->looked, l->refill, l->wanted};

	stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", l->noting);
	stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", emptier(l));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", tables[i]);
}

void lookup_withdraw(const struct looking *l, struct stmts *stmts)
{
	row_triggers_take(&l->plan->of.table, filling_triggers(l->facts, l->arena), l->function, stmts);
}

void lookup_empty_instead(const struct looking *l, struct stmts *stmts)
{
	const struct row_triggers triggers = {
		.begin = filling_triggers(l->facts, l->arena), .function = emptier(l), .when = "", .set = l->plan->set};
	struct buf body = {0}, work = {0};

	buf_add(&body, "DECLARE\n");
	row_add_declarations(&l->plan->of, l->plan->set, &body);
	buf_add(&body, "BEGIN\n\tIF TG_OP = 'INSERT' THEN\n\t\tRETURN NEW;\n\tEND IF;\n");
	buf_addf(&work, "\tIF NEW.%s%s IS NOT DISTINCT FROM OLD.%s%s AND ", l->column, l->text, l->column, l->text);
	add_derived(l, &work);
	buf_addf(&work, " THEN\n\t\tNEW.%s := NULL;\n\tEND IF;\n", l->column);
	row_add_protected(&l->plan->of, l->plan->set, buf_text(&work), "", &body);
	buf_add(&body, "\tRETURN NEW;\nEND");
	row_function_add(triggers.function, buf_text(&body), stmts);
	row_triggers_add(&l->plan->of.table, &triggers, stmts);
	buf_release(&body);
	buf_release(&work);
}
