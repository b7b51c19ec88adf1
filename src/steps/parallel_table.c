/* A second table that a live one is copied into, and the capture of what is written meanwhile. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "plan/again.h"
#include "plan/capture.h"
#include "plan/changes.h"
#include "plan/copied_lookup.h"
#include "plan/family.h"
#include "plan/lookup_check.h"
#include "plan/lookup_fill.h"
#include "plan/names.h"
#include "plan/probes.h"
#include "plan/reverse.h"
#include "plan/shadow.h"
#include "plan/shadow_facts.h"
#include "plan/shadow_lookup.h"
#include "plan/shadow_trial.h"
#include "sql/row.h"

struct parallel_table_args {
	struct relname live, shadow;
	const char *columns;
	bool like;
	json_t *changes; /* plan/changes.h */
	struct assignment_list copy, copy_back;
	const char *only_rows;
	const char *log_limit;
};

static const struct option options[] = {
	{.name = "live",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct parallel_table_args, live),
     .help = "the table that is in use"},
	{.name = "shadow",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct parallel_table_args, shadow),
     .help = "the table to create, which follows it"},
	{.name = "columns",
     .kind = OPTION_DEFINITION,
     .offset = offsetof(struct parallel_table_args, columns),
     .help = "its whole definition, as inside CREATE TABLE (…); a foreign key in it is only added by the switch"},
	{.name = "like",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct parallel_table_args, like),
     .default_value = "false",
     .help = "instead of columns: it is made as the live table is"},
	{.name = "changes",
     .kind = OPTION_ANY,
     .offset = offsetof(struct parallel_table_args, changes),
     .help = "of like = true: add = { column = \"type …\" }, drop = { \"column\" }, type = { column = \"type\" }"},
	{.name = "copy",
     .kind = OPTION_SET,
     .offset = offsetof(struct parallel_table_args, copy),
     .help =
         "how a live row becomes one of the shadow: columns, and SQL over the live row or lookup { … }; else by "
         "name and type",
     .lookups = true},
	{.name = "copy_back",
     .kind = OPTION_SET,
     .offset = offsetof(struct parallel_table_args, copy_back),
     .help = "the same the other way, for what is written after the switch"},
	{.name = "only_rows",
     .kind = OPTION_PREDICATE,
     .offset = offsetof(struct parallel_table_args, only_rows),
     .help = "which live rows are copied; all of them if it is left out"},
	{.name = "log_limit",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct parallel_table_args, log_limit),
     .help = "from which size of the capture log on status and sync complain, as \"500 MB\"; if it is left out, a "
             "tenth of the table, at least 64 MB, at most 5 GB"},
	OPTION_END,
};

/* The definition in its parts; compiling the plan has shown that it parses. */
static struct table_definition definition_of(const struct parallel_table_args *args, struct arena *arena)
{
	struct table_definition definition = {0};
	struct err err = {0};

	if (args->columns)
		sql_parse_table_definition(args->columns, arena, &definition, &err);
	err_release(&err);
	return definition;
}

static bool no_query(const char *option, const char *expression, const struct option_place *place,
                     struct diags *diags)
{
	struct diag *diag;

	if (!expression || !sql_has_query(expression))
		return true;
	diag = option_error(place, diags, "bad-option", option, "\"%s\" of parallel_table holds a query", option);
	diag_detail(&diags->arena, diag,
	            "when what it reads changes, nothing tells which rows of the shadow are wrong from then on");
	diag_help(&diags->arena, diag, "derive it from columns of the row itself");
	return false;
}

static bool no_queries(const struct parallel_table_args *args, const struct option_place *place,
                       struct diags *diags)
{
	bool ok = no_query("only_rows", args->only_rows, place, diags);

	for (size_t i = 0; i < args->copy.count; i++)
		ok = no_query("copy", args->copy.items[i].value, place, diags) && ok;
	for (size_t i = 0; i < args->copy_back.count; i++)
		ok = no_query("copy_back", args->copy_back.items[i].value, place, diags) && ok;
	return ok;
}

