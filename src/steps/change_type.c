/* Another type for a column, where the server has nothing to rewrite, to rebuild or to read. */
#include <jansson.h>
#include <string.h>

#include "plan/columns.h"
#include "plan/family.h"
#include "plan/type_cost.h"
#include "plan/type_trial.h"

enum { TABLES_MAX = 60 };

struct change_type_args {
	struct relname table;
	const char *column, *type, *collation, *using;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct change_type_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct change_type_args, column),
     .help = "the column"},
	{.name = "type",
     .kind = OPTION_TYPE,
     .required = true,
     .offset = offsetof(struct change_type_args, type),
     .help = "its new type, as in SQL; a collation is an option of its own"},
	{.name = "collation",
     .kind = OPTION_NAME,
     .offset = offsetof(struct change_type_args, collation),
     .help = "its new collation, as in '\"C\"'; a column with a collation of its own keeps it otherwise"},
	{.name = "using",
     .kind = OPTION_EXPRESSION,
     .offset = offsetof(struct change_type_args, using),
     .help = "how a value becomes one of the new type; only a cast that leaves it as it is stored"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	static const char *const serials[] = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"};
	const struct change_type_args *args = step;
	const char *type = sql_normalize(args->type, &diags->arena);

	for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
		if (strcmp(type, serials[i]) != 0)
			continue;
		diag_help(&diags->arena,
		          option_error(place, diags, "bad-option", "type",
		                       "%s is no type, but a way to declare a new column with a sequence", type),
		          "give the column a default from a sequence with set_default");
		return false;
	}
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct change_type_args *)step)->table;
	return true;
}

/* ---- What is there ---- */

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_FAMILY ", " SQL_MEMBER
	" SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN o.obstacle IS NOT NULL THEN 'conflict'"
	" WHEN col.attnum IS NULL THEN 'missing' ELSE 'compare' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN o.obstacle IS NOT NULL THEN o.obstacle"
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text") " END AS found, CASE WHEN o.obstacle IS NOT NULL THEN 'a table with a column ' || pg_catalog.quote_ident($3::text)"
	" || ' of its own' END AS expected, " SQL_COLUMN_HELP " AS help, " SQL_BLAME("column")
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true CROSS JOIN LATERAL (SELECT " SQL_COLUMN_OBSTACLE
	") o(obstacle)";

static const char compare[] =
	"WITH " SQL_REL ", " SQL_COL ", " SQL_FAMILY ", " SQL_MEMBER ", " SQL_TRIAL
	" SELECT CASE WHEN (trial.t->>'done')::boolean THEN 'done' ELSE 'absent' END AS state,"
	" 'column ' || pg_catalog.quote_ident($3::text) || ' ' || " SQL_TYPE("col") " AS found,"
	" 'column ' || pg_catalog.quote_ident($3::text) || ' ' || " SQL_TYPE("wanted") " AS expected,"
	" " SQL_TYPE("col") " AS column_type, " SQL_TYPE("wanted") " AS wanted_type,"
	" " SQL_OWNER_FACTS ", " SQL_COST_FACTS " FROM rel CROSS JOIN col CROSS JOIN trial CROSS JOIN wanted";

/* clang-format on */

/* There, or back to what the column was when this run changed it. */
static struct type_trial trial_of(const struct change_type_args *args, const struct record *before,
                                  struct arena *arena)
{
	const char *earlier = record_get(before, "column_type");
	struct type_trial trial = {.table = args->table, .column = args->column, .is_back = earlier != NULL};

	trial.type = earlier ? earlier : args->type;
	if (!earlier && args->collation)
		trial.collation = ident_quoted(arena, args->collation);
	if (!earlier)
		trial.using = args->using;
	return trial;
}

static void probe(const void *step, struct probe *probe)
{
	const struct change_type_args *args = step;
	struct type_trial trial = trial_of(args, probe->before, probe->arena);

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->column}, .count = 3};
	type_trial_add(&trial, probe);
	probe->compare = probe->query;
	probe->compare.sql = compare;
}

/* ---- There and back ---- */

/* A foreign key is made anew, under locks on both its tables. */
static void lock_all(const struct change_type_args *args, const struct facts *facts, struct stmts *stmts,
                     struct stmt *stmt)
{
	const char *text = record_get(facts->now, "key_tables");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	json_array_foreach(list, i, entry)
	{
		struct relname table;

		if (json_unpack(entry, "[s, s]", &table.schema, &table.name) == 0) {
			table.schema = arena_strdup(stmts->arena, table.schema);
			table.name = arena_strdup(stmts->arena, table.name);
			stmt_lock(stmts, stmt, &table, LOCK_ACCESS_EXCLUSIVE);
		}
	}
	json_decref(list);
}

