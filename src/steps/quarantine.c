/* Rows set aside, with those that would go with them, and put back whole. */
#include <string.h>

#include "plan/quarantine.h"
#include "plan/verdict.h"

static const char *const trigger_choices[] = {"fire", "skip", NULL};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct quarantine, table),
     .help = "the table that rows leave"},
	{.name = "into",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct quarantine, into),
     .help =
         "where they are kept: a table that quarantine_table made; one of the registry where it is left out, as "
         "always for rows of other tables that go with them"},
	{.name = "where",
     .kind = OPTION_PREDICATE,
     .required = true,
     .offset = offsetof(struct quarantine, where),
     .help = "which rows: a condition over columns of the table, which may ask other tables"},
	{.name = "reason",
     .kind = OPTION_TEXT,
     .required = true,
     .offset = offsetof(struct quarantine, reason),
     .help = "why; it is kept with each row"},
	{.name = "at_most",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct quarantine, at_most),
     .minimum = 1,
     .maximum = INT64_C(1000000000),
     .help = "if more rows than these would go, those of other tables counted too, none does"},
	{.name = "triggers",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct quarantine, triggers),
     .choices = trigger_choices,
     .help =
         "must be given where the tables have triggers that a DELETE fires: \"fire\" lets them, and those of INSERT "
         "when the rows come back; \"skip\" does not, and needs the right to set session_replication_role"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct quarantine *args = step;
	struct diag *diag;

	if (args->into.name && relname_equal(&args->table, &args->into)) {
		diag = option_error(place, diags, "bad-option", "into", "a table can't be its own quarantine");
		diag_help(&diags->arena, diag,
		          "make one with quarantine_table { like = …, into = … } first, and name that");
		return false;
	}
	if (strcmp(args->table.schema, "interlock") == 0) {
		diag = option_error(place, diags, "bad-option", "table", "\"%s\" is a table of the registry",
		                    args->table.name);
		diag_help(&diags->arena, diag, "interlock restore puts rows back that are kept there");
		return false;
	}
	if (!args->into.name || strcmp(args->into.schema, "interlock") != 0)
		return true;
	diag = option_error(place, diags, "bad-option", "into", "schema interlock is the registry's own");
	diag_help(&diags->arena, diag, "leave into out: the rows are then kept in the registry");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct quarantine *)step)->table;
	return true;
}

static bool other_subject(const void *step, struct relname *table)
{
	*table = ((const struct quarantine *)step)->into;
	return table->name != NULL;
}

static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	const struct quarantine *args = step;

	(void)arena;
	*table = n == 0 ? args->table : args->into;
	return n == 0 || (n == 1 && table->name);
}

static bool stands_on_names(const void *step)
{
	(void)step;
	return true;
}

/* clang-format off */

#define STORE "pg_catalog.quote_ident($3::text) || '.' || pg_catalog.quote_ident($4::text)"

/* A table that inherits without being a partition, and a partition that the server keeps elsewhere. */
#define HEIR \
	"(SELECT " SQL_QUARANTINE_NAME("i.inhrelid") " FROM pg_catalog.pg_inherits i WHERE i.inhparent = rel.oid AND rel.relkind = 'r' LIMIT 1)"
#define FOREIGN \
	"(SELECT " SQL_QUARANTINE_NAME("f.oid") " FROM pg_catalog.pg_class f WHERE f.relkind = 'f' AND f.oid IN (SELECT t.relid" \
	" FROM pg_catalog.pg_partition_tree(rel.oid) t) LIMIT 1)"

/* CTE, asked once: the planner would take it to be asked for each of the obstacles, and begin to compile. */
#define FIRING "firing AS MATERIALIZED (SELECT 'trigger ' || t.name || ' of ' || t.at || ' would fire' AS what FROM (" SQL_QUARANTINE_TRIGGERS ") t ORDER BY 1 LIMIT 1)"

