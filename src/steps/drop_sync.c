/* The triggers that kept a column filled, or two columns alike, before their plan is done. */
#include <jansson.h>
#include <string.h>

#include "plan/again.h"
#include "plan/columns.h"
#include "plan/row_trigger.h"

struct drop_sync_args {
	struct relname table;
	const char *column;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct drop_sync_args, table),
     .help = "the table that has the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct drop_sync_args, column),
     .help = "a column that backfill or sync_columns sets"},
	OPTION_END,
};

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct drop_sync_args *)step)->table;
	return true;
}

/* clang-format off */

/* The triggers are given the names of the columns that they set (plan/row_trigger.h). */
#define KEEPING \
	"keeping AS (SELECT t.oid, t.tgname, p.oid AS function, p.pronamespace = pg_catalog.to_regnamespace('interlock') AS ours" \
	" FROM rel JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid AND pg_catalog.starts_with(t.tgname::text, '~interlock_')" \
	" JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE pg_catalog.encode(pg_catalog.convert_to($3::text," \
	" pg_catalog.getdatabaseencoding()), 'escape') = ANY (pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\\000')))"

/* Those of a lookup on the table that it looks into (plan/lookup.h), and the table of its notes. */
#define NOTING \
	"noting AS (SELECT DISTINCT l.oid, l.tgname, l.tgrelid, pg_catalog.regexp_replace(k.tgname::text," \
	" '^~interlock_([0-9]+)_0*([0-9]+)_.*', 'looked_\\1_\\2') AS notes FROM keeping k JOIN pg_catalog.pg_trigger l ON l.tgparentid = 0" \
	" AND pg_catalog.starts_with(l.tgname::text, pg_catalog.rtrim(k.tgname::text, 'iu') || 'l'))"

#define NOTING_LIST \
	"(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname, 'trigger', l.tgname)" \
	" ORDER BY l.tgname)::text FROM noting l JOIN pg_catalog.pg_class c ON c.oid = l.tgrelid" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)"

#define NOTING_AGAIN \
	SQL_STATEMENTS("(SELECT pg_catalog.array_agg(s.statement ORDER BY l.tgname, s.n) FROM noting l CROSS JOIN LATERAL (VALUES" \
	" (1, pg_catalog.pg_get_triggerdef(l.oid)), (2, 'ALTER TABLE ' || l.tgrelid::regclass::text || ' ENABLE ALWAYS TRIGGER '" \
	" || pg_catalog.quote_ident(l.tgname))) s(n, statement))")

#define LIST(what, rest) \
	"(SELECT pg_catalog.json_agg(DISTINCT " what ")::text FROM keeping k " rest ")"

/* As they were, each with its function before it. */
#define AGAIN \
	SQL_STATEMENTS("(SELECT pg_catalog.array_agg(s.statement ORDER BY s.n, k.tgname) FROM keeping k CROSS JOIN LATERAL (VALUES" \
	" (1, CASE WHEN k.ours THEN pg_catalog.pg_get_functiondef(k.function) END)," \
	" (2, CASE WHEN k.ours THEN 'REVOKE EXECUTE ON FUNCTION ' || k.function::regprocedure::text || ' FROM PUBLIC' END)," \
	" (3, pg_catalog.pg_get_triggerdef(k.oid)), (4, 'ALTER TABLE ' || " SQL_NAME("$1", "$2") " || ' ENABLE ALWAYS TRIGGER '" \
	" || pg_catalog.quote_ident(k.tgname))) s(n, statement))")

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_COL ", " KEEPING ", " NOTING
	" SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN col.attnum IS NULL THEN " SQL_NO_COLUMN("$3::text")
	" ELSE 'nothing sets ' || pg_catalog.quote_ident($3::text) END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table' END AS expected, " SQL_BLAME("column") ", "
	LIST("k.tgname", "") " AS triggers, " LIST("k.function::regprocedure::text", "WHERE k.ours") " AS functions, "
	AGAIN " AS again, " NOTING_LIST " AS noting, " NOTING_AGAIN " AS noting_again, (SELECT pg_catalog.min(notes) FROM noting) AS notes,"
	" (SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c WHERE c.relnamespace ="
	" pg_catalog.to_regnamespace('interlock') AND pg_catalog.starts_with(c.relname::text, 'looked_')) AS all_notes, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict'"
	" WHEN EXISTS (SELECT FROM keeping) THEN 'absent' WHEN col.attnum IS NULL THEN 'missing' ELSE 'done' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct drop_sync_args *args = step;

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->column}, .count = 3};
}

