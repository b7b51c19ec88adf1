/* The end of a table that nothing depends on; with `archive` it is kept for a while, and undo brings it back. */
#include <string.h>

#include "base/interval.h"
#include "plan/dependents.h"
#include "plan/retired.h"

struct drop_table_args {
	struct relname table;
	int64_t archive; /* ms; 0: nothing is kept */
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_table_args, table),
     .help = "the table that goes"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct drop_table_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .help = "how long it is kept aside with its rows, and with it the way back"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct drop_table_args *args = step;
	struct diag *diag;

	if (strcmp(args->table.schema, "interlock") != 0)
		return true;
	diag =
		option_error(place, diags, "bad-option", "table", "\"%s\" is a table of the registry", args->table.name);
	diag_help(&diags->arena, diag, "an archive goes by itself when its time is over: interlock sync drops it");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_table_args *)step)->table;
	return true;
}

/* clang-format off */

#define WHAT "'table ' || tab.name"

#define OBSTACLE \
	"CASE WHEN rel.oid IS NOT NULL AND tab.oid IS NULL THEN " SQL_IS_A("rel.relkind") \
	" WHEN h.parents IS NOT NULL THEN " WHAT " || CASE WHEN rel.relispartition THEN ' is a partition of '" \
	" ELSE ' inherits from ' END || h.parents" SQL_OBSTACLES(WHAT) " END"

#define HELP \
	"CASE WHEN tab.oid IS NULL THEN " SQL_DROPPED_BY("rel.relkind") " WHEN rel.relispartition THEN 'detach it first: ALTER TABLE … DETACH PARTITION … CONCURRENTLY, in a sql_step'" \
	" WHEN h.parents IS NOT NULL THEN 'let it go first: ALTER TABLE … NO INHERIT …, in a sql_step' END"

static const char query[] =
	"WITH RECURSIVE " SQL_REL ", tab AS (SELECT c.*, " SQL_NAME("$1", "$2") " AS name FROM rel"
	" JOIN pg_catalog.pg_class c ON c.oid = rel.oid WHERE c.relkind IN ('r', 'p')), "
	SQL_OBJ("pg_class", "tab.oid", "tab") ", " SQL_DEPENDENTS ", " SQL_RETIRED_CTES
	" SELECT CASE WHEN rel.oid IS NULL THEN 'done' WHEN o.obstacle IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" coalesce(o.obstacle, " WHAT " || coalesce('; its name stands in the body of ' || d.mentioned_by, '')) AS found,"
	" CASE WHEN tab.oid IS NULL THEN 'a table' ELSE 'a table that nothing depends on' END AS expected,"
	" 'table' AS option,"
	" " HELP " AS help, tab.relkind, " SQL_RETIRED_FACTS ", d.*, " SQL_CLEARABLE(WHAT)
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN tab ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_DROP_FACTS("$2", "tab.relowner", "tab.relnamespace") ") d"
	" CROSS JOIN LATERAL (SELECT (SELECT pg_catalog.string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)"
	" FROM pg_catalog.pg_inherits i WHERE i.inhrelid = tab.oid)) h(parents)"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_table_args *args = step;

	probe->query =
		(struct probe_query){.sql = query, .params = {args->table.schema, args->table.name}, .count = 2};
}

static struct retired_table retired_table(const struct drop_table_args *args)
{
	return (struct retired_table){.table = args->table, .kept_for = args->archive};
}

/* Nothing is kept. */
static void drop(const struct drop_table_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", relname_quoted(stmts->arena, &args->table));

	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	retired_lock_parents(facts->now, stmt, stmts);
	stmt->note = drop_note("brief; no way back", facts, stmts->arena);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_table_args *args = step;
	struct retired_table it = retired_table(args);
	const char *table = relname_quoted(stmts->arena, &args->table), *kind = record_get(facts->now, "relkind");

	if (drop_refused(arena_printf(stmts->arena, "table %s", table), args->archive > 0, facts, stmts))
		return;
	if (!args->archive) {
		drop(args, facts, stmts);
	} else if (kind && *kind == 'p') {
		stmts_refuse(stmts, "detach its partitions and drop each with archive, then drop it without",
		             "%s is partitioned, and kept aside its partitions would stay in their places", table);
	} else {
		retired_send(&it, facts, stmts);
	}
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_table_args *args = step;
	struct retired_table it = retired_table(args);

	if (args->archive) {
		retired_bring_back(&it, facts, stmts);
		return;
	}
	stmts_refuse(stmts, "give archive, as in archive = \"90 days\", to keep the way back open",
	             "table %s was dropped without an archive", relname_quoted(stmts->arena, &args->table));
	stmts->refusal_stays = true;
}

static int64_t kept_for(const void *step)
{
	return ((const struct drop_table_args *)step)->archive;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	retired_drop(facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_table_args *args = step;

	buf_add(out, "drop table ");
	ident_quote_relname(out, &args->table);
	if (args->archive) {
		buf_add(out, ", kept for ");
		interval_format(args->archive, out);
	}
}

const struct step_type step_drop_table_if_exists = {
	.name = "drop_table_if_exists",
	.summary = "drops a table that nothing depends on, and keeps it aside for a while where asked",
	.example = "drop_table_if_exists { table = \"app.visits\", archive = \"90 days\",\n"
			   "                       loses = \"the reports read app.events since 4.0\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY);\n"
			 "INSERT INTO app.users SELECT n FROM generate_series(1, 10) n;\n"
			 "CREATE TABLE app.visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
			 "                         user_id bigint NOT NULL REFERENCES app.users, page text UNIQUE);\n"
			 "COMMENT ON TABLE app.visits IS 'who read what';\n"
			 "CREATE STATISTICS app.visits_pages ON user_id, page FROM app.visits;\n"
			 "GRANT SELECT ON app.visits TO PUBLIC;\n"
			 "INSERT INTO app.visits (user_id, page) SELECT 1 + n % 10, 'p' || n FROM generate_series(1, 100) n",
	.class = CLASS_DESTRUCTIVE,
	.size = sizeof(struct drop_table_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table and on the tables that it refers to, briefly",
	.way_back =
		"with archive the table comes back as it was, with its rows, grants and foreign keys (NOT VALID, then "
		"validated), as long as it is kept; without archive there is none",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.kept_for = kept_for,
	.expire = expire,
	.describe = describe,
};
