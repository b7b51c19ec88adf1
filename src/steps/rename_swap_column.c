/* A column gives its name to another one, which holds the same in another shape, in one transaction. */
#include <string.h>

#include "plan/column_keepers.h"
#include "plan/column_names.h"
#include "plan/column_traits.h"
#include "plan/column_users.h"
#include "plan/family.h"
#include "plan/names.h"

struct rename_swap_column_args {
	struct relname table;
	const char *column, *with, *retire_as;
	struct text_list leaves;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct rename_swap_column_args, table),
     .help = "the table that has both columns"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rename_swap_column_args, column),
     .help = "the name that stays in use; now it is the old column's"},
	{.name = "with",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rename_swap_column_args, with),
     .help =
         "the new column, filled and with indexes and constraints like those of the old one; it gets the name"},
	{.name = "retire_as",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rename_swap_column_args, retire_as),
     .help = "the name that the old column gets, until it is dropped"},
	{.name = "leaves",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct rename_swap_column_args, leaves),
     .help =
         "what goes by the names and may stay as it is (functions, triggers, publications), or may stay with the "
         "old column (views, policies, generated columns, statistics)"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct rename_swap_column_args *args = step;
	struct arena *arena = &diags->arena;

	if (strcmp(args->column, args->with) == 0)
		return bad_option(place, diags, "with",
		                  arena_printf(arena, "\"%s\" can't change places with itself", args->column),
		                  "with names the new column, which add_column_if_missing has added under another name");
	if (strcmp(args->column, args->retire_as) == 0)
		return bad_option(
			place, diags, "retire_as",
			arena_printf(arena, "the new column gets the name \"%s\", so the old one can't keep it", args->column),
			arena_printf(arena, "choose another name for it, as retire_as = \"%s_old\"", args->column));
	if (is_system_column(args->retire_as))
		return bad_option(place, diags, "retire_as",
		                  arena_printf(arena, "every table has a column %s of its own", args->retire_as),
		                  "choose another name");
	if (strcmp(args->with, args->retire_as) == 0)
		return bad_option(
			place, diags, "retire_as",
			arena_printf(arena, "\"%s\" is the name of the new column, which nothing has after this", args->with),
			arena_printf(arena,
		                 "an old release that still writes it must fail, and not write the old"
		                 " column; choose another name, as retire_as = \"%s_old\"",
		                 args->column));
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct rename_swap_column_args *)step)->table;
	return true;
}

/* ---- What is there ---- */

/* clang-format off */

#define HAS(name) \
	"EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attname = " name "::text" \
	" AND a.attnum > 0 AND NOT a.attisdropped)"

/* The one that is to get the name: the new column, or, once that has it, the old one. */
#define CAME \
	"came AS (SELECT a.* FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0" \
	" AND NOT a.attisdropped AND a.attname = CASE WHEN " HAS("$4") " THEN $4::text ELSE $5::text END)"

#define OBSTACLES \
	" LEFT JOIN LATERAL (SELECT w.* FROM (VALUES" \
	" (1, CASE WHEN rel.relkind <> 'r' THEN " SQL_IS_A("rel.relkind") " WHEN rel.relispartition THEN " SQL_NAME("$1", "$2") \
	" || ' is a partition' WHEN pg_catalog.cardinality(ARRAY(SELECT family.oid FROM family)) > 1" \
	" THEN 'other tables inherit from ' || " SQL_NAME("$1", "$2") " ELSE " SQL_COLUMN_OBSTACLE " END," \
	" 'a table by itself', NULL, 'table')," \
	" (2, CASE WHEN " HAS("$3") " AND " HAS("$4") " AND " HAS("$5") " THEN 'column ' || pg_catalog.quote_ident($5::text) || ' in '" \
	" || " SQL_NAME("$1", "$2") " END, 'no column of that name yet', 'choose another name, or drop that one first', 'retire_as')" \
	") w(n, found, expected, help, option) WHERE w.found IS NOT NULL ORDER BY w.n LIMIT 1) basic ON rel.oid IS NOT NULL" \
	" LEFT JOIN LATERAL (SELECT w.* FROM (VALUES " SQL_TRAITS_OBSTACLES ", " SQL_NAMES_OBSTACLES ", " SQL_KEYS_OBSTACLES \
	", (40, coalesce(" SQL_VIEW_BLOCKED ", " SQL_KEYS_BLOCKED "), 'what can be moved to the other column', NULL, 'column')" \
	") w(n, found, expected, help, option) WHERE w.found IS NOT NULL ORDER BY w.n LIMIT 1) special" \
	" ON col.attnum IS NOT NULL AND came.attname = $4::text AND basic.found IS NULL"

