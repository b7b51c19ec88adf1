/* Values for rows that are there, in batches, while the table is in use. */
#include <string.h>

#include "plan/columns.h"
#include "plan/family.h"
#include "plan/filling_old.h"
#include "plan/lookup.h"
#include "plan/lookup_check.h"
#include "plan/lookup_facts.h"
#include "plan/lookup_fill.h"
#include "plan/names.h"
#include "plan/option_hint.h"
#include "plan/shadow_fill.h"
#include "plan/unsteady.h"
#include "sql/columns.h"
#include "sql/row.h"

struct backfill_args {
	struct relname table, shadow; /* one of both */
	struct assignment_list set;
	const char *where;
	const char *triggers; /* NULL: there are none to speak of */
	bool is_volatile, keep_old;
	int64_t archive; /* ms */
};

static const char *const trigger_ways[] = {"fire", "skip", NULL};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct backfill_args, table),
     .help = "the table whose rows are filled"},
	{.name = "shadow",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct backfill_args, shadow),
     .help =
         "instead, and with nothing else: the shadow of a parallel_table, which gets all rows and its indexes"},
	{.name = "set",
     .kind = OPTION_SET,
     .offset = offsetof(struct backfill_args, set),
     .help = "the columns, and for each the SQL over its row that gives the value, or lookup { … }",
     .lookups = true},
	{.name = "where",
     .kind = OPTION_PREDICATE,
     .offset = offsetof(struct backfill_args, where),
     .help = "which rows need it; those where the column is NULL if it is left out"},
	{.name = "triggers",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct backfill_args, triggers),
     .choices = trigger_ways,
     .help =
         "whether the table's own UPDATE triggers fire for each row that is filled; must be said where it has any"},
	{.name = "volatile",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct backfill_args, is_volatile),
     .default_value = "false",
     .help = "the SQL gives another value each time, as random() does, and that is meant"},
	{.name = "keep_old",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct backfill_args, keep_old),
     .default_value = "false",
     .help = "earlier values are kept by key, so that undo can put them back; costs about as much again"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct backfill_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .default_value = "90 days",
     .help = "how long old values are kept, and with them the way back"},
	OPTION_END,
};

static bool no_query(const char *option, const char *expression, const struct option_place *place,
                     struct diags *diags)
{
	struct diag *diag;

	if (!expression || !sql_has_query(expression))
		return true;
	diag = option_error(place, diags, "bad-option", option, "\"%s\" of backfill holds a query", option);
	diag_detail(
		&diags->arena, diag,
		"what it reads may change while rows are filled, and then rows would keep a value that is not true "
		"any more");
	diag_help(&diags->arena, diag, "derive the value from columns of the row itself");
	return false;
}

/* A value may be derived from itself, but not from another one that is set: which of the two comes first? */
static bool no_order(const struct backfill_args *args, const struct option_place *place, struct diags *diags)
{
	for (size_t i = 0; i < args->set.count; i++)
		for (size_t j = 0; j < args->set.count; j++) {
			const struct assignment *a = &args->set.items[i], *b = &args->set.items[j];
			struct diag *diag;

			if (i == j || !sql_names_column(a->value, b->column))
				continue;
			diag = option_error(place, diags, "bad-option", "set",
			                    "\"%s\" is derived from \"%s\", which is set too", a->column, b->column);
			diag_help(&diags->arena, diag, "fill %s in a backfill before this one", b->column);
			return false;
		}
	return true;
}

/* Nothing but `where` tells that such a row is done. */
static bool comes_to_an_end(const struct backfill_args *args, const struct option_place *place,
                            struct diags *diags)
{
	struct diag *diag;

	for (size_t i = 0; args->where && i < args->set.count; i++) {
		const struct assignment *a = &args->set.items[i];

		if (!(args->is_volatile || is_unsteady(a->value)) || sql_names_column(args->where, a->column))
			continue;
		diag = option_error(place, diags, "bad-option", "where",
		                    "nothing would tell that \"%s\" is filled: its value is another one each time",
		                    a->column);
		diag_help(&diags->arena, diag, "let `where` name it, as in %s IS NULL", a->column);
		return false;
	}
	return true;
}

