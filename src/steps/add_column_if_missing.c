/* A nullable column, with its default, comment and foreign key; never at the price of a rewrite. */
#include <string.h>

#include "base/err.h"
#include "plan/archive.h"
#include "plan/defaults.h"
#include "plan/family.h"
#include "plan/referring.h"

struct add_column_args {
	struct relname table;
	const char *column, *type, *default_value, *comment, *references, *on_delete;
	int64_t archive; /* ms */
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct add_column_args, table),
     .help = "the table that gets the column"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct add_column_args, column),
     .help = "the name of the new column"},
	{.name = "type",
     .kind = OPTION_TYPE,
     .required = true,
     .offset = offsetof(struct add_column_args, type),
     .help = "its type, as in SQL"},
	{.name = "default",
     .kind = OPTION_EXPRESSION,
     .offset = offsetof(struct add_column_args, default_value),
     .help = "its default, which existing rows show too; a constant or a stable expression such as now()"},
	{.name = "comment",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct add_column_args, comment),
     .help = "its comment in the catalogue"},
	{.name = "references",
     .kind = OPTION_REFERENCES,
     .offset = offsetof(struct add_column_args, references),
     .help = "a table that it refers to by primary key, or table(column)"},
	{.name = "on_delete",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct add_column_args, on_delete),
     .choices = foreign_key_actions,
     .help = "what becomes of a row when the row that it refers to is deleted"},
	{.name = "archive",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct add_column_args, archive),
     .minimum = 1,
     .maximum = INT64_C(3650) * 86400000,
     .default_value = "90 days",
     .help = "how long undo keeps what was written to the column, for interlock restore"},
	OPTION_END,
};

/* ---- What the text alone shows ---- */

static bool is_one_of(const char *word, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* The name of a type without its schema, length and brackets; NULL when it is no plain name. */
static const char *type_name(const char *type, struct arena *arena)
{
	const char *text = sql_normalize(type, arena);
	struct relname name;
	size_t end = 0;
	bool quoted = false;

	for (; text[end] && (quoted || !strchr(" ([", text[end])); end++)
		quoted ^= text[end] == '"';
	return ident_parse_relname(arena_strndup(arena, text, end), arena, &name) ? NULL : name.name;
}

static bool check_type(const struct add_column_args *args, const struct option_place *place, struct diags *diags)
{
	static const char *const serials[] = {"serial",  "bigserial", "smallserial", "serial2",
	                                      "serial4", "serial8",   NULL};
	const char *name = type_name(args->type, &diags->arena);
	struct diag *diag;

	if (!name || !is_one_of(name, serials))
		return true;
	diag = option_error(place, diags, "add-column-serial", "type",
	                    "a column of type %s gives each row a number of its own, so it rewrites the table", name);
	diag_help(
		&diags->arena, diag,
		"add a plain bigint column, set its default from a sequence in a later step, and fill the old rows in batches");
	return false;
}

static bool check_default(const struct add_column_args *args, const struct option_place *place,
                          struct diags *diags)
{
	static const char *const volatiles[] = {"random",
	                                        "random_normal",
	                                        "clock_timestamp",
	                                        "timeofday",
	                                        "nextval",
	                                        "gen_random_uuid",
	                                        "uuid_generate_v1",
	                                        "uuid_generate_v1mc",
	                                        "uuid_generate_v4",
	                                        "uuidv4",
	                                        "uuidv7",
	                                        "setseed",
	                                        NULL};
	struct function_call *calls;
	struct err err = {0};
	size_t count = 0;
	bool ok = true;

	if (args->default_value && !default_is_free(args->default_value, place, diags))
		return false;
	if (!args->default_value || !sql_functions(args->default_value, &diags->arena, &calls, &count, &err))
		count = 0;
	for (size_t i = 0; i < count && ok; i++) {
		struct diag *diag;

		if (!is_one_of(calls[i].name, volatiles))
			continue;
		ok = false;
		diag = option_error(place, diags, "add-column-volatile-default", "default",
		                    "a default that calls %s() differs from row to row, so it rewrites the table",
		                    calls[i].name);
		diag_help(&diags->arena, diag,
		          "add the column without it, then set the default for new rows and fill the old ones in batches");
	}
	err_release(&err);
	return ok;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct add_column_args *args = step;
	bool ok = check_type(args, place, diags);

	ok &= check_default(args, place, diags);
	if (!args->on_delete || args->references)
		return ok;
	diag_help(
		&diags->arena,
		option_error(place, diags, "missing-option", "on_delete", "on_delete says nothing without references"),
		"name the table in references, or leave on_delete out");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct add_column_args *)step)->table;
	return true;
}