/* Bytes of "500 MB"; -1: it is none. */
static int64_t size_of(const char *text)
{
	static const struct {
		const char *name;
		int shift;
	} units[] = {{"kB", 10}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
	char *end;
	long value = strtol(text, &end, 10);

	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].name) == 0 && value > 0 && value < 1000000)
			return (int64_t)value << units[i].shift;
	return -1;
}

static bool check_shape(const struct parallel_table_args *args, const struct option_place *place,
                        struct diags *diags)
{
	if (args->like && args->columns)
		return bad_option(place, diags, "like", "the shadow is either made like the live table or from columns",
		                  "leave one of both out");
	if (!args->like && !args->columns)
		return bad_option(place, diags, "shadow", "nothing says what the shadow looks like",
		                  "give columns = [[…]], or like = true with changes = { … }");
	if (args->changes && !args->like)
		return bad_option(place, diags, "changes", "changes are changes of the live table's own shape",
		                  "say like = true, or write them into columns");
	if (args->columns && definition_of(args, &diags->arena).has_like_or_inherits)
		return bad_option(place, diags, "columns", "a shadow can't have LIKE or INHERITS in its definition",
		                  "say like = true and changes = { … }, or write the columns out");
	return true;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct parallel_table_args *args = step;
	bool ok = check_shape(args, place, diags);

	if (relname_equal(&args->live, &args->shadow))
		ok =
			bad_option(place, diags, "shadow", "the shadow is the live table itself", "give it a name of its own");
	if (args->log_limit && size_of(args->log_limit) < 0)
		ok = bad_option(place, diags, "log_limit", "log_limit is no size", "write it as \"500 MB\" or \"2 GB\"");
	if (args->changes && args->like)
		ok = changes_check(args->changes, place, diags) && ok;
	if (lookup_in(&args->copy))
		ok = lookup_check_copy(&args->live, &args->shadow, &args->copy, place, diags) && ok;
	return no_queries(args, place, diags) && ok;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct parallel_table_args *)step)->live;
	return true;
}

static bool other_subject(const void *step, struct relname *table)
{
	*table = ((const struct parallel_table_args *)step)->shadow;
	return true;
}

static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	const struct assignment *a = lookup_in(&((const struct parallel_table_args *)step)->copy);

	(void)arena;
	if (!a || n > 0)
		return false;
	*table = a->lookup->table;
	return true;
}

static bool creates(const void *step, const struct relname *table)
{
	return relname_equal(&((const struct parallel_table_args *)step)->shadow, table);
}

/* The statement that makes it, under that name; without foreign keys. */
static const char *creation(const struct parallel_table_args *args, const char *kind, const char *name,
                            struct arena *arena)
{
	struct table_definition definition = definition_of(args, arena);
	struct buf columns = {0};
	const char *text;

	if (args->like)
		return arena_printf(arena, "CREATE %s %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES)", kind, name,
		                    relname_quoted(arena, &args->live));
	for (size_t i = 0; i < definition.element_count; i++)
		buf_addf(&columns, "%s%s", i ? ",\n" : "", definition.elements[i].text);
	text = arena_printf(arena, "CREATE %s %s (\n%s\n)", kind, name, buf_text(&columns));
	buf_release(&columns);
	return text;
}

/* What all the questions about it are asked with. */
static struct shadow_plan plan_of(const struct parallel_table_args *args)
{
	return (struct shadow_plan){.live = args->live,
	                            .shadow = args->shadow,
	                            .copy = &args->copy,
	                            .copy_back = &args->copy_back,
	                            .only_rows = args->only_rows,
	                            .is_like = args->like};
}