/* Either table and set, or a shadow and nothing else. */
static bool is_one_form(const struct backfill_args *args, const struct option_place *place, struct diags *diags)
{
	const char *given = args->table.name                      ? "table"
	                    : args->set.count                     ? "set"
	                    : args->where                         ? "where"
	                    : args->triggers                      ? "triggers"
	                    : args->is_volatile || args->keep_old ? "shadow"
	                                                          : NULL;

	if (args->shadow.name && given)
		return bad_option(place, diags, given, "backfill fills columns of a table, or it copies into a shadow",
		                  "with shadow = \"…\" give nothing else: parallel_table has said how rows are copied");
	for (const struct option *o = options; !args->shadow.name && o->name; o++)
		if ((strcmp(o->name, "table") == 0 && !args->table.name) ||
		    (strcmp(o->name, "set") == 0 && !args->set.count)) {
			option_missing(o, place, diags);
			return false;
		}
	return true;
}

static const char *unfit_for_lookup(const struct backfill_args *args)
{
	return args->keep_old ? "keep_old" : args->is_volatile ? "volatile" : NULL;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct backfill_args *args = step;
	bool ok = is_one_form(args, place, diags) && no_query("where", args->where, place, diags);

	if (ok && lookup_in(&args->set))
		return lookup_check(&args->set, args->where, unfit_for_lookup(args), place, diags);
	for (size_t i = 0; i < args->set.count; i++)
		ok = no_query("set", args->set.items[i].value, place, diags) && ok;
	return ok && no_order(args, place, diags) && comes_to_an_end(args, place, diags);
}

static bool subject(const void *step, struct relname *table)
{
	const struct backfill_args *args = step;

	*table = args->shadow.name ? args->shadow : args->table;
	return true;
}

static const struct lookup *lookup_of(const struct backfill_args *args)
{
	const struct assignment *a = lookup_in(&args->set);

	return a ? a->lookup : NULL;
}

/* It gets triggers that note what changes. */
static bool other_subject(const void *step, struct relname *table)
{
	const struct backfill_args *args = step;
	const struct lookup *lookup = lookup_of(args);

	if (!lookup || relname_equal(&lookup->table, &args->table))
		return false;
	*table = lookup->table;
	return true;
}

/* clang-format off */

/* $3 are the columns that are set, $4 what is said of the table's own triggers. */

/* The number of column `a` where it is set, else NULL. */
#define IN_SET \
	"(SELECT s.attnum FROM pg_catalog.pg_attribute s WHERE s.attrelid = a.attrelid AND s.attnum = a.attnum" \
	" AND s.attname = ANY ($3::text[]))"

#define FIRED \
	SQL_OWN_TRIGGERS("t.tgenabled IN ('O', 'A') AND t.tgtype & 16 <> 0 AND (t.tgattr::text = '' OR EXISTS (SELECT" \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::pg_catalog.int2[])" \
	" AND a.attname = ANY ($3::text[])))")

/* Referential triggers sleep with the others. */
#define IN_FOREIGN_KEY \
	"(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(k.conname), ', ') FROM family" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = family.oid AND a.attname = ANY ($3::text[])" \
	" JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)" \
	" OR k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey)))"

#define CAPTURED \
	"(SELECT pg_catalog.string_agg(DISTINCT t.tgname, ', ') FROM family JOIN pg_catalog.pg_trigger t" \
	" ON t.tgrelid = family.oid AND pg_catalog.starts_with(t.tgname::text, '~interlock_') AND t.tgenabled <> 'A')"

#define STORES \
	"(SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c WHERE c.relnamespace =" \
	" pg_catalog.to_regnamespace('interlock') AND c.relkind = 'r' AND c.relname ~ '^(old|looked|refill|wanted|created)_')"

