/* Rows of a file: loaded, tried, then inserted, and known to undo. */
#include <jansson.h>
#include <string.h>

#include "base/quantity.h"
#include "plan/again.h"
#include "plan/columns.h"
#include "plan/import_fields.h"
#include "plan/importing.h"
#include "plan/inserted.h"
#include "plan/names.h"

struct import_rows_args {
	struct relname into;
	struct data_file file;
	const char *format;
	json_t *columns;
	struct text_list ignore;
	const char *on_conflict;
	int64_t rejects;
	int64_t archive; /* ms */
};

static const char *const formats[] = {"csv", "jsonl", NULL};
static const char *const conflicts[] = {"skip", "error", NULL};

static const struct option options[] = {
	{.name = "into",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct import_rows_args, into),
     .help = "the table that gets the rows; it must have a key"},
	{.name = "file",
     .kind = OPTION_FILE,
     .required = true,
     .offset = offsetof(struct import_rows_args, file),
     .help = "the file, as seen from the plan's folder and inside of the plan's root; what is in it is part of the"
             " plan"},
	{.name = "format",
     .kind = OPTION_CHOICE,
     .required = true,
     .offset = offsetof(struct import_rows_args, format),
     .choices = formats,
     .help = "one JSON object in each line, or CSV with a line of names; UTF-8"},
	{.name = "columns",
     .kind = OPTION_ANY,
     .offset = offsetof(struct import_rows_args, columns),
     .help =
         "{ \"id\", \"url\" }, or { id = \"id\", url = \"image_url\" } where the file calls them otherwise; every"
         " column where it is left out"},
	{.name = "ignore",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct import_rows_args, ignore),
     .help = "fields of the file that are for no column; any other that is for none is an error"},
	{.name = "on_conflict",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct import_rows_args, on_conflict),
     .choices = conflicts,
     .default_value = "skip",
     .help = "a row whose key is there already is left out, or rejected"},
	{.name = "rejects",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct import_rows_args, rejects),
     .minimum = 0,
     .maximum = INT64_C(1000000000),
     .default_value = "0",
     .help = "so many lines may be of no use; with one more nothing is inserted"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct import_rows_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .default_value = "90 days",
     .help =
         "how long it is known which rows they were, and with that the way back, and which lines were rejected"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct import_rows_args *args = step;
	struct import_fields fields = import_fields_of(args->columns, &diags->arena);

	return !fields.wrong || bad_option(place, diags, "columns",
	                                   arena_printf(&diags->arena, "\"columns\" of import_rows %s", fields.wrong),
	                                   "for example { \"id\", \"url\" }, or { id = \"id\", url = \"image_url\" }");
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct import_rows_args *)step)->into;
	return true;
}

static bool skips(const struct import_rows_args *args)
{
	return !args->on_conflict || strcmp(args->on_conflict, "skip") == 0;
}

/* clang-format off */

#define COMPUTED SQL_INSERTED_COMPUTED("$3::text[]")
#define DEFERRABLE SQL_INSERTED_DEFERRABLE("$4")

/* CTE `target`: the columns that get values. */
#define TARGET \
	"target AS (SELECT a.* FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0" \
	" AND NOT a.attisdropped AND CASE WHEN $3::text[] IS NULL THEN a.attgenerated = '' AND a.attidentity <> 'a'" \
	" ELSE a.attname = ANY ($3::text[]) END)"

/* CTE `tells`: the numbers of the columns that tell whether a row is there already. */
#define TELLS \
	"tells AS (SELECT k.attnums FROM rel JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid AND i.indisunique" \
	" AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL CROSS JOIN LATERAL (" \
	"SELECT pg_catalog.array_agg(u.attnum) FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY u(attnum, n)" \
	" WHERE u.n <= i.indnkeyatts) k(attnums) WHERE $4::boolean AND k.attnums <@ ARRAY(SELECT t.attnum FROM target t)" \
	" ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1)"

