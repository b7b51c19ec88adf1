/* A sequence; one that exists is compared in full, and one that was drawn from stays. */
#include <string.h>

#include "plan/names.h"

struct create_sequence_args {
	struct relname sequence;
	const char *type, *owned_by;
	const int64_t *start, *increment, *minvalue, *maxvalue, *cache;
	bool cycle;
};

static const char *const types[] = {"smallint", "integer", "bigint", NULL};

static const struct option options[] = {
	{.name = "sequence",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct create_sequence_args, sequence),
     .help = "the sequence to create"},
	{.name = "type",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct create_sequence_args, type),
     .choices = types,
     .default_value = "bigint",
     .help = "the type of its numbers"},
	{.name = "start",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct create_sequence_args, start),
     .help = "its first number; the smallest one where it is left out, the largest one of a descending sequence"},
	{.name = "increment",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct create_sequence_args, increment),
     .help = "from one number to the next; below 0 it is descending; 1 where it is left out"},
	{.name = "minvalue",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct create_sequence_args, minvalue),
     .help = "its smallest number; 1 where it is left out, that of the type for a descending sequence"},
	{.name = "maxvalue",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct create_sequence_args, maxvalue),
     .help = "its largest number; that of the type where it is left out, -1 for a descending sequence"},
	{.name = "cache",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct create_sequence_args, cache),
     .help = "how many numbers a session takes at once; 1 where it is left out"},
	{.name = "cycle",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct create_sequence_args, cycle),
     .help = "whether it begins again behind its last number"},
	{.name = "owned_by",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct create_sequence_args, owned_by),
     .help = "the column, \"schema.table.column\", that it is dropped with"},
	OPTION_END,
};

/* What CREATE SEQUENCE makes of what was left out. */
struct definition {
	const char *type;
	int64_t start, increment, smallest, largest, cache;
	int64_t type_smallest, type_largest;
};

static int64_t given(const int64_t *number, int64_t otherwise)
{
	return number ? *number : otherwise;
}

static struct definition definition_of(const struct create_sequence_args *args)
{
	struct definition d = {.type = args->type, .type_smallest = INT64_MIN, .type_largest = INT64_MAX};
	bool ascending;

	if (strcmp(args->type, "smallint") == 0) {
		d.type_smallest = INT16_MIN;
		d.type_largest = INT16_MAX;
	} else if (strcmp(args->type, "integer") == 0) {
		d.type_smallest = INT32_MIN;
		d.type_largest = INT32_MAX;
	}
	d.increment = given(args->increment, 1);
	ascending = d.increment > 0;
	d.smallest = given(args->minvalue, ascending ? 1 : d.type_smallest);
	d.largest = given(args->maxvalue, ascending ? d.type_largest : -1);
	d.start = given(args->start, ascending ? d.smallest : d.largest);
	d.cache = given(args->cache, 1);
	return d;
}

/* The column that owns it: "app.orders.no" in its parts; NULL, or what is wrong. */
static const char *owner_of(const struct create_sequence_args *args, struct arena *arena, struct relname *table,
                            const char **column)
{
	const char *dot = NULL, *problem;
	bool quoted = false;

	for (const char *c = args->owned_by; *c; c++) {
		quoted ^= *c == '"';
		if (*c == '.' && !quoted)
			dot = c;
	}
	if (!dot)
		return "a column is named with its table, as \"app.orders.no\"";
	problem =
		ident_parse_relname(arena_strndup(arena, args->owned_by, (size_t)(dot - args->owned_by)), arena, table);
	return problem ? problem : ident_parse_name(dot + 1, arena, column);
}

/* ---- What the text alone shows ---- */

static bool check_bounds(const struct create_sequence_args *args, const struct option_place *place,
                         struct diags *diags)
{
	const struct definition d = definition_of(args);
	struct arena *arena = &diags->arena;

