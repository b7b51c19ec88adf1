/* A CHECK constraint, first not validated, then validated without holding up readers or writers. */
#include <string.h>

#include "plan/below.h"
#include "plan/columns.h"
#include "plan/constraints.h"
#include "sql/columns.h"

struct add_check_args {
	struct relname table;
	const char *name, *check;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct add_check_args, table),
     .help = "the table whose rows must obey it"},
	{.name = "name",
     .kind = OPTION_NAME,
     .offset = offsetof(struct add_check_args, name),
     .help = "the name of the constraint; <table>_<columns>_check where it is left out"},
	{.name = "check",
     .kind = OPTION_PREDICATE,
     .required = true,
     .offset = offsetof(struct add_check_args, check),
     .help = "the condition, over columns of one row"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct add_check_args *)step)->table;
	return true;
}

/* As PostgreSQL chooses it for one column; for several it would name none of them, and count. */
static const char *check_name(const struct add_check_args *args, struct arena *arena)
{
	struct buf names = {0};
	const char *const *columns, *name;
	size_t count = sql_columns(args->check, arena, &columns);

	for (size_t i = 0; i < count; i++)
		buf_addf(&names, "%s%s", i ? "_" : "", columns[i]);
	name =
		args->name ? args->name : ident_derived(arena, args->table.name, count ? buf_text(&names) : NULL, "check");
	buf_release(&names);
	return name;
}

/* The columns that must be there, as an array literal; the name of the table stands for the whole row. */
static const char *columns_of(const struct add_check_args *args, struct arena *arena)
{
	const char *const *columns;
	size_t count = sql_columns(args->check, arena, &columns), kept = 0;
	const char **names = arena_array(arena, const char *, count + 1);

	for (size_t i = 0; i < count; i++)
		if (strcmp(columns[i], args->table.name) != 0)
			names[kept++] = columns[i];
	return array_literal(names, kept, arena);
}

/* clang-format off */

#define CONSTRAINT(k) \
	"'constraint ' || pg_catalog.quote_ident(" k ".conname) || ' ' || pg_catalog.pg_get_constraintdef(" k ".oid)"
#define EXPRESSION(k) "pg_catalog.pg_get_expr(" k ".conbin, " k ".conrelid)"

static const char query[] =
	"WITH " SQL_REL ", " SQL_BELOW ", near AS (SELECT k.oid FROM pg_catalog.pg_constraint k"
	" WHERE k.conrelid IN (SELECT oid FROM rel UNION ALL SELECT oid FROM below) AND k.conname = $3::text"
	" UNION ALL SELECT k.oid FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid"
	" WHERE k.contype = 'c' AND NOT $4::boolean)"
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN s.state = 'conflict' THEN " SQL_IS_A("rel.relkind")
	" WHEN s.state = 'missing' THEN " SQL_NO_COLUMN("l.lacking") " END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table' END AS expected, " SQL_BLAME("check") ", l.lacking AS piece, " SQL_SHOWN("$5::text[]") " AS shown, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true CROSS JOIN LATERAL (SELECT " SQL_LACKING("$5::text[]") ") l(lacking)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN l.lacking IS NOT NULL THEN 'missing'"
	" WHEN EXISTS (SELECT FROM near) THEN 'compare' ELSE 'absent' END) s(state)";