/* ---- What is there ---- */

/* clang-format off */

#define FOREIGN_KEY SQL_FOREIGN_KEY("ARRAY[$3::text]", "$4", "$5", "$6::text[]", "$7::text", "$8")
#define FROM_ALL \
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN col ON true LEFT JOIN parent ON true LEFT JOIN same ON true" \
	" LEFT JOIN namesake ON true CROSS JOIN aim"

/* A foreign key is still to be added, to a table that has first to be one that it can refer to. */
#define TO_REFER "$4::text IS NOT NULL AND same.conname IS NULL"
#define PARENT_LACKS \
	"(SELECT r.name FROM pg_catalog.unnest(aim.columns) r(name) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = parent.oid AND a.attname = r.name AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1)"
#define PARENT_IS_NONE \
	"(parent.relkind NOT IN ('r', 'p') OR aim.columns IS NULL OR NOT " SQL_PARENT_HAS_KEY ")"

#define COMMENT "coalesce(pg_catalog.col_description(col.attrelid, col.attnum), '')"
#define NEED_FOREIGN_KEY "($4::text IS NOT NULL AND same.conname IS NULL)"
#define NEED_VALIDATE "($4::text IS NOT NULL AND same.convalidated IS NOT TRUE)"
#define NEED_COMMENT "($10::text IS NOT NULL AND $10::text <> " COMMENT ")"
#define FACTS \
	"rel.relkind, same.conname AS foreign_key, " NEED_FOREIGN_KEY " AS need_foreign_key, " \
	NEED_VALIDATE " AS need_validate, " NEED_COMMENT " AS need_comment, " SQL_ARCHIVE_FACTS

/* Only the server knows whether a function is volatile, and whether a name is that of a domain. */
#define NEED_TWIN \
	"($11::boolean OR EXISTS (SELECT FROM pg_catalog.pg_type y WHERE y.typname = $12::text AND y.typtype = 'd'))"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_COL ", " SQL_ARCHIVE ", " FOREIGN_KEY " SELECT s.state, CASE s.state"
	" WHEN 'missing' THEN CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN parent.oid IS NULL THEN " SQL_NO_TABLE("$4", "$5") " ELSE " SQL_PARENT_LACKS " END"
	" WHEN 'conflict' THEN CASE WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN rel.relispartition THEN " SQL_NAME("$1", "$2") " || ' is a partition, and gets columns from its parent'"
	" WHEN NOT s.refers THEN namesake.definition" SQL_PARENT_FOUND " ELSE namesake.definition END END AS found,"
	" CASE WHEN s.state <> 'conflict' THEN NULL WHEN rel.relkind NOT IN ('r', 'p') OR rel.relispartition"
	" THEN 'a table with columns of its own' WHEN NOT s.refers THEN $9::text" SQL_PARENT_EXPECTED " ELSE $9::text END AS expected,"
	" CASE WHEN s.state <> 'conflict' OR NOT s.refers THEN NULL" SQL_PARENT_HELP " END AS help,"
	" CASE WHEN rel.oid IS NULL OR rel.relkind NOT IN ('r', 'p') OR rel.relispartition THEN 'table'"
	" WHEN s.refers THEN 'references' ELSE 'column' END AS option,"
	" " SQL_OWNER_FACTS ", " FACTS FROM_ALL " LEFT JOIN key ON true CROSS JOIN LATERAL (SELECT " PARENT_LACKS ") wrong(parent_lacks)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') OR col.attnum IS NULL AND rel.relispartition THEN 'conflict'"
	" WHEN " TO_REFER " AND (parent.oid IS NULL OR wrong.parent_lacks IS NOT NULL) THEN 'missing'"
	" WHEN " TO_REFER " AND " PARENT_IS_NONE " THEN 'conflict' WHEN col.attnum IS NOT NULL THEN 'compare'"
	" WHEN namesake.definition IS NOT NULL THEN 'conflict'"
	" WHEN " NEED_TWIN " THEN 'compare' ELSE 'absent' END, " TO_REFER " AND coalesce(" PARENT_IS_NONE ", true)) s(state, refers)";