/* $1, $2: the table; $3, $4: where its rows go, or NULL. */
static const char query[] =
	"WITH RECURSIVE " SQL_REL ", store AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace WHERE n.nspname = $3::text AND c.relname = $4::text), "
	SQL_QUARANTINE_WAYS("(SELECT " SQL_QUARANTINE_TOP("rel.oid") " FROM rel WHERE rel.relkind IN ('r', 'p'))") ", " FIRING
	" SELECT coalesce(o.state, 'absent') AS state, o.found, o.expected, o.option, o.help, rel.relkind, firing.what AS firing,"
	" pg_catalog.has_table_privilege(rel.oid, 'DELETE') AS may_delete, current_user::text AS role,"
	" (SELECT pg_catalog.string_agg(DISTINCT " SQL_QUARANTINE_NAME("w.child_rel") ", ', ') FROM ways w"
	" WHERE w.action = 'c' AND w.child_rel NOT IN (SELECT x.oid FROM " SQL_QUARANTINE_TREE("w.parent_rel") " x(oid))) AS followers"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN store ON true LEFT JOIN firing ON true LEFT JOIN LATERAL (SELECT v.* FROM (VALUES"
	" (1, 'missing', CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " END, NULL, 'table', NULL),"
	" (2, 'conflict', CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") " END, 'a table', 'table', NULL),"
	" (3, 'conflict', " HEIR " || ' inherits from ' || " SQL_NAME("$1", "$2") ", 'a table that no other inherits from', 'table',"
	" 'let that one go first: ALTER TABLE … NO INHERIT …, in a sql_step'),"
	" (4, 'conflict', 'partition ' || " FOREIGN " || ' of ' || " SQL_NAME("$1", "$2") " || ' is a foreign table', 'partitions of this server',"
	" 'table', 'work on the other partitions one by one'),"
	" (5, 'conflict', (SELECT x.clash FROM (SELECT " SQL_QUARANTINE_CLASH("tabs.rel") " AS clash FROM tabs) x WHERE x.clash IS NOT NULL LIMIT 1),"
	" 'no column of a name that a quarantine needs itself', 'table', 'rename that column first'),"
	" (6, 'missing', CASE WHEN $4::text IS NOT NULL AND store.oid IS NULL THEN 'no table ' || " STORE " END, NULL, 'into',"
	" 'quarantine_table { like = …, into = … } in an earlier phase makes it'),"
	" (7, 'conflict', CASE WHEN store.relkind <> 'r' THEN " STORE " || CASE store.relkind WHEN 'p' THEN ' is partitioned' ELSE ' is no table' END END, 'a table that quarantine_table made', 'into', NULL),"
	" (8, 'conflict', CASE WHEN store.oid IS NOT NULL THEN " STORE " || ' has no column ' || " SQL_QUARANTINE_LACKS("store.oid") " END,"
	" 'a table that quarantine_table made', 'into', 'make one with quarantine_table { like = …, into = … } first, and name that'),"
	" (9, 'conflict', (SELECT d.found FROM (" SQL_QUARANTINE_DIFFERENCE("store.oid", "rel.oid") ") d),"
	" (SELECT d.expected FROM (" SQL_QUARANTINE_DIFFERENCE("store.oid", "rel.oid") ") d), 'into', 'give it that type, or make another quarantine')) v(n, state, found, expected, option, help)"
	" WHERE v.found IS NOT NULL ORDER BY v.n LIMIT 1) o ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct quarantine *args = step;

	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->table.schema, args->table.name, args->into.schema, args->into.name},
	                         .count = 4};
	/* Nothing is built: the server reads the condition, and says what it would refuse. */
	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "EXPLAIN SELECT FROM %s WHERE (%s)", relname_quoted(probe->arena, &args->table),
	                 sql_normalize(args->where, probe->arena));
}

/* true, with the refusal set: the role may not delete there, or nobody said what becomes of a trigger. */
static bool refused(const struct quarantine *args, const struct facts *facts, struct stmts *stmts)
{
	const char *role = record_get(facts->now, "role"), *table = relname_quoted(stmts->arena, &args->table);
	const char *firing = args->triggers ? NULL : record_get(facts->now, "firing");

	if (firing)
		stmts_refuse(stmts, "say in the plan whether triggers shall fire: triggers = \"fire\", or \"skip\"", "%s",
		             firing);
	else if (role && !record_true(facts->now, "may_delete"))
		stmts_refuse(stmts,
		             arena_printf(stmts->arena,
		                          "GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s, or run the plan as its owner",
		                          table, ident_quoted(stmts->arena, role)),
		             "role \"%s\" may not delete from %s", role, table);
	if (stmts->refusal)
		stmts->refusal_option = "table";
	return stmts->refusal != NULL;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	if (!refused(step, facts, stmts))
		quarantine_move(step, facts, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	quarantine_undo(step, facts, stmts);
}

static void restore(const void *step, const struct facts *facts, struct stmts *stmts)
{
	quarantine_restore(step, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct quarantine *args = step;
	struct arena arena = {0};

	buf_addf(out, "set rows of %s aside where %s", relname_quoted(&arena, &args->table),
	         query_shown(args->where, &arena));
	arena_release(&arena);
}

const struct step_type step_quarantine = {
	.name = "quarantine",
	.summary = "moves rows aside, with those that would go with them, and puts them back whole",
	.example = "quarantine { table = \"app.orders\", where = [[ total < 0 ]], at_most = 100,\n"
			   "             reason = \"negative totals, SHOP-4711\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric(10, 2) NOT NULL);\n"
		"CREATE TABLE app.items (order_id bigint REFERENCES app.orders ON DELETE CASCADE, no integer, name text,\n"
		"                        PRIMARY KEY (order_id, no));\n"
		"CREATE TABLE app.payments (id bigint PRIMARY KEY, order_id bigint REFERENCES app.orders ON DELETE SET NULL);\n"
		"INSERT INTO app.orders (total) SELECT n - 10 FROM generate_series(1, 50) n;\n"
		"INSERT INTO app.items SELECT 1 + n % 50, n, 'item ' || n FROM generate_series(1, 100) n;\n"
		"INSERT INTO app.payments SELECT n, n FROM generate_series(1, 50) n",
	.class = CLASS_DATA,
	.leaves_names = true,
	.size = sizeof(struct quarantine),
	.options = options,
	.locks =
		"what DELETE takes, on the table and on those whose rows go with its rows; the rows of a batch are locked "
		"until it is done",
	.way_back =
		"puts every row back, children and the keys that ON DELETE took away too, and compares each; refused "
		"while a row with its key is there again",
	.only_registry_tells = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.other_subject = other_subject,
	.stands_on = stands_on,
	.stands_on_names = stands_on_names,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.restore = restore,
	.describe = describe,
};
