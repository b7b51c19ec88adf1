/* A table; one that exists is compared in full. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "plan/json_text.h"
#include "plan/names.h"
#include "plan/referring.h"

struct create_table_args {
	struct relname table;
	const char *columns;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct create_table_args, table),
     .help = "the table to create"},
	{.name = "columns",
     .kind = OPTION_DEFINITION,
     .required = true,
     .offset = offsetof(struct create_table_args, columns),
     .help = "its columns and constraints, as inside CREATE TABLE (…)"},
	OPTION_END,
};

/* The definition in its parts; compiling the plan has shown that it parses. */
static struct table_definition definition_of(const struct create_table_args *args, struct arena *arena)
{
	struct table_definition definition = {0};
	struct err err = {0};

	sql_parse_table_definition(args->columns, arena, &definition, &err);
	err_release(&err);
	return definition;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct create_table_args *args = step;
	struct diag *diag;

	if (!definition_of(args, &diags->arena).has_like_or_inherits)
		return true;
	diag = option_error(place, diags, "bad-option", "columns",
	                    "a definition with LIKE can't be compared with a table that is already there");
	diag_help(&diags->arena, diag, "write the columns out");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct create_table_args *)step)->table;
	return true;
}

/* The tables that it refers to, as far as they have a schema. */
static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	struct table_definition definition = definition_of(step, arena);

	for (size_t i = 0; i < definition.foreign_key_count; i++) {
		const struct foreign_key *key = &definition.foreign_keys[i];

		if (!key->schema || n-- > 0)
			continue;
		*table = (struct relname){key->schema, key->table};
		return true;
	}
	return false;
}

static bool creates(const void *step, const struct relname *table)
{
	return relname_equal(&((const struct create_table_args *)step)->table, table);
}

/* clang-format off */

/* The first table of another name that its foreign keys can't refer to; one without a schema only the server finds. */
#define WRONG_PARENT \
	"wrong AS (SELECT parent.oid IS NULL AS is_missing, " SQL_NAME("f.schema", "f.name") " AS name," \
	" CASE WHEN parent.oid IS NULL THEN " SQL_NO_TABLE("f.schema", "f.name") \
	" WHEN parent.relkind NOT IN ('r', 'p') THEN " SQL_NAME("f.schema", "f.name") " || ' is no table'" \
	" WHEN aim.columns IS NULL THEN " SQL_NAME("f.schema", "f.name") " || ' has no primary key'" \
	" ELSE 'nothing makes ' || pg_catalog.array_to_string(aim.columns, ', ') || ' of '" \
	" || " SQL_NAME("f.schema", "f.name") " || ' unique' END AS found" \
	" FROM pg_catalog.json_to_recordset($3::json) AS f(schema text, name text, referenced text[])" \
	" LEFT JOIN LATERAL (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace WHERE n.nspname = f.schema AND c.relname = f.name) parent ON true" \
	" CROSS JOIN LATERAL (SELECT coalesce(f.referenced, (SELECT pg_catalog.array_agg(a.attname::text)" \
	" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)" \
	" WHERE i.indrelid = parent.oid AND i.indisprimary))) aim(columns)" \
	" WHERE f.schema IS NOT NULL AND (f.schema <> $1::text OR f.name <> $2::text)" \
	" AND (parent.oid IS NULL OR NOT coalesce(" SQL_PARENT_HAS_KEY ", false)) LIMIT 1)"

static const char query[] =
	"WITH " SQL_REL ", " WRONG_PARENT ", home AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1::text)"
	" SELECT CASE WHEN home.oid IS NULL THEN 'missing' WHEN rel.oid IS NULL THEN CASE WHEN wrong.is_missing THEN 'missing'"
	" WHEN wrong.found IS NOT NULL THEN 'conflict' ELSE 'absent' END"
	" WHEN rel.relkind = 'r' AND rel.relpersistence = 'p' AND NOT rel.relispartition THEN 'compare'"
	" ELSE 'conflict' END AS state,"
	" CASE WHEN home.oid IS NULL THEN 'no schema ' || pg_catalog.quote_ident($1::text)"
	" WHEN rel.oid IS NULL THEN wrong.found WHEN rel.relkind <> 'r' THEN " SQL_IS_A("rel.relkind")
	" WHEN rel.relpersistence <> 'p' THEN " SQL_NAME("$1", "$2") " || ' is unlogged'"
	" WHEN rel.relispartition THEN " SQL_NAME("$1", "$2") " || ' is a partition' END AS found,"
	" CASE WHEN rel.oid IS NOT NULL THEN 'an ordinary table' ELSE 'a table with a primary key or a unique constraint'"
	" || ' that a foreign key can refer to' END AS expected,"
	" CASE WHEN rel.oid IS NULL AND home.oid IS NOT NULL THEN 'columns' ELSE 'table' END AS option, wrong.name AS piece,"
	" " SQL_CREATION_FACTS
	" FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN rel ON true LEFT JOIN wrong ON true";