static void add_scratch(const struct parallel_table_args *args, struct probe *probe)
{
	struct arena *arena = probe->arena;
	const struct shadow_plan plan = plan_of(args);
	const char *twin = arena_printf(arena, "pg_temp.%s", ident_quoted(arena, args->shadow.name));
	const char *changes = args->changes ? changes_text(args->changes, arena) : NULL;

	probe->scratch[probe->scratch_count++] = creation(args, "TABLE", twin, arena);
	if (changes)
		probe->scratch[probe->scratch_count++] = arena_printf(arena, "ALTER TABLE %s %s", twin, changes);
	shadow_trial(&plan, twin, probe);
}

static void probe(const void *step, struct probe *probe)
{
	const struct parallel_table_args *args = step;

	probe->query = (struct probe_query){
		.sql = shadow_question,
		.params = {args->live.schema, args->live.name, args->shadow.schema, args->shadow.name},
		.count = 12};
	probe->query.params[11] = probe->before ? "t" : NULL;
	probe->compare = (struct probe_query){
		.sql = shadow_comparison, .params = {args->live.schema, args->shadow.name, args->live.name}, .count = 6};
	if (lookup_in(&args->copy))
		lookup_probe_copy(lookup_in(&args->copy)->lookup, probe);
	add_scratch(args, probe);
}

static const char *json_text(json_t *value, struct arena *arena)
{
	char *text = json_dumps(value, JSON_COMPACT);
	const char *copy = arena_strdup(arena, text);

	free(text);
	json_decref(value);
	return copy;
}

/* "FOREIGN KEY (a) REFERENCES …", which only the switch can add. */
static const char *foreign_keys_json(const struct parallel_table_args *args, struct arena *arena)
{
	struct table_definition definition = definition_of(args, arena);
	json_t *list = json_array();

	for (size_t i = 0; i < definition.foreign_key_count; i++) {
		const struct foreign_key *k = &definition.foreign_keys[i];
		struct foreign_key_plan plan = {.table = args->shadow,
		                                .parent = {k->schema ? k->schema : "public", k->table},
		                                .columns = k->columns,
		                                .column_count = k->column_count,
		                                .referenced = k->referenced,
		                                .referenced_count = k->referenced_count,
		                                .on_delete = k->on_delete,
		                                .on_update = k->on_update,
		                                .name = k->name};

		json_array_append_new(
			list, json_pack("{s:s?, s:s}", "name", k->name, "definition", foreign_key_text(&plan, arena)));
	}
	return json_text(list, arena);
}

/* What follows from the plan and the tables. */
struct made {
	struct shadow_shape shape;
	struct shadow_lookup lookup;
};

/* The row that all others read (plan/copying.h), in the transaction that makes the triggers. */
static void add_pair(const struct parallel_table_args *args, const struct copying *c, const struct made *made,
                     const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const struct shadow_shape *shape = &made->shape;
	const char *trigger = literal_quoted(arena, c->trigger), *lookup = made->lookup.text;
	const char *noting = literal_quoted(arena, copying_noting(c, arena));
	const char *live = literal_quoted(arena, c->live_quoted), *shadow = literal_quoted(arena, c->shadow_quoted);
	const char *limit = args->log_limit ? arena_printf(arena, "%lld", (long long)size_of(args->log_limit))
	                                    : record_get(facts->now, "log_limit");

	stmts_add(
		stmts, STMT_TOGETHER,
		"INSERT INTO interlock.pair (run, number, live_schema, live_name, shadow_schema, shadow_name, keys, columns,"
		" only_rows, back, foreign_keys, log_limit, lookup, guard) VALUES (%lld, %d, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
		" %s, %s, " SQL_CAPTURE_GUARD("%s", "%s", "%s", "%s", "%s") ")",
		(long long)c->run, c->number, literal_quoted(arena, c->live.schema), literal_quoted(arena, c->live.name),
		literal_quoted(arena, c->shadow.schema), literal_quoted(arena, c->shadow.name),
		literal_quoted(arena, shape->keys), literal_quoted(arena, shape->columns),
		literal_quoted(arena, args->only_rows ? args->only_rows : "true"), literal_quoted(arena, shape->back),
		literal_quoted(arena, foreign_keys_json(args, arena)), limit,
		lookup ? literal_quoted(arena, lookup) : "NULL", live, shadow, live, trigger, trigger,
		c->lookup ? literal_quoted(arena, c->lookup->quoted) : "NULL", noting, noting, noting, noting);
}