static const char query[] =
	"WITH RECURSIVE " SQL_REL ", " SQL_COL ", " CAME ", " SQL_FAMILY ", " SQL_MEMBER ", " SQL_KEEPERS ", " SQL_COLUMN_NAMES ", "
	SQL_COLUMN_KEYS ", " SQL_COLUMN_VIEWS ", " SQL_COLUMN_GOING
	" SELECT s.state, CASE s.state WHEN 'conflict' THEN coalesce(basic.found, special.found)"
	" WHEN 'missing' THEN CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text") " ELSE " SQL_NO_COLUMN("$4::text") " END"
	" WHEN 'partial' THEN 'a foreign key that is not validated' END AS found,"
	" coalesce(basic.expected, special.expected) AS expected, coalesce(basic.help, special.help) AS help,"
	" CASE WHEN rel.oid IS NULL THEN 'table' WHEN s.state = 'conflict' THEN coalesce(basic.option, special.option)"
	" WHEN col.attnum IS NULL THEN 'column' ELSE 'with' END AS option,"
	" n.has_column, n.has_with, n.has_retired, coalesce(" SQL_VIEW_BLOCKED ", " SQL_KEYS_BLOCKED ") AS blocked,"
	" " SQL_TRAITS_FACTS ", " SQL_NAMES_FACTS ", " SQL_KEYS_FACTS ", " SQL_VIEWS_FACTS ", " SQL_TRIGGERS_FACTS ","
	" " SQL_KEEPER_FACTS ", " SQL_FOLLOWERS_FACTS ", " SQL_OWNER_FACTS ", g.*"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true LEFT JOIN came ON true"
	" CROSS JOIN LATERAL (SELECT " HAS("$3") " AS has_column, " HAS("$4") " AS has_with, " HAS("$5") " AS has_retired) n"
	" CROSS JOIN " SQL_GOING("$6::text[]") OBSTACLES
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN basic.found IS NOT NULL THEN 'conflict'"
	" WHEN NOT n.has_column OR NOT n.has_with AND NOT n.has_retired THEN 'missing' WHEN special.found IS NOT NULL THEN 'conflict'"
	" WHEN n.has_with THEN 'absent' WHEN EXISTS (SELECT FROM keys k WHERE NOT k.convalidated) THEN 'partial'"
	" ELSE 'done' END) s(state)";

/* clang-format on */

/* On the way back also what belonged to the new column under its own name, which it keeps. */
static const char *staying(const struct rename_swap_column_args *args, const struct record *before,
                           struct arena *arena)
{
	const char *leaves = by_name_leaves(&args->leaves, arena), *followers = record_get(before, "followers");

	if (!followers || strcmp(followers, "{}") == 0)
		return leaves;
	if (!leaves || strcmp(leaves, "{}") == 0)
		return followers;
	return arena_printf(arena, "%.*s,%s", (int)strlen(leaves) - 1, leaves, followers + 1);
}

static void probe(const void *step, struct probe *probe)
{
	const struct rename_swap_column_args *args = step;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, args->column, args->with,
	                                               args->retire_as, staying(args, probe->before, probe->arena)},
	                                    .count = 6};
}

/* ---- There and back ---- */

static const char *what(const struct rename_swap_column_args *args, struct arena *arena)
{
	return arena_printf(arena, "column %s of %s", ident_quoted(arena, args->column),
	                    relname_quoted(arena, &args->table));
}

static void rename_one(const struct column_swap *swap, const char *from, const char *to, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME COLUMN %s TO %s",
	              relname_quoted(arena, &swap->table), ident_quoted(arena, from), ident_quoted(arena, to));

	stmt_lock(stmts, stmt, &swap->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: only the catalogue";
}

static void add_triggers(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	const struct stmt *before = stmts->last;

	again_add(record_get(facts->now, "triggers"), stmts);
	for (struct stmt *stmt = before->next; stmt; stmt = stmt->next)
		stmt_lock(stmts, stmt, &swap->table, LOCK_SHARE_ROW_EXCLUSIVE);
}

/* What is the same there and back, in one transaction but for the validation of foreign keys. */
static void exchange(const struct column_swap *swap, const struct facts *facts, struct stmts *stmts)
{
	column_views_drop(facts, stmts);
	column_keys_drop(facts, stmts);
	rename_one(swap, swap->column, swap->aside, stmts);
	rename_one(swap, swap->arriving, swap->column, stmts);
	if (facts->undoing)
		column_traits_bring_back(swap, facts, stmts);
	else
		column_traits_carry(swap, facts, stmts);
	column_names_exchange(swap, facts, stmts);
	column_keys_add(facts, stmts);
	add_triggers(swap, facts, stmts);
	column_keepers_exchange(swap, facts->undoing ? NULL : column_default_carried(facts->now), facts, stmts);
	column_views_make(facts, stmts);
}