/*
 * Columns by name; constraints by what they say, for their names may differ.
 * A foreign key to a partitioned table has others beneath it, one to each
 * partition, which nobody wrote.
 */
#define PARTS(relation) \
	"SELECT 1 AS kind, a.attname::text AS key, " SQL_COLUMN("a") " AS part" \
	" FROM " relation " t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid" \
	" WHERE a.attnum > 0 AND NOT a.attisdropped UNION ALL" \
	" SELECT 2, pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.pg_get_constraintdef(k.oid)" \
	" FROM " relation " t JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid" \
	" WHERE k.contype IN ('p', 'u', 'c', 'x', 'f') AND k.conparentid = 0"

#define PRIMARY_KEY \
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY l.n)" \
	" FROM pg_catalog.pg_index i CROSS JOIN pg_catalog.unnest(i.indkey) WITH ORDINALITY l(attnum, n)" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = l.attnum" \
	" WHERE i.indrelid = r.oid AND i.indisprimary)"

/*
 * A temporary table can't refer to lasting ones, so the foreign keys that are
 * wanted come as JSON.  A name without a schema means what it means on the
 * plan's search_path, the twin aside.
 */
#define REFERENCES \
	"fk AS (SELECT f.head || coalesce(" SQL_NAME("coalesce(r.nspname::text, f.schema)", "f.name") "," \
	" pg_catalog.quote_ident(f.name))" \
	" || coalesce(f.columns, '(' || " PRIMARY_KEY " || ')', '') || f.tail AS part" \
	" FROM pg_catalog.json_to_recordset($3::json)" \
	" AS f(head text, schema text, name text, columns text, tail text) LEFT JOIN LATERAL (SELECT c.oid, n.nspname" \
	" FROM pg_catalog.unnest(CASE WHEN f.schema IS NULL" \
	" THEN pg_catalog.current_setting('interlock.schemas')::text[] ELSE ARRAY[f.schema] END)" \
	" WITH ORDINALITY p(name, n) JOIN pg_catalog.pg_namespace n ON n.nspname = p.name" \
	" AND n.oid <> pg_catalog.pg_my_temp_schema()" \
	" JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = f.name ORDER BY p.n LIMIT 1) r ON true)"

static const char compare[] =
	"WITH " SQL_REL ", " SQL_TWIN ", " REFERENCES ", have AS (" PARTS("rel") "),"
	" want AS (" PARTS("twin") " UNION ALL SELECT 2, fk.part, fk.part FROM fk),"
	" differing AS (SELECT kind, key, h.part AS have, w.part AS want FROM (SELECT DISTINCT * FROM have) h"
	" FULL JOIN (SELECT DISTINCT * FROM want) w USING (kind, key) WHERE h.part IS DISTINCT FROM w.part)"
	" SELECT CASE WHEN pg_catalog.count(*) = 0 THEN 'done' ELSE 'conflict' END AS state,"
	" coalesce(pg_catalog.string_agg(CASE WHEN have IS NULL THEN CASE kind WHEN 1 THEN 'no column '"
	" || pg_catalog.quote_ident(key) ELSE 'no ' || want END"
	" WHEN want IS NULL THEN 'has also: ' || have ELSE have END,"
	" '; ' ORDER BY want IS NULL, kind, key), " SQL_NAME("$1", "$2") ") AS found,"
	" CASE WHEN pg_catalog.count(*) > 0 THEN coalesce(pg_catalog.string_agg(want, '; ' ORDER BY kind, key),"
	" 'nothing more') END AS expected, 'columns' AS option,"
	" (pg_catalog.array_agg(CASE WHEN kind = 1 THEN pg_catalog.quote_ident(key) END ORDER BY want IS NULL, kind, key))[1]"
	" AS piece FROM differing";

/* clang-format on */

static void set_text(json_t *object, const char *name, struct buf *text)
{
	json_object_set_new(object, name, json_string(buf_text(text)));
	buf_release(text);
}

/* A foreign key in the words of pg_get_constraintdef(), the table that it refers to left open. */
static json_t *foreign_key_json(const struct foreign_key *key)
{
	json_t *object = json_pack("{s:s?, s:s}", "schema", key->schema, "name", key->table);
	struct buf head = {0}, columns = {0}, tail = {0};

	buf_add(&head, "FOREIGN KEY ");
	foreign_key_columns(&head, key->columns, key->column_count);
	buf_add(&head, " REFERENCES ");
	set_text(object, "head", &head);
	for (size_t i = 0; i < key->referenced_count; i++) {
		if (i == 0)
			json_object_set_new(object, "referenced", json_array());
		json_array_append_new(json_object_get(object, "referenced"), json_string(key->referenced[i]));
	}
	if (key->referenced_count) {
		foreign_key_columns(&columns, key->referenced, key->referenced_count);
		set_text(object, "columns", &columns);
	}
	buf_add(&tail, key->match_full ? " MATCH FULL" : "");
	foreign_key_on(&tail, "UPDATE", key->on_update);
	foreign_key_on(&tail, "DELETE", key->on_delete);
	if (key->set_column_count) {
		buf_add_char(&tail, ' ');
		foreign_key_columns(&tail, key->set_columns, key->set_column_count);
	}
	buf_add(&tail, key->deferrable ? " DEFERRABLE" : "");
	buf_add(&tail, key->initially_deferred ? " INITIALLY DEFERRED" : "");
	set_text(object, "tail", &tail);
	return object;
}

