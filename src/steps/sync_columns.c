/* Old and new columns that mean the same, while two releases write, each its own. */
#include <string.h>

#include "plan/columns.h"
#include "plan/sync_lookup.h"
#include "plan/syncing.h"
#include "sql/columns.h"
#include "sql/row.h"

struct sync_columns_args {
	struct relname table;
	struct assignment_list forward, back;
	const char *both; /* NULL: forward and back are each other's inverse */
};

static const char *const winners[] = {"old", "new", "error", NULL};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct sync_columns_args, table),
     .help = "the table that has both"},
	{.name = "forward",
     .kind = OPTION_SET,
     .required = true,
     .offset = offsetof(struct sync_columns_args, forward),
     .help = "the new columns, and for each the SQL over its row that gives the value, or lookup { … }",
     .lookups = true},
	{.name = "back",
     .kind = OPTION_SET,
     .required = true,
     .offset = offsetof(struct sync_columns_args, back),
     .help = "the old columns, likewise",
     .lookups = true},
	{.name = "both",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct sync_columns_args, both),
     .choices = winners,
     .help =
         "which side wins where one statement sets both to values that do not agree, the new one if it is left "
         "out; must be said where forward and back are not each other's inverse"},
	OPTION_END,
};

static bool wrong(const struct option_place *place, struct diags *diags, const char *option, const char *summary,
                  const char *help)
{
	struct diag *diag = option_error(place, diags, "bad-option", option, "%s", summary);

	diag_help(&diags->arena, diag, "%s", help);
	return false;
}

static bool names_column(const struct assignment *a, const char *column)
{
	for (size_t i = 0; a->lookup && i < a->lookup->match.count; i++)
		if (sql_names_column(a->lookup->match.items[i].value, column))
			return true;
	return !a->lookup && sql_names_column(a->value, column);
}

/* What one side is derived from must not be on that side itself. */
static bool check_side(const struct assignment_list *side, const char *option, const struct option_place *place,
                       struct diags *diags)
{
	struct arena *arena = &diags->arena;

	for (size_t i = 0; i < side->count; i++) {
		if (side->items[i].lookup && !sync_lookup_check(&side->items[i], option, place, diags))
			return false;
		if (!side->items[i].lookup && sql_has_query(side->items[i].value))
			return wrong(
				place, diags, option, arena_printf(arena, "\"%s\" of sync_columns holds a query", option),
				"derive the value from columns of the row itself, or take it from another table by lookup { … }");
		for (size_t j = 0; j < side->count; j++)
			if (names_column(&side->items[i], side->items[j].column))
				return wrong(place, diags, option,
				             arena_printf(arena, "\"%s\" is derived from \"%s\", which is on the same side",
				                          side->items[i].column, side->items[j].column),
				             "forward derives new columns from old ones, back old columns from new ones");
	}
	return true;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct sync_columns_args *args = step;

	for (size_t i = 0; i < args->forward.count; i++)
		for (size_t j = 0; j < args->back.count; j++)
			if (strcmp(args->forward.items[i].column, args->back.items[j].column) == 0)
				return wrong(
					place, diags, "back",
					arena_printf(&diags->arena, "column \"%s\" is on both sides", args->back.items[j].column),
					"forward names the new columns, back the old ones");
	if (!args->both && (sync_lookup_is_in(&args->forward) || sync_lookup_is_in(&args->back)))
		return wrong(place, diags, "both", "sync_columns with lookup does not say which side wins",
		             "a value that is not found has no way back: say both = \"old\", \"new\" or \"error\"");
	return check_side(&args->forward, "forward", place, diags) && check_side(&args->back, "back", place, diags);
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct sync_columns_args *)step)->table;
	return true;
}

/* clang-format off */

/* $3 are the new columns, $4 the old ones. */