#define VOLATILE \
	"(SELECT pg_catalog.string_agg(DISTINCT p.proname || '()', ', ') FROM pg_catalog.pg_attrdef d," \
	" " SQL_CALLED("d.adbin") "" \
	" JOIN pg_catalog.pg_proc p ON p.oid = f.oids[1]::oid AND p.provolatile = 'v'" \
	" WHERE d.adrelid = new.attrelid AND d.adnum = new.attnum)"

/* A domain over a domain has the constraints of both. */
#define CONSTRAINED \
	"(WITH RECURSIVE y(oid, typnotnull, typbasetype) AS (SELECT t.oid, t.typnotnull, t.typbasetype" \
	" FROM pg_catalog.pg_type t WHERE t.oid = new.atttypid AND t.typtype = 'd'" \
	" UNION ALL SELECT t.oid, t.typnotnull, t.typbasetype FROM y JOIN pg_catalog.pg_type t" \
	" ON t.oid = y.typbasetype AND t.typtype = 'd')" \
	" SELECT coalesce(pg_catalog.bool_or(y.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k" \
	" WHERE k.contypid = y.oid)), false) FROM y)"

#define SHORTCOMINGS \
	"CASE WHEN " NEED_FOREIGN_KEY " THEN ', no foreign key'" \
	" WHEN " NEED_VALIDATE " THEN ', foreign key not validated' ELSE '' END" \
	" || CASE WHEN " NEED_COMMENT " THEN ', comment ' || pg_catalog.quote_literal(" COMMENT ") ELSE '' END"

static const char compare[] =
	"WITH " SQL_REL ", " SQL_COL ", " FOREIGN_KEY ", " SQL_TWIN ","
	" new AS (SELECT a.* FROM twin JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = twin.oid AND a.attname = $3::text) SELECT s.state,"
	" CASE WHEN s.state = 'absent' THEN NULL WHEN t.have <> t.want THEN t.have"
	" WHEN s.state = 'conflict' THEN namesake.definition ELSE t.have || " SHORTCOMINGS " END AS found,"
	" CASE WHEN s.state = 'conflict' AND t.have = t.want THEN $9::text ELSE t.want END AS expected,"
	" CASE WHEN t.have = t.want THEN 'references' WHEN " SQL_TYPE("col") " = " SQL_TYPE("new") " THEN 'default' ELSE 'type' END"
	" AS option,"
	" " VOLATILE " AS volatile, " CONSTRAINED " AS constrained_domain" FROM_ALL " CROSS JOIN new"
	" CROSS JOIN LATERAL (SELECT " SQL_COLUMN("col") " AS have, " SQL_COLUMN("new") " AS want) t"
	" CROSS JOIN LATERAL (SELECT CASE WHEN col.attnum IS NULL THEN 'absent' WHEN t.have <> t.want THEN 'conflict'"
	" WHEN " NEED_FOREIGN_KEY " AND namesake.definition IS NOT NULL THEN 'conflict'"
	" WHEN " NEED_VALIDATE " OR " NEED_COMMENT " THEN 'partial' ELSE 'done' END) s(state)";

/* clang-format on */

/* false: the column refers to nothing. */
static bool foreign_key(const struct add_column_args *args, struct foreign_key_plan *key, struct arena *arena)
{
	const char **columns = arena_array(arena, const char *, 1);

	columns[0] = args->column;
	*key = (struct foreign_key_plan){.table = args->table, .columns = columns, .column_count = 1};
	key->on_delete = foreign_key_action(args->on_delete);
	key->on_update = 'a';
	key->name = foreign_key_name(key, arena);
	return args->references && foreign_key_refer(key, args->references, arena);
}

