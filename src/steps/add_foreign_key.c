/* A foreign key, first unvalidated, then validated without holding up readers or writers. */
#include <string.h>

#include "plan/family.h"
#include "plan/referring.h"

struct add_foreign_key_args {
	struct relname table;
	const char *column;
	struct column_list columns;
	const char *references, *on_delete, *on_update, *name;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct add_foreign_key_args, table),
     .help = "the table that refers to the other one"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .offset = offsetof(struct add_foreign_key_args, column),
     .help = "the referring column; several are given as columns"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct add_foreign_key_args, columns),
     .help = "the referring columns, in the order of those that they refer to"},
	{.name = "references",
     .kind = OPTION_REFERENCES,
     .required = true,
     .offset = offsetof(struct add_foreign_key_args, references),
     .help = "the table referred to, by its primary key, or table(column, …)"},
	{.name = "on_delete",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct add_foreign_key_args, on_delete),
     .choices = foreign_key_actions,
     .help = "what becomes of a row when the row that it refers to is deleted"},
	{.name = "on_update",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct add_foreign_key_args, on_update),
     .choices = foreign_key_actions,
     .help = "what becomes of a row when the key that it refers to changes"},
	{.name = "name",
     .kind = OPTION_NAME,
     .offset = offsetof(struct add_foreign_key_args, name),
     .help = "the name of the constraint; PostgreSQL's own choice where it is left out"},
	OPTION_END,
};

/* false, after an error with its way out. */
static bool wrong(const struct option_place *place, struct diags *diags, const char *option, const char *what)
{
	struct diag *diag = option_error(place, diags, option ? "bad-option" : "missing-option", option, "%s", what);

	diag_help(&diags->arena, diag, "give column = \"a\", or columns = { \"a\", \"b\" }");
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct add_foreign_key_args *args = step;

	if (!args->column && args->columns.count == 0)
		return wrong(place, diags, NULL, "add_foreign_key needs the referring column");
	if (args->column && args->columns.count)
		return wrong(place, diags, "columns", "column and columns say the same thing twice");
	for (size_t i = 0; i < args->columns.count; i++)
		if (!args->columns.items[i].column)
			return wrong(place, diags, "columns", "a foreign key has columns only, no expression");
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct add_foreign_key_args *)step)->table;
	return true;
}

/* The table referred to. */
static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	const struct add_foreign_key_args *args = step;
	struct foreign_key_plan key = {.table = args->table};

	if (n > 0 || !foreign_key_refer(&key, args->references, arena))
		return false;
	*table = key.parent;
	return true;
}

static struct foreign_key_plan plan_of(const struct add_foreign_key_args *args, struct arena *arena)
{
	size_t count = args->column ? 1 : args->columns.count;
	const char **columns = arena_array(arena, const char *, count);
	struct foreign_key_plan key = {.table = args->table, .columns = columns, .column_count = count};

	for (size_t i = 0; i < count; i++)
		columns[i] = args->column ? args->column : args->columns.items[i].column;
	key.on_delete = foreign_key_action(args->on_delete);
	key.on_update = foreign_key_action(args->on_update);
	key.name = args->name ? args->name : foreign_key_name(&key, arena);
	foreign_key_refer(&key, args->references, arena);
	return key;
}

/* clang-format off */