/* Whether a value was given can only be told from a default that is always the same. */
#define MOVING_DEFAULT \
	"(SELECT pg_catalog.quote_ident(a.attname) || ', DEFAULT ' || " SQL_EXPRESSION("a") \
	" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum" \
	" WHERE a.attrelid = rel.oid AND a.attname = ANY ($3::text[] || $4::text[]) AND (EXISTS (SELECT FROM" \
	" " SQL_CALLED("d.adbin") " JOIN pg_catalog.pg_proc p" \
	" ON p.oid = f.oids[1]::oid AND p.provolatile <> 'i') OR d.adbin::text ~ 'SQLVALUEFUNCTION|NEXTVALUEEXPR')" \
	" ORDER BY a.attnum LIMIT 1)"

/* Nothing else is wrong but what is to be looked into. */
#define BLIND \
	"rel.relkind IN ('r', 'p') AND NOT " SQL_INHERITED " AND l.new IS NULL AND l.old IS NULL AND w.unfit IS NULL" \
	" AND w.moving IS NULL AND b.found IS NOT NULL"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_SYNC_LOOKUPS
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN l.new IS NOT NULL OR l.old IS NOT NULL THEN " SQL_NO_COLUMN("coalesce(l.new, l.old)")
	" WHEN " SQL_INHERITED " THEN 'other tables inherit from ' || " SQL_NAME("$1", "$2")
	" WHEN w.unfit IS NOT NULL OR w.moving IS NOT NULL THEN 'column ' || coalesce(w.unfit, w.moving)"
	" WHEN b.found IS NOT NULL THEN b.found"
	" ELSE 'triggers that fire after those of interlock: ' || w.later END AS found,"
	" CASE WHEN rel.relkind NOT IN ('r', 'p') OR " SQL_INHERITED " THEN 'a table, partitioned or not'"
	" WHEN w.unfit IS NOT NULL THEN 'columns that take values'"
	" WHEN w.moving IS NOT NULL THEN 'columns without a default, or with one that is always the same'"
	" WHEN b.found IS NOT NULL THEN b.expected"
	" ELSE 'none that could change a row once both sides agree' END AS expected,"
	" CASE WHEN rel.relkind IN ('r', 'p') AND l.new IS NULL AND l.old IS NULL AND w.unfit IS NULL AND w.moving IS NOT NULL"
	" THEN 'take that default away first: it hides whether a statement gave a value'"
	" WHEN " BLIND " THEN b.help"
	" WHEN rel.relkind IN ('r', 'p') AND w.later IS NOT NULL AND w.unfit IS NULL"
	" THEN 'rename them: PostgreSQL fires triggers in the order of their names' END AS help,"
	" CASE WHEN l.new IS NOT NULL THEN 'forward' WHEN l.old IS NOT NULL THEN 'back' WHEN " BLIND " THEN b.side ELSE 'table' END AS option,"
	" " SQL_SYNC_LOOKED " AS looked,"
	" " SQL_ROW_COLUMNS " AS columns, " SQL_ROW_CHECKS("$3::text[] || $4::text[]") " AS checks, " SQL_ROW_TRIGGERS(SQL_ALWAYS_FIRES) " AS standing,"
	" " SQL_ROW_TRIGGERS("true") " AS ours, " SQL_ROW_FUNCTIONS " AS functions,"
	" " SQL_SHOWN("$3::text[] || $4::text[]") " AS shown, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN blind b ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.relkind IN ('r', 'p') THEN " SQL_LACKING("$3::text[]") " END,"
	" CASE WHEN rel.relkind IN ('r', 'p') THEN " SQL_LACKING("$4::text[]") " END) l(new, old)"
	" CROSS JOIN LATERAL (SELECT " SQL_UNFIT("$3::text[] || $4::text[]") ", " MOVING_DEFAULT ", " SQL_LATER_TRIGGERS ")"
	" w(unfit, moving, later)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL OR l.new IS NOT NULL OR l.old IS NOT NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') OR " SQL_INHERITED " OR w.unfit IS NOT NULL OR w.moving IS NOT NULL"
	" THEN 'conflict' WHEN b.found IS NOT NULL THEN b.state WHEN w.later IS NOT NULL THEN 'conflict' ELSE 'absent' END) s(state)";

/* clang-format on */

static const char *columns_of(const struct assignment_list *side, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, side->count);

	for (size_t i = 0; i < side->count; i++)
		names[i] = side->items[i].column;
	return array_literal(names, side->count, arena);
}