/* The table referred to. */
static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	struct foreign_key_plan key;

	if (n > 0 || !foreign_key(step, &key, arena))
		return false;
	*table = key.parent;
	return true;
}

static bool calls_functions(const char *expression, struct arena *arena)
{
	struct function_call *calls;
	struct err err = {0};
	size_t count = 0;
	bool ok = expression && sql_functions(expression, arena, &calls, &count, &err);

	err_release(&err);
	return ok && count > 0;
}

/* "seen_at timestamptz DEFAULT (now())" */
static const char *definition(const struct add_column_args *args, struct arena *arena)
{
	const char *name = ident_quoted(arena, args->column), *type = sql_normalize(args->type, arena);

	if (!args->default_value)
		return arena_printf(arena, "%s %s", name, type);
	return arena_printf(arena, "%s %s DEFAULT (%s)", name, type, sql_normalize(args->default_value, arena));
}

static void probe(const void *step, struct probe *probe)
{
	const struct add_column_args *args = step;
	struct arena *arena = probe->arena;
	struct foreign_key_plan key;
	bool refers = foreign_key(args, &key, arena);
	char actions[] = {key.on_delete, key.on_update, '\0'};

	probe->query = (struct probe_query){
		.sql = query, .params = {args->table.schema, args->table.name, args->column}, .count = 12};
	if (refers) {
		probe->query.params[3] = key.parent.schema;
		probe->query.params[4] = key.parent.name;
		probe->query.params[5] = array_literal(key.referenced, key.referenced_count, arena);
		probe->query.params[6] = arena_strdup(arena, actions);
		probe->query.params[7] = key.name;
		probe->query.params[8] =
			arena_printf(arena, "constraint %s %s", ident_quoted(arena, key.name), foreign_key_text(&key, arena));
	}
	probe->query.params[9] = args->comment;
	probe->query.params[10] = calls_functions(args->default_value, arena) ? "t" : "f";
	probe->query.params[11] = type_name(args->type, arena);
	probe->scratch[probe->scratch_count++] = arena_printf(
		arena, "CREATE TEMPORARY TABLE %s (%s)", ident_quoted(arena, args->table.name), definition(args, arena));
	probe->compare = probe->query;
	probe->compare.sql = compare;
	probe->compare.count = 10;
}

/* ---- There and back ---- */

static void set_comment(const struct add_column_args *args, const char *comment, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "COMMENT ON COLUMN %s.%s IS %s", relname_quoted(arena, &args->table),
	              ident_quoted(arena, args->column), comment ? literal_quoted(arena, comment) : "NULL");

	stmt_lock(stmts, stmt, &args->table, LOCK_SHARE_UPDATE_EXCLUSIVE);
}

/* true, with the refusal set, where the server would rewrite the table. */
static bool rewrites(const struct add_column_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *functions = record_get(facts->now, "volatile");

	if (functions) {
		stmts_refuse(
			stmts, "add the column without it, then set the default for new rows and fill the old ones in batches",
			"the default of column %s calls %s, which is volatile: adding it would rewrite the table",
			ident_quoted(stmts->arena, args->column), functions);
		stmts->refusal_rule = "add-column-volatile-default";
		stmts->refusal_option = "default";
	} else if (record_true(facts->now, "constrained_domain")) {
		stmts_refuse(stmts, "use the domain's base type, and a CHECK that is added NOT VALID and validated after",
		             "%s is a domain with constraints: adding a column of it would rewrite the table", args->type);
		stmts->refusal_rule = "add-column-constrained-domain";
		stmts->refusal_option = "type";
	}
	return stmts->refusal != NULL;
}

static struct kept_column kept_column(const struct add_column_args *args, struct arena *arena)
{
	struct kept_column kept = {.table = args->table, .column = args->column};

	if (args->default_value)
		kept.filler = arena_printf(arena, "CAST((%s) AS %s)", sql_normalize(args->default_value, arena),
		                           sql_normalize(args->type, arena));
	return kept;
}