/* What a pair is before it has a row. */
static const struct copying *copying_for(const struct parallel_table_args *args, const struct shadow_shape *shape,
                                         const char *lookup, const struct facts *facts, struct arena *arena)
{
	const char *names[] = {"run",         "number", "live_schema", "live_name", "shadow_schema",
	                       "shadow_name", "keys",   "columns",     "lookup"};
	const char *values[] = {arena_printf(arena, "%lld", (long long)facts->run),
	                        arena_printf(arena, "%d", facts->number),
	                        args->live.schema,
	                        args->live.name,
	                        args->shadow.schema,
	                        args->shadow.name,
	                        shape->keys,
	                        shape->columns,
	                        lookup};

	return copying_of(&(struct record){9, names, values}, arena);
}

/* Checks that live does not keep itself bind no row of the shadow before the switch. */
static void drop_loose_checks(const char *shadow, const struct facts *facts, struct stmts *stmts)
{
	const char *list = record_get(facts->now, "loose_checks"), *name;

	for (size_t i = 0; list && (name = again_text(list, i, stmts->arena)); i++)
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", shadow, name);
}

static void make_shadow(const struct parallel_table_args *args, const struct shadow_shape *shape,
                        const struct facts *facts, struct stmts *stmts)
{
	const char *shadow = relname_quoted(stmts->arena, &args->shadow);
	const char *changes = args->changes ? changes_text(args->changes, stmts->arena) : NULL;

	stmts_add(stmts, STMT_TOGETHER, "%s", creation(args, "TABLE", shadow, stmts->arena));
	if (!args->like)
		return;
	drop_loose_checks(shadow, facts, stmts);
	if (changes)
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s %s", shadow, changes);
	if (shape->is_primary)
		stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD PRIMARY KEY (%s)", shadow, shape->key_names);
	else
		stmts_add(stmts, STMT_TOGETHER, "CREATE UNIQUE INDEX ON %s (%s)", shadow, shape->key_names);
}

/* false: refused.  `made` must stay where it is. */
static bool made_of(const struct parallel_table_args *args, const struct facts *facts, struct stmts *stmts,
                    struct made *made)
{
	struct shadow_plan plan = plan_of(args);

	if (!shadow_lookup_of(&plan, facts, stmts, &made->lookup))
		return false;
	plan.copy = &made->lookup.copy;
	return shadow_shape_of(&plan, facts, stmts, &made->shape);
}

static bool shadows(const void *step, const struct facts *facts, struct arena *arena, struct shadow_shape *shape)
{
	struct stmts stmts = {.arena = arena};
	struct made made;

	if (!record_get(facts->now, "shadow_columns") || !made_of(step, facts, &stmts, &made))
		return false;
	*shape = made.shape;
	return true;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct parallel_table_args *args = step;
	struct made made;
	const struct copying *c;

	if (owner_refused(facts, stmts) || creation_refused(&args->shadow, facts, stmts) ||
	    !made_of(args, facts, stmts, &made))
		return;
	c = copying_for(args, &made.shape, made.lookup.text, facts, stmts->arena);
	make_shadow(args, &made.shape, facts, stmts);
	if (made.lookup.text)
		lookup_note_theirs(&made.lookup.looking, stmts);
	capture_make(c, stmts);
	add_pair(args, c, &made, facts, stmts);
}