	if (d.smallest < d.type_smallest || d.largest > d.type_largest)
		return bad_option(place, diags, d.smallest < d.type_smallest ? "minvalue" : "maxvalue",
		                  arena_printf(arena, "a sequence of type %s goes from %lld to %lld", d.type,
		                               (long long)d.type_smallest, (long long)d.type_largest),
		                  "give it a larger type, or narrower bounds");
	if (d.smallest >= d.largest)
		return bad_option(place, diags, args->minvalue ? "minvalue" : "maxvalue",
		                  arena_printf(arena, "the smallest number, %lld, is not below the largest, %lld",
		                               (long long)d.smallest, (long long)d.largest),
		                  "correct minvalue or maxvalue");
	if (d.start < d.smallest || d.start > d.largest)
		return bad_option(place, diags, "start",
		                  arena_printf(arena, "the first number, %lld, is not between %lld and %lld",
		                               (long long)d.start, (long long)d.smallest, (long long)d.largest),
		                  "correct start, or give minvalue or maxvalue");
	return true;
}

static bool check_owner(const struct create_sequence_args *args, const struct option_place *place,
                        struct diags *diags)
{
	struct relname table;
	const char *column, *problem;

	if (!args->owned_by)
		return true;
	problem = owner_of(args, &diags->arena, &table, &column);
	if (problem)
		return bad_option(place, diags, "owned_by",
		                  arena_printf(&diags->arena, "\"owned_by\" is not the name of a column: %s", problem),
		                  "write it as \"schema.table.column\"");
	if (strcmp(table.schema, args->sequence.schema) != 0)
		return bad_option(place, diags, "owned_by",
		                  arena_printf(&diags->arena, "the sequence is in schema \"%s\", its column in \"%s\"",
		                               args->sequence.schema, table.schema),
		                  "PostgreSQL wants them in one schema: move the sequence, or leave owned_by out");
	return true;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct create_sequence_args *args = step;
	bool ok = true;

	if (args->increment && *args->increment == 0)
		ok = bad_option(place, diags, "increment", "a sequence can't increment by 0",
		                "give the distance between two numbers, or leave it out");
	else
		ok = check_bounds(args, place, diags);
	if (args->cache && *args->cache < 1)
		ok = bad_option(place, diags, "cache", "a session takes at least one number at once",
		                "give 1 or more, or leave it out");
	return check_owner(args, place, diags) && ok;
}

static bool subject(const void *step, struct relname *sequence)
{
	*sequence = ((const struct create_sequence_args *)step)->sequence;
	return true;
}

static bool creates(const void *step, const struct relname *sequence)
{
	return relname_equal(&((const struct create_sequence_args *)step)->sequence, sequence);
}

/* The table of owned_by. */
static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	const struct create_sequence_args *args = step;
	const char *column;

	return n == 0 && args->owned_by && !owner_of(args, arena, table, &column);
}

/* ---- What is there ---- */

/* clang-format off */

#define OWNED_BY \
	"coalesce((SELECT CASE d.deptype WHEN 'i' THEN 'IDENTITY OF ' ELSE 'OWNED BY ' END || " \
	SQL_NAME("n.nspname", "c.relname") " || '.' || pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_depend d" \
	" JOIN pg_catalog.pg_class c ON c.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid" \
	" WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid" \
	" AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')), 'OWNED BY NONE')"

/* The numbers in the words of numbers_text(). */
#define FOUND \
	"CASE rel.relpersistence WHEN 'p' THEN '' ELSE 'unlogged ' END || " SQL_NAME("$1", "$2") " || pg_catalog.format(" \
	"' AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s ', pg_catalog.format_type(s.seqtypid," \
	" NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache," \
	" CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) || " OWNED_BY

#define WANTED \
	SQL_NAME("$1", "$2") " || $3::text || coalesce('OWNED BY ' || " SQL_NAME("$4", "$5") \
	" || '.' || pg_catalog.quote_ident($6::text), 'OWNED BY NONE')"