#define KEY_FACTS \
	"key.columns AS key_columns, key.names AS key_names, key.definition AS key_definition, key.match AS key_match, (SELECT" \
	" pg_catalog.string_agg('OLD.' || k.name, ', ' ORDER BY k.n) FROM pg_catalog.json_array_elements_text(key.names::json)" \
	" WITH ORDINALITY k(name, n)) AS key_of_old"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_BEST_KEY(IN_SET) ", " SQL_LOOKED_UP
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN l.lacking IS NOT NULL THEN " SQL_NO_COLUMN("l.lacking")
	" WHEN " SQL_INHERITED " THEN 'other tables inherit from ' || " SQL_NAME("$1", "$2")
	" WHEN w.unfit IS NOT NULL THEN 'column ' || w.unfit"
	" WHEN t.later IS NOT NULL THEN 'triggers that fire after those of interlock: ' || t.later"
	" WHEN x.missing IS NOT NULL THEN x.missing WHEN x.problem IS NOT NULL THEN x.problem"
	" ELSE 'UPDATE triggers on ' || " SQL_NAME("$1", "$2") " || ': ' || t.fired END AS found,"
	" CASE WHEN rel.relkind NOT IN ('r', 'p') OR " SQL_INHERITED " THEN 'a table, partitioned or not'"
	" WHEN w.unfit IS NOT NULL THEN 'columns that take values'"
	" WHEN t.later IS NOT NULL THEN 'none that could change a row once its value is there'"
	" WHEN x.problem IS NOT NULL THEN x.expected"
	" ELSE 'to be told whether they fire for each row that is filled' END AS expected,"
	" CASE WHEN rel.relkind IN ('r', 'p') AND t.later IS NOT NULL THEN 'rename them: PostgreSQL fires triggers in the order of their names'"
	" WHEN rel.relkind IN ('r', 'p') AND x.missing IS NULL AND x.problem IS NOT NULL AND w.unfit IS NULL AND l.lacking IS NULL THEN x.help"
	" WHEN rel.relkind IN ('r', 'p') AND t.fired IS NOT NULL AND w.unfit IS NULL AND l.lacking IS NULL AND x.missing IS NULL"
	" THEN 'say triggers = \"fire\", or \"skip\" where they must not see it, as updated_at and outbox triggers' END AS help,"
	" CASE WHEN rel.oid IS NULL OR rel.relkind NOT IN ('r', 'p') OR " SQL_INHERITED " OR t.later IS NOT NULL"
	" OR l.lacking IS NULL AND w.unfit IS NULL AND x.missing IS NULL AND x.problem IS NULL THEN 'table' ELSE 'set' END AS option,"
	" " SQL_ROW_COLUMNS " AS columns, " SQL_ROW_CHECKS("$3::text[]") " AS checks, " SQL_ROW_TRIGGERS(SQL_ALWAYS_FIRES) " AS standing, " SQL_ROW_TRIGGERS("true") " AS ours, " STORES " AS stores, " SQL_ROW_FUNCTIONS " AS functions, " KEY_FACTS ", " SQL_SHOWN("$3::text[]") " AS shown, t.fired, " IN_FOREIGN_KEY " AS foreign_key, " CAPTURED " AS captured,"
	" " SQL_LOOKED_UP_COLUMNS " AS looked, " SQL_LOOKED_UP_TRIGGERS " AS noting, " SQL_LOOKED_UP_FIRED " AS their_triggers,"
	" " SQL_SYNCED("$3::text[]") " AS synced,"
	" " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN key ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.relkind IN ('r', 'p') THEN " SQL_LACKING("$3::text[]") " END) l(lacking)"
	" CROSS JOIN LATERAL (SELECT " SQL_UNFIT("$3::text[]") ") w(unfit)"
	" CROSS JOIN LATERAL (SELECT " FIRED ", " SQL_LATER_TRIGGERS ") t(fired, later)"
	" CROSS JOIN " SQL_LOOKED_UP_OBSTACLE
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL OR l.lacking IS NOT NULL THEN 'missing'"
	" WHEN rel.relkind IN ('r', 'p') AND x.missing IS NOT NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') OR " SQL_INHERITED " OR w.unfit IS NOT NULL OR t.later IS NOT NULL OR x.problem IS NOT NULL"
	" OR t.fired IS NOT NULL AND $4::text IS NULL THEN 'conflict' ELSE 'compare' END) s(state)";

#define VOLATILE \
	"(SELECT pg_catalog.string_agg(DISTINCT p.proname || '()', ', ') FROM twin JOIN pg_catalog.pg_rewrite r" \
	" ON r.ev_class = twin.oid, " SQL_CALLED("r.ev_action") "" \
	" JOIN pg_catalog.pg_proc p ON p.oid = f.oids[1]::oid AND p.provolatile = 'v')"

/* $1: other values each time are meant; $3, $4, $5: schema, name and matched columns of what is looked into, or NULL. */
static const char compare[] =
	"WITH " SQL_TWIN ", v AS (SELECT " VOLATILE " AS functions, " SQL_LOOKED_UP_INCOMPARABLE("twin", "$3", "$4", "$5") " AS types)"
	" SELECT CASE WHEN v.functions IS NOT NULL AND NOT $1::boolean OR v.types IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" coalesce(v.types, 'it calls ' || v.functions || ', which gives another value each time') AS found,"
	" CASE WHEN v.types IS NOT NULL THEN 'types that an index of the other table finds' ELSE 'SQL that gives the same value for"
	" the same row' END AS expected, 'set' AS option, CASE WHEN v.types IS NOT NULL THEN 'cast what is matched to the type of that column'"
	" WHEN $4::text IS NOT NULL THEN 'derive it from the row' ELSE"
	" 'derive the value from the row, or say volatile = true where that is meant' END AS help FROM v";