/* The server says whether the columns take these values; the plan is not run. */
static void add_scratch(const struct sync_columns_args *args, const struct assignment_list *side,
                        struct probe *probe)
{
	struct arena *arena = probe->arena;
	struct buf set = {0};

	for (size_t i = 0; i < side->count; i++)
		buf_addf(&set, "%s%s = (%s)", i ? ", " : "", ident_quoted(arena, side->items[i].column),
		         side->items[i].value);
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "EXPLAIN UPDATE %s AS %s SET %s", relname_quoted(arena, &args->table),
	                 ident_quoted(arena, args->table.name), buf_text(&set));
	buf_release(&set);
}

/* Both sides with queries for what is looked up. */
static void spell(const struct sync_columns_args *args, const char *looked, struct arena *arena,
                  struct assignment_list sides[2])
{
	size_t n = 0;

	sides[0] = sync_lookup_spelled(&args->forward, &args->table, looked, &n, arena);
	sides[1] = sync_lookup_spelled(&args->back, &args->table, looked, &n, arena);
}

static void probe(const void *step, struct probe *probe)
{
	const struct sync_columns_args *args = step;
	struct assignment_list sides[2];

	spell(args, NULL, probe->arena, sides);
	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name,
	                                               columns_of(&args->forward, probe->arena),
	                                               columns_of(&args->back, probe->arena),
	                                               sync_lookup_asked(&args->forward, &args->back, probe->arena)},
	                                    .count = 5};
	add_scratch(args, &sides[0], probe);
	add_scratch(args, &sides[1], probe);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct sync_columns_args *args = step;
	const char *looked = record_get(facts->now, "looked");
	struct assignment_list sides[2];
	struct sync_plan plan = {.of = {.table = args->table},
	                         .forward = &sides[0],
	                         .back = &sides[1],
	                         .both = args->both ? args->both : "new"};

	if (owner_refused(facts, stmts) || syncing_stands(facts, stmts->arena))
		return;
	row_table_read(record_get(facts->now, "columns"), stmts->arena, &plan.of);
	plan.of.checks = record_get(facts->now, "checks");
	spell(args, looked, stmts->arena, sides);
	if (!row_table_has(&plan.of, &args->forward) || !row_table_has(&plan.of, &args->back))
		return;
	if (!args->both)
		syncing_verify_pair(&plan, record_get(facts->now, "shown"), stmts);
	syncing_add(&plan, facts, stmts);
}

static void drop(const void *step, const struct facts *facts, struct stmts *stmts)
{
	if (!owner_refused(facts, stmts))
		syncing_drop(&((const struct sync_columns_args *)step)->table, facts, stmts);
}

static void add_columns(struct buf *out, const struct assignment_list *side)
{
	for (size_t i = 0; i < side->count; i++) {
		buf_add(out, i ? ", " : "");
		ident_quote(out, side->items[i].column);
	}
}

static void describe(const void *step, struct buf *out)
{
	const struct sync_columns_args *args = step;

	buf_add(out, "keep ");
	add_columns(out, &args->forward);
	buf_add(out, " and ");
	add_columns(out, &args->back);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
	buf_add(out, " alike");
}

const struct step_type step_sync_columns = {
	.name = "sync_columns",
	.summary = "keeps old and new columns alike while two releases write, each its own",
	.example = "sync_columns { table = \"app.orders\", forward = { total_cents = \"round(total * 100)\" },\n"
			   "               back = { total = \"total_cents / 100.0\" } }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric(10, 2), total_cents bigint);\n"
			 "INSERT INTO app.orders SELECT n, n, n * 100 FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.leaves_names = true,
	.size = sizeof(struct sync_columns_args),
	.options = options,
	.locks =
		"SHARE ROW EXCLUSIVE on the table, briefly, for the triggers; ACCESS EXCLUSIVE, briefly, when they go",
	.way_back = "the triggers go; what they have written stays",
	.only_registry_tells = true,
	.looks_again = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = drop,
	.finish = drop,
	.describe = describe,
};