/* The column itself: added, or brought back where an undo that was cut short has moved it aside. */
static void add(const struct add_column_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct kept_column kept = kept_column(args, stmts->arena);
	struct stmt *stmt;

	if (archive_is_aside(&kept, facts, stmts->arena)) {
		archive_bring_back(&kept, facts, stmts);
		return;
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD COLUMN %s",
	                 relname_quoted(stmts->arena, &args->table), definition(args, stmts->arena));
	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the rows are not rewritten";
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_column_args *args = step;
	bool absent = facts->state == STATE_ABSENT;
	const char *existing = record_get(facts->now, "foreign_key");
	struct foreign_key_plan key;

	if (owner_refused(facts, stmts))
		return;
	if (absent) {
		if (rewrites(args, facts, stmts))
			return;
		add(args, facts, stmts);
	}
	if (args->comment && (absent || record_true(facts->now, "need_comment")))
		set_comment(args, args->comment, stmts);
	if (!foreign_key(args, &key, stmts->arena))
		return;
	if (!existing)
		foreign_key_add(&key, facts, stmts);
	if (absent || record_true(facts->now, "need_validate"))
		foreign_key_validate(&key, existing ? existing : key.name, stmts);
}

/* What this run added to a column that was there before. */
static void reverse_additions(const struct add_column_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *name = record_get(facts->now, "foreign_key");
	struct foreign_key_plan key;

	if (record_true(facts->before, "need_foreign_key") && name && foreign_key(args, &key, stmts->arena))
		foreign_key_drop(&key, name, stmts);
	if (record_true(facts->before, "need_comment") && record_get(facts->now, "column_type"))
		set_comment(args, record_get(facts->before, "column_comment"), stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_column_args *args = step;
	struct kept_column kept = kept_column(args, stmts->arena);
	const char *before = record_get(facts->before, "state");
	const char *name = record_get(facts->now, "foreign_key");
	struct foreign_key_plan key;

	if (before && strcmp(before, "partial") == 0) {
		reverse_additions(args, facts, stmts);
		return;
	}
	if (!record_get(facts->now, "column_type") && !archive_is_aside(&kept, facts, stmts->arena))
		return;
	if (name && foreign_key(args, &key, stmts->arena))
		foreign_key_drop(&key, name, stmts);
	archive_away(&kept, facts, stmts);
}

static void restore(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct kept_column kept = kept_column(step, stmts->arena);

	archive_restore(&kept, facts, stmts);
}

static int64_t kept_for(const void *step)
{
	return ((const struct add_column_args *)step)->archive;
}

static void expire(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	archive_expire(facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct add_column_args *args = step;

	buf_add(out, "add column ");
	ident_quote(out, args->column);
	buf_addf(out, " %s to ", args->type);
	ident_quote_relname(out, &args->table);
	if (args->references)
		buf_addf(out, ", a reference to %s", args->references);
}

/* The column itself is; a foreign key wants to know what kind of table it stands on. */
static bool absent_on_new_table(const void *step)
{
	const struct add_column_args *args = step;

	return !args->references;
}

const struct step_type step_add_column_if_missing = {
	.name = "add_column_if_missing",
	.summary = "adds a nullable column without a rewrite, with its default, comment and foreign key",
	.example = "add_column_if_missing { table = \"app.users\", column = \"org_id\", type = \"bigint\",\n"
			   "                        references = \"app.orgs\", comment = \"who pays\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orgs (id bigint PRIMARY KEY);\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.absent_on_new_table = absent_on_new_table,
	.size = sizeof(struct add_column_args),
	.options = options,
	.locks =
		"ACCESS EXCLUSIVE on the table, briefly; with references also SHARE ROW EXCLUSIVE on the other table, "
		"briefly, then SHARE UPDATE EXCLUSIVE on the table while the foreign key is validated",
	.way_back = "drops the column if this run added it; what was written to it is archived by key first, and "
				"interlock restore puts it back, until archive (90 days) is over: sync then drops it",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.restore = restore,
	.kept_for = kept_for,
	.undo_keeps = true,
	.expire = expire,
	.describe = describe,
};