/* Up to which number it was drawn from; NULL: not yet. */
#define DRAWN \
	"CASE WHEN rel.relkind = 'S' AND pg_catalog.has_sequence_privilege(rel.oid, 'USAGE, SELECT')" \
	" THEN pg_catalog.pg_sequence_last_value(rel.oid::regclass) END"

static const char query[] =
	"WITH " SQL_REL ", " SQL_HOME ", owner AS (SELECT c.oid, c.relkind, c.relowner FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $4::text AND c.relname = $5::text),"
	" own(classid, objid) AS (SELECT 'pg_catalog.pg_class'::regclass::oid, rel.oid FROM rel)"
	" SELECT CASE WHEN rel.oid IS NOT NULL THEN CASE WHEN d.found = d.wanted THEN 'done' ELSE 'conflict' END"
	" WHEN home.oid IS NULL OR o.lacking IS NOT NULL THEN 'missing' ELSE 'absent' END AS state,"
	" CASE WHEN rel.oid IS NOT NULL THEN d.found WHEN home.oid IS NULL THEN " SQL_NO_SCHEMA("$1")
	" ELSE o.lacking END AS found, CASE WHEN rel.relkind <> 'S' THEN 'a sequence' ELSE d.wanted END AS expected,"
	" CASE WHEN rel.relkind = 'S' THEN NULL WHEN rel.oid IS NULL AND home.oid IS NOT NULL THEN 'owned_by'"
	" ELSE 'sequence' END AS option, " SQL_CREATION_FACTS ","
	" CASE WHEN pg_catalog.pg_get_userbyid(owner.relowner) <> current_user"
	" THEN pg_catalog.pg_get_userbyid(owner.relowner) END AS other_owner,"
	" " SQL_USED_BY " AS used_by, " DRAWN " AS drawn"
	" FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN rel ON true LEFT JOIN owner ON true"
	" LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = rel.oid"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.relkind = 'S' THEN " FOUND
	" ELSE " SQL_IS_A("rel.relkind") " END, " WANTED ") d(found, wanted)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN $5::text IS NULL THEN NULL"
	" WHEN owner.oid IS NULL THEN " SQL_NO_TABLE("$4", "$5")
	" WHEN owner.relkind NOT IN ('r', 'p', 'f', 'v') THEN " SQL_NAME("$4", "$5") " || ' is no table'"
	" WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = owner.oid AND a.attname = $6::text"
	" AND a.attnum > 0 AND NOT a.attisdropped) THEN 'no column ' || pg_catalog.quote_ident($6::text) || ' in '"
	" || " SQL_NAME("$4", "$5") " END) o(lacking)";

/* clang-format on */

/* "app.orders.no", quoted; NULL when no column owns it. */
static const char *owner_text(const struct create_sequence_args *args, struct arena *arena)
{
	struct relname table;
	const char *column;

	if (!args->owned_by || owner_of(args, arena, &table, &column))
		return NULL;
	return arena_printf(arena, "%s.%s", relname_quoted(arena, &table), ident_quoted(arena, column));
}

static const char *numbers_text(const struct create_sequence_args *args, struct arena *arena)
{
	const struct definition d = definition_of(args);

	return arena_printf(arena,
	                    " AS %s INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld CACHE %lld %s ",
	                    d.type, (long long)d.increment, (long long)d.smallest, (long long)d.largest,
	                    (long long)d.start, (long long)d.cache, args->cycle ? "CYCLE" : "NO CYCLE");
}

static void probe(const void *step, struct probe *probe)
{
	const struct create_sequence_args *args = step;
	struct relname table = {0};
	const char *column = NULL;

	if (args->owned_by)
		owner_of(args, probe->arena, &table, &column);
	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->sequence.schema, args->sequence.name,
	                                    numbers_text(args, probe->arena), table.schema, table.name, column},
	                         .count = 6};
}