#define TABLE SQL_NAME("$1", "$2")
#define IS_TABLE "rel.relkind IN ('r', 'p')"
#define ENCODING "pg_catalog.getdatabaseencoding()"

#define OBSTACLE \
	"CASE WHEN rel.oid IS NULL THEN NULL WHEN NOT " IS_TABLE " THEN " SQL_IS_A("rel.relkind") \
	" WHEN " ENCODING " <> 'UTF8' THEN 'the database is encoded in ' || " ENCODING \
	" WHEN " COMPUTED " IS NOT NULL THEN 'column ' || pg_catalog.quote_ident(" COMPUTED ") || ' of ' || " TABLE \
	" || ' is computed by the server'" \
	" WHEN key.columns IS NULL THEN " TABLE " || ' has no primary key, and no unique key of columns that are NOT NULL'" \
	" WHEN " DEFERRABLE " IS NOT NULL THEN 'constraint ' || " DEFERRABLE " || ' of ' || " TABLE " || ' is deferrable'" \
	" WHEN $4::boolean AND tells.attnums IS NULL THEN 'the columns that the file fills are no unique key of ' || " TABLE " END"

#define EXPECTED \
	"CASE WHEN NOT " IS_TABLE " THEN 'a table' WHEN " ENCODING " <> 'UTF8' THEN 'UTF8, as the file is'" \
	" WHEN " COMPUTED " IS NOT NULL THEN 'a column that takes values'" \
	" WHEN key.columns IS NULL THEN 'a key, by which undo finds the rows'" \
	" WHEN " DEFERRABLE " IS NOT NULL THEN 'on_conflict = \"skip\" needs constraints that are checked at once'" \
	" ELSE 'a key in the file, which tells whether a row is there already' END"

#define HELP \
	"CASE WHEN o.obstacle IS NULL OR NOT " IS_TABLE " OR " ENCODING " <> 'UTF8' THEN NULL" \
	" WHEN " COMPUTED " IS NOT NULL THEN 'leave the column out'" \
	" WHEN key.columns IS NULL THEN 'give the table a primary key first'" \
	" WHEN " DEFERRABLE " IS NOT NULL THEN 'say on_conflict = \"error\"'" \
	" ELSE 'add the key to columns; with on_conflict = \"error\" the same file imported twice gives each row twice' END"

/* What a row gets in a column whose field it has not: as an INSERT without the column. */
#define VALUE \
	"CASE WHEN t.attidentity = 'd' THEN 'pg_catalog.nextval(' || pg_catalog.quote_literal(" \
	"pg_catalog.pg_get_serial_sequence(" TABLE ", t.attname)) || '::pg_catalog.regclass)'" \
	" WHEN t.attgenerated = '' THEN coalesce(" SQL_EXPRESSION("t") ", pg_catalog.pg_get_expr(y.typdefaultbin, 0)) END"

/* What a domain is made of: its own conditions are for the row, where a default may have come into it. */
#define BASE \
	"(WITH RECURSIVE d(oid, typmod) AS (SELECT t.atttypid, t.atttypmod UNION ALL SELECT e.typbasetype, e.typtypmod" \
	" FROM d JOIN pg_catalog.pg_type e ON e.oid = d.oid AND e.typtype = 'd') SELECT d.oid, d.typmod FROM d" \
	" JOIN pg_catalog.pg_type e ON e.oid = d.oid AND e.typtype <> 'd')"