/* clang-format on */

/* A view of the expressions tells what they call; that the columns take them, a plan that is not run. */
static void add_scratch(const struct backfill_args *args, struct probe *probe)
{
	struct arena *arena = probe->arena;
	const char *table = relname_quoted(arena, &args->table), *alias = ident_quoted(arena, args->table.name);
	struct buf values = {0}, set = {0};

	for (size_t i = 0; i < args->set.count; i++) {
		const char *column = ident_quoted(arena, args->set.items[i].column);

		buf_addf(&values, "%s(%s) AS %s", i ? ", " : "", args->set.items[i].value, column);
		buf_addf(&set, "%s%s = (%s)", i ? ", " : "", column, args->set.items[i].value);
	}
	probe->scratch[probe->scratch_count++] = arena_printf(
		arena, "CREATE TEMPORARY VIEW %s AS SELECT %s FROM %s AS %s", alias, buf_text(&values), table, alias);
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "EXPLAIN UPDATE %s AS %s SET %s WHERE (%s)", table, alias, buf_text(&set),
	                 args->where ? args->where : "true");
	buf_release(&values);
	buf_release(&set);
}

static void probe(const void *step, struct probe *probe)
{
	const struct backfill_args *args = step;
	const char **names = arena_array(probe->arena, const char *, args->set.count);

	if (args->shadow.name) {
		shadow_fill_probe(&args->shadow, probe);
		return;
	}
	for (size_t i = 0; i < args->set.count; i++)
		names[i] = args->set.items[i].column;
	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->table.schema, args->table.name,
	                                    array_literal(names, args->set.count, probe->arena), args->triggers},
	                         .count = 11};
	if (lookup_of(args)) {
		lookup_probe(&args->table, &args->set, args->where, probe);
		probe->compare = (struct probe_query){.sql = compare,
		                                      .params = {"f", args->table.name, lookup_of(args)->table.schema,
		                                                 lookup_of(args)->table.name, probe->query.params[6]},
		                                      .count = 5};
		return;
	}
	add_scratch(args, probe);
	probe->compare = (struct probe_query){
		.sql = compare, .params = {args->is_volatile ? "t" : "f", args->table.name}, .count = 5};
}

static bool skips(const struct backfill_args *args)
{
	return args->triggers && strcmp(args->triggers, "skip") == 0;
}

static struct fill_plan plan_of(const struct backfill_args *args, const struct facts *facts, struct arena *arena)
{
	struct fill_plan plan = {.of = {.table = args->table},
	                         .set = &args->set,
	                         .where = args->where,
	                         .is_volatile = args->is_volatile,
	                         .triggers_sleep = skips(args),
	                         .keep_old = args->keep_old};

	row_table_read(record_get(facts->now, "columns"), arena, &plan.of);
	plan.of.checks = record_get(facts->now, "checks");
	return plan;
}

/* true, with the refusal set: own triggers can't sleep without others that must not. */
static bool refused(const struct backfill_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *key = record_get(facts->now, "foreign_key"), *captured = record_get(facts->now, "captured");

	if (owner_refused(facts, stmts))
		return true;
	if (!skips(args) || (!key && !captured))
		return false;
	stmts_refuse(stmts, "say triggers = \"fire\"", "with triggers = \"skip\" %s would sleep too: %s",
	             key ? "the checks of foreign keys" : "triggers of another run", key ? key : captured);
	stmts->refusal_option = "triggers";
	return true;
}

/* What must be there before the first row is filled. */
static void prepare(const struct fill_plan *plan, const struct filling *filling, const struct facts *facts,
                    struct stmts *stmts)
{
	filling_verify_steady(plan, filling, record_get(facts->now, "shown"), stmts);
	if (plan->keep_old)
		filling_old_make(plan, facts, stmts);
	if (!row_triggers_stand(filling_triggers(facts, stmts->arena), facts, stmts->arena))
		filling_add_triggers(plan, facts, stmts);
}

