/* Says what a table is believed to be, so that a plan never runs on a database where it is missing or another. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "plan/probes.h"

struct expect_table_args {
	struct relname table;
	const char *columns, *kind;
};

/* As pg_class has it, beside the words. */
static const char *const kinds[] = {"ordinary table",    "partitioned table", "view",
                                    "materialized view", "foreign table",     NULL};
static const char *const kind_codes[] = {"{r}", "{p}", "{v}", "{m}", "{f}"};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct expect_table_args, table),
     .help = "the table that must be there"},
	{.name = "columns",
     .kind = OPTION_DEFINITION,
     .offset = offsetof(struct expect_table_args, columns),
     .help =
         "columns with their types, and constraints, that it must have, as inside CREATE TABLE (…); it may have others, too"},
	{.name = "kind",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct expect_table_args, kind),
     .choices = kinds,
     .help = "what kind of table; left out, an ordinary or a partitioned one"},
	OPTION_END,
};

/* The definition in its parts; compiling the plan has shown that it parses. */
static struct table_definition definition_of(const struct expect_table_args *args, struct arena *arena)
{
	struct table_definition definition = {0};
	struct err err = {0};

	if (args->columns)
		sql_parse_table_definition(args->columns, arena, &definition, &err);
	err_release(&err);
	return definition;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	struct table_definition definition = definition_of(step, &diags->arena);
	struct diag *diag;

	if (definition.has_like_or_inherits) {
		diag = option_error(place, diags, "bad-option", "columns",
		                    "a definition with LIKE can't be compared with a table that is there");
		diag_help(&diags->arena, diag, "write the columns out");
		return false;
	}
	if (definition.foreign_key_count > 0) {
		diag = option_error(place, diags, "bad-option", "columns", "expect_table does not look at foreign keys");
		diag_help(&diags->arena, diag,
		          "leave REFERENCES out; add_foreign_key finds the one that is there, or adds it");
		return false;
	}
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct expect_table_args *)step)->table;
	return true;
}

/* clang-format off */

/* Equal but for case, or with one letter more, less, other, or changed with its neighbour. */
#define NEAR(a, b) \
	"(pg_catalog.lower(" a ") = pg_catalog.lower(" b ") OR (pg_catalog.length(" a ") > 2" \
	" AND pg_catalog.abs(pg_catalog.length(" a ") - pg_catalog.length(" b ")) <= 1 AND EXISTS (SELECT" \
	" FROM pg_catalog.generate_series(1, pg_catalog.length(" a ") + 1) i," \
	" pg_catalog.generate_series(1, pg_catalog.length(" b ") + 1) j" \
	" WHERE pg_catalog.left(" a ", i - 1) || pg_catalog.substr(" a ", i + 1)" \
	" = pg_catalog.left(" b ", j - 1) || pg_catalog.substr(" b ", j + 1))))"

