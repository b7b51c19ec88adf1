/* The end of a column; with `archive` its values are kept by key, and undo brings it back. */
#include <string.h>

#include "base/interval.h"
#include "plan/archive.h"
#include "plan/dependents.h"
#include "plan/family.h"
#include "plan/not_null.h"
#include "plan/probes.h"

struct drop_column_args {
	struct relname table;
	const char *column;
	int64_t archive; /* ms; 0: nothing is kept */
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_column_args, table),
     .help = "the table that loses the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct drop_column_args, column),
     .help = "the column that goes"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct drop_column_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .help = "how long its values are kept, and with them the way back"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_column_args *)step)->table;
	return true;
}

/* clang-format off */

#define USED "'column ' || pg_catalog.quote_ident($3::text) || ' is used by ' || f.dependents"

#define OBSTACLE \
	"CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind") \
	" WHEN col.attinhcount > 0 THEN 'column ' || pg_catalog.quote_ident($3::text) || ' of '" \
	" || " SQL_NAME("$1", "$2") " || ' is inherited'" \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = rel.oid" \
	" AND col.attnum = ANY (p.partattrs)) THEN 'column ' || pg_catalog.quote_ident($3::text)" \
	" || ' is in the partition key of ' || " SQL_NAME("$1", "$2") \
	" ELSE " USED " END"

#define HELP \
	"CASE WHEN rel.relkind NOT IN ('r', 'p') THEN NULL WHEN col.attinhcount > 0 THEN 'name the table that it comes from:'" \
	" || ' there it goes from all partitions, and from what inherits' WHEN EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p" \
	" WHERE p.partrelid = rel.oid AND col.attnum = ANY (p.partattrs))" \
	" THEN 'PostgreSQL keeps it as long as the table: make a new table without it, and move the rows' END"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_COL ", " SQL_ARCHIVE " SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN o.obstacle IS NOT NULL THEN 'conflict' WHEN col.attnum IS NOT NULL THEN 'absent'"
	" WHEN $4::boolean AND f.archived_as IS NOT NULL THEN 'partial' ELSE 'done' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " WHEN o.obstacle IS NOT NULL THEN o.obstacle"
	" WHEN col.attnum IS NOT NULL THEN 'column ' || " SQL_COLUMN("col")
	" || coalesce('; also goes: ' || f.goes_too, '')"
	" WHEN $4::boolean AND f.archived_as IS NOT NULL THEN 'moved aside as ' || f.archived_as END AS found,"
	" CASE WHEN rel.relkind NOT IN ('r', 'p') THEN 'a table' WHEN o.obstacle IS NOT NULL"
	" THEN 'a column that nothing depends on' END AS expected, " HELP " AS help, " SQL_BLAME("column") ", " SQL_OWNER_FACTS ", f.*,"
	" CASE WHEN o.obstacle = " USED " THEN " SQL_COLUMN_BLOCKERS " END AS blockers"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true LEFT JOIN key ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_ARCHIVE_FACTS ", " SQL_COLUMN_FACTS ", " SQL_NOT_NULL_DEFINITION " AS not_null_constraint, "
	SQL_NOT_NULL_CONSTRAINT("true", "NOT k.convalidated") " AS not_null_unvalidated) f"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_column_args *args = step;

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->table.schema, args->table.name, args->column, args->archive ? "t" : "f"},
		.count = 4};
}

static struct kept_column kept_column(const struct drop_column_args *args)
{
	return (struct kept_column){.table = args->table, .column = args->column};
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_column_args *args = step;
	struct kept_column kept = kept_column(args);
	const char *generated = record_get(facts->now, "column_generated");
	struct stmt *stmt;

	if (owner_refused(facts, stmts))
		return;
	/* Of a generated column there is nothing to keep. */
	if (!args->archive || (generated && *generated)) {
		stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s DROP COLUMN %s",
		                 relname_quoted(stmts->arena, &args->table), ident_quoted(stmts->arena, args->column));
		stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
		stmt->note = "brief: the rows are not rewritten";
	} else if (facts->state == STATE_ABSENT || archive_is_aside(&kept, facts, stmts->arena)) {
		archive_away(&kept, facts, stmts);
	}
}

/* ---- The way back ---- */

/* What undo works with. */
struct comeback {
	const struct drop_column_args *args;
	const struct facts *facts;
	struct stmts *stmts;
	const char *table, *column;
};

static void alter(const struct comeback *back, const char *change)
{
	struct stmt *stmt = stmts_add(back->stmts, STMT_TOGETHER, "ALTER TABLE %s %s", back->table, change);

	stmt_lock(back->stmts, stmt, &back->args->table, LOCK_ACCESS_EXCLUSIVE);
}

static void set_default(const struct comeback *back)
{
	const char *value = record_get(back->facts->before, "column_default");

	if (value)
		alter(back, arena_printf(back->stmts->arena, "ALTER COLUMN %s SET DEFAULT %s", back->column, value));
}

/* It was moved aside and is still there. */
static void take_back(const struct comeback *back)
{
	struct arena *arena = back->stmts->arena;
	struct kept_column kept = kept_column(back->args);

	alter(back, arena_printf(arena, "RENAME COLUMN %s TO %s",
	                         ident_quoted(arena, archive_name(&kept, back->facts, arena)), back->column));
	set_default(back);
	if (back->facts->archive_rows >= 0)
		stmts_add(back->stmts, STMT_TOGETHER, "DROP TABLE %s", archive_table(back->facts, arena));
}