/* First of all, one by one: two tables at once are hard to have, and without those that fill there is nothing to
 * note. */
static void drop_noting(const struct facts *facts, struct stmts *stmts)
{
	const char *text = record_get(facts->now, "noting");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		struct relname table = {
			arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "schema"))),
			arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "table"))),
		};

		stmt_lock(stmts,
		          stmts_add(stmts, STMT_ALONE, "DROP TRIGGER IF EXISTS %s ON %s",
		                    ident_quoted(stmts->arena, json_string_value(json_object_get(entry, "trigger"))),
		                    relname_quoted(stmts->arena, &table)),
		          &table, LOCK_ACCESS_EXCLUSIVE);
	}
	json_decref(list);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_sync_args *args = step;
	const char *table = relname_quoted(stmts->arena, &args->table);
	const char *triggers = record_get(facts->now, "triggers"), *functions = record_get(facts->now, "functions");
	json_t *list = triggers ? json_loads(triggers, 0, NULL) : NULL, *entry;
	size_t i;

	if (owner_refused(facts, stmts)) {
		json_decref(list);
		return;
	}
	drop_noting(facts, stmts);
	json_array_foreach(list, i, entry)
		stmt_lock(stmts,
	              stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER %s ON %s",
	                        ident_quoted(stmts->arena, json_string_value(entry)), table),
	              &args->table, LOCK_ACCESS_EXCLUSIVE);
	json_decref(list);
	list = functions ? json_loads(functions, 0, NULL) : NULL;
	json_array_foreach(list, i, entry)
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION %s", json_string_value(entry));
	json_decref(list);
}

/* Before those that fill, in transactions of their own. */
static void again_noting(const char *list, struct stmts *stmts)
{
	const char *statement;

	for (size_t i = 0; (statement = again_text(list, i, stmts->arena)); i++) {
		if (strncmp(statement, "CREATE TRIGGER", strlen("CREATE TRIGGER")) == 0)
			statement = arena_printf(stmts->arena, "CREATE OR REPLACE%s", statement + strlen("CREATE"));
		stmts_add(stmts, STMT_ALONE, "%s", statement);
	}
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct drop_sync_args *args = step;
	const char *notes = record_get(facts->before, "notes");
	const struct stmt *before = stmts->last;

	if (owner_refused(facts, stmts) || record_get(facts->now, "triggers"))
		return;
	/* The plan of the lookup was done meanwhile: there is nothing any more that could be noted in. */
	if (notes && !again_holds(record_get(facts->now, "all_notes"), notes))
		return;
	again_noting(record_get(facts->before, "noting_again"), stmts);
	before = stmts->last;
	again_add(record_get(facts->before, "again"), stmts);
	for (struct stmt *stmt = before ? before->next : stmts->first; stmt; stmt = stmt->next)
		stmt_lock(stmts, stmt, &args->table, LOCK_SHARE_ROW_EXCLUSIVE);
}

static void describe(const void *step, struct buf *out)
{
	const struct drop_sync_args *args = step;

	buf_add(out, "stop keeping ");
	ident_quote(out, args->column);
	buf_add(out, " of ");
	ident_quote_relname(out, &args->table);
}

const struct step_type step_drop_sync = {
	.name = "drop_sync",
	.summary = "takes the triggers of backfill or sync_columns away before their plan is done",
	.example = "drop_sync { table = \"app.orders\", column = \"total_cents\",\n"
			   "            loses = \"release 5.3 writes it itself\" }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric, total_cents bigint);\n"
		"CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.total_cents := NEW.total * 100;"
		" RETURN NEW; END$$;\n"
		"CREATE TRIGGER \"~interlock_0_1_i\" BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION"
		" app.keep('total_cents');\n"
		"ALTER TABLE app.orders ENABLE ALWAYS TRIGGER \"~interlock_0_1_i\";\n"
		"INSERT INTO app.orders (id, total) SELECT n, n FROM generate_series(1, 100) n",
	.class = CLASS_DESTRUCTIVE,
	.leaves_names = true,
	.size = sizeof(struct drop_sync_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly",
	.way_back = "the triggers come back; rows written meanwhile stay as they are",
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