static const char query[] =
	"WITH " SQL_REL ", " SQL_BEST_KEY("NULL::smallint") ", " TARGET ", " TELLS
	" SELECT CASE WHEN rel.oid IS NULL OR l.lacking IS NOT NULL THEN 'missing' WHEN o.obstacle IS NOT NULL THEN 'conflict'"
	" ELSE 'absent' END AS state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN l.lacking IS NOT NULL THEN " SQL_NO_COLUMN("l.lacking") " ELSE o.obstacle END AS found, " EXPECTED " AS expected,"
	" CASE WHEN " IS_TABLE " AND (l.lacking IS NOT NULL OR " COMPUTED " IS NOT NULL OR $3::text[] IS NOT NULL"
	" AND key.columns IS NOT NULL AND tells.attnums IS NULL) THEN 'columns' ELSE 'into' END AS option,"
	" " HELP " AS help, pg_catalog.has_any_column_privilege(rel.oid, 'INSERT') AS may_insert, current_user::text AS role,"
	" (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', t.attname, 'type', pg_catalog.format_type(b.oid,"
	" b.typmod), 'value', " VALUE ", 'json', b.oid IN (114, 3802),"
	" 'key', t.attnum = ANY (tells.attnums)) ORDER BY t.attnum)::text FROM target t"
	" JOIN pg_catalog.pg_type y ON y.oid = t.atttypid CROSS JOIN LATERAL " BASE " b) AS targets,"
	" (SELECT pg_catalog.json_agg(c.relname)::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace WHERE n.nspname = 'interlock' AND c.relname ~ '^import_[0-9]+_[0-9]+$') AS imports,"
	" " SQL_INSERTED_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN key ON true LEFT JOIN tells ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN " IS_TABLE " THEN " SQL_LACKING("$3::text[]") " END) l(lacking)"
	" CROSS JOIN LATERAL (SELECT " OBSTACLE ") o(obstacle)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct import_rows_args *args = step;
	struct import_fields fields = import_fields_of(args->columns, probe->arena);
	const char **names = arena_array(probe->arena, const char *, fields.count + 1);

	for (size_t i = 0; i < fields.count; i++)
		names[i] = fields.items[i].column;
	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->into.schema, args->into.name,
	                                    array_literal(names, fields.count, probe->arena), skips(args) ? "t" : "f"},
	                         .count = 4};
}

/* ---- What is done ---- */

static const char *field_for(const struct import_fields *fields, const char *column)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->items[i].column, column) == 0)
			return fields->items[i].field;
	return column;
}

static const char *text_of(json_t *object, const char *name, struct arena *arena)
{
	return arena_strdup(arena, json_string_value(json_object_get(object, name)));
}

static void add_columns(const struct import_rows_args *args, const struct facts *facts,
                        struct importing *importing, struct arena *arena)
{
	struct import_fields fields = import_fields_of(args->columns, arena);
	json_t *targets = json_loads(record_get(facts->now, "targets"), 0, NULL), *entry;
	struct import_column *columns = arena_array(arena, struct import_column, json_array_size(targets) + 1);
	size_t i;

	json_array_foreach(targets, i, entry)
	{
		const char *name = text_of(entry, "name", arena);

		columns[i] = (struct import_column){.name = name,
		                                    .quoted = ident_quoted(arena, name),
		                                    .field = field_for(&fields, name),
		                                    .type = text_of(entry, "type", arena),
		                                    .value = text_of(entry, "value", arena),
		                                    .is_json = json_is_true(json_object_get(entry, "json")),
		                                    .in_key = json_is_true(json_object_get(entry, "key"))};
	}
	importing->columns = columns;
	importing->column_count = json_array_size(targets);
	json_decref(targets);
}

static const struct importing *importing_of(const struct import_rows_args *args, const struct facts *facts,
                                            struct arena *arena)
{
	struct importing *importing = arena_array(arena, struct importing, 1);

	*importing = (struct importing){.file = &args->file,
	                                .csv = strcmp(args->format, "csv") == 0,
	                                .skips = skips(args),
	                                .rejects = args->rejects,
	                                .ignored = args->ignore,
	                                .into = relname_quoted(arena, &args->into),
	                                .lines = importing_lines(facts, arena),
	                                .rejected = importing_rejected(facts, arena),
	                                .store = inserted_table(facts, arena)};
	add_columns(args, facts, importing, arena);
	return importing;
}