static bool was_virtual(const struct comeback *back)
{
	const char *generated = record_get(back->facts->before, "column_generated");

	return generated && *generated == 'v';
}

/* It is gone: an empty one first, whose default is for rows to come; a virtual one is all there at once. */
static void add_again(const struct comeback *back)
{
	struct arena *arena = back->stmts->arena;
	const struct record *before = back->facts->before;
	const char *comment = record_get(before, "column_comment"), *type = record_get(before, "column_type");

	if (was_virtual(back)) {
		alter(back, arena_printf(arena, "ADD COLUMN %s %s GENERATED ALWAYS AS (%s) VIRTUAL", back->column, type,
		                         record_get(before, "column_default")));
	} else {
		alter(back, arena_printf(arena, "ADD COLUMN %s %s", back->column, type));
		set_default(back);
	}
	if (comment)
		stmts_add(back->stmts, STMT_TOGETHER, "COMMENT ON COLUMN %s.%s IS %s", back->table, back->column,
		          literal_quoted(back->stmts->arena, comment));
}

/* Rows that came while the column was away have no value; where it had a default they get that. */
static void require_values(const struct comeback *back)
{
	const char *keys = record_get(back->facts->now, "key_columns");
	const char *constraint = record_get(back->facts->before, "not_null_constraint");
	struct stmt *stmt;

	if (record_true(back->facts->before, "not_null_unvalidated")) {
		alter(back, arena_printf(back->stmts->arena, "ADD %s", constraint));
		return;
	}
	if (record_get(back->facts->before, "column_default") && keys && !was_virtual(back)) {
		stmt =
			stmts_add(back->stmts, STMT_REPEAT,
		              "UPDATE %s SET %s = DEFAULT WHERE (%s) IN (SELECT %s FROM %s WHERE %s IS NULL LIMIT 5000)",
		              back->table, back->column, keys, keys, back->table, back->column);
		stmt->slow = true;
		stmt->note = "the default for rows that came meanwhile";
	}
	not_null_set(&(struct not_null){back->args->table, back->args->column, back->facts, back->stmts}, constraint);
}

/* true, with the refusal set, where an earlier state can't be had again. */
static bool refused(const struct comeback *back, bool aside)
{
	const struct record *before = back->facts->before;
	const char *identity = record_get(before, "column_identity"),
			   *generated = record_get(before, "column_generated");
	bool there = record_get(back->facts->now, "column_type") != NULL;

	if (there)
		return false;
	if (!back->args->archive)
		stmts_refuse(back->stmts, "give archive, as in archive = \"90 days\", to keep the way back open",
		             "column %s of %s was dropped without an archive", back->column, back->table);
	else if (generated && *generated && !was_virtual(back))
		stmts_refuse(back->stmts, NULL, "column %s of %s was generated: adding it again would rewrite the table",
		             back->column, back->table);
	else if ((identity && *identity) || (record_true(before, "column_serial") && !aside))
		stmts_refuse(back->stmts, "add it as a new column, then put its values back with interlock restore",
		             "the sequence of column %s of %s went with it", back->column, back->table);
	back->stmts->refusal_stays = back->stmts->refusal != NULL;
	if (!back->stmts->refusal && back->facts->state == STATE_MISSING)
		stmts_refuse(back->stmts, NULL, "table %s is gone", back->table);
	return back->stmts->refusal != NULL;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_column_args *args = step;
	struct kept_column kept = kept_column(args);
	struct comeback back = {args, facts, stmts, relname_quoted(stmts->arena, &args->table),
	                        ident_quoted(stmts->arena, args->column)};
	bool aside = archive_is_aside(&kept, facts, stmts->arena);
	bool there = record_get(facts->now, "column_type") != NULL;

	if (!record_get(facts->before, "column_type") || refused(&back, aside))
		return;
	if (aside)
		take_back(&back);
	else if (!there)
		add_again(&back);
	if (!aside && facts->archive_rows >= 0)
		archive_refill(&kept, facts, stmts);
	if (record_true(facts->before, "column_not_null") && !record_true(facts->now, "column_not_null"))
		require_values(&back);
	if (!aside && facts->archive_rows >= 0)
		archive_close(facts, stmts);
}

static void restore(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct kept_column kept = kept_column(step);

	archive_restore(&kept, facts, stmts);
}

static int64_t kept_for(const void *step)
{
	return ((const struct drop_column_args *)step)->archive;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	archive_expire(facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_column_args *args = step;

	buf_add(out, "drop column ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
	if (args->archive) {
		buf_add(out, ", its values kept for ");
		interval_format(args->archive, out);
	}
}

const struct step_type step_drop_column_if_exists = {
	.name = "drop_column_if_exists",
	.summary = "drops a column that nothing depends on, and keeps its values for a while where asked",
	.example = "drop_column_if_exists { table = \"app.users\", column = \"nickname\", archive = \"90 days\",\n"
			   "                        loses = \"nobody has used it since 4.0\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text, nickname text NOT NULL DEFAULT 'x');\n"
			 "INSERT INTO app.users SELECT n, 'u' || n, 'n' || n FROM generate_series(1, 100) n",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_column_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly; with archive twice, and between them its rows are read",
	.way_back = "with archive the column comes back with its values, type, default, NOT NULL and comment, as the "
				"table's last one and without its indexes and constraints; without archive there is none",
	.may_refuse_undo = true,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.restore = restore,
	.kept_for = kept_for,
	.expire = expire,
	.describe = describe,
};