/* One of the wanted kind that may be meant: the same name elsewhere, or one like it in the same schema. */
#define LIKE_TABLE \
	"(SELECT " SQL_NAME("n.nspname", "c.relname") " FROM pg_catalog.pg_class c" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = ANY ($3::\"char\"[])" \
	" AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'interlock')" \
	" AND (c.relname = $2::text OR n.nspname = $1::text AND " NEAR("$2::text", "c.relname::text") ")" \
	" ORDER BY n.nspname = $1::text DESC, pg_catalog.lower(c.relname) = pg_catalog.lower($2::text) DESC," \
	" n.nspname, c.relname LIMIT 1)"

#define LIKE_COLUMN(name) \
	"(SELECT pg_catalog.quote_ident(a.attname) FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid" \
	" AND a.attnum > 0 AND NOT a.attisdropped AND " NEAR(name "::text", "a.attname::text") " ORDER BY" \
	" pg_catalog.lower(a.attname) = pg_catalog.lower(" name "::text) DESC, a.attnum LIMIT 1)"

static const char query[] =
	"WITH " SQL_REL " SELECT CASE WHEN rel.oid IS NULL OR rel.relkind <> ALL ($3::\"char\"[]) THEN 'conflict'"
	" WHEN $5::boolean THEN 'compare' ELSE 'done' END AS state,"
	" CASE WHEN rel.oid IS NULL THEN 'no ' || $4::text || coalesce(' (there is ' || " LIKE_TABLE " || ')', '')"
	" WHEN rel.relkind <> ALL ($3::\"char\"[]) THEN " SQL_IS_A("rel.relkind") " END AS found,"
	" $4::text AS expected, CASE WHEN rel.oid IS NULL THEN 'table' ELSE 'kind' END AS option"
	" FROM (SELECT) one LEFT JOIN rel ON true";

#define COLUMNS(relation) \
	"SELECT a.attnum, a.attname, " SQL_TYPE("a") " AS type, a.attnotnull AS not_null, " SQL_DEFAULT_CLAUSE("a") \
	" AS given, " SQL_COLUMN("a") " AS text FROM " relation " t JOIN pg_catalog.pg_attribute a" \
	" ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"

#define CONSTRAINTS(relation) \
	"SELECT DISTINCT pg_catalog.pg_get_constraintdef(k.oid) AS text FROM " relation " t" \
	" JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'c', 'x')"

/* Under the first one, behind "expected: " and "found:    ": lines of the same number belong together. */
#define NEXT_LINE "E'\\n          '"

/* What the plan says and the table lacks; what the plan doesn't say makes no difference. */
static const char compare[] =
	"WITH " SQL_REL ", " SQL_TWIN ", have AS (" COLUMNS("rel") "), want AS (" COLUMNS("twin") "),"
	" differing AS (SELECT 1 AS kind, want.attnum, want.attname::text AS name, want.text AS want, coalesce(have.text,"
	" 'no column ' || pg_catalog.quote_ident(want.attname) || coalesce(' (there is ' || "
	LIKE_COLUMN("want.attname") " || ')', '')) AS have"
	" FROM want LEFT JOIN have USING (attname) WHERE have.attname IS NULL OR have.type <> want.type"
	" OR (want.not_null AND NOT have.not_null) OR (want.given <> '' AND want.given <> have.given)"
	" UNION ALL SELECT 2, NULL, NULL, want.text, 'no ' || want.text FROM (" CONSTRAINTS("twin") ") want"
	" WHERE want.text NOT IN (SELECT text FROM (" CONSTRAINTS("rel") ") have))"
	" SELECT CASE WHEN pg_catalog.count(*) = 0 THEN 'done' ELSE 'conflict' END AS state,"
	" 'it also has ' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(have.attname), ', ' ORDER BY have.attnum)"
	" FROM have WHERE have.attname NOT IN (SELECT attname FROM want)) AS result,"
	" pg_catalog.string_agg(have, " NEXT_LINE " ORDER BY kind, attnum, want) AS found,"
	" pg_catalog.string_agg(want, " NEXT_LINE " ORDER BY kind, attnum, want) AS expected,"
	" 'columns' AS option, (pg_catalog.array_agg(pg_catalog.quote_ident(name) ORDER BY kind, attnum, want))[1] AS piece"
	" FROM differing";

/* clang-format on */

/* Which kind, as pg_class has it. */
static const char *code_of(const char *kind)
{
	size_t i = 0;

	if (!kind)
		return "{r,p}";
	while (strcmp(kinds[i], kind) != 0)
		i++;
	return kind_codes[i];
}

static const char *expected(const struct expect_table_args *args, struct arena *arena)
{
	return arena_printf(arena, "%s %s", args->kind ? args->kind : "table", relname_quoted(arena, &args->table));
}

static void add_twin(const struct expect_table_args *args, struct probe *probe)
{
	struct table_definition definition = definition_of(args, probe->arena);
	struct buf columns = {0};

	for (size_t i = 0; i < definition.element_count; i++)
		buf_addf(&columns, "%s%s", i ? ", " : "", definition.elements[i].text);
	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "CREATE TEMPORARY TABLE %s (%s)", ident_quoted(probe->arena, args->table.name),
	                 buf_text(&columns));
	probe->compare =
		(struct probe_query){.sql = compare, .params = {args->table.schema, args->table.name}, .count = 2};
	buf_release(&columns);
}

static void probe(const void *step, struct probe *probe)
{
	const struct expect_table_args *args = step;

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, code_of(args->kind),
	                                               expected(args, probe->arena), args->columns ? "t" : "f"},
	                                    .count = 5};
	if (args->columns)
		add_twin(args, probe);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	(void)step;
	(void)facts;
	(void)stmts;
}

static void describe(const void *step, struct buf *out)
{
	const struct expect_table_args *args = step;
	struct table_definition definition;
	struct arena arena = {0};

	buf_addf(out, "expect %s", expected(args, &arena));
	definition = definition_of(args, &arena);
	for (size_t i = 0; i < definition.element_count; i++) {
		buf_add(out, i == 0 ? " with " : ", ");
		if (definition.elements[i].column)
			ident_quote(out, definition.elements[i].column);
		else
			buf_add(out, definition.elements[i].text);
	}
	arena_release(&arena);
}

const struct step_type step_expect_table = {
	.name = "expect_table",
	.summary = "fails if a table is not there or is not what the plan was written for; says all that differs",
	.example = "expect_table { table = \"app.users\", columns = [[\n"
			   "  id    bigint PRIMARY KEY,\n"
			   "  email text   NOT NULL\n"
			   "]] }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL, nick text)",
	.class = CLASS_VERIFY,
	.size = sizeof(struct expect_table_args),
	.options = options,
	.locks = "none",
	.way_back = "nothing to undo",
	.scans_first = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.describe = describe,
};