/* The shadow goes only while it holds nothing but copies. */
static void drop_shadow(const struct parallel_table_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *shadow = relname_quoted(stmts->arena, &args->shadow),
			   *kind = record_get(facts->now, "shadow_kind");
	const char *users = record_get(facts->now, "shadow_users");
	bool stands = capture_stands(facts, stmts->arena);
	struct stmt *stmt;

	if (!kind)
		return;
	if (*kind != 'r' || users) {
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             users ? "%s is used by %s" : "%s is no longer the table that this run made", shadow, users);
		return;
	}
	if (!stands) {
		stmt = stmts_add(stmts, STMT_TOGETHER, "SELECT * FROM %s LIMIT 1", shadow);
		stmt_lock(stmts, stmt, &args->shadow, LOCK_ACCESS_EXCLUSIVE);
		stmt->must_be_empty = true;
		stmt->note = "a table that holds rows stays";
		stmt->wrong = "it follows its live table no more, and holds rows";
		stmt->help = "look whether somebody needs them, drop the table yourself, then undo again";
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", shadow);
	if (stands) /* its triggers go behind it, and who uses it is waited for only if its lock is the first */
		stmt_lock(stmts, stmt, &args->live, LOCK_ACCESS_EXCLUSIVE);
	stmt_lock(stmts, stmt, &args->shadow, LOCK_ACCESS_EXCLUSIVE);
}

static void forget(const struct parallel_table_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *rlog = reverse_log(facts->run, facts->number, stmts->arena);
	const struct shadow_plan plan = plan_of(args);

	shadow_lookup_forget(&plan, facts, stmts);
	capture_drop(&args->live, facts, stmts);
	if (again_holds(record_get(facts->now, "our_tables"), rlog + strlen("interlock.")))
		reverse_drop(&args->live, facts->run, facts->number, stmts);
	stmts_add(stmts, STMT_TOGETHER, "DELETE FROM interlock.pair WHERE run = %lld AND number = %d",
	          (long long)facts->run, facts->number);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct parallel_table_args *args = step;
	const struct shadow_plan plan = plan_of(args);

	shadow_lookup_take_back(&plan, facts, stmts);
	drop_shadow(args, facts, stmts);
	forget(args, facts, stmts);
}

static void finish(const void *step, const struct facts *facts, struct stmts *stmts)
{
	forget(step, facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct parallel_table_args *args = step;

	buf_add(out, "create table ");
	ident_quote_relname(out, &args->shadow);
	buf_add(out, ", which follows ");
	ident_quote_relname(out, &args->live);
}

const struct step_type step_parallel_table = {
	.name = "parallel_table",
	.summary = "creates a second table for the rows of a live one, in another shape, and notes what is written",
	.example = "parallel_table {\n"
			   "  live = \"app.orders\", shadow = \"app.orders_v2\", like = true,\n"
			   "  changes = { type = { total = \"bigint\" } },\n"
			   "  copy = { total = \"round(total * 100)::bigint\" }, copy_back = { total = \"total / 100.0\" },\n"
			   "  only_rows = \"NOT is_test\",\n"
			   "}",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
			 "  total numeric NOT NULL DEFAULT 0 CHECK (total >= 0), is_test boolean NOT NULL DEFAULT false);\n"
			 "INSERT INTO app.orders (total, is_test) SELECT n, n % 10 = 0 FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct parallel_table_args),
	.options = options,
	.locks =
		"SHARE ROW EXCLUSIVE on the live table and one that is looked up, briefly, for the triggers; readers go "
		"on.  ACCESS EXCLUSIVE, briefly, when the triggers go.  The switch keeps what is looked up from being "
		"written, too",
	.way_back =
		"drops the triggers, the log and the shadow, whose rows are copies, and rows that a lookup created and nobody "
		"uses; from the end of the plan on the shadow follows no more, and is dropped only if it is empty",
	.looks_again = true,
	.only_registry_tells = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.other_subject = other_subject,
	.stands_on = stands_on,
	.creates = creates,
	.probe = probe,
	.shadows = shadows,
	.apply = apply,
	.reverse = reverse,
	.finish = finish,
	.describe = describe,
};