/* One that is NO INHERIT, or of PostgreSQL 18 and NOT ENFORCED, is another constraint. */
static const char compare[] =
	"WITH " SQL_REL ", " SQL_BELOW ", " SQL_TWIN ", new AS (SELECT k.* FROM twin"
	" JOIN pg_catalog.pg_constraint k ON k.conrelid = twin.oid AND k.conname = $3::text AND k.contype = 'c'),"
	" same AS (SELECT k.* FROM new CROSS JOIN rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid"
	" AND k.contype = 'c' AND " EXPRESSION("k") " = " EXPRESSION("new") " AND NOT k.connoinherit"
	" AND pg_catalog.pg_get_constraintdef(k.oid) !~ ' NOT ENFORCED$' AND (k.conname = $3::text OR NOT $4::boolean)"
	" ORDER BY k.conname = $3::text DESC, k.convalidated DESC, k.conname LIMIT 1),"
	" other AS (SELECT k.oid, k.conname, k.conrelid FROM new CROSS JOIN pg_catalog.pg_constraint k"
	" WHERE k.conname = $3::text AND (k.conrelid IN (SELECT oid FROM rel) OR k.conrelid IN (SELECT oid FROM below)"
	" AND (k.contype <> 'c' OR " EXPRESSION("k") " <> " EXPRESSION("new") ")) ORDER BY k.conrelid LIMIT 1)"
	" SELECT CASE WHEN same.convalidated THEN 'done' WHEN same.oid IS NOT NULL THEN 'partial'"
	" WHEN other.oid IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" CASE WHEN same.oid IS NOT NULL THEN " CONSTRAINT("same") " WHEN other.oid IS NOT NULL THEN " CONSTRAINT("other")
	" || CASE WHEN other.conrelid <> rel.oid THEN ' of ' || other.conrelid::regclass::text ELSE '' END END AS found,"
	" " CONSTRAINT("new") " AS expected, 'check' AS option, same.conname AS constraint"
	" FROM new CROSS JOIN rel LEFT JOIN same ON true LEFT JOIN other ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct add_check_args *args = step;
	struct arena *arena = probe->arena;
	const char *name = check_name(args, arena), *twin = ident_quoted(arena, args->table.name);

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->table.schema, args->table.name, name, args->name ? "t" : "f", columns_of(args, arena)},
		.count = 5};
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE %s (LIKE %s)", twin, relname_quoted(arena, &args->table));
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "ALTER TABLE pg_temp.%s ADD CONSTRAINT %s CHECK (%s)", twin, ident_quoted(arena, name),
	                 sql_normalize(args->check, arena));
	probe->compare = probe->query;
	probe->compare.sql = compare;
	probe->compare.count = 4;
}

/* The rows that break it, and the constraint taken away again if it is ours. */
static const struct culprits *culprits(const struct add_check_args *args, const struct facts *facts,
                                       struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *shown = record_get(facts->now, "shown");
	bool ours = facts->state == STATE_ABSENT || (facts->before && !record_get(facts->before, "constraint"));
	struct culprits *c = arena_alloc(arena, sizeof(*c));

	c->query = arena_printf(arena, "SELECT %s FROM %s WHERE (%s) IS FALSE", shown ? shown : "*",
	                        relname_quoted(arena, &args->table), sql_normalize(args->check, arena));
	c->what = "rows that break it";
	c->help = "mend these rows, and what writes them, then run again";
	if (ours)
		c->withdraw = constraint_withdrawal(&args->table, check_name(args, arena), arena);
	return c;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_check_args *args = step;
	const char *existing = record_get(facts->now, "constraint"), *name = check_name(args, stmts->arena);
	struct stmt *stmt;

	if (owner_refused(facts, stmts))
		return;
	if (!existing) {
		stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID",
		                 relname_quoted(stmts->arena, &args->table), ident_quoted(stmts->arena, name),
		                 sql_normalize(args->check, stmts->arena));
		stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
		stmt->note = "brief: existing rows are not looked at";
	}
	constraint_validate(&args->table, existing ? existing : name, stmts)->culprits = culprits(args, facts, stmts);
}

/* One that was there before, only not validated, stays. */
static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_check_args *args = step;
	const char *existing = record_get(facts->now, "constraint"), *name = check_name(args, stmts->arena);

	if (record_get(facts->before, "constraint") || owner_refused(facts, stmts))
		return;
	if (facts->state == STATE_CONFLICT)
		stmts_refuse(stmts, "drop it by hand", "the constraint is no longer what this run made: %s",
		             record_get(facts->now, "found"));
	else if (existing && strcmp(existing, name) == 0)
		constraint_drop(&args->table, name, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct add_check_args *args = step;

	buf_add(out, "add to ");
	ident_quote_relname(out, &args->table);
	buf_addf(out, " CHECK (%s)", args->check);
}

const struct step_type step_add_check = {
	.name = "add_check",
	.summary = "adds a CHECK constraint without holding up readers or writers while rows are checked",
	.example = "add_check { table = \"app.orders\", check = \"total >= 0\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total bigint);\n"
			 "INSERT INTO app.orders SELECT n, n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct add_check_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly; then SHARE UPDATE EXCLUSIVE while the rows are read",
	.way_back = "drops the constraint if this run added it, with ACCESS EXCLUSIVE on the table, briefly",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