static bool too_many_tables(const struct facts *facts, struct stmts *stmts)
{
	const char *text = record_get(facts->now, "key_tables");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL;
	size_t count = json_array_size(list);

	json_decref(list);
	if (count > TABLES_MAX)
		stmts_refuse(stmts, type_cost_way_out,
		             "foreign keys connect the column with %zu tables, all of which would be locked", count);
	return stmts->refusal != NULL;
}

/* With the old type go a storage that was set for the column, and the planner's figures of it. */
static void alter(const struct change_type_args *args, const struct facts *facts, const char *words,
                  struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *table = relname_quoted(arena, &args->table), *column = ident_quoted(arena, args->column);
	const char *storage = record_get(facts->now, "column_storage");
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ALTER COLUMN %s TYPE %s%s", table, column, words,
	              storage ? arena_printf(arena, ", ALTER COLUMN %s SET STORAGE %s", column, storage) : "");
	const char *back = record_get(facts->now, "free_back");

	lock_all(args, facts, stmts, stmt);
	stmt->note = back && !record_true(facts->now, "free_back")
	                 ? "brief: no row is rewritten or read; on the way back they would be, so undo refuses"
	                 : "brief: no row is rewritten or read";
	if (!record_true(facts->now, "is_analyzed"))
		return;
	stmt = stmts_add(stmts, STMT_ALONE, "ANALYZE %s", table);
	stmt_lock(stmts, stmt, &args->table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "the planner's figures of the column went with its type; reads a sample of the rows";
}

static const char *column_of(const struct change_type_args *args, struct arena *arena)
{
	return arena_printf(arena, "column %s of %s", ident_quoted(arena, args->column),
	                    relname_quoted(arena, &args->table));
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct change_type_args *args = step;
	struct type_trial trial = trial_of(args, NULL, stmts->arena);

	if (!owner_refused(facts, stmts) &&
	    !type_cost_refused(&args->table, column_of(args, stmts->arena), facts, stmts) &&
	    !too_many_tables(facts, stmts))
		alter(args, facts, type_trial_words(&trial, record_get(facts->now, "clause"), stmts->arena), stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct change_type_args *args = step;
	const char *what = column_of(args, stmts->arena), *is = record_get(facts->now, "column_type");
	const char *was = record_get(facts->before, "column_type"), *made = record_get(facts->before, "wanted_type");

	if (facts->state == STATE_DONE || !was)
		return;
	if (!is)
		stmts_refuse(stmts, "bring it back, then undo again", "%s is gone", what);
	else if (made && strcmp(is, made) != 0)
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             "%s is no longer what this run made it: it is %s, not %s", what, is, made);
	else if (!owner_refused(facts, stmts) && !type_cost_refused(&args->table, what, facts, stmts) &&
	         !too_many_tables(facts, stmts))
		alter(args, facts, was, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct change_type_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "change the type of %s to %s", column_of(args, &arena), args->type);
	if (args->collation)
		buf_addf(out, " COLLATE %s", ident_quoted(&arena, args->collation));
	arena_release(&arena);
}

const struct step_type step_change_type = {
	.name = "change_type",
	.summary = "changes the type of a column where the server has nothing to rewrite, to rebuild or to read",
	.example = "change_type { table = \"app.users\", column = \"email\", type = \"text\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email varchar DEFAULT 'nobody' NOT NULL);\n"
			 "CREATE INDEX ON app.users (email);\n"
			 "CREATE UNIQUE INDEX ON app.users (id, email);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n;\n"
			 "ANALYZE app.users",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct change_type_args),
	.options = options,
	.locks =
		"ACCESS EXCLUSIVE on the table and on those that foreign keys of the column connect with it, briefly; then "
		"SHARE UPDATE EXCLUSIVE while ANALYZE reads a sample of its rows.  A statement that a session prepared "
		"before, with this column in its result, fails once afterwards, and drivers then prepare it again",
	.way_back =
		"changes the type back where that costs nothing either, as from text to varchar; where it would rewrite the "
		"table, as from text to varchar(20), undo refuses before it takes anything back, and preview says so",
	.looks_again = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