/* ---- There and back ---- */

static void add_number(struct buf *out, const char *words, const int64_t *number)
{
	if (number)
		buf_addf(out, " %s %lld", words, (long long)*number);
}

/* What the plan gives, the rest being PostgreSQL's own choice. */
static void add_clauses(struct buf *out, const struct create_sequence_args *args, struct arena *arena)
{
	const char *owner = owner_text(args, arena);

	buf_addf(out, " AS %s", args->type);
	add_number(out, "INCREMENT BY", args->increment);
	add_number(out, "MINVALUE", args->minvalue);
	add_number(out, "MAXVALUE", args->maxvalue);
	add_number(out, "START WITH", args->start);
	add_number(out, "CACHE", args->cache);
	buf_add(out, args->cycle ? " CYCLE" : "");
	if (owner)
		buf_addf(out, " OWNED BY %s", owner);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_sequence_args *args = step;
	const char *other = record_get(facts->now, "other_owner");
	struct buf clauses = {0};

	if (creation_refused(&args->sequence, facts, stmts))
		return;
	if (other) {
		stmts_refuse(stmts, arena_printf(stmts->arena, "run the plan as \"%s\", or leave owned_by out", other),
		             "column %s belongs to \"%s\", and the sequence would belong to \"%s\"",
		             owner_text(args, stmts->arena), other, record_get(facts->now, "role"));
		return;
	}
	add_clauses(&clauses, args, stmts->arena);
	stmts_add(stmts, STMT_TOGETHER, "CREATE SEQUENCE %s%s", relname_quoted(stmts->arena, &args->sequence),
	          buf_text(&clauses));
	buf_release(&clauses);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_sequence_args *args = step;
	const char *sequence = relname_quoted(stmts->arena, &args->sequence), *drawn = record_get(facts->now, "drawn");
	struct stmt *stmt;

	if (!drop_allowed(arena_printf(stmts->arena, "sequence %s", sequence), facts, stmts))
		return;
	if (drawn) {
		stmts_refuse(stmts, "if nobody needs its numbers to go on, drop it by hand, then undo again",
		             "sequence %s was drawn from, up to %s", sequence, drawn);
		stmts->refusal_stays = true;
		return;
	}
	stmts_add(stmts, STMT_TOGETHER, "ALTER SEQUENCE %s OWNED BY NONE", sequence)->note =
		"from here on nobody draws from it";
	stmt = stmts_add(stmts, STMT_TOGETHER,
	                 "SELECT last_value AS drawn_or_set FROM %s WHERE is_called OR last_value <> %lld", sequence,
	                 (long long)definition_of(args).start);
	stmt->must_be_empty = true;
	stmt->note = "one that was drawn from stays";
	stmts_add(stmts, STMT_TOGETHER, "DROP SEQUENCE %s", sequence);
}

static void describe(const void *step, struct buf *out)
{
	const struct create_sequence_args *args = step;
	struct arena arena = {0};

	buf_addf(out, "create sequence %s", relname_quoted(&arena, &args->sequence));
	add_clauses(out, args, &arena);
	arena_release(&arena);
}

const struct step_type step_create_sequence_if_missing = {
	.name = "create_sequence_if_missing",
	.summary = "creates a sequence; one of that name that differs in anything is a conflict",
	.example = "create_sequence_if_missing { sequence = \"app.order_no\", start = 1000, cache = 20,\n"
			   "                             owned_by = \"app.orders.no\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, no bigint);\n"
			 "INSERT INTO app.orders SELECT n, n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_sequence_args),
	.options = options,
	.locks = "none, but ACCESS SHARE on the table of owned_by",
	.way_back = "drops the sequence if this run created it, nothing uses it and it was not drawn from",
	.may_refuse_undo = true,
	.makes_names = true,
	.made_ahead = true,
	.check = check,
	.subject = subject,
	.creates = creates,
	.stands_on = stands_on,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