static const char *foreign_keys_json(const struct table_definition *definition, struct arena *arena)
{
	json_t *list = json_array();

	for (size_t i = 0; i < definition->foreign_key_count; i++)
		json_array_append_new(list, foreign_key_json(&definition->foreign_keys[i]));
	return json_text_new(list, arena);
}

static void probe(const void *step, struct probe *probe)
{
	const struct create_table_args *args = step;
	struct table_definition definition = definition_of(args, probe->arena);
	struct buf columns = {0};

	for (size_t i = 0; i < definition.element_count; i++)
		buf_addf(&columns, "%s%s", columns.length ? ", " : "", definition.elements[i].text);
	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->table.schema, args->table.name, foreign_keys_json(&definition, probe->arena)},
		.count = 3};
	probe->scratch[probe->scratch_count++] =
		"SELECT pg_catalog.set_config('interlock.schemas', pg_catalog.current_schemas(true)::text, true)";
	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "CREATE TEMPORARY TABLE %s (%s)", ident_quoted(probe->arena, args->table.name),
	                 buf_text(&columns));
	probe->compare = probe->query;
	probe->compare.sql = compare;
	buf_release(&columns);
}

/* The tables that it refers to are locked by its making and by its end; only the server knows what a bare name
 * means. */
static void lock_parents(const struct create_table_args *args, struct stmts *stmts, struct stmt *stmt,
                         enum lock_mode mode)
{
	struct table_definition definition = definition_of(args, stmts->arena);

	for (size_t i = 0; i < definition.foreign_key_count; i++) {
		const struct foreign_key *key = &definition.foreign_keys[i];
		struct relname parent = {key->schema, key->table};
		bool again = !parent.schema || relname_equal(&parent, &args->table);

		for (size_t l = 0; l < stmt->lock_count; l++)
			again |= relname_equal(&parent, &stmt->locks[l].table);
		if (!again)
			stmt_lock(stmts, stmt, &parent, mode);
	}
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_table_args *args = step;
	struct stmt *stmt;

	if (creation_refused(&args->table, facts, stmts))
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (\n%s\n)", relname_quoted(stmts->arena, &args->table),
	                 args->columns);
	lock_parents(args, stmts, stmt, LOCK_SHARE_ROW_EXCLUSIVE);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_table_args *args = step;
	const char *table = relname_quoted(stmts->arena, &args->table);
	struct stmt *stmt;

	if (facts->state == STATE_ABSENT || facts->state == STATE_MISSING)
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, "SELECT * FROM %s LIMIT 1", table);
	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->must_be_empty = true;
	stmt->note = "a table that holds rows stays";
	stmt->wrong = "it holds rows that were written since";
	stmt->help =
		"undo loses nothing: move or delete them yourself, or leave the table where it is and undo only as far "
		"as --to BLOCK";
	if (facts->state == STATE_CONFLICT) {
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             "%s is no longer what this run made: %s", table, record_get(facts->now, "found"));
		return;
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", table);
	stmt_lock(stmts, stmt, &args->table, LOCK_ACCESS_EXCLUSIVE);
	lock_parents(args, stmts, stmt, LOCK_ACCESS_EXCLUSIVE);
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "create table ");
	ident_quote_relname(out, &((const struct create_table_args *)step)->table);
}

const struct step_type step_create_table_if_missing = {
	.name = "create_table_if_missing",
	.summary = "creates a table; one of that name that differs in a column or a constraint is a conflict",
	.example = "create_table_if_missing { table = \"app.notes\", columns = [[\n"
			   "  id       bigint      GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
			   "  user_id  bigint      NOT NULL REFERENCES app.users ON DELETE CASCADE,\n"
			   "  body     text        NOT NULL CHECK (body <> ''),\n"
			   "  made_at  timestamptz NOT NULL DEFAULT now()\n"
			   "]] }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY)",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_table_args),
	.options = options,
	.locks = "SHARE ROW EXCLUSIVE on the tables that it refers to, briefly",
	.way_back =
		"drops the table if this run created it and it is empty; takes ACCESS EXCLUSIVE on the tables that it "
		"refers to, briefly",
	.check = check,
	.subject = subject,
	.creates = creates,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.may_refuse_undo = true,
	.reverse = reverse,
	.describe = describe,
};