static void fill(const struct backfill_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct fill_plan plan = plan_of(args, facts, stmts->arena);
	struct filling *filling = filling_of(&plan, facts, stmts->arena);
	struct stmts withdraw = {.arena = stmts->arena};
	struct stmt *stmt;

	if (refused(args, facts, stmts))
		return;
	if (lookup_of(args)) {
		lookup_apply(&plan, facts, stmts);
		return;
	}
	if (row_table_has(&plan.of, &args->set))
		prepare(&plan, filling, facts, stmts);
	stmt = stmts_add(stmts, STMT_BATCHES, "UPDATE %s SET %s WHERE %s", relname_quoted(stmts->arena, &args->table),
	                 filling->set, filling->not_done);
	stmt->filling = filling;
	filling_take_triggers(&args->table, facts, &withdraw);
	filling->withdraw = withdraw.first;
	stmt->slow = true;
	stmt->note = "in short batches: readers and writers go on";
	filling_verify_steady(&plan, filling, record_get(facts->now, "shown"), stmts);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct backfill_args *args = step;

	if (args->shadow.name)
		shadow_fill_apply(&args->shadow, facts, stmts);
	else
		fill(args, facts, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct backfill_args *args = step;
	struct fill_plan plan;
	bool emptied;

	if (args->shadow.name) {
		shadow_fill_reverse(&args->shadow, facts, stmts);
		return;
	}
	plan = plan_of(args, facts, stmts->arena);
	if (lookup_of(args)) {
		lookup_reverse(&plan, facts, stmts);
		return;
	}
	emptied = filling_empty(&plan, facts, stmts);
	filling_drop_triggers(&args->table, facts, stmts);
	if (emptied)
		filling_drop_emptier(true, facts, stmts);
	if (args->keep_old)
		filling_old_back(&plan, facts, stmts);
}

/* Rows of another table, of which undo must know which they were. */
static bool creates(const struct backfill_args *args)
{
	const struct lookup *lookup = lookup_of(args);

	return lookup && strcmp(lookup->missing, "create") == 0;
}

static int64_t kept_for(const void *step)
{
	const struct backfill_args *args = step;

	return args->keep_old || creates(args) ? args->archive : 0;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct backfill_args *args = step;
	struct fill_plan plan;

	if (!lookup_of(args)) {
		filling_old_expire(facts, stmts);
		return;
	}
	plan = plan_of(args, facts, stmts->arena);
	lookup_expire(&plan, facts, stmts);
}

static void drop_triggers(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct backfill_args *args = step;
	struct fill_plan plan = plan_of(args, facts, stmts->arena);

	if (lookup_of(args))
		lookup_finish(&plan, facts, stmts);
	else if (!args->shadow.name)
		filling_drop_triggers(&args->table, facts, stmts);
}

static void follow(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct backfill_args *args = step;
	struct fill_plan plan = plan_of(args, facts, stmts->arena);

	if (lookup_of(args))
		lookup_follow(&plan, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct backfill_args *args = step;

	if (args->shadow.name) {
		buf_add(out, "copy all rows into ");
		ident_quote_relname(out, &args->shadow);
		return;
	}
	buf_add(out, "fill ");
	for (size_t i = 0; i < args->set.count; i++) {
		buf_add(out, i ? ", " : "");
		ident_quote(out, args->set.items[i].column);
	}
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
}

const struct step_type step_backfill = {
	.name = "backfill",
	.summary =
		"gives rows that are there a value, or copies them into a shadow, in short batches while the table is used",
	.example = "backfill { table = \"app.orders\", set = { total_cents = \"round(total * 100)\" },\n"
			   "           keep_old = true }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric NOT NULL, total_cents bigint);\n"
			 "INSERT INTO app.orders SELECT n, n / 7.0 FROM generate_series(1, 1000) n",
	.class = CLASS_DATA,
	.leaves_names = true,
	.size = sizeof(struct backfill_args),
	.options = options,
	.locks =
		"SHARE ROW EXCLUSIVE on the table, briefly, for the triggers; then ROW EXCLUSIVE, and for each batch its "
		"rows; ACCESS EXCLUSIVE, briefly, when the triggers go",
	.way_back =
		"a shadow is emptied again; with keep_old the earlier values, in rows that hold what they got, until archive (90 days) is over; "
		"else, of columns that were NULL, what rows were filled with, while the plan is not done; what somebody wrote stays, and what sync_columns keeps alike",
	.only_registry_tells = true,
	.looks_again = true,
	.check = check,
	.subject = subject,
	.other_subject = other_subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.kept_for = kept_for,
	.expire = expire,
	.finish = drop_triggers,
	.follow = follow,
	.describe = describe,
};