/* "50000 lines, 12 MB; each is tried before any is inserted" */
static const char *size_of(const struct data_file *file, struct arena *arena)
{
	struct buf bytes = {0};
	const char *text;

	quantity_bytes(file->bytes, &bytes);
	text = arena_printf(arena, "%lld %s, %s; each is tried before any is inserted", (long long)file->lines,
	                    file->lines == 1 ? "line" : "lines", buf_text(&bytes));
	buf_release(&bytes);
	return text;
}

static const char *bare(const char *name)
{
	return name + strlen("interlock.");
}

static void add_drops(const struct importing *importing, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s(bigint, bigint, boolean)", importing->lines);
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", importing->lines);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct import_rows_args *args = step;
	const struct importing *importing = importing_of(args, facts, stmts->arena);
	bool begun = again_holds(record_get(facts->now, "imports"), bare(importing->lines));
	struct stmt *stmt;

	if ((!begun && inserted_already(facts, stmts->arena)) || inserted_refused(&args->into, facts, stmts))
		return;
	if (!begun) {
		inserted_make(&args->into, facts, stmts);
		importing_make(importing, stmts);
	}
	stmt = stmts_add(stmts, STMT_BATCHES, "%s", importing_insertion(importing, stmts->arena));
	stmt->importing = importing;
	stmt->slow = true;
	stmt->note = size_of(&args->file, stmts->arena);
	add_drops(importing, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct import_rows_args *args = step;
	struct importing importing = {.lines = importing_lines(facts, stmts->arena)};

	inserted_take_back(&args->into, facts, stmts);
	if (stmts->refusal)
		return;
	add_drops(&importing, stmts);
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", importing_rejected(facts, stmts->arena));
}

static int64_t kept_for(const void *step)
{
	return ((const struct import_rows_args *)step)->archive;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	if (!inserted_already(facts, stmts->arena))
		return;
	inserted_expire(facts, stmts);
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", importing_rejected(facts, stmts->arena));
}

static void describe(const void *step, struct buf *out)
{
	const struct import_rows_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "import %s into %s", args->file.path, relname_quoted(&arena, &args->into));
	arena_release(&arena);
}

const struct step_type step_import_rows = {
	.name = "import_rows",
	.summary =
		"inserts the rows of a file, JSON lines or CSV, once; lines that are of no use are kept with the reason",
	.example = "import_rows { into = \"app.media\", file = \"media.jsonl\", format = \"jsonl\", rejects = 2,\n"
			   "              columns = { id = \"id\", kind = \"type\", url = \"image_url\" },\n"
			   "              ignore = { \"browser\" } }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TYPE app.kind AS ENUM ('image', 'video');\n"
		"CREATE TABLE app.media (id bigint PRIMARY KEY, kind app.kind NOT NULL, url varchar(40) NOT NULL,\n"
		"                        source text DEFAULT 'browser');\n"
		"CREATE TABLE app.likes (id bigint PRIMARY KEY, media bigint REFERENCES app.media ON DELETE CASCADE);\n"
		"INSERT INTO app.media (id, kind, url) VALUES (1, 'image', 'https://example.com/1.png')",
	.example_file =
		"media.jsonl\n"
		"{\"id\": 1, \"type\": \"image\", \"image_url\": \"https://example.com/1.png\"}\n"
		"{\"id\": 2, \"type\": \"video\", \"image_url\": \"https://example.com/2.mp4\", \"browser\": \"x\"}\n"
		"{\"id\": 3, \"type\": \"audio\", \"image_url\": \"https://example.com/3.mp3\"}\n"
		"{\"id\": 4, \"type\": \"image\", \"image_url\": \"https://example.com/4.png\"}\n",
	.class = CLASS_DATA,
	.leaves_names = true,
	.size = sizeof(struct import_rows_args),
	.options = options,
	.locks = "what INSERT takes, in short transactions: writers and readers go on",
	.way_back =
		"deletes exactly the rows that it inserted; refused while one of them was changed since, or is referred "
		"to by a row that it did not insert, and when archive (90 days) is over: sync then forgets which they were",
	.only_registry_tells = true,
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