#define IS_TABLE "rel.relkind IN ('r', 'p')"
#define NAME_TAKEN "namesake.definition IS NOT NULL AND same.conname IS NULL"
#define COUNTS_DIFFER "pg_catalog.cardinality(aim.columns) <> pg_catalog.cardinality($3::text[])"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_FOREIGN_KEY("$3::text[]", "$4", "$5", "$6::text[]", "$7::text", "$8") ", "
	SQL_WRONG_PAIRS("$3::text[]")
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN NOT " IS_TABLE " THEN " SQL_IS_A("rel.relkind")
	" WHEN s.state = 'partial' THEN 'constraint ' || pg_catalog.quote_ident(same.conname) || ', not validated'"
	" WHEN s.state = 'done' THEN 'constraint ' || pg_catalog.quote_ident(same.conname)"
	" WHEN " NAME_TAKEN " THEN namesake.definition WHEN parent.oid IS NULL THEN " SQL_NO_TABLE("$4", "$5")
	" WHEN wrong.child_lacks IS NOT NULL THEN " SQL_CHILD_LACKS " WHEN v.virtual IS NOT NULL THEN v.virtual" SQL_PARENT_FOUND
	" WHEN " COUNTS_DIFFER " THEN 'the primary key of ' || " SQL_NAME("$4", "$5") " || ' is '"
	" || pg_catalog.array_to_string(aim.columns, ', ') ELSE wrong.unlike END AS found,"
	" CASE WHEN NOT " IS_TABLE " THEN 'a table' WHEN " NAME_TAKEN " THEN $9::text"
	" WHEN v.virtual IS NOT NULL THEN " SQL_STORED_COLUMNS SQL_PARENT_EXPECTED
	" WHEN " COUNTS_DIFFER " THEN 'as many columns as ' || pg_catalog.array_to_string($3::text[], ', ')"
	" WHEN wrong.unlike IS NOT NULL THEN 'columns that can be compared' ELSE $9::text END AS expected,"
	" CASE WHEN rel.oid IS NULL OR NOT " IS_TABLE " OR " NAME_TAKEN " OR wrong.child_lacks IS NOT NULL"
	" OR v.virtual IS NOT NULL THEN NULL" SQL_PARENT_HELP
	" WHEN " COUNTS_DIFFER " THEN 'say which columns are meant: table(column, …)' END AS help,"
	" CASE WHEN rel.oid IS NULL OR NOT " IS_TABLE " THEN 'table' WHEN " NAME_TAKEN " THEN 'name'"
	" WHEN parent.oid IS NULL OR wrong.child_lacks IS NULL AND v.virtual IS NULL THEN 'references'"
	" WHEN pg_catalog.cardinality($3::text[]) = 1 THEN 'column' ELSE 'columns' END AS option,"
	" rel.relkind, parent.relkind AS parent_relkind, same.conname AS foreign_key, wrong.match,"
	" " SQL_SHOWN("$3::text[]") " AS shown, " SQL_OWNER_FACTS ","
	" pg_catalog.has_table_privilege(parent.oid, 'REFERENCES') AS may_refer, current_user::text AS role"
	" FROM aim CROSS JOIN wrong LEFT JOIN rel ON true LEFT JOIN parent ON true LEFT JOIN same ON true"
	" LEFT JOIN namesake ON true CROSS JOIN LATERAL (SELECT " SQL_VIRTUAL("$3::text[]") ") v(virtual)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN NOT " IS_TABLE " THEN 'conflict' WHEN same.convalidated THEN 'done' WHEN same.conname IS NOT NULL THEN 'partial'"
	" WHEN " NAME_TAKEN " THEN 'conflict' WHEN parent.oid IS NULL OR wrong.child_lacks IS NOT NULL THEN 'missing'"
	" WHEN v.virtual IS NOT NULL OR parent.relkind NOT IN ('r', 'p') OR aim.columns IS NULL THEN 'conflict'"
	" WHEN wrong.parent_lacks IS NOT NULL THEN 'missing' WHEN NOT " SQL_PARENT_HAS_KEY " OR " COUNTS_DIFFER
	" OR wrong.unlike IS NOT NULL THEN 'conflict' ELSE 'absent' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	struct arena *arena = probe->arena;
	struct foreign_key_plan key = plan_of(step, arena);
	char actions[] = {key.on_delete, key.on_update, '\0'};

	probe->query = (struct probe_query){
		.sql = query,
		.params = {key.table.schema, key.table.name, array_literal(key.columns, key.column_count, arena),
	               key.parent.schema, key.parent.name, array_literal(key.referenced, key.referenced_count, arena),
	               arena_strdup(arena, actions), key.name,
	               arena_printf(arena, "constraint %s %s", ident_quoted(arena, key.name),
	                            foreign_key_text(&key, arena))},
		.count = 9};
}

/* true, with the refusal set: the role has no right to it. */
static bool refused(const struct foreign_key_plan *key, const struct facts *facts, struct stmts *stmts)
{
	const char *role = record_get(facts->now, "role"), *parent = relname_quoted(stmts->arena, &key->parent);

	if (owner_refused(facts, stmts) || !role || record_true(facts->now, "may_refer"))
		return stmts->refusal != NULL;
	stmts_refuse(stmts,
	             arena_printf(stmts->arena, "GRANT REFERENCES ON %s TO %s, or run the plan as its owner", parent,
	                          ident_quoted(stmts->arena, role)),
	             "role \"%s\" may not refer to %s", role, parent);
	stmts->refusal_option = "references";
	return true;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct foreign_key_plan key = plan_of(step, stmts->arena);
	const char *existing = record_get(facts->now, "foreign_key");
	bool ours = facts->state == STATE_ABSENT || (facts->before && !record_get(facts->before, "foreign_key"));

	if (refused(&key, facts, stmts))
		return;
	if (!existing)
		foreign_key_add(&key, facts, stmts);
	if (stmts->refusal)
		return;
	foreign_key_validate(&key, existing ? existing : key.name, stmts);
	stmts->last->culprits = referring_culprits(&key, ours ? key.name : NULL, facts, stmts);
}

/* One that was there before, only not validated, stays. */
static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct foreign_key_plan key = plan_of(step, stmts->arena);
	const char *existing = record_get(facts->now, "foreign_key");

	if (existing && !record_get(facts->before, "foreign_key"))
		foreign_key_drop(&key, existing, stmts);
}

static void describe(const void *step, struct buf *out)
{
	struct arena arena = {0};
	struct foreign_key_plan key = plan_of(step, &arena);

	buf_addf(out, "add to %s %s", relname_quoted(&arena, &key.table), foreign_key_text(&key, &arena));
	arena_release(&arena);
}

const struct step_type step_add_foreign_key = {
	.name = "add_foreign_key",
	.summary = "adds a foreign key without holding up readers or writers while rows are checked",
	.example = "add_foreign_key { table = \"app.users\", column = \"org_id\", references = \"app.orgs\",\n"
			   "                  on_delete = \"cascade\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orgs (id bigint PRIMARY KEY);\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, org_id bigint);\n"
			 "INSERT INTO app.orgs VALUES (1);\n"
			 "INSERT INTO app.users VALUES (1, 1), (2, NULL)",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct add_foreign_key_args),
	.options = options,
	.locks =
		"SHARE ROW EXCLUSIVE on both tables, briefly; then SHARE UPDATE EXCLUSIVE on the referring table and ROW "
		"SHARE on the other while the rows are checked",
	.way_back = "drops the constraint if this run added it, with ACCESS EXCLUSIVE on both tables, briefly",
	.check = check,
	.subject = subject,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