static bool refused(const struct rename_swap_column_args *args, const struct column_swap *swap,
                    const struct facts *facts, struct stmts *stmts)
{
	const char *blocked = record_get(facts->now, "blocked");

	if (owner_refused(facts, stmts) || by_name_refused(what(args, stmts->arena), facts, stmts) ||
	    column_keepers_refused(swap, facts, stmts))
		return true;
	if (blocked)
		stmts_refuse(stmts, "take that away first, then try again", "%s can't change places with another: %s",
		             what(args, stmts->arena), blocked);
	return blocked != NULL;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_swap_column_args *args = step;
	struct column_swap swap = {args->table, args->column, args->with, args->retire_as};

	if (facts->state != STATE_PARTIAL) {
		if (refused(args, &swap, facts, stmts))
			return;
		exchange(&swap, facts, stmts);
	}
	column_keys_validate(facts->state != STATE_PARTIAL, facts, stmts);
}

static bool came_between(const struct rename_swap_column_args *args, const struct facts *facts,
                         struct stmts *stmts)
{
	const char *table = relname_quoted(stmts->arena, &args->table);
	const char *column = ident_quoted(stmts->arena, args->column), *with = ident_quoted(stmts->arena, args->with);
	const char *retired = ident_quoted(stmts->arena, args->retire_as);

	if (!record_true(facts->now, "has_column") || !record_true(facts->now, "has_retired"))
		stmts_refuse(stmts, "bring them back under these names, then undo again",
		             "%s does not have both columns %s and %s any more", table, column, retired);
	else if (record_true(facts->now, "has_with"))
		stmts_refuse(stmts, "drop or rename the one that came meanwhile, then undo again",
		             "%s has a column %s again", table, with);
	return stmts->refusal != NULL;
}

/* Has it all been taken back but for what takes its time? */
static bool is_back(const struct facts *facts)
{
	return record_true(facts->now, "has_column") && record_true(facts->now, "has_with") &&
	       !record_true(facts->now, "has_retired");
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_swap_column_args *args = step;
	struct column_swap swap = {args->table, args->column, args->retire_as, args->with};

	if (!record_true(facts->before, "has_with"))
		return;
	if (is_back(facts)) {
		column_keys_validate(false, facts, stmts);
		column_traits_finish(&swap, record_true(facts->now, "left_not_null"), facts, stmts);
		return;
	}
	if (came_between(args, facts, stmts) || refused(args, &swap, facts, stmts) ||
	    column_names_refused(&swap, facts, stmts) || column_traits_refused(&swap, facts, stmts))
		return;
	column_traits_verify(&swap, facts, stmts);
	exchange(&swap, facts, stmts);
	column_traits_finish(&swap, record_true(facts->now, "came_not_null"), facts, stmts);
	column_keys_validate(true, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct rename_swap_column_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "give the name of %s to %s, and retire it as %s", what(args, &arena),
	         ident_quoted(&arena, args->with), ident_quoted(&arena, args->retire_as));
	arena_release(&arena);
}

const struct step_type step_rename_swap_column = {
	.name = "rename_swap_column",
	.summary = "gives the name of a column to another one that holds the same in another shape",
	.example = "rename_swap_column { table = \"app.orders\", column = \"customer\", with = \"customer_new\",\n"
			   "                     retire_as = \"customer_old\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.customers (id bigint PRIMARY KEY);\n"
		"CREATE TABLE app.orders (id bigint PRIMARY KEY, customer integer NOT NULL DEFAULT 1 REFERENCES app.customers,\n"
		"  customer_new bigint NOT NULL);\n"
		"CREATE INDEX ON app.orders (customer);\n"
		"CREATE INDEX ON app.orders (customer_new);\n"
		"CREATE VIEW app.bought AS SELECT customer, count(*) FROM app.orders GROUP BY customer;\n"
		"COMMENT ON COLUMN app.orders.customer IS 'who pays';\n"
		"INSERT INTO app.customers SELECT n FROM generate_series(1, 10) n;\n"
		"INSERT INTO app.orders SELECT n, n % 10 + 1, n % 10 + 1 FROM generate_series(1, 100) n",
	.class = CLASS_SWITCH,
	.size = sizeof(struct rename_swap_column_args),
	.options = options,
	.locks =
		"ACCESS EXCLUSIVE on the table, on those that foreign keys of the column connect with it, and on the views "
		"that show it, briefly; then SHARE UPDATE EXCLUSIVE while foreign keys are validated.  A statement that a "
		"session prepared before, with this column in its result, fails once afterwards, and drivers then prepare it "
		"again",
	.way_back =
		"the same the other way round.  With sync_columns alive the old column has what was written since; without, "
		"it has the values that it had, and the new column keeps its own: undo refuses where the old one was NOT NULL "
		"and rows came that have no value in it",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
